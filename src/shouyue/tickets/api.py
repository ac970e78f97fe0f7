"""JSON API of tickets: lists, reporting, one ticket, its notes and files. The verbs are in `verbs_api`.

Lists and creation answer plain data past the response schema: they are the busiest calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Query, Router, Schema
from ninja.files import UploadedFile

from shouyue.files import queries as files
from shouyue.web import rest

from . import charge_api, queries, queue, services, verbs_api
from .queue import QueueFilter
from .ticket_json import TicketOut, answer

router = Router(tags=["tickets"])
router.add_router("", verbs_api.router)
router.add_router("", charge_api.router)


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

    contract_id: int | None = Field(None, ge=0, le=2**63 - 1)
    customer_id: int | None = Field(None, ge=0, le=2**63 - 1)
    status: str = "open"
    assignee: str = ""
    channel: str = ""
    severity: str = ""
    tier: str = ""
    request_type: str = ""
    due: str = ""
    q: str = ""


@router.get("tickets", response=rest.Page[TicketRow], summary="The queue, strictest running clock first")
def list_tickets(request: HttpRequest, query: Query[ListQuery]) -> HttpResponse:
    """Open tickets by due time; with `status=all`, or a settled state, newest first."""
    wanted = QueueFilter(
        contract_ids=None if query.contract_id is None else (query.contract_id,),
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
