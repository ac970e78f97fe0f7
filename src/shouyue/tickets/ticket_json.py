"""A ticket as the API answers it: the same after reading, reporting and every verb."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from ninja import Schema

from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import access
from .models import Ticket


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
