"""JSON API: closed periods, closed and opened again by two persons; score sheets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from shouyue.contracts import queries as contracts
from shouyue.kernel.actor import Actor
from shouyue.web import rest

from .closing_models import Closing, Reopening
from .queries import closing as closings
from .queries import commitments_of
from .rules.scoring import as_json
from .services import closing

router = Router(tags=["commitments"])


class ClosingOut(Schema):
    """A closed period. digest: SHA-256 of its frozen text; corrections: verdicts that changed since."""

    period: str
    number: int
    since: datetime
    until: datetime
    closed_at: datetime
    reopened_at: datetime | None
    digest: str
    corrections: int


class ReopeningOut(Schema):
    step: str
    round: int
    name: str
    why: str
    at: datetime


class CorrectionOut(Schema):
    """A verdict that changed after closing. why: empty for what was told late; objection: the waiver or dispute."""

    obligation: int
    commitment: str
    before: str
    after: str
    by: str
    why: str
    objection: int | None
    at: datetime


class CorrectedFigureOut(Schema):
    """A figure corrected by hand after closing. unit: `h` where time is counted, else empty."""

    obligation: int
    amount: float
    unit: str
    by: str
    why: str
    at: datetime


class PeriodOut(Schema):
    """A closed period. digest: SHA-256 of its frozen text; reopenings: who asked for and answered opening it again;
    corrections, corrected_figures: what changed since, as the page of the period shows it."""

    id: int
    contract: str
    period: str
    number: int
    since: datetime
    until: datetime
    closed_at: datetime
    closed_by: str
    reopened_at: datetime | None
    digest: str
    reopenings: list[ReopeningOut]
    corrections: list[CorrectionOut]
    corrected_figures: list[CorrectedFigureOut]


class ClosePeriodIn(Schema):
    """period: `2026-10` or `2026-Q4`."""

    period: str


class WhyIn(Schema):
    why: str = Field("", max_length=4000)


class ScoreLineOut(Schema):
    commitment: str
    points: str
    kept: int
    late: int
    missed: int
    waived: int
    has_data: bool
    deducted: str
    is_provisional: bool


class AreaOut(Schema):
    name: str
    title_zh: str
    title_en: str
    weight: str
    cap: str | None
    asked: str
    deducted: str
    score: str
    has_data: bool
    is_provisional: bool
    lines: list[ScoreLineOut]


class BandOut(Schema):
    at_least: str
    payment: str | None
    credit: str | None
    title_zh: str
    title_en: str
    is_provisional: bool


class SheetOut(Schema):
    """A score sheet; numbers are text. frozen_total: as the period was closed, null while it is open.

    has_data: whether anything fell due or could be measured; without it the score is what nothing was deducted from.
    """

    contract: str
    period: str
    since: datetime
    until: datetime
    base: str
    total: str
    frozen_total: str | None
    has_data: bool
    is_provisional: bool
    band: BandOut | None
    areas: list[AreaOut]


class PeriodQuery(Schema):
    period: str = ""


@router.get("contracts/{code}/periods", response=list[ClosingOut], summary="Closed periods")
def list_periods(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """The closed periods of a contract, newest first."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    return [
        {name: getattr(row, name) for name in ClosingOut.model_fields if name != "corrections"}
        | {"corrections": count}
        for row, count in closings.closings_of(actor, contract.pk)
    ]


@router.get("contracts/{code}/score", response=SheetOut | None, summary="Score sheet")
def get_score(request: HttpRequest, code: str, query: Query[PeriodQuery]) -> dict[str, Any] | None:
    """The score sheet of a contract and a period (`2026-10`, `2026-Q4`); null when its plan has none."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    found = closings.score_of(actor, contract, query.period)
    if found is None:
        return None
    sheet = as_json(found.sheet)
    readable = {one.name for one in commitments_of(actor, contract.pk)}
    for area in sheet["areas"]:
        area["lines"] = [line for line in area["lines"] if line["commitment"] in readable]
    return sheet | {
        "contract": code,
        "period": found.period.key,
        "since": found.period.since,
        "until": found.period.until,
        "frozen_total": found.frozen["total"] if found.frozen else None,
    }


@router.get("periods/{closing_id}", response=PeriodOut, summary="One closed period")
def get_period(request: HttpRequest, closing_id: int) -> dict[str, Any]:
    """Who closed it, what was corrected since, and, for the provider's side, who asked for opening it again."""
    actor = rest.actor_of(request)
    return _period(actor, closings.closing_of(actor, closing_id))


@router.post("contracts/{code}/periods", response={201: PeriodOut}, summary="Close a period")
@rest.repeatable
def close_period(
    request: HttpRequest, response: HttpResponse, code: str, data: ClosePeriodIn
) -> Status[dict[str, Any]]:
    """Freeze the figures of a period that is over."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    made = closing.close_period(actor=actor, contract_id=contract.pk, period=data.period or "-")
    response["Location"] = f"{rest.ROOT}periods/{made.pk}"
    return Status(201, _period(actor, made))


@router.post("periods/{closing_id}/ask-reopening", response=PeriodOut, summary="Ask to open a period again")
@rest.repeatable
def ask_reopening(request: HttpRequest, closing_id: int, data: WhyIn) -> dict[str, Any]:
    """With the reason; a second person has to agree."""
    return _reopened(request, closing_id, closing.ask_reopening, data)


@router.post("periods/{closing_id}/agree-reopening", response=PeriodOut, summary="Open a period again")
@rest.repeatable
def agree_reopening(request: HttpRequest, closing_id: int, data: WhyIn) -> dict[str, Any]:
    """As the second person."""
    return _reopened(request, closing_id, closing.agree_reopening, data)


@router.post("periods/{closing_id}/refuse-reopening", response=PeriodOut, summary="Keep a period closed")
@rest.repeatable
def refuse_reopening(request: HttpRequest, closing_id: int, data: WhyIn) -> dict[str, Any]:
    """With the reason."""
    return _reopened(request, closing_id, closing.refuse_reopening, data)


def _reopened(request: HttpRequest, closing_id: int, act: Any, data: WhyIn) -> dict[str, Any]:
    actor = rest.actor_of(request)
    act(actor=actor, closing_id=closing_id, why=data.why)
    return _period(actor, closings.closing_of(actor, closing_id))


def _period(actor: Actor, row: Closing) -> dict[str, Any]:
    shared = ("id", "period", "number", "since", "until", "closed_at", "reopened_at", "digest")
    steps: list[Reopening] = closings.reopenings_of(row) if actor.is_staff else []
    return {name: getattr(row, name) for name in shared} | {
        "contract": row.contract.code,
        "closed_by": row.closed_by_name if row.closed_by_id else "",
        "reopenings": [
            {name: getattr(step, name) for name in ("step", "round", "name", "why", "at")} for step in steps
        ],
        "corrections": [_correction(one) for one in closings.adjustments_of(actor, row)],
        "corrected_figures": [
            {
                "obligation": one.obligation_id,
                "amount": one.amount,
                "unit": "h" if one.is_time else "",
                "by": one.who,
                "why": one.reason,
                "at": one.at,
            }
            for one in closings.corrected_by_hand(actor, row)
        ],
    }


def _correction(one: closings.Correction) -> dict[str, Any]:
    row = one.adjustment
    return {name: getattr(row, name) for name in ("before", "after", "at")} | {
        "obligation": row.obligation_id,
        "commitment": row.commitment.name,
        "by": one.who,
        "why": one.why,
        "objection": row.objection_id if one.is_objection else None,
    }
