"""JSON API: what one must keep next, and vouching: handing in a report, telling what no system can see."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import Field

from shouyue.contracts import queries as contracts
from shouyue.web import rest

from . import queries
from .calendar_models import Attestation
from .models import Obligation
from .queries import calendar, outlook, vouching
from .services import attesting

router = Router(tags=["commitments"])


class MineQuery(Schema):
    """view: own (cases in my hands), team (what my roles owe) or word (waits for my word); contract: code."""

    view: Literal["own", "team", "word"] = "word"
    contract: str = ""


class AwaitedOut(Schema):
    """An open obligation. roles: whose word keeps it; evidence: what the contract asks for with it."""

    id: int
    contract: str
    commitment: str
    title: str
    state: str
    period: str
    opened_at: datetime
    due_at: datetime | None
    may_attest: bool
    roles: list[str]
    evidence: list[str]


class AttestationIn(Schema):
    """happened_at: when it was done, if that is told later; what is handed in counts from now."""

    note: str = Field(max_length=4000)
    happened_at: datetime | None = None


class AttestationOut(Schema):
    """What somebody vouched for. files: ids; their bytes are at files/{id}/content."""

    id: int
    obligation: int | None
    role: str
    note: str
    files: list[int]
    attested_by: str
    attested_at: datetime


@router.get("obligations/mine", response=list[AwaitedOut], summary="What I must keep next")
def list_awaited(request: HttpRequest, query: Query[MineQuery]) -> list[dict[str, Any]]:
    """Open obligations, soonest due first, as *My promises* shows them; 200 at most."""
    actor = rest.actor_of(request)
    number = contracts.contract_of(actor, query.contract).pk if query.contract else None
    find = {"own": outlook.owed_by_person, "team": outlook.owed_by_roles, "word": vouching.awaiting_word}
    return [_awaited(row, request) for row in find[query.view](actor, number)]


@router.get(
    "obligations/{int:obligation_id}/attestations",
    response=list[AttestationOut],
    summary="What was vouched for",
)
def list_attestations(request: HttpRequest, obligation_id: int) -> list[dict[str, Any]]:
    """Of one obligation, newest first."""
    actor = rest.actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    return [
        _told(one) for one in calendar.attestations_of(actor, row.commitment_id).filter(obligation_id=row.pk)
    ]


@router.post(
    "obligations/{int:obligation_id}/attestations",
    response={201: AttestationOut},
    summary="Vouch, hand in",
)
@rest.repeatable
def attest(
    request: HttpRequest,
    response: HttpResponse,
    obligation_id: int,
    data: Form[AttestationIn],
    evidence: File[list[UploadedFile]] = [],  # noqa: B006 -- the form may carry no file
) -> Status[dict[str, Any]]:
    """A form with note, time and files, from somebody in a role the contract names; keeps the obligation."""
    actor = rest.actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    made = attesting.attest(
        actor=actor,
        commitment_id=row.commitment_id,
        obligation_id=row.pk,
        note=data.note,
        uploads=evidence,
        happened_at=data.happened_at,
    )
    response["Location"] = f"{rest.ROOT}obligations/{row.pk}/attestations"
    return Status(201, _told(made))


def _awaited(row: Obligation, request: HttpRequest) -> dict[str, Any]:
    actor = rest.actor_of(request)
    parts = vouching.parts_of(row)
    shared = ("state", "period", "opened_at", "due_at")
    return {name: getattr(row, name) for name in shared} | {
        "id": row.pk,
        "contract": row.contract.code,
        "commitment": row.commitment.name,
        "title": row.commitment.title(actor.language),
        "may_attest": vouching.may_attest(actor, row),
        "roles": [part.role for part in parts],
        "evidence": sorted({word for part in parts for word in part.evidence if isinstance(word, str)}),
    }


def _told(made: Attestation) -> dict[str, Any]:
    return {name: getattr(made, name) for name in ("role", "note", "files", "attested_at")} | {
        "id": made.pk,
        "obligation": made.obligation_id,
        "attested_by": made.attested_by.name if made.attested_by else "",
    }
