"""JSON API: boards, commitments, obligations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from shouyue.contracts import queries as contracts
from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import attesting_api, closing_api, evidence_api, objection_api, queries, replay_api
from .models import Commitment, Obligation
from .queries import board, explaining

router = Router(tags=["commitments"])
router.add_router("", attesting_api.router)
router.add_router("", closing_api.router)
router.add_router("", evidence_api.router)
router.add_router("", objection_api.router)
router.add_router("", replay_api.router)


class CommitmentOut(Schema):
    """A promise of a contract in the caller's language. readiness: ready, awaits or unset."""

    name: str
    kind: str
    source: list[str]
    title: str
    text: str
    number: str
    scope: str
    owed_by: str
    readiness: str
    awaits: list[str]
    question: str


class FiguresOut(Schema):
    """Obligations of the month by outcome; missed includes overdue ones."""

    kept: int
    late: int
    missed: int
    overdue: int
    running: int
    paused: int
    warned: int
    refused: int
    waived: int


class LineOut(Schema):
    """A line of the promise board. share: of those that fell due, 0 to 1, null when none did.

    detail: the promise's own figure in the caller's language, such as "done 41 of 69"."""

    commitment: CommitmentOut
    standing: str
    figures: FiguresOut
    share: float | None
    measured: float | None
    detail: str


class BoardOut(Schema):
    """The promise board of a contract and a month (`2026-11`)."""

    contract: str
    month: str
    since: datetime
    until: datetime
    counts: dict[str, int]
    lines: list[LineOut]


class ObligationOut(Schema):
    """One instance of a promise. kept_at while it is `running`: done, but a fact that decides its limit is missing."""

    id: int
    contract: str
    commitment: str
    subject: str
    case: str
    state: str
    period: str
    opened_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    kept_at: datetime | None
    missed_at: datetime | None
    settled_at: datetime | None
    within: str
    window: str
    ending: str


class StretchOut(Schema):
    start: datetime
    end: datetime | None
    counted: int
    reason: str


class StepOut(Schema):
    at: datetime
    title: str
    actor: str


class ExplainedOut(ObligationOut):
    """An obligation with the reasons of its due time and the events behind it."""

    title: str
    text: str
    zone: str
    target_seconds: int | None
    counted_seconds: int | None
    stretches: list[StretchOut]
    events: list[StepOut]
    evidence: list[str]


class ObligationQuery(rest.PageQuery):
    """contract: code; state: one state, `open`, `overdue` or `broken`; month: `2026-11`."""

    contract: str = ""
    commitment: str = ""
    state: str = ""
    month: str = ""


class MonthQuery(Schema):
    month: str = ""


@router.get("contracts/{code}/board", response=BoardOut, summary="Promise board")
def get_board(request: HttpRequest, code: str, query: Query[MonthQuery]) -> dict[str, Any]:
    """The promise board of a contract in a month, the running one when none is named."""
    actor = rest.actor_of(request)
    found = board.board_of(actor, contracts.contract_of(actor, code), query.month)
    return {
        "contract": code,
        "month": found.month.key,
        "since": found.month.since,
        "until": found.month.until,
        "counts": found.counts,
        "lines": [
            {
                "commitment": _commitment(line.commitment, actor),
                "standing": line.standing,
                "figures": {name: getattr(line.figures, name) for name in FiguresOut.model_fields},
                "share": line.share,
                "measured": line.measured.amount if line.measured else None,
                "detail": line.words,
            }
            for line in found.lines
        ],
    }


@router.get("contracts/{code}/commitments", response=list[CommitmentOut], summary="Promises of a contract")
def list_commitments(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """Every promise of a contract in the order of its plan."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    return [_commitment(one, actor) for one in queries.commitments_of(actor, contract.pk)]


@router.get("obligations", response=rest.Page[ObligationOut], summary="Obligations")
def list_obligations(request: HttpRequest, query: Query[ObligationQuery]) -> dict[str, Any]:
    """Obligations by the time that decides their period, newest first."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, query.contract) if query.contract else None
    month = (
        board.month_of(contract.time_zone if contract else "Asia/Shanghai", query.month)
        if query.month
        else None
    )
    wanted = queries.ObligationFilter(
        contract_id=contract.pk if contract else None,
        commitment=query.commitment,
        state=query.state,
        since=month.since if month else None,
        until=month.until if month else None,
    )
    page = rest.paged(queries.obligations_matching(actor, wanted), query, order=("-falls_at", "-id"))
    return {"items": [_obligation(row) for row in page["items"]], "next": page["next"]}


@router.get("obligations/{int:obligation_id}", response=ExplainedOut, summary="One obligation, explained")
def get_obligation(request: HttpRequest, obligation_id: int) -> dict[str, Any]:
    """Why it is due when it is due, and what happened."""
    actor = rest.actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    found = explaining.explain(actor, row)
    return {
        **_obligation(row),
        "title": row.commitment.title(actor.language),
        "text": row.commitment.text(actor.language),
        "zone": found.zone,
        "target_seconds": found.target,
        "counted_seconds": found.counted,
        "stretches": [
            {"start": part.start, "end": part.end, "counted": part.counted, "reason": part.label}
            for part in found.stretches
        ],
        "events": [{"at": step.at, "title": step.title, "actor": step.actor} for step in found.steps],
        "evidence": found.evidence,
    }


def _commitment(one: Commitment, actor: Actor) -> dict[str, Any]:
    language = actor.language
    return {
        "name": one.name,
        "kind": one.kind,
        "source": one.source,
        "title": one.title(language),
        "text": one.text(language),
        "number": one.number(language),
        "scope": one.scope(language),
        "owed_by": one.owed_by,
        "readiness": one.readiness,
        "awaits": one.awaits,
        "question": one.question(language),
    }


def _obligation(row: Obligation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "contract": row.contract.code,
        "commitment": row.commitment.name,
        "subject": f"{row.subject_type}:{row.subject_id}",
        "case": f"{row.case_type}:{row.case_id}",
        **{
            name: getattr(row, name)
            for name in (
                "state",
                "period",
                "opened_at",
                "due_at",
                "warn_at",
                "kept_at",
                "missed_at",
                "settled_at",
                "within",
                "window",
                "ending",
            )
        },
    }
