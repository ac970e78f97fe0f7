"""Pages of the customer's people: home, report, follow, contract; downloads of raw data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.commitments.choices import Standing
from shouyue.commitments.queries import board
from shouyue.contracts import queries as contracts
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound, ShouyueError
from shouyue.notifications import queries as notices
from shouyue.tickets import queries as ticket_queries
from shouyue.tickets import services as tickets
from shouyue.tickets.choices import CancelReason
from shouyue.web import downloads, htmx, lists
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage

from . import access, forms, services
from .choices import WISHES
from .queries.raw_data import sort_of, walk
from .queries.requests import (
    Known,
    RequestFilter,
    known_of,
    open_requests,
    others_requests,
    requests_matching,
    requests_page,
)
from .queries.stories import story_of, version_of


def _actor(request: HttpRequest) -> Actor:
    return access.require_customer(getattr(request, "actor", None))


def _key(request: HttpRequest) -> str:
    return request.POST.get("idempotency_key", "")[:48]


# Home


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What is going on, and the way to report."""
    actor = _actor(request)
    mine = open_requests(actor)
    context = {
        "mine": mine,
        "others": others_requests(actor),
        "overviews": board.overview(actor),
        "notices": list(notices.notices_of(actor).filter(read_at__isnull=True)[:4]),
        "may_report": access.may_report(actor),
        "watches": access.only_watches(actor),
        "phones": _phones(actor),
    }
    return render_page(request, "portal/home.html", context)


def _phones(actor: Actor) -> list[tuple[str, str]]:
    rows = contracts.contracts_visible_to(actor).filter(is_active=True).exclude(desk_phone="")
    found: dict[str, str] = {}
    for name, phone in rows.order_by("code").values_list("name", "desk_phone")[:20]:
        found.setdefault(phone, name)
    return list(found.items())


# Report


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, filled with what is known; htmx gets the part that depends on the contract."""
    actor = _actor(request)
    access.require_may_report(actor)
    chosen = (request.POST if request.method == "POST" else request.GET).get("contract", "")
    known = known_of(
        actor, int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else None
    )
    if request.method != "POST":
        form = forms.ReportForm(actor=actor, known=known, initial=_wish(request))
        return _report_page(request, form, known, part="place")
    form = forms.ReportForm(request.POST, request.FILES, actor=actor, known=known)
    if form.is_valid():
        values = form.cleaned_data
        try:
            ticket = services.report(
                actor=actor,
                key=_key(request),
                text=values["text"],
                request_type=values["request_type"],
                contract_id=known.contract.pk if known.contract else None,
                site_id=values.get("site"),
                requester_id=known.contact.pk if known.contact else None,
                affected=values["affected"],
                urgency=values["urgency"],
                impact=values["impact"],
                caller_phone=values["phone"],
                uploads=values["pictures"],
            )
        except Invalid as error:
            _add(form, error)
        else:
            url = reverse("portal:request", args=[ticket.number])
            return htmx.go(
                request, url, _("Thank you. We have it under %(number)s.") % {"number": ticket.number}
            )
    return _report_page(request, form, known, part="content", status=422)


_NAMES = {
    "description": "text",
    "title": "text",
    "file": "pictures",
    "caller_phone": "phone",
    "site_id": "site",
}


def _add(form: django_forms.Form, error: Invalid) -> None:
    """Name the fields as this form does."""
    named = {_NAMES.get(name, name): texts for name, texts in error.fields.items()}
    add_errors(form, Invalid(error.message, fields=named))


def _wish(request: HttpRequest) -> dict[str, str]:
    wish = request.GET.get("about", "")
    return {"request_type": wish} if wish in dict(WISHES) else {}


def _report_page(
    request: HttpRequest, form: forms.ReportForm, known: Known, *, part: str, status: int = 200
) -> HttpResponse:
    context = {"form": form, "known": known, "max_pictures": forms.MAX_PICTURES}
    return render_page(request, "portal/report.html", context, part=part, status=status)


# Requests

COLUMNS = (
    Column(key="title", label=gettext_lazy("Request")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="next", label=gettext_lazy("Due next")),
    Column(key="who", label=gettext_lazy("Engineer")),
    Column(key="where", label=gettext_lazy("Where")),
    Column(key="reported", label=gettext_lazy("Reported at")),
)
STATES = (
    ("open", gettext_lazy("In work")),
    ("needs_you", gettext_lazy("Waiting for us")),
    ("finished", gettext_lazy("Finished")),
)


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """One's own requests, or all of one's contracts."""
    actor = _actor(request)
    filters, wanted = _filters(request, actor)
    rows, part = requests_page(actor, wanted, request.GET.get("after", ""))
    query = request.GET.urlencode()
    page = ListPage(
        id="requests",
        caption=_("Requests"),
        columns=COLUMNS,
        rows=rows,
        row_template="portal/_row.html",
        filters=filters,
        empty=Empty(
            title=_("No requests yet"),
            text=_("Whatever you report appears here with everything that is done about it."),
            action_url=reverse("portal:report") if access.may_report(actor) else "",
            action_label=_("Report something"),
        ),
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        exports=[Export(label="CSV", url=f"{reverse('portal:export_requests')}?{query}")],
    )
    return render_page(
        request, "portal/requests.html", {"list": page, "may_report": access.may_report(actor)}, part="list"
    )


def _filters(request: HttpRequest, actor: Actor) -> tuple[list[Filter], RequestFilter]:
    wanted = [
        Filter(key="q", label=_("Search"), kind="search", placeholder=_("Number or words of the title")),
        Filter(
            key="state", label=_("State"), choices=[Choice(value=key, label=label) for key, label in STATES]
        ),
    ]
    open_to = list(
        contracts.contracts_visible_to(actor).order_by("code").values_list("id", "code", "name")[:50]
    )
    if access.reads_all(actor):
        wanted.append(
            Filter(key="whose", label=_("Everybody's"), choices=[Choice(value="mine", label=_("Only mine"))])
        )
    if len(open_to) > 1:
        choices = [Choice(value=code, label=f"{code} {name}") for _id, code, name in open_to]
        wanted.append(Filter(key="contract", label=_("Contract"), choices=choices))
    wanted.append(
        Filter(
            key="type",
            label=_("Kind"),
            choices=[Choice(value=str(key), label=label) for key, label in WISHES],
        )
    )
    filters = lists.filters_from(request, wanted)
    values = {item.key: item.value for item in filters}
    by_code = {code: pk for pk, code, _name in open_to}
    return filters, RequestFilter(
        whose=values.get("whose") or "all",
        state=values["state"],
        contract_id=by_code.get(values.get("contract", "")),
        request_type=values["type"],
        text=values["q"],
    )


EXPORT_LIMIT = 20_000


@require_GET
def export_requests(request: HttpRequest) -> HttpResponseBase:
    """The filtered list as a table, newest first."""
    actor = _actor(request)
    _shown, wanted = _filters(request, actor)
    found = requests_matching(actor, wanted).select_related("contract", "site", "assignee", "reporter")
    rows = found.order_by("-id")[:EXPORT_LIMIT]
    head = [
        _("Number"),
        _("Title"),
        _("Kind"),
        _("State"),
        _("Contract"),
        _("Site"),
        _("Reported by"),
        _("Engineer"),
    ]
    head += [_("Reported at"), _("Answered at"), _("Solved at"), _("Confirmed at"), _("Closed at")]
    cells = (
        [
            one.number,
            one.title,
            one.get_request_type_display(),
            one.get_status_display(),
            one.contract.code if one.contract else "",
            one.site.name if one.site else "",
            one.reporter.name if one.reporter else "",
            one.assignee.name if one.assignee else "",
            one.reported_at,
            one.responded_at,
            one.resolved_at,
            one.confirmed_at,
            one.closed_at,
        ]
        for one in rows
    )
    lines = list(downloads.csv_lines(head, cells))  # read now: labels are in the reader's language
    return downloads.streamed(actor, lines, "requests.csv", "text/csv")


# One request


@require_GET
def request_page(request: HttpRequest, number: str) -> HttpResponse:
    """A request with its story and what the reader may do."""
    return _page(request, _actor(request), number)


@require_GET
def pulse(request: HttpRequest, number: str) -> HttpResponse:
    """Whether the page has changed."""
    return htmx.pulse(request, version_of(_actor(request), number))


def _page(
    request: HttpRequest,
    actor: Actor,
    number: str,
    *,
    form: django_forms.Form | None = None,
    act: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page; form: one that was refused, shown again at its act."""
    story = story_of(actor, number)
    bound = {act: form} if form is not None else {}
    context: dict[str, Any] = {
        "story": story,
        "request_": story.request,
        "ticket": story.request.ticket,
        "pulse_url": reverse("portal:pulse", args=[story.request.ticket.number]),
        "opened": act,
        "message_form": bound.get("message") or forms.MessageForm(),
        "reject_form": bound.get("reject") or forms.ReasonForm(prefix="reject"),
        "reopen_form": bound.get("reopen") or forms.ReasonForm(prefix="reopen"),
        "escalate_form": bound.get("escalate") or forms.ReasonForm(prefix="escalate"),
        "decision_form": bound.get("replacement") or forms.DecisionForm(),
        "max_pictures": forms.MAX_PICTURES,
    }
    return render_page(request, "portal/request.html", context, part="story", status=status)


def _act(
    request: HttpRequest,
    number: str,
    act: str,
    form: django_forms.Form | None,
    do: Callable[..., object],
    done: str | Promise,
) -> HttpResponse:
    """One act of the customer: find, read the form, call the service with its values, come back to the page."""
    actor = _actor(request)
    ticket_id = ticket_queries.id_of(actor, number)
    values: dict[str, Any] = {}
    if form is not None:
        if not form.is_valid():
            return _page(request, actor, number, form=form, act=act, status=422)
        values = form.cleaned_data
    try:
        do(actor=actor, ticket_id=ticket_id, **values)
    except Invalid as error:
        if form is None:
            raise
        _add_renamed(form, error)
        return _page(request, actor, number, form=form, act=act, status=422)
    return htmx.go(request, reverse("portal:request", args=[number.upper()]), done)


def _add_renamed(form: django_forms.Form, error: ShouyueError) -> None:
    add_errors(
        form,
        Invalid(error.message, fields={"pictures" if k == "file" else k: v for k, v in error.fields.items()}),
    )


@require_POST
def message(request: HttpRequest, number: str) -> HttpResponse:
    """Write to the desk, add pictures."""
    key = _key(request)

    def add(*, pictures: list[Any], **values: Any) -> object:
        return services.add_message(uploads=pictures, key=key, **values)

    form = forms.MessageForm(request.POST, request.FILES)
    return _act(request, number, "message", form, add, gettext_lazy("Sent."))


@require_POST
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """It works."""
    done = gettext_lazy("Thank you for confirming.")
    return _act(request, number, "confirm", None, tickets.confirm_resolution, done)


@require_POST
def reject(request: HttpRequest, number: str) -> HttpResponse:
    """It does not work, with the reason."""
    form = forms.ReasonForm(request.POST, prefix="reject")
    done = gettext_lazy("We go on with it.")
    return _act(request, number, "reject", form, tickets.reject_resolution, done)


@require_POST
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """It has come back."""
    form = forms.ReasonForm(request.POST, prefix="reopen")
    done = gettext_lazy("We have taken it up again.")
    return _act(request, number, "reopen", form, tickets.reopen_ticket, done)


@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """It is no longer needed."""
    cancel = partial(tickets.cancel_ticket, reason=CancelReason.WITHDRAWN)
    return _act(request, number, "withdraw", None, cancel, gettext_lazy("The request is withdrawn."))


@require_POST
def escalate(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for somebody higher."""
    form = forms.ReasonForm(request.POST, prefix="escalate")
    done = gettext_lazy("Your wish was passed to the responsible manager.")
    return _act(request, number, "escalate", form, tickets.request_escalation, done)


@require_POST
def replacement(request: HttpRequest, number: str) -> HttpResponse:
    """Decide about replacing hardware."""
    form = forms.DecisionForm(request.POST)
    done = gettext_lazy("Your decision is recorded.")
    return _act(request, number, "replacement", form, tickets.decide_replacement, done)


# Contract

KEY_ROLES = (
    Role.PROJECT_MANAGER,
    Role.SERVICE_MANAGER,
    Role.SERVICE_SUPERVISOR,
    Role.RESIDENT_ENGINEER,
    Role.IT_CONTACT,
)


@require_GET
def contract(request: HttpRequest, code: str) -> HttpResponse:
    """The contract in short: how promises stand, stages, whom to turn to, raw data."""
    actor = _actor(request)
    found = contracts.contract_of(actor, code)
    month = request.GET.get("month", "")
    shown = board.board_of(actor, found, month)
    lines = [_line(line, actor.language) for line in shown.lines]
    context = {
        "contract": found,
        "state": found.state_on(clock.today(found.time_zone)),
        "lines": lines,
        "parts": _parts(lines),
        "counts": [(value, shown.counts[value]) for value in Standing.values if shown.counts[value]],
        "month": shown.month.key,
        "months": board.months(found.time_zone, month),
        "share": shown.total.share,
        "figures": shown.total,
        "stages": _stages(actor, found),
        "people": [row for row in contracts.memberships_of(actor, found.pk) if row.role in KEY_ROLES][:12],
        "raw": access.reads_raw_data(actor, found.pk),
        "raw_kinds": (("events", _("Events with their chain")), ("tickets", _("Requests with all stages"))),
        "raw_spans": ((shown.month.key, f"?month={shown.month.key}"), (_("All time"), "")),
        "board_url": reverse("commitments:board", args=[found.code]),
        "whole_url": reverse("contracts:contract", args=[found.code]),
    }
    return render_page(request, "portal/contract.html", context)


LATER = frozenset({Standing.NOT_EXECUTABLE, Standing.UNSET})


def _parts(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What fell due first, then what did not yet, then what the system does not watch by itself."""
    running = [
        line for line in lines if line["standing"] not in LATER and line["standing"] != Standing.NOTHING_DUE
    ]
    return [
        {"title": "", "lines": running},
        {
            "title": _("Nothing due yet"),
            "lines": [one for one in lines if one["standing"] == Standing.NOTHING_DUE],
        },
        {
            "title": _("Not watched automatically yet"),
            "lines": [one for one in lines if one["standing"] in LATER],
        },
    ]


def _line(line: board.Line, language: str) -> dict[str, Any]:
    one = line.commitment
    return {
        "title": one.title(language),
        "number": one.number(language),
        "standing": line.standing,
        "figures": line.figures,
        "share": line.share,
    }


def _stages(actor: Actor, found: Contract) -> list[dict[str, Any]]:
    rules = contracts.compiled(found.pk, found.version)
    current = contracts.stage_today(rules)
    return [
        {
            "title": stage.title.pick(actor.language),
            "starts_on": stage.starts_on,
            "ends_on": stage.ends_on,
            "is_current": stage.name == current,
        }
        for stage in rules.stages
    ]


@require_GET
def raw_data(request: HttpRequest, code: str, kind: str, form: str) -> HttpResponseBase:
    """All recorded facts, or all tickets, of a contract or one of its months, as CSV or JSON; who reads is noted."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotFound
    found = contracts.contract_of(actor, code)
    sort = sort_of(kind)
    if form not in ("csv", "json"):
        raise NotFound
    month = request.GET.get("month", "")
    period = board.month_of(found.time_zone, month) if month else None
    services.record_raw_data_read(
        actor=actor, contract=found, kind=kind, form=form, month=period.key if period else ""
    )
    since, until = (period.since, period.until) if period else (None, None)
    name = f"{found.code}-{kind}{f'-{period.key}' if period else ''}.{form}"
    rows = map(sort.plain, walk(sort.rows(actor, found, since, until)))
    if form == "json":
        return downloads.streamed(actor, downloads.json_lines(rows), name, "application/json")
    cells = ([_flat(row[name]) for name in sort.fields] for row in rows)
    return downloads.streamed(actor, downloads.csv_lines(sort.fields, cells), name, "text/csv")


def _flat(value: Any) -> Any:
    return (
        "; ".join(f"{key}={part}" for key, part in sorted(value.items()))
        if isinstance(value, dict)
        else value
    )
