"""JSON API: every verb of a ticket as a POST sub-path, one row of `VERBS` each.

A new verb is its service, a `Body` with what the service must be told (if anything), and a row. What all verbs do alike
is in `_operation`: find the ticket, call the service, answer the ticket. An operation that does otherwise is in `api`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import queries, services
from .models import Ticket
from .ticket_json import TicketOut, answer

router = Router(tags=["tickets"])


class Body(Schema):
    """What a verb is told."""

    def values(self, actor: Actor) -> dict[str, Any]:
        """The arguments of its service."""
        return self.model_dump()


class Triage(Body):
    urgency: str
    impact: str
    severity: str | None = None
    request_type: str | None = None
    request_class: str | None = None
    catalogue: str | None = None
    equipment_type: str | None = None
    fault_category: str | None = None


class PriorityIn(Body):
    urgency: str
    impact: str
    priority: str = ""


class Grade(Body):
    severity: str | None = None
    complexity: str | None = None


class Assignment(Body):
    to: int
    owner: int | None = None
    note: str = ""


class TierRaise(Body):
    to_tier: str
    reason: str
    to: int | None = None


class Reason(Body):
    reason: str


class Spoken(Body):
    text: str = ""
    at: datetime | None = None


class Written(Body):
    text: str
    at: datetime | None = None


class AnswerPromise(Body):
    promised_at: datetime
    text: str = ""


class Wait(Body):
    reason: str
    note: str = ""


class Handling(Body):
    """Left out stays; an empty text empties the field."""

    phenomenon: str | None = None
    judgement: str | None = None
    handling: str | None = None
    result: str | None = None
    loss: str | None = None
    parameters_changed: str | None = None
    operations: str | None = None
    cause: str | None = None
    program_error_class: str | None = None

    def values(self, actor: Actor) -> dict[str, Any]:
        given = self.model_dump(exclude_none=True)
        texts = {name: given.pop(name) for name in services.work.HANDLING if name in given}
        return {**given, "texts": texts}


class Resolution(Handling):
    permanent_fix: str = ""
    at: datetime | None = None


class CallBack(Spoken):
    to: str = ""


class Confirmation(Body):
    by_name: str = ""
    via: str = ""
    at: datetime | None = None


class Cancellation(Body):
    reason: str
    note: str = ""
    duplicate_of: str = ""

    def values(self, actor: Actor) -> dict[str, Any]:
        other = queries.id_of(actor, self.duplicate_of) if self.duplicate_of else None
        return {**self.model_dump(), "duplicate_of": other}


class Replacement(Body):
    accepted: bool


class AttributionIn(Body):
    attribution: str


class ContractIn(Body):
    contract_id: int


class LinkIn(Body):
    other: str
    kind: str

    def values(self, actor: Actor) -> dict[str, Any]:
        return {"other_id": queries.id_of(actor, self.other), "kind": self.kind}


class Note(Body):
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its sub-path, the service that does it, and what that must be told."""

    path: str
    summary: str
    act: Callable[..., Ticket]
    body: type[Body] | None = None


VERBS = (
    Verb("triage", "Triage", services.triage_ticket, Triage),
    Verb("priority", "Set the priority", services.set_priority, PriorityIn),
    Verb("grade", "Grade", services.grade_ticket, Grade),
    Verb("contract", "Set the contract", services.set_contract, ContractIn),
    Verb("assign", "Assign", services.assign_ticket, Assignment),
    Verb("take", "Take", services.take_ticket),
    Verb("accept", "Accept", services.accept_ticket),
    Verb("respond", "Answer the requester", services.respond_to_ticket, Spoken),
    Verb("promise-answer", "Promise an answer by a time", services.promise_answer, AnswerPromise),
    Verb("give-answer", "Give the promised answer", services.give_answer, Written),
    Verb("wait", "Start waiting", services.start_waiting, Wait),
    Verb("resume", "End waiting", services.end_waiting),
    Verb("raise-tier", "Hand to another tier", services.raise_tier, TierRaise),
    Verb("request-escalation", "Ask for somebody higher", services.request_escalation, Reason),
    Verb("propose-solution", "Propose a solution", services.propose_solution, Written),
    Verb("fix-temporarily", "Record a temporary fix", services.fix_temporarily, Written),
    Verb("handling", "Record the handling", services.record_handling, Handling),
    Verb(
        "replacement", "Record the user's decision on replacement", services.decide_replacement, Replacement
    ),
    Verb("attribution", "Say what caused the fault", services.set_attribution, AttributionIn),
    Verb("resolve", "Resolve", services.resolve_ticket, Resolution),
    Verb("call-back", "Call back", services.call_back, CallBack),
    Verb("confirm", "Confirm the solution", services.confirm_resolution, Confirmation),
    Verb("reject", "Reject the solution", services.reject_resolution, Reason),
    Verb("reopen", "Reopen", services.reopen_ticket, Reason),
    Verb("close", "Close", services.close_ticket, Note),
    Verb("cancel", "Cancel", services.cancel_ticket, Cancellation),
    Verb("link", "Link to another ticket", services.link_tickets, LinkIn),
)


def _operation(verb: Verb) -> Callable[..., HttpResponse]:
    """The operation of a verb, named like its path and annotated as the API's schema wants it."""

    def run(request: HttpRequest, number: str, data: Any = None) -> HttpResponse:
        actor = rest.actor_of(request)
        ticket_id = queries.id_of(actor, number)
        values = data.values(actor) if data is not None else {}
        return answer(actor, verb.act(actor=actor, ticket_id=ticket_id, **values))

    def plain(request: HttpRequest, number: str) -> HttpResponse:
        return run(request, number)

    def told(request: HttpRequest, number: str, data: Any) -> HttpResponse:
        return run(request, number, data)

    operation = told if verb.body else plain
    operation.__name__ = verb.path.replace("-", "_")
    operation.__annotations__ = {"request": HttpRequest, "number": str}
    if verb.body:
        operation.__annotations__["data"] = verb.body
    return operation


for _verb in VERBS:
    _add = router.post(f"tickets/{{number}}/{_verb.path}", response=TicketOut, summary=_verb.summary)
    _add(rest.repeatable(_operation(_verb)))
