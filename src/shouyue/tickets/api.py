"""JSON API of tickets: lists, one ticket, and every verb as a POST sub-path.

Lists and creation answer plain data past the response schema: they are the busiest calls.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, File, Query, Router, Schema
from ninja.files import UploadedFile

from shouyue.files import queries as files
from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import access, queries, queue, services
from .models import Ticket
from .queue import QueueFilter

router = Router(tags=["tickets"])


class TicketRow(Schema):
    """A ticket in a list, with its strictest running clock."""

    id: int
    number: str
    title: str
    status: str
    wait_reason: str
    request_type: str
    channel: str
    severity: str
    complexity: str
    priority: str
    tier: str
    is_vip: bool
    version: int
    reported_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    customer_id: int
    customer: str
    contract_id: int | None
    contract: str | None
    site: str | None
    requester: str | None
    assignee_id: int | None
    assignee: str | None
    due_at: datetime | None
    warn_at: datetime | None
    is_overdue: bool
    is_paused: bool


class TicketOut(Schema):
    """A whole ticket. Times of stages are null until the stage is passed; moves: what you may do now."""

    id: int
    number: str
    version: int
    customer_id: int
    contract_id: int | None
    site_id: int | None
    requester_id: int | None
    reporter_id: int | None
    owner_id: int | None
    assignee_id: int | None
    channel: str
    channel_group: str
    request_type: str
    request_class: str
    catalogue: str
    title: str
    description: str
    affected: str
    status: str
    wait_reason: str
    urgency: str
    impact: str
    priority: str
    severity: str
    complexity: str
    is_vip: bool
    equipment_type: str
    fault_category: str
    zone: str
    zone_mode: str
    tier: str
    cause: str
    program_error_class: str
    attribution: str
    replacement: str
    phenomenon: str
    judgement: str
    handling: str
    result: str
    loss: str
    parameters_changed: str
    operations: str
    proposal: str
    temporary_fix: str
    permanent_fix: str
    reported_at: datetime
    created_at: datetime
    updated_at: datetime
    responded_at: datetime | None
    triaged_at: datetime | None
    assigned_at: datetime | None
    accepted_at: datetime | None
    waiting_since: datetime | None
    diagnosed_at: datetime | None
    solution_proposed_at: datetime | None
    temporarily_fixed_at: datetime | None
    resolved_at: datetime | None
    called_back_at: datetime | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
    promised_answer_at: datetime | None
    answer_given_at: datetime | None
    reopen_count: int
    moves: list[str]


class TicketIn(Schema):
    """What is reported. contract_id may be left out while it is not known; then customer_id is needed."""

    contract_id: int | None = None
    customer_id: int | None = None
    site_id: int | None = None
    requester_id: int | None = None
    channel: str = "api"
    request_type: str = "incident"
    title: str
    description: str = ""
    affected: str = ""
    caller_phone: str = ""
    request_class: str = ""
    catalogue: str = ""
    urgency: str = ""
    impact: str = ""
    severity: str = ""
    complexity: str = ""
    equipment_type: str = ""
    fault_category: str = ""
    is_vip: bool = False
    reported_at: datetime | None = None
    source_key: str | None = Field(None, max_length=80)


class TicketChange(Schema):
    """Corrections; what is left out stays."""

    title: str | None = None
    description: str | None = None
    affected: str | None = None
    caller_phone: str | None = None
    request_type: str | None = None
    request_class: str | None = None
    catalogue: str | None = None
    equipment_type: str | None = None
    fault_category: str | None = None
    is_vip: bool | None = None
    site_id: int | None = None
    requester_id: int | None = None


class ListQuery(rest.PageQuery):
    """status: one state, `open` or `all`; assignee: `me`, `none` or an id; due: `overdue` or `at_risk`."""

    contract_id: int | None = None
    customer_id: int | None = None
    status: str = "open"
    assignee: str = ""
    channel: str = ""
    severity: str = ""
    tier: str = ""
    request_type: str = ""
    due: str = ""
    q: str = ""


_DETAIL = [name for name in TicketOut.model_fields if name != "moves"]
_details = attrgetter(*_DETAIL)
_INTERNAL = frozenset({"judgement", "operations"})


def detail(actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """The plain data of a ticket as its reader may see it."""
    data = dict(zip(_DETAIL, _details(ticket), strict=True))
    if not actor.is_staff:
        data |= dict.fromkeys(_INTERNAL, "")
    data["moves"] = access.moves(actor, ticket)
    return data


def answer(actor: Actor, ticket: Ticket, status: int = 200) -> HttpResponse:
    """A ticket with its ETag."""
    response = rest.answer(detail(actor, ticket), status=status, version=ticket.version)
    if status == 201:
        response["Location"] = f"{reverse('api:list_tickets')}/{ticket.number}"
    return response


@router.get("tickets", response=rest.Page[TicketRow], summary="The queue, strictest running clock first")
def list_tickets(request: HttpRequest, query: Query[ListQuery]) -> HttpResponse:
    """Open tickets by due time; with `status=all`, or a settled state, newest first."""
    wanted = QueueFilter(
        contract_id=query.contract_id,
        customer_id=query.customer_id,
        status=query.status,
        assignee=query.assignee,
        channel=query.channel,
        severity=query.severity,
        tier=query.tier,
        request_type=query.request_type,
        due=query.due,
        text=query.q,
    )
    page = queue.page(rest.actor_of(request), wanted, cursor=query.cursor, size=query.limit)
    return rest.answer({"items": page.rows, "next": page.next_cursor or None})


@router.get("tickets/mine", response=rest.Page[TicketRow], summary="What I reported")
def list_own_tickets(request: HttpRequest, query: Query[rest.PageQuery]) -> HttpResponse:
    """The tickets the caller reported, newest first."""
    page = queue.reported_by(rest.actor_of(request), cursor=query.cursor, size=query.limit)
    return rest.answer({"items": page.rows, "next": page.next_cursor or None})


@router.post("tickets", response={201: TicketOut}, summary="Report")
@rest.repeatable
def report_ticket(request: HttpRequest, data: TicketIn) -> HttpResponse:
    """Make a ticket; the promises of its contract start to run."""
    actor = rest.actor_of(request)
    values = data.model_dump()
    if not actor.is_staff:
        values |= {"channel": "portal", "is_vip": False, "reported_at": None}
    return answer(actor, services.report_ticket(actor=actor, **values), status=201)


@router.get("tickets/{number}", response=TicketOut, summary="One ticket")
def get_ticket(request: HttpRequest, number: str) -> HttpResponse:
    actor = rest.actor_of(request)
    return answer(actor, queries.plain_ticket(actor, number))


@router.patch("tickets/{number}", response=TicketOut, summary="Correct a ticket (If-Match)")
def edit_ticket(request: HttpRequest, number: str, data: TicketChange) -> HttpResponse:
    """Needs the ETag you saw as If-Match; 412 when the ticket has changed since."""
    actor = rest.actor_of(request)
    ticket = services.acting.lock(actor, queries.id_of(actor, number))
    rest.require_match(request, ticket.version)
    changes = data.model_dump(exclude_unset=True)
    return answer(
        actor, services.edit_ticket(actor=actor, ticket_id=ticket.pk, version=ticket.version, changes=changes)
    )


class Triage(Schema):
    urgency: str
    impact: str
    severity: str | None = None
    request_type: str | None = None
    request_class: str | None = None
    catalogue: str | None = None
    equipment_type: str | None = None
    fault_category: str | None = None


class PriorityIn(Schema):
    urgency: str
    impact: str
    priority: str = ""


class Grade(Schema):
    severity: str | None = None
    complexity: str | None = None


class Assignment(Schema):
    to: int
    owner: int | None = None
    note: str = ""


class TierRaise(Schema):
    to_tier: str
    reason: str
    to: int | None = None


class Reason(Schema):
    reason: str


class Spoken(Schema):
    text: str = ""
    at: datetime | None = None


class Written(Schema):
    text: str
    at: datetime | None = None


class AnswerPromise(Schema):
    promised_at: datetime
    text: str = ""


class Wait(Schema):
    reason: str
    note: str = ""


class Handling(Schema):
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


class Resolution(Handling):
    permanent_fix: str = ""
    at: datetime | None = None


class CallBack(Spoken):
    to: str = ""


class Confirmation(Schema):
    by_name: str = ""
    via: str = ""
    at: datetime | None = None


class Cancellation(Schema):
    reason: str
    note: str = ""
    duplicate_of: str = ""


class Replacement(Schema):
    accepted: bool


class AttributionIn(Schema):
    attribution: str


class ContractIn(Schema):
    contract_id: int


class LinkIn(Schema):
    other: str
    kind: str


class Note(Schema):
    note: str = ""


class NoteIn(Schema):
    text: str
    public: bool = False
    source_key: str | None = Field(None, max_length=80)


class NoteOut(Schema):
    """A note; internal ones are seen by the provider's people alone."""

    id: int
    author_name: str
    is_public: bool
    by_customer: bool
    text: str
    written_at: datetime


class FileOut(Schema):
    """A file attached to a ticket; its bytes are at files/{id}/content/."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    digest: str
    is_public: bool
    stored_by_name: str
    stored_at: datetime


def _verb(request: HttpRequest, number: str, act: Callable[..., Ticket], **values: Any) -> HttpResponse:
    actor = rest.actor_of(request)
    act(actor=actor, ticket_id=queries.id_of(actor, number), **values)
    return answer(actor, queries.plain_ticket(actor, number))


def _handling(data: Handling) -> dict[str, Any]:
    given = data.model_dump(exclude_none=True)
    texts = {name: given.pop(name) for name in services.work.HANDLING if name in given}
    return {**given, "texts": texts}


@router.post("tickets/{number}/triage", response=TicketOut, summary="Triage")
@rest.repeatable
def triage(request: HttpRequest, number: str, data: Triage) -> HttpResponse:
    return _verb(request, number, services.triage_ticket, **data.model_dump())


@router.post("tickets/{number}/priority", response=TicketOut, summary="Set the priority")
@rest.repeatable
def priority(request: HttpRequest, number: str, data: PriorityIn) -> HttpResponse:
    return _verb(request, number, services.set_priority, **data.model_dump())


@router.post("tickets/{number}/grade", response=TicketOut, summary="Grade")
@rest.repeatable
def grade(request: HttpRequest, number: str, data: Grade) -> HttpResponse:
    return _verb(request, number, services.grade_ticket, **data.model_dump())


@router.post("tickets/{number}/contract", response=TicketOut, summary="Set the contract")
@rest.repeatable
def contract(request: HttpRequest, number: str, data: ContractIn) -> HttpResponse:
    return _verb(request, number, services.set_contract, contract_id=data.contract_id)


@router.post("tickets/{number}/assign", response=TicketOut, summary="Assign")
@rest.repeatable
def assign(request: HttpRequest, number: str, data: Assignment) -> HttpResponse:
    return _verb(request, number, services.assign_ticket, **data.model_dump())


@router.post("tickets/{number}/take", response=TicketOut, summary="Take")
@rest.repeatable
def take(request: HttpRequest, number: str) -> HttpResponse:
    return _verb(request, number, services.take_ticket)


@router.post("tickets/{number}/accept", response=TicketOut, summary="Accept")
@rest.repeatable
def accept(request: HttpRequest, number: str) -> HttpResponse:
    return _verb(request, number, services.accept_ticket)


@router.post("tickets/{number}/respond", response=TicketOut, summary="Answer the requester")
@rest.repeatable
def respond(request: HttpRequest, number: str, data: Spoken) -> HttpResponse:
    return _verb(request, number, services.respond_to_ticket, **data.model_dump())


@router.post("tickets/{number}/promise-answer", response=TicketOut, summary="Promise an answer by a time")
@rest.repeatable
def promise_answer(request: HttpRequest, number: str, data: AnswerPromise) -> HttpResponse:
    return _verb(request, number, services.promise_answer, **data.model_dump())


@router.post("tickets/{number}/give-answer", response=TicketOut, summary="Give the promised answer")
@rest.repeatable
def give_answer(request: HttpRequest, number: str, data: Written) -> HttpResponse:
    return _verb(request, number, services.give_answer, **data.model_dump())


@router.post("tickets/{number}/wait", response=TicketOut, summary="Start waiting")
@rest.repeatable
def wait(request: HttpRequest, number: str, data: Wait) -> HttpResponse:
    return _verb(request, number, services.start_waiting, **data.model_dump())


@router.post("tickets/{number}/resume", response=TicketOut, summary="End waiting")
@rest.repeatable
def resume(request: HttpRequest, number: str) -> HttpResponse:
    return _verb(request, number, services.end_waiting)


@router.post("tickets/{number}/raise-tier", response=TicketOut, summary="Hand to another tier")
@rest.repeatable
def raise_tier(request: HttpRequest, number: str, data: TierRaise) -> HttpResponse:
    return _verb(request, number, services.raise_tier, **data.model_dump())


@router.post("tickets/{number}/request-escalation", response=TicketOut, summary="Ask for somebody higher")
@rest.repeatable
def request_escalation(request: HttpRequest, number: str, data: Reason) -> HttpResponse:
    return _verb(request, number, services.request_escalation, reason=data.reason)


@router.post("tickets/{number}/propose-solution", response=TicketOut, summary="Propose a solution")
@rest.repeatable
def propose_solution(request: HttpRequest, number: str, data: Written) -> HttpResponse:
    return _verb(request, number, services.propose_solution, **data.model_dump())


@router.post("tickets/{number}/fix-temporarily", response=TicketOut, summary="Record a temporary fix")
@rest.repeatable
def fix_temporarily(request: HttpRequest, number: str, data: Written) -> HttpResponse:
    return _verb(request, number, services.fix_temporarily, **data.model_dump())


@router.post("tickets/{number}/handling", response=TicketOut, summary="Record the handling")
@rest.repeatable
def handling(request: HttpRequest, number: str, data: Handling) -> HttpResponse:
    return _verb(request, number, services.record_handling, **_handling(data))


@router.post(
    "tickets/{number}/replacement", response=TicketOut, summary="Record the user's decision on replacement"
)
@rest.repeatable
def replacement(request: HttpRequest, number: str, data: Replacement) -> HttpResponse:
    return _verb(request, number, services.decide_replacement, accepted=data.accepted)


@router.post("tickets/{number}/attribution", response=TicketOut, summary="Say what caused the fault")
@rest.repeatable
def attribution(request: HttpRequest, number: str, data: AttributionIn) -> HttpResponse:
    return _verb(request, number, services.set_attribution, attribution=data.attribution)


@router.post("tickets/{number}/resolve", response=TicketOut, summary="Resolve")
@rest.repeatable
def resolve(request: HttpRequest, number: str, data: Resolution) -> HttpResponse:
    return _verb(request, number, services.resolve_ticket, **_handling(data))


@router.post("tickets/{number}/call-back", response=TicketOut, summary="Call back")
@rest.repeatable
def call_back(request: HttpRequest, number: str, data: CallBack) -> HttpResponse:
    return _verb(request, number, services.call_back, **data.model_dump())


@router.post("tickets/{number}/confirm", response=TicketOut, summary="Confirm the solution")
@rest.repeatable
def confirm(request: HttpRequest, number: str, data: Confirmation) -> HttpResponse:
    return _verb(request, number, services.confirm_resolution, **data.model_dump())


@router.post("tickets/{number}/reject", response=TicketOut, summary="Reject the solution")
@rest.repeatable
def reject(request: HttpRequest, number: str, data: Reason) -> HttpResponse:
    return _verb(request, number, services.reject_resolution, reason=data.reason)


@router.post("tickets/{number}/reopen", response=TicketOut, summary="Reopen")
@rest.repeatable
def reopen(request: HttpRequest, number: str, data: Reason) -> HttpResponse:
    return _verb(request, number, services.reopen_ticket, reason=data.reason)


@router.post("tickets/{number}/close", response=TicketOut, summary="Close")
@rest.repeatable
def close(request: HttpRequest, number: str, data: Note) -> HttpResponse:
    return _verb(request, number, services.close_ticket, note=data.note)


@router.post("tickets/{number}/cancel", response=TicketOut, summary="Cancel")
@rest.repeatable
def cancel(request: HttpRequest, number: str, data: Cancellation) -> HttpResponse:
    actor = rest.actor_of(request)
    other = queries.id_of(actor, data.duplicate_of) if data.duplicate_of else None
    return _verb(
        request, number, services.cancel_ticket, reason=data.reason, note=data.note, duplicate_of=other
    )


@router.post("tickets/{number}/link", response=TicketOut, summary="Link to another ticket")
@rest.repeatable
def link(request: HttpRequest, number: str, data: LinkIn) -> HttpResponse:
    other = queries.id_of(rest.actor_of(request), data.other)
    return _verb(request, number, services.link_tickets, other_id=other, kind=data.kind)


@router.get("tickets/{number}/notes", response=list[NoteOut], summary="Notes")
def list_notes(request: HttpRequest, number: str) -> list[Any]:
    actor = rest.actor_of(request)
    return queries.notes_of(actor, queries.plain_ticket(actor, number))


@router.post("tickets/{number}/notes", response={201: NoteOut}, summary="Add a note")
@rest.repeatable
def add_note(request: HttpRequest, number: str, data: NoteIn) -> HttpResponse:
    actor = rest.actor_of(request)
    note = services.comment_on_ticket(
        actor=actor, ticket_id=queries.id_of(actor, number), **data.model_dump()
    )
    return rest.answer({name: getattr(note, name) for name in NoteOut.model_fields}, status=201)


@router.get("tickets/{number}/files", response=list[FileOut], summary="Files")
def list_files(request: HttpRequest, number: str) -> list[Any]:
    actor = rest.actor_of(request)
    return files.files_of(actor, ("ticket", queries.id_of(actor, number)))


@router.post("tickets/{number}/files", response={201: FileOut}, summary="Attach a file")
@rest.repeatable
def attach(request: HttpRequest, number: str, file: File[UploadedFile]) -> HttpResponse:
    actor = rest.actor_of(request)
    stored = services.attach_file(actor=actor, ticket_id=queries.id_of(actor, number), upload=file)
    return rest.answer({name: getattr(stored, name) for name in FileOut.model_fields}, status=201)
