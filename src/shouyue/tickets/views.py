"""Pages of the desk: the queue, one ticket with its acts, and the log of a call."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shouyue.commitments.queries.of_case import promises_of
from shouyue.commitments.queries.of_case import shown as case_promise
from shouyue.files import queries as files
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import GateRefused, NotAllowed, NotFound, ShouyueError
from shouyue.kernel.gates import Refusal
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, is_fragment, pulse, render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage, filters_from

from . import (
    access,
    actions,
    drawing,
    forms,
    history,
    logging_call,
    queries,
    queue,
    reading,
    remedies,
    rules,
    services,
)
from .choices import Channel, RequestType, Status, Tier
from .models import Ticket
from .queue import QueueFilter
from .reading import Whole


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _desk_actor(request: HttpRequest) -> Actor:
    actor = _actor(request)
    if not access.serves(actor):
        raise NotAllowed
    return actor


# -- queue ------------------------------------------------------------------------------------------------------

COLUMNS = [
    Column(key="number", label=_l("Number")),
    Column(key="title", label=_l("Ticket")),
    Column(key="due", label=_l("Next promise")),
    Column(key="status", label=_l("Status")),
    Column(key="contract", label=_l("Contract and site")),
    Column(key="assignee", label=_l("Assignee")),
    Column(key="reported", label=_l("Reported")),
]


def _choices(pairs: Iterable[tuple[Any, Any]]) -> list[Choice]:
    return [Choice(value=str(value), label=str(label)) for value, label in pairs]


@lru_cache(maxsize=4)
def _fixed_filters(language: str | None) -> dict[str, Filter]:
    """The filters that are the same for everybody, in the active language."""
    assignees = _choices([("me", _("mine")), ("none", _("nobody"))])
    dues = _choices([("overdue", _("overdue")), ("at_risk", _("at risk"))])
    states = _choices([*Status.choices, ("all", _("all, closed ones too"))])
    wanted = [
        Filter(key="q", label=_("Search"), kind="search", placeholder=_("Number or words of the title")),
        Filter(key="assignee", label=_("Assignee"), choices=assignees),
        Filter(key="due", label=_("Promises"), choices=dues),
        Filter(key="status", label=_("Status"), choices=states),
        Filter(key="channel", label=_("Channel"), choices=_choices(Channel.choices)),
        Filter(key="type", label=_("Request type"), choices=_choices(RequestType.choices)),
        Filter(key="tier", label=_("Tier"), choices=_choices(Tier.choices)),
    ]
    return {item.key: item for item in wanted}


def _filters(request: HttpRequest, actor: Actor) -> list[Filter]:
    """The filters as set; of contracts too many for a list, one says the code or words of the name."""
    contracts = queue.contract_choices(actor)
    many = len(contracts) > queue.MOST_OFFERED
    shown = [pk for pk, _name in contracts[:20]]
    titles = queries.word_titles(shown, "severity", get_language() or "zh-hans")
    severities = {word: title for (_contract, word), title in sorted(titles.items())}
    wanted = _fixed_filters(get_language()) | {
        "contract": Filter(
            key="contract",
            label=_("Contract"),
            kind="text" if many else "choice",
            choices=[] if many else _choices(contracts),
            placeholder=_("Contract: code or name"),
        ),
        "severity": Filter(key="severity", label=_("Severity"), choices=_choices(severities.items())),
    }
    order = ("q", "assignee", "due", "status", "contract", "channel", "type", "severity", "tier")
    found = [wanted[key] for key in order]
    return filters_from(request, [item for item in found if item.kind != "choice" or item.choices])


def _wanted(filters: list[Filter], actor: Actor) -> QueueFilter:
    value = {item.key: item.value for item in filters}
    return QueueFilter(
        contract_ids=next((_contracts(item, actor) for item in filters if item.key == "contract"), None),
        status=value.get("status") or "open",
        assignee=value.get("assignee", ""),
        channel=value.get("channel", ""),
        severity=value.get("severity", ""),
        tier=value.get("tier", ""),
        request_type=value.get("type", ""),
        due=value.get("due", ""),
        text=value.get("q", ""),
    )


def _contracts(item: Filter, actor: Actor) -> tuple[int, ...] | None:
    if not item.value:
        return None
    return queue.contracts_named(actor, item.value) if item.kind == "text" else (int(item.value),)


@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """All open tickets the agent serves, the strictest running promise first."""
    actor = _desk_actor(request)
    filters = _filters(request, actor)
    page = queue.page(actor, _wanted(filters, actor), cursor=request.GET.get("after", ""))
    query = request.GET.urlencode()
    listed = ListPage(
        id="queue",
        caption=_("Queue"),
        columns=COLUMNS,
        rows=page.rows,
        drawn=drawing.rows(page.rows, _severities(page.rows)),
        empty=Empty(
            title=_("No open tickets"),
            text=_("Everything that was reported has been dealt with."),
            icon="circle-check",
            action_url=reverse("tickets:log"),
            action_label=_("Log a call"),
        ),
        filters=filters,
        next_cursor=page.next_cursor,
        exports=[Export(label="CSV", url=f"{reverse('tickets:export')}?{query}")],
        live_url=f"{reverse('tickets:queue_pulse')}?{query}",
    )
    context: dict[str, Any] = {"list": listed}
    if not is_fragment(request):
        context |= {"counts": queue.counts(actor), "can_log": access.reports_somewhere(actor)}
    return render_page(request, "tickets/queue.html", context, part="list")


def _severities(rows: list[dict[str, Any]]) -> dict[tuple[int, str], str]:
    """The severities of these rows in the words of their contracts."""
    owners = {row["contract_id"] for row in rows if row["severity"] and row["contract_id"]}
    return queries.word_titles(owners, "severity", get_language() or "zh-hans")


@require_safe
def queue_pulse(request: HttpRequest) -> HttpResponse:
    """Has anything in the shown part of the queue changed?"""
    actor = _desk_actor(request)
    if request.GET.keys().isdisjoint(
        ("contract", "severity")
    ):  # every open queue asks each second and a half
        filters = filters_from(request, _fixed_filters(get_language()).values())
    else:
        filters = _filters(request, actor)
    page = queue.page(actor, _wanted(filters, actor), cursor=request.GET.get("after", ""))
    return pulse(request, page.version)


EXPORTED = {
    "number": _l("Number"),
    "title": _l("Title"),
    "status": _l("Status"),
    "request_type": _l("Request type"),
    "channel": _l("Channel"),
    "severity": _l("Severity"),
    "priority": _l("Priority"),
    "tier": _l("Tier"),
    "customer": _l("Customer"),
    "contract": _l("Contract"),
    "site": _l("Site"),
    "requester": _l("Requester"),
    "assignee": _l("Assignee"),
    "reported_at": _l("Reported"),
    "due_at": _l("Due"),
    "resolved_at": _l("Resolved"),
    "closed_at": _l("Closed"),
}


@require_safe
def export_csv(request: HttpRequest) -> HttpResponse:
    """The filtered queue as CSV for spreadsheets, at most 10,000 rows."""
    actor = _desk_actor(request)
    rows = queue.export(actor, _wanted(_filters(request, actor), actor))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([str(label) for label in EXPORTED.values()])
    writer.writerows([_cell(row[name]) for name in EXPORTED] for row in rows)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response


def _cell(value: Any) -> str:
    """A value for a spreadsheet: local time, and nothing it would take for a formula."""
    if hasattr(value, "astimezone"):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


NOTHING = SafeString("")

# -- one ticket -------------------------------------------------------------------------------------------------


@require_safe
def ticket_page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one ticket, and what the reader can do to it now; customers are led to their own page."""
    actor = _actor(request)
    whole = reading.whole_ticket(actor, number)
    if not access.serves(actor):
        return _to_portal(whole.ticket)
    return _ticket(request, whole)


def _to_portal(ticket: Ticket) -> HttpResponse:
    return redirect("portal:request", ticket.number)


def _ticket(
    request: HttpRequest, whole: Whole, *, note_form: forms.NoteForm | None = None, status: int = 200
) -> HttpResponse:
    actor, ticket, language = _actor(request), whole.ticket, get_language() or "zh-hans"
    parts, internal = ticket.parts or frozenset(), access.sees_internal(actor)
    if access.reads_contract(actor, ticket.contract_id):
        promises = ticket.promises = promises_of(actor, ("ticket", ticket.pk))
    else:
        promises = [case_promise(one, language) for one in queries.open_obligations(actor, ticket)]
    possible = actions.possible(actor, ticket)
    main = actions.main_action(possible, ticket)
    attached = files.files_of(actor, ("ticket", ticket.pk)) if "files" in parts else []
    links = queries.links_of(actor, ticket) if "links" in parts else []
    can_note = access.can(actor, "comment", ticket)
    can_attach = access.can(actor, "attach", ticket)
    severity = queries.word_title(ticket.contract_id, "severity", ticket.severity, language)
    shown = drawing.Shown(
        clocks=history.clocks(promises),
        entries=history.entries(actor, whole, attached),
        facts=history.facts(ticket, language),
        handling=history.handling(ticket, internal=internal),
        stages=history.stages(ticket),
        links=history.links(ticket, links),
        files=[history.FileRow.of(stored) for stored in attached],
        can_edit=rules.may_move("edit", ticket.status) and access.can(actor, "edit", ticket),
        note=drawing.note_form(request, ticket, note_form, sees_internal=internal) if can_note else NOTHING,
        upload=drawing.upload_form(request, ticket, sees_internal=internal) if can_attach else NOTHING,
    )
    others = [action for action in possible if action is not main]
    context = {
        "ticket": ticket,
        "queue_url": reverse("tickets:queue") if access.serves(actor) else "",
        "marks": drawing.marks(ticket, severity),
        "acts": NOTHING if is_fragment(request) else drawing.acts(request, ticket, main, others),
        "body": drawing.body(request, ticket, shown),
    }
    return render_page(request, "tickets/ticket.html", context, part="content", status=status)


@require_safe
def ticket_pulse(request: HttpRequest, number: str) -> HttpResponse:
    """Has the ticket changed?"""
    ticket = queries.plain_ticket(_actor(request), number)
    return pulse(request, history.version_of(ticket))


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: str, slug: str) -> HttpResponse:
    """One act: its form (in the drawer, or as a page of its own), and the doing."""
    action = actions.ACTIONS.get(slug)
    if action is None:
        raise NotFound
    actor = _actor(request)
    ticket = queries.ticket_with_number(actor, number)
    access.require(actor, action.move, ticket)
    if request.method != "POST" and not access.serves(actor):
        return _to_portal(ticket)
    if request.method == "POST":
        return _do(request, actor, ticket, action)
    form = action.form(ticket=ticket, actor=actor) if action.form else None
    wants = remedies.before(remedies.FORETOLD.get(action.move, ()), actor, ticket)
    ways = remedies.remedies(_elsewhere(form, [one.refusal for one in wants]), actor, ticket)
    return _act_form(request, ticket, action, form, ways=ways, wants=wants)


def _elsewhere(form: forms.ActForm | None, refusals: Sequence[Refusal]) -> list[Refusal]:
    """What the form at hand does not give itself, so that a link has to lead to it."""
    return [one for one in refusals if form is None or one.guard not in form.gives]


def _do(request: HttpRequest, actor: Actor, ticket: Ticket, action: actions.Action) -> HttpResponse:
    page = reverse("tickets:ticket", args=[ticket.number])
    if action.form is None:
        try:
            action.act(actor=actor, ticket_id=ticket.pk)
        except GateRefused as error:
            bare = forms.ActForm({}, ticket=ticket, actor=actor)
            add_errors(bare, error)
            return _act_form(request, ticket, action, bare, 422, remedies.after(error, actor, ticket))
        return go(request, page, action.done)
    form = action.form(request.POST, ticket=ticket, actor=actor)
    if not form.is_valid():
        return _act_form(request, ticket, action, form, status=422)
    try:
        action.act(actor=actor, ticket_id=ticket.pk, **form.cleaned_data)
    except NotFound:
        if ticket.pk != queries.id_of(actor, ticket.number):
            raise
        form.add_error(None, _("There is no such ticket, or it is not yours to see."))
        return _act_form(request, ticket, action, form, status=422)
    except ShouyueError as error:
        add_errors(form, error)
        status = error.status if error.status != 409 else 422
        refusals = error.refusals if isinstance(error, GateRefused) else ()
        form.mark_missing(one.guard for one in refusals)
        ways = remedies.remedies(_elsewhere(form, refusals), actor, ticket)
        return _act_form(request, ticket, action, form, status, ways)
    return go(request, page, action.done)


def _act_form(
    request: HttpRequest,
    ticket: Ticket,
    action: actions.Action,
    form: forms.ActForm | None,
    status: int = 200,
    ways: Sequence[remedies.Remedy] = (),
    wants: Sequence[remedies.Want] = (),
) -> HttpResponse:
    return render_page(
        request,
        "tickets/act.html",
        {"ticket": ticket, "action": action, "form": form, "remedies": ways, "wants": wants},
        part="act",
        status=status,
    )


@require_POST
def note(request: HttpRequest, number: str) -> HttpResponse:
    """Add a note."""
    actor = _actor(request)
    ticket = queries.ticket_with_number(actor, number)
    form = forms.NoteForm(request.POST, ticket=ticket, actor=actor)
    status = 422
    if form.is_valid():
        try:
            services.comment_on_ticket(
                actor=actor,
                ticket_id=ticket.pk,
                source_key=request.POST.get("idempotency_key") or None,
                **form.cleaned_data,
            )
        except ShouyueError as error:
            add_errors(form, error)
            status = error.status
        else:
            return go(request, reverse("tickets:ticket", args=[ticket.number]), _("The note is added."))
    return _ticket(request, reading.whole_ticket(actor, number), note_form=form, status=status)


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    """Add files; all of one sending, or none."""
    actor = _actor(request)
    ticket_id = queries.id_of(actor, number)
    sent = request.FILES.getlist("files")
    page = reverse("tickets:ticket", args=[number])
    if not sent:
        return go(request, page, _("No file was chosen."), "warning")
    services.attach_files(
        actor=actor, ticket_id=ticket_id, uploads=sent, public="internal" not in request.POST
    )
    return go(request, page, _("The files are attached."))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Correct what was recorded; when somebody was faster both versions are shown and one's own text stays."""
    actor = _actor(request)
    ticket = queries.ticket_with_number(actor, number)
    access.require(actor, "edit", ticket)
    context: dict[str, Any] = {"ticket": ticket, "version": ticket.version}
    if request.method != "POST":
        context["form"] = forms.EditForm(ticket=ticket, actor=actor)
        return render_page(request, "tickets/edit.html", context)
    form = forms.EditForm(request.POST, ticket=ticket, actor=actor)
    context |= {"form": form, "version": _version(request)}
    status = 422
    if form.is_valid():
        try:
            changes = {
                name: form.cleaned_data[name]
                for name in form.cleaned_data
                if name in request.POST or name == "is_vip"
            }
            services.edit_ticket(actor=actor, ticket_id=ticket.pk, version=_version(request), changes=changes)
        except services.StaleVersion as stale:
            context |= {"differences": history.differences(form, stale), "version": stale.ticket.version}
            status = 409
        except ShouyueError as error:
            add_errors(form, error)
            status = error.status
        else:
            return go(request, reverse("tickets:ticket", args=[ticket.number]), _("Saved."))
    return render_page(request, "tickets/edit.html", context, status=status)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


# -- a call -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def log_call(request: HttpRequest) -> HttpResponse:
    """Write down a call: caller by number, site and contract guessed, everything known before shown beside."""
    actor = _desk_actor(request)
    if not access.reports_somewhere(actor):
        raise NotAllowed
    guess = logging_call.guess(actor, request.POST if request.method == "POST" else request.GET)
    form = logging_call.form_for(
        actor, guess, request.POST if request.method == "POST" else None, request.GET
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                ticket = logging_call.log(
                    actor, form.cleaned_data, request.POST.get("idempotency_key") or None
                )
            except ShouyueError as error:
                add_errors(form, error)
                status = error.status
            else:
                text = _("Ticket %(number)s is recorded.") % {"number": ticket.number}
                return go(request, reverse("tickets:ticket", args=[ticket.number]), text)
    context = {"form": form, "guess": guess, "known": guess.known(actor)}
    return render_page(request, "tickets/log.html", context, part="guessed", status=status)
