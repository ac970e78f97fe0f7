"""JSON API: waivers and disputes, raised and answered by both sides."""

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

from .closing_models import Objection, ObjectionStep
from .queries import objections as found_objections
from .services import waiving

router = Router(tags=["commitments"])


class ObjectionOut(Schema):
    """kind: waiver or dispute; state: proposed, approved (a waiver waits for the customer), agreed, refused …"""

    id: int
    contract: str
    obligation: int
    commitment: str
    kind: str
    reason: str
    text: str
    state: str
    verdict_before: str
    verdict_after: str
    proposed_at: datetime
    settled_at: datetime | None


class ObjectionStepOut(Schema):
    act: str
    name: str
    role: str
    words: str
    at: datetime


class ObjectionTold(ObjectionOut):
    """may: what the caller may do now: approve, agree, accept, refuse, withdraw. evidence: ids of events."""

    evidence: list[int]
    steps: list[ObjectionStepOut]
    may: list[str]


class ObjectionQuery(rest.PageQuery):
    """contract: code; state: one state or `open`; kind: waiver or dispute."""

    contract: str = ""
    state: str = ""
    kind: str = ""


class WaiverIn(Schema):
    """reason: customer_caused, force_majeure … ; evidence: ids of events of the case that speak for it."""

    reason: str
    text: str = Field(max_length=4000)
    evidence: list[int] = Field(default_factory=list, max_length=500)


class DisputeIn(Schema):
    """evidence: ids of events of the case that speak for it."""

    text: str = Field(max_length=4000)
    evidence: list[int] = Field(default_factory=list, max_length=500)


class WordsIn(Schema):
    """words: needed where one does not agree."""

    words: str = Field("", max_length=4000)


@router.get("objections", response=rest.Page[ObjectionOut], summary="Waivers and disputes")
def list_objections(request: HttpRequest, query: Query[ObjectionQuery]) -> dict[str, Any]:
    """Those one may read, newest first; the customer reads a waiver once the provider has approved it."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, query.contract) if query.contract else None
    rows = found_objections.objections_matching(
        actor, contract_id=contract.pk if contract else None, state=query.state, kind=query.kind
    )
    page = rest.paged(rows, query, order=("-id",))
    return {"items": [_told(row) for row in page["items"]], "next": page["next"]}


@router.get("objections/{objection_id}", response=ObjectionTold, summary="One waiver or dispute")
def get_objection(request: HttpRequest, objection_id: int) -> dict[str, Any]:
    """With every word of both sides, and what the caller may do."""
    return _whole(rest.actor_of(request), objection_id)


@router.post("obligations/{obligation_id}/waivers", response={201: ObjectionTold}, summary="Propose a waiver")
@rest.repeatable
def propose_waiver(
    request: HttpRequest, response: HttpResponse, obligation_id: int, data: WaiverIn
) -> Status[dict[str, Any]]:
    """Ask that a missed or late obligation be waived; files are added on its page."""
    actor = rest.actor_of(request)
    made = waiving.propose_waiver(actor=actor, obligation_id=obligation_id, **data.model_dump())
    response["Location"] = f"{rest.ROOT}objections/{made.pk}"
    return Status(201, _whole(actor, made.pk))


@router.post(
    "obligations/{obligation_id}/disputes", response={201: ObjectionTold}, summary="Dispute a verdict"
)
@rest.repeatable
def dispute_verdict(
    request: HttpRequest, response: HttpResponse, obligation_id: int, data: DisputeIn
) -> Status[dict[str, Any]]:
    """The customer holds that what counts as kept, or void, was missed."""
    actor = rest.actor_of(request)
    made = waiving.dispute_verdict(actor=actor, obligation_id=obligation_id, **data.model_dump())
    response["Location"] = f"{rest.ROOT}objections/{made.pk}"
    return Status(201, _whole(actor, made.pk))


@router.post("objections/{objection_id}/approve", response=ObjectionTold, summary="Approve a waiver")
@rest.repeatable
def approve_waiver(request: HttpRequest, objection_id: int, data: WordsIn) -> dict[str, Any]:
    """As the provider's second person; the customer is asked next."""
    return _done(request, objection_id, waiving.approve_waiver, data)


@router.post("objections/{objection_id}/agree", response=ObjectionTold, summary="Agree to a waiver")
@rest.repeatable
def agree_waiver(request: HttpRequest, objection_id: int, data: WordsIn) -> dict[str, Any]:
    """For the customer: the obligation is waived."""
    return _done(request, objection_id, waiving.agree_waiver, data)


@router.post("objections/{objection_id}/accept", response=ObjectionTold, summary="Accept a dispute")
@rest.repeatable
def accept_dispute(request: HttpRequest, objection_id: int, data: WordsIn) -> dict[str, Any]:
    """For the provider: the obligation counts as missed."""
    return _done(request, objection_id, waiving.accept_dispute, data)


@router.post("objections/{objection_id}/refuse", response=ObjectionTold, summary="Do not accept")
@rest.repeatable
def refuse_objection(request: HttpRequest, objection_id: int, data: WordsIn) -> dict[str, Any]:
    """With the reason; the verdict stands."""
    return _done(request, objection_id, waiving.refuse_objection, data)


@router.post("objections/{objection_id}/withdraw", response=ObjectionTold, summary="Take an objection back")
@rest.repeatable
def withdraw_objection(request: HttpRequest, objection_id: int, data: WordsIn) -> dict[str, Any]:
    """As who raised it."""
    return _done(request, objection_id, waiving.withdraw_objection, data)


def _done(request: HttpRequest, objection_id: int, act: Any, data: WordsIn) -> dict[str, Any]:
    actor = rest.actor_of(request)
    act(actor=actor, objection_id=objection_id, words=data.words)
    return _whole(actor, objection_id)


def _whole(actor: Actor, objection_id: int) -> dict[str, Any]:
    row = found_objections.objection_of(actor, objection_id)
    acts = found_objections.acts_on(actor, row)
    return _told(row) | {
        "evidence": list(row.evidence),
        "steps": [_step(step) for step in found_objections.steps_of(row)],
        "may": [name for name in acts.__slots__ if getattr(acts, name)],
    }


def _told(row: Objection) -> dict[str, Any]:
    shared = (
        "kind",
        "reason",
        "text",
        "state",
        "verdict_before",
        "verdict_after",
        "proposed_at",
        "settled_at",
    )
    return {name: getattr(row, name) for name in shared} | {
        "id": row.pk,
        "contract": row.contract.code,
        "obligation": row.obligation_id,
        "commitment": row.obligation.commitment.name,
    }


def _step(step: ObjectionStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in ("act", "name", "role", "words", "at")}
