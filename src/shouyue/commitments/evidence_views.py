"""Pages: everything that proves the verdict of one obligation, or of one promise in a period; read-only, printable."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from shouyue.contracts import access as contract_access
from shouyue.contracts import queries as contracts
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.web import lists
from shouyue.web.actors import actor_of
from shouyue.web.htmx import render_page
from shouyue.web.lists import Column, Empty, ListPage

from . import access, calendar_views, cases, closing_views, correcting_views, objection_views, queries
from .models import Commitment
from .queries import board, calendar, closing, proving

COLUMNS = (
    Column(key="case", label=gettext_lazy("Case")),
    Column(key="state", label=gettext_lazy("Verdict")),
    Column(key="opened", label=gettext_lazy("Started")),
    Column(key="due", label=gettext_lazy("Due")),
    Column(key="kept", label=gettext_lazy("Kept at")),
    Column(key="evidence", label=gettext_lazy("Evidence")),
)


@require_safe
def of_obligation(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """The evidence of one obligation."""
    actor = actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    found = proving.evidence_of(actor, row)
    context = {
        "obligation": row,
        "contract": row.contract,
        "evidence": found,
        "explained": found.explained,
        "clause": found.clause,
        "title": row.commitment.title(actor.language),
        "number": row.commitment.number(actor.language),
        "case": cases.labels_of(row.case_type, [row.case_id])[row.case_id],
        "behind": calendar_views.figures_panel(request, row),
        "objections": objection_views.of_obligation(actor, row),
        "adjustments": [closing_views.correction_shown(one, actor) for one in found.adjustments],
        "correct_url": correcting_views.address_of(actor, row),
        "sees_text": contract_access.sees_provider_side(actor, row.contract_id),
        "printed_at": clock.now(),
        "printed_by": actor.name,
    }
    return render_page(request, "commitments/evidence.html", context)


@require_safe
def of_promise(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The evidence of one promise in a month, quarter or year: figure, verdicts, corrections, the way to each."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    commitment = queries.commitment_of(actor, contract.pk, name)
    if commitment.is_internal and not contract_access.sees_provider_side(actor, contract.pk):
        raise NotFound
    period = board.month_of(contract.time_zone, request.GET.get("month", ""))
    line = board.line_of(contract.pk, commitment, period)
    page = _obligations(request, actor, commitment, period)
    adjustments = proving.adjustments_in(actor, commitment, period.since, period.until)
    context = {
        "contract": contract,
        "commitment": commitment,
        "clause": proving.clause_of(commitment.plan_version_id, commitment, actor.language),
        "title": commitment.title(actor.language),
        "number": commitment.number(actor.language),
        "line": line,
        "period": period,
        "months": board.months(contract.time_zone, period.key),
        "list": page,
        "spans": _spans(actor, commitment, period),
        "closing": closing.closing_in_force(actor, contract.pk, period.since, period.until),
        "adjustments": [closing_views.correction_shown(one, actor) for one in adjustments],
        "sees_text": contract_access.sees_provider_side(actor, contract.pk),
        "may_pack": access.can_pack(actor, contract.pk),
        "printed_at": clock.now(),
        "printed_by": actor.name,
    }
    return render_page(request, "commitments/promise_evidence.html", context, part="list")


def _obligations(request: HttpRequest, actor: Actor, commitment: Commitment, period: board.Month) -> ListPage:
    wanted = queries.ObligationFilter(
        contract_id=commitment.contract_id,
        commitment=commitment.name,
        since=period.since,
        until=period.until,
    )
    rows = queries.obligations_matching(actor, wanted)
    part = lists.keyset(rows, order=("-falls_at", "-id"), cursor=request.GET.get("after", ""))
    labels: dict[tuple[str, int], cases.Label] = {}
    for kind in {row.case_type for row in part.rows}:
        ids = sorted({row.case_id for row in part.rows if row.case_type == kind})
        labels |= {(kind, number): label for number, label in cases.labels_of(kind, ids).items()}
    return ListPage(
        id="obligations",
        caption=_("Obligations"),
        columns=COLUMNS,
        rows=[
            {
                "obligation": row,
                "case": labels[row.case_type, row.case_id],
                "url": reverse("commitments:evidence", args=[row.pk]),
            }
            for row in part.rows
        ],
        row_template="commitments/_evidence_row.html",
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(
            title=_("Nothing fell due in this period"), text=_("Choose another period."), icon="calendar-off"
        ),
    )


def _spans(actor: Actor, commitment: Commitment, period: board.Month) -> list[Any]:
    """When a standing condition was held and broken in the period."""
    if commitment.kind != "standing":
        return []
    rows = calendar.spans_of(actor, commitment.pk).filter(since__lt=period.until)
    return [span for span in rows[:200] if span.until is None or span.until > period.since]
