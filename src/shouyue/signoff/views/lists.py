"""Lists: all sign-offs one may see, what waits for oneself, one's deputies."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import ShouyueError
from shouyue.signoff import forms, queries, services
from shouyue.signoff.choices import PURPOSES, Kind, State
from shouyue.signoff.queries import SignoffFilter
from shouyue.web import downloads, lists
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage

EXPORT_LIMIT = 20_000
COLUMNS = (
    Column(key="label", label=gettext_lazy("About")),
    Column(key="kind", label=pgettext_lazy("sign-off", "What")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="who", label=gettext_lazy("Waiting for")),
    Column(key="due", label=gettext_lazy("Answer wanted by")),
    Column(key="contract", label=gettext_lazy("Contract")),
    Column(key="asked", label=gettext_lazy("Asked")),
)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_safe
def signoffs(request: HttpRequest) -> HttpResponse:
    """All one may see, filtered."""
    actor = _actor(request)
    shown, wanted = _filters(request, actor)
    rows = queries.with_steps(queries.signoffs_matching(actor, wanted))
    page = lists.keyset(rows, order=("-id",), cursor=request.GET.get("after", ""))
    query = request.GET.urlencode()
    list_page = ListPage(
        id="signoffs",
        caption=_("Sign-offs"),
        columns=COLUMNS,
        rows=page.rows,
        row_template="signoff/_row.html",
        filters=shown,
        empty=Empty(
            title=_("No sign-offs"),
            text=_("Consents, approvals and signatures are asked for from the page of a ticket or contract."),
            icon="checklist",
        ),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        exports=[Export(label="CSV", url=f"{reverse('signoff:export')}?{query}")],
    )
    return render_page(request, "signoff/signoffs.html", {"list": list_page, "now": clock.now()}, part="list")


def _filters(request: HttpRequest, actor: Actor) -> tuple[list[Filter], SignoffFilter]:
    contracts = queries.contract_choices(actor)
    shown = lists.filters_from(
        request,
        [
            Filter(key="q", label=_("Search"), kind="search", placeholder=_("Number, subject, text")),
            Filter(
                key="due",
                label=_("Answer"),
                choices=[
                    Choice(value="mine", label=_("Waiting for me")),
                    Choice(value="overdue", label=_("Overdue")),
                ],
            ),
            Filter(
                key="kind",
                label=pgettext("sign-off", "What"),
                choices=[Choice(value=v, label=n) for v, n in Kind.choices],
            ),
            Filter(
                key="state", label=_("State"), choices=[Choice(value=v, label=n) for v, n in State.choices]
            ),
            Filter(
                key="purpose",
                label=_("Purpose"),
                choices=[Choice(value=v, label=n) for v, n in PURPOSES.items()],
            ),
            Filter(
                key="contract",
                label=_("Contract"),
                choices=[Choice(value=str(pk), label=name) for pk, name in contracts],
            ),
        ],
    )
    values = {item.key: item.value for item in shown}
    wanted = SignoffFilter(
        text=values["q"],
        kind=values["kind"],
        state=values["state"],
        purpose=values["purpose"],
        contract_id=int(values["contract"]) if values["contract"] else None,
        due=values["due"],
    )
    return shown, wanted


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The filtered list as a table, newest first, with who answered last."""
    actor = _actor(request)
    _shown, wanted = _filters(request, actor)
    rows = queries.with_steps(queries.signoffs_matching(actor, wanted))[:EXPORT_LIMIT]
    head = [
        _("Number"),
        pgettext("sign-off", "What"),
        _("Purpose"),
        _("About"),
        _("What exactly"),
        _("State"),
        _("Contract"),
    ]
    head += [_("Asked by"), _("Asked at"), _("Answer wanted by"), _("Settled at"), _("Holds until")]
    head += [_("Answered by"), "SHA-256"]
    cells = (
        [
            one.number,
            one.get_kind_display(),
            queries.purpose_label(one, actor.language),
            one.label,
            one.scope,
            one.get_state_display(),
            one.contract.code if one.contract else "",
            one.asker,
            one.asked_at,
            one.reply_due_at,
            one.settled_at,
            one.expires_at,
            ", ".join(step.answered_by_name for step in one.steps.all() if step.answered_by_name),
            one.digest,
        ]
        for one in rows
    )
    lines = list(downloads.csv_lines(head, cells))  # read now: labels are in the reader's language
    return downloads.streamed(actor, lines, "sign-offs.csv", "text/csv")


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits for one's own answer, the most pressing first."""
    return render_page(request, "signoff/waiting.html", {"steps": queries.waiting_for(_actor(request))})


# Deputies


@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    """Who answers for me, and for whom I answer; name a deputy."""
    actor = _actor(request)
    form = forms.DelegationForm(request.POST if request.method == "POST" else None, actor=actor)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                services.delegate(
                    actor=actor,
                    to_id=values["to"],
                    contract_id=values["contract"],
                    starts_at=values["starts_at"],
                    ends_at=values["ends_at"],
                    note=values["note"],
                )
            except ShouyueError as error:
                add_errors(form, error)
                status = error.status
            else:
                return go(request, reverse("signoff:delegations"), _("Your deputy is named."))
    now = clock.now()
    rows = [
        {
            "delegation": one,
            "is_mine": one.user_id == actor.user_id,
            "state": _state(one.revoked_at is not None or one.ends_at <= now, one.starts_at > now),
        }
        for one in queries.my_delegations(actor)
    ]
    names = dict(queries.contract_choices(actor))
    context = {"form": form, "rows": rows, "contract_names": names}
    for row in rows:
        row["contract"] = names.get(row["delegation"].contract_id or 0, "")  # type: ignore[attr-defined]
    return render_page(request, "signoff/delegations.html", context, status=status)


_OVER = pgettext_lazy("deputyship", "Over")
_COMING = pgettext_lazy("deputyship", "Not yet begun")
_HOLDS = pgettext_lazy("deputyship", "Holds")


def _state(over: bool, coming: bool) -> tuple[object, str]:
    if over:
        return _OVER, "muted"
    return (_COMING, "info") if coming else (_HOLDS, "good")


@require_POST
def end_delegation(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """End a deputyship early."""
    services.end_delegation(actor=_actor(request), delegation_id=delegation_id)
    return go(request, reverse("signoff:delegations"), _("Your deputy answers for you no longer."))
