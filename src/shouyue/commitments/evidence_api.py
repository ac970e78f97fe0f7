"""JSON API: what proves the verdict of an obligation, and of a promise in a period."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from shouyue.contracts import queries as contracts
from shouyue.web import rest

from . import queries
from .queries import board, proving
from .services import correcting

router = Router(tags=["commitments"])


class ClauseOut(Schema):
    """What the contract says, in the caller's language. digest: SHA-256 of the plan version's text."""

    text: str
    source: list[str]
    sentences: list[str]
    plan: str
    plan_number: int
    digest: str


class ProofOut(Schema):
    """An event. part: opened, kept or ended where it made the verdict; sound: its fingerprint agrees with it."""

    id: int
    verb: str
    title: str
    subject: str
    seq: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    facts: dict[str, str]
    digest: str
    sound: bool
    part: str


class ProofFileOut(Schema):
    id: int
    name: str
    attached: str
    size_bytes: int
    digest: str
    stored_at: datetime


class ProofNoticeOut(Schema):
    step: str
    channel: str
    to: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    arrived_at: datetime | None
    error: str


class ProofObjectionOut(Schema):
    id: int
    kind: str
    reason: str
    state: str
    proposed_at: datetime


class EvidenceOut(Schema):
    """Everything about one obligation the caller may read. truncated: there are more events than these."""

    obligation: int
    contract: str
    commitment: str
    state: str
    clause: ClauseOut
    events: list[ProofOut]
    truncated: bool
    sound: bool
    files: list[ProofFileOut]
    signoffs: list[str]
    notices: list[ProofNoticeOut]
    objections: list[ProofObjectionOut]


class PromiseEvidenceOut(Schema):
    """A promise in a month (`2026-11`), quarter (`2026-Q4`) or year; its obligations: `GET /api/obligations`."""

    contract: str
    commitment: str
    period: str
    since: datetime
    until: datetime
    standing: str
    kept: int
    late: int
    missed: int
    waived: int
    open: int
    share: float | None
    detail: str
    clause: ClauseOut
    corrections: int


class PeriodQuery(Schema):
    period: str = ""


@router.get("obligations/{obligation_id}/evidence", response=EvidenceOut, summary="Evidence of an obligation")
def get_evidence(request: HttpRequest, obligation_id: int) -> dict[str, Any]:
    """Clause, events with fingerprints, files, sign-offs, notices and objections."""
    actor = rest.actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    found = proving.evidence_of(actor, row)
    return {
        "obligation": row.pk,
        "contract": row.contract.code,
        "commitment": row.commitment.name,
        "state": row.state,
        "clause": _clause(found.clause),
        "events": [
            {name: getattr(event, name) for name in ProofOut.model_fields if name not in ("facts", "sound")}
            | {"facts": dict(event.facts), "sound": event.is_sound}
            for event in found.events
        ],
        "truncated": found.is_cut,
        "sound": found.is_sound,
        "files": [
            {
                "id": stored.pk,
                "name": stored.name,
                "attached": f"{stored.attached_type}:{stored.attached_id}",
                "size_bytes": stored.size_bytes,
                "digest": stored.digest,
                "stored_at": stored.stored_at,
            }
            for stored in found.files
        ],
        "signoffs": [one.number for one in found.signoffs],
        "notices": [
            {
                "step": notice.step,
                "channel": notice.channel,
                "to": notice.reader.name,
                "state": notice.state,
                "created_at": notice.created_at,
                "sent_at": notice.sent_at,
                "arrived_at": notice.arrived_at,
                "error": notice.error,
            }
            for notice in found.notices
        ],
        "objections": [
            {
                "id": one.pk,
                "kind": one.kind,
                "reason": one.reason,
                "state": one.state,
                "proposed_at": one.proposed_at,
            }
            for one in found.objections
        ],
    }


@router.get(
    "contracts/{code}/commitments/{name}/evidence",
    response=PromiseEvidenceOut,
    summary="Evidence of a promise in a period",
)
def get_promise_evidence(
    request: HttpRequest, code: str, name: str, query: Query[PeriodQuery]
) -> dict[str, Any]:
    """The promise's figure and verdict in a period, the running month when none is named."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    commitment = queries.commitment_of(actor, contract.pk, name)
    period = board.month_of(contract.time_zone, query.period)
    line = board.line_of(contract.pk, commitment, period)
    corrections = proving.adjustments_in(actor, commitment, period.since, period.until)
    return {
        "contract": code,
        "commitment": name,
        "period": period.key,
        "since": period.since,
        "until": period.until,
        "standing": line.standing,
        **{part: getattr(line.figures, part) for part in ("kept", "late", "missed", "waived", "open")},
        "share": line.share,
        "detail": line.words,
        "clause": _clause(proving.clause_of(commitment.plan_version_id, commitment, actor.language)),
        "corrections": len(corrections),
    }


def _clause(clause: proving.Clause) -> dict[str, Any]:
    promise = clause.promise
    return {
        "text": promise.text if promise else "",
        "source": list(promise.source) if promise else [],
        "sentences": list(promise.sentences) if promise else [],
        "plan": clause.plan,
        "plan_number": clause.number,
        "digest": clause.digest,
    }


class CorrectionIn(Schema):
    """amount: to be added, negative to take off; hours where the quota counts time."""

    amount: Decimal
    reason: str = Field(max_length=300)


class CorrectedOut(Schema):
    obligation: int
    state: str
    amount: float | None


@router.post(
    "obligations/{obligation_id}/corrections", response={201: CorrectedOut}, summary="Correct a figure"
)
@rest.repeatable
def correct_figure(request: HttpRequest, obligation_id: int, data: CorrectionIn) -> Status[dict[str, Any]]:
    """Put the amount of a quota right by hand; visible with who and why, also after the period was frozen."""
    row = correcting.correct_figure(
        actor=rest.actor_of(request), obligation_id=obligation_id, amount=data.amount, reason=data.reason
    )
    return Status(201, {"obligation": row.pk, "state": row.state, "amount": row.facts.get("amount")})
