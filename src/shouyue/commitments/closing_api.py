"""JSON API: closed periods and score sheets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from shouyue.contracts import queries as contracts
from shouyue.web import rest

from .queries import closing as closings
from .rules.scoring import as_json

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


class ScoreLineOut(Schema):
    commitment: str
    points: str
    kept: int
    late: int
    missed: int
    waived: int
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
    """A score sheet; numbers are text. frozen_total: as the period was closed, null while it is open."""

    contract: str
    period: str
    since: datetime
    until: datetime
    base: str
    total: str
    frozen_total: str | None
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
    return as_json(found.sheet) | {
        "contract": code,
        "period": found.period.key,
        "since": found.period.since,
        "until": found.period.until,
        "frozen_total": found.frozen["total"] if found.frozen else None,
    }
