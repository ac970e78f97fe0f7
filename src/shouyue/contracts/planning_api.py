"""JSON API: the life of a plan. Drafts are kept and checked, proposals approved, refused, withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from shouyue.contracts import access, queries
from shouyue.contracts.models import PlanDraft, PlanProposal, PlanProposalStep
from shouyue.contracts.planning import checking, services
from shouyue.contracts.planning import queries as planning
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.web import rest

router = Router(tags=["contracts"])


class DraftOut(Schema):
    """A plan text somebody works on, without the text. version: rises by one with every save, also the ETag."""

    id: int
    name: str
    based_on: int | None
    version: int
    updated_at: datetime

    @staticmethod
    def resolve_based_on(row: PlanDraft) -> int | None:
        return row.based_on_id


class DraftTextOut(DraftOut):
    text: str


class DraftIn(Schema):
    """start: `version:12`, `contract:GB`, `template:office-5x8`; empty: the version in force. text: instead of it."""

    name: str = Field("", max_length=100)
    start: str = ""
    text: str | None = Field(None, max_length=services.MOST_TEXT)


class DraftChange(Schema):
    text: str = Field(max_length=services.MOST_TEXT)


class TextIn(Schema):
    """text: to be checked; without it the text of the draft."""

    text: str | None = Field(None, max_length=services.MOST_TEXT)


class FoundOut(Schema):
    """A problem in the caller's language. severity: error or warning; line, column: counted from 1."""

    line: int
    column: int
    where: str
    text: str
    severity: str


class CheckedOut(Schema):
    errors: int
    warnings: int
    problems: list[FoundOut]


class ProposalStepOut(Schema):
    step: str
    actor: str
    role: str
    reason: str
    happened_at: datetime

    @staticmethod
    def resolve_actor(row: PlanProposalStep) -> str:
        return row.name or (row.actor.name if row.actor else "")


class ProposalOut(Schema):
    """state: proposed (waits for the provider), provider_approved (for the customer), approved, in_force, refused …"""

    id: int
    contract: str
    plan: str
    plan_number: int
    state: str
    effective_on: date | None
    note: str
    proposed_at: datetime
    settled_at: datetime | None


class ProposalTold(ProposalOut):
    steps: list[ProposalStepOut]


class ProposalIn(Schema):
    """draft_id, or a text. effective_on: a day to come, empty for at once."""

    draft_id: int | None = None
    text: str = Field("", max_length=services.MOST_TEXT)
    effective_on: date | None = None
    note: str = Field("", max_length=4000)


class DecisionIn(Schema):
    """reason: needed to refuse."""

    reason: str = Field("", max_length=4000)


# Drafts


@router.get("contracts/{code}/plan-drafts", response=rest.Page[DraftOut], summary="Drafts of the plan")
def list_drafts(request: HttpRequest, code: str, query: Query[rest.PageQuery]) -> dict[str, Any]:
    """For those who manage the contract; latest first."""
    actor, contract_id = _managed(request, code)
    return rest.paged(planning.drafts_of(actor, contract_id), query, order=("-updated_at", "-id"))


@router.post("contracts/{code}/plan-drafts", response={201: DraftTextOut}, summary="Begin a draft")
@rest.repeatable
def create_draft(request: HttpRequest, response: HttpResponse, code: str, data: DraftIn) -> Status[PlanDraft]:
    actor, contract_id = _managed(request, code)
    start = data.start or f"version:{queries.contract_of(actor, code).plan_version_id}"
    made = services.create_draft(
        actor=actor, contract_id=contract_id, start=start, name=data.name, text=data.text
    )
    response["ETag"] = rest.etag(made.version)
    response["Location"] = f"{rest.ROOT}contracts/{code}/plan-drafts/{made.pk}"
    return Status(201, made)


@router.get(
    "contracts/{code}/plan-drafts/{draft_id}", response=DraftTextOut, summary="One draft with its text"
)
def read_draft(request: HttpRequest, response: HttpResponse, code: str, draft_id: int) -> PlanDraft:
    actor, contract_id = _managed(request, code)
    found = planning.draft_of(actor, contract_id, draft_id)
    response["ETag"] = rest.etag(found.version)
    return found


@router.put("contracts/{code}/plan-drafts/{draft_id}", response=DraftTextOut, summary="Save a draft")
def save_draft(
    request: HttpRequest, response: HttpResponse, code: str, draft_id: int, data: DraftChange
) -> PlanDraft:
    """Keep the text, errors and all; `If-Match` names the version it was read with."""
    actor, contract_id = _managed(request, code)
    found = planning.draft_of(actor, contract_id, draft_id)
    rest.require_match(request, found.version)
    try:
        saved = services.save_draft(
            actor=actor, contract_id=contract_id, draft_id=draft_id, text=data.text, version=found.version
        )
    except Conflict as error:
        raise rest.PreconditionFailed from error
    response["ETag"] = rest.etag(saved.version)
    return saved


@router.delete("contracts/{code}/plan-drafts/{draft_id}", response={204: None}, summary="Throw a draft away")
def delete_draft(request: HttpRequest, code: str, draft_id: int) -> Status[None]:
    actor, contract_id = _managed(request, code)
    services.delete_draft(actor=actor, contract_id=contract_id, draft_id=draft_id)
    return Status(204, None)


@router.post("contracts/{code}/plan-drafts/{draft_id}/check", response=CheckedOut, summary="Check a draft")
def check_draft(request: HttpRequest, code: str, draft_id: int, data: TextIn) -> dict[str, Any]:
    """Problems with their places, of the draft or of a text sent along; nothing is kept."""
    actor, contract_id = _managed(request, code)
    found = planning.draft_of(actor, contract_id, draft_id)
    checked = checking.checked(
        found.text if data.text is None else data.text.replace("\r\n", "\n"),
        get_language() or actor.language,
    )
    return {"errors": checked.errors, "warnings": checked.warnings, "problems": checked.problems}


# Proposals


@router.get("contracts/{code}/plan-proposals", response=rest.Page[ProposalOut], summary="Proposed versions")
def list_proposals(request: HttpRequest, code: str, query: Query[rest.PageQuery]) -> dict[str, Any]:
    """Latest first, for everybody who reads the contract."""
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    page = rest.paged(planning.proposals_of(actor, contract.pk), query, order=("-proposed_at", "-id"))
    return {"items": [_told(row, code) for row in page["items"]], "next": page["next"]}


@router.post("contracts/{code}/plan-proposals", response={201: ProposalTold}, summary="Propose a version")
@rest.repeatable
def propose_plan(
    request: HttpRequest, response: HttpResponse, code: str, data: ProposalIn
) -> Status[dict[str, Any]]:
    """Store a draft or a text as a version and propose it: the provider approves first, then the customer."""
    actor, contract_id = _managed(request, code)
    if (data.draft_id is None) == (not data.text):
        raise Invalid(fields={"draft_id": [_("Name a draft or send a text, not both.")]})
    text = data.text or planning.draft_of(actor, contract_id, data.draft_id or 0).text
    made = services.propose_plan(
        actor=actor, contract_id=contract_id, text=text, effective_on=data.effective_on, note=data.note
    )
    response["Location"] = f"{rest.ROOT}contracts/{code}/plan-proposals/{made.pk}"
    return Status(201, _with_steps(actor, code, contract_id, made.pk))


@router.get("contracts/{code}/plan-proposals/{proposal_id}", response=ProposalTold, summary="One proposal")
def read_proposal(request: HttpRequest, code: str, proposal_id: int) -> dict[str, Any]:
    actor = rest.actor_of(request)
    return _with_steps(actor, code, queries.contract_of(actor, code).pk, proposal_id)


@router.post(
    "contracts/{code}/plan-proposals/{proposal_id}/approve", response=ProposalTold, summary="Approve"
)
@rest.repeatable
def approve_plan(request: HttpRequest, code: str, proposal_id: int) -> dict[str, Any]:
    """Approve for one's side; with the customer's approval it takes effect, at once or on its day."""
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    services.approve_plan(actor=actor, contract_id=contract.pk, proposal_id=proposal_id)
    return _with_steps(actor, code, contract.pk, proposal_id)


@router.post("contracts/{code}/plan-proposals/{proposal_id}/refuse", response=ProposalTold, summary="Refuse")
@rest.repeatable
def refuse_plan(request: HttpRequest, code: str, proposal_id: int, data: DecisionIn) -> dict[str, Any]:
    """Refuse for one's side, with a reason."""
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    services.refuse_plan(actor=actor, contract_id=contract.pk, proposal_id=proposal_id, reason=data.reason)
    return _with_steps(actor, code, contract.pk, proposal_id)


@router.post(
    "contracts/{code}/plan-proposals/{proposal_id}/withdraw", response=ProposalTold, summary="Withdraw"
)
@rest.repeatable
def withdraw_plan(request: HttpRequest, code: str, proposal_id: int, data: DecisionIn) -> dict[str, Any]:
    """Take a proposal back, as who manages the contract."""
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    services.withdraw_plan(actor=actor, contract_id=contract.pk, proposal_id=proposal_id, reason=data.reason)
    return _with_steps(actor, code, contract.pk, proposal_id)


def _managed(request: HttpRequest, code: str) -> tuple[Actor, int]:
    """The caller and the contract whose plan he may change. Raises: NotFound, NotAllowed."""
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    return actor, contract.pk


def _with_steps(actor: Actor, code: str, contract_id: int, proposal_id: int) -> dict[str, Any]:
    found = planning.proposal_of(actor, contract_id, proposal_id)
    return _told(found, code) | {"steps": planning.steps_of(actor, found.pk)}


def _told(row: PlanProposal, code: str) -> dict[str, Any]:
    shared = ("id", "state", "effective_on", "note", "proposed_at", "settled_at")
    return {name: getattr(row, name) for name in shared} | {
        "contract": code,
        "plan": row.plan_version.plan,
        "plan_number": row.plan_version.number,
    }
