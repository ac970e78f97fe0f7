"""JSON API: replays of a contract's stored events under a draft, another version, or a text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from shouyue.contracts import access
from shouyue.contracts import queries as contracts
from shouyue.kernel.errors import Invalid, NotAllowed
from shouyue.web import rest

from .queries import replays as found_replays
from .replay_models import Replay
from .services import replays

router = Router(tags=["commitments"])


class ReplayIn(Schema):
    """plan: `draft:3` or `version:12`; or a text of one's own. Both days are included, in the contract's zone."""

    plan: str = ""
    text: str = Field("", max_length=2_000_000)
    first_on: date
    last_on: date


class ReplayOut(Schema):
    """state: waiting, working, ready, failed; progress: percent. digest: SHA-256 of the plan's text."""

    id: int
    contract: str
    plan: str
    digest: str
    against: str
    first_on: date
    last_on: date
    state: str
    progress: int
    problem: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None


class TallyOut(Schema):
    kept: int
    late: int
    missed: int
    open: int


class AmountOut(Schema):
    """A figure of one period; amount null: no data. of: the thing it counts for, empty for the whole contract."""

    period: str
    amount: float | None
    state: str
    of: str


class ReplayLineOut(Schema):
    """now, then: null where a plan does not state the promise, or it cannot be replayed (basis none, with reason)."""

    name: str
    title: str
    kind: str
    now: TallyOut | None
    then: TallyOut | None
    basis: str
    reason: str
    is_new: bool
    is_gone: bool
    differs: bool
    amounts_now: list[AmountOut]
    amounts_then: list[AmountOut]


class ReplayedOut(ReplayOut):
    """A replay with what was found; lines are empty until it is ready."""

    cases: int
    events: int
    left_out: int
    lines: list[ReplayLineOut]


@router.get("contracts/{code}/replays", response=list[ReplayOut], summary="Replays of a contract")
def list_replays(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """What was asked for, newest first, fifty at most."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    return [_told(row, code) for row in found_replays.replays_of(actor, contract.pk)]


@router.post("contracts/{code}/replays", response={202: ReplayOut}, summary="Replay stored events")
@rest.repeatable
def ask_replay(request: HttpRequest, code: str, data: ReplayIn, response: HttpResponse) -> Any:
    """Replay the contract's stored events under another plan; a job does it, nothing of the register changes."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    if bool(data.plan) == bool(data.text):
        raise Invalid(fields={"plan": [_("Name a plan or send a text, not both.")]})
    label, text = replays.plan_chosen(actor, contract, data.plan) if data.plan else (_("Text"), data.text)
    made = replays.ask_replay(
        actor=actor, contract_id=contract.pk, text=text, label=label, first=data.first_on, last=data.last_on
    )
    response["Location"] = f"{rest.ROOT}replays/{made.pk}"
    return Status(202, _told(made, code))


@router.get("replays/{replay_id}", response=ReplayedOut, summary="One replay")
def get_replay(request: HttpRequest, replay_id: int) -> dict[str, Any]:
    """How far it is, and what it found."""
    row = found_replays.replay_of(rest.actor_of(request), replay_id)
    found = {name: row.result.get(name, 0) for name in ("cases", "events", "left_out")}
    return _told(row, row.contract.code) | found | {"lines": row.result.get("lines", [])}


@router.delete("replays/{replay_id}", response={204: None}, summary="Delete a replay")
def delete_replay(request: HttpRequest, replay_id: int) -> Any:
    """Throw a replay away; one under way stops."""
    replays.delete_replay(actor=rest.actor_of(request), replay_id=replay_id)
    return Status(204, None)


def _told(row: Replay, code: str) -> dict[str, Any]:
    shared = (
        "id",
        "digest",
        "first_on",
        "last_on",
        "state",
        "progress",
        "problem",
        "asked_at",
        "finished_at",
    )
    return {name: getattr(row, name) for name in shared} | {
        "contract": code,
        "plan": row.label,
        "against": f"{row.in_force.plan} v{row.in_force.number}",
        "asked_by": row.asked_by_name,
    }
