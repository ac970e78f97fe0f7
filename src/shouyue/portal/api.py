"""JSON API of the portal: raw data of a contract; everything else customers do through the API of tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from shouyue.contracts import queries as contracts
from shouyue.web import rest

from . import services
from .queries import raw_data

router = Router(tags=["raw data"])


class RawEvent(Schema):
    """One recorded fact; its digest follows from the row and the digest before it (docs/portal.md)."""

    id: int
    verb: str
    subject_type: str
    subject_id: int
    case_type: str
    case_id: int
    customer_id: int
    contract_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    device_at: datetime | None
    facts: dict[str, Any]
    seq: int
    prev_digest: str
    digest: str


class RawTicket(Schema):
    """A ticket with all its stages; internal judgements are left out."""

    id: int
    number: str
    status: str
    channel: str
    request_type: str
    title: str
    description: str
    affected: str
    urgency: str
    impact: str
    priority: str
    severity: str
    complexity: str
    equipment_type: str
    fault_category: str
    zone: str
    zone_mode: str
    cause: str
    attribution: str
    phenomenon: str
    handling: str
    result: str
    loss: str
    parameters_changed: str
    temporary_fix: str
    permanent_fix: str
    reported_at: datetime
    created_at: datetime
    responded_at: datetime | None
    assigned_at: datetime | None
    accepted_at: datetime | None
    solution_proposed_at: datetime | None
    temporarily_fixed_at: datetime | None
    resolved_at: datetime | None
    called_back_at: datetime | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
    reopen_count: int


class RawQuery(rest.PageQuery):
    """since, until: of the time it occurred or was reported."""

    since: datetime | None = None
    until: datetime | None = None


@router.get(
    "contracts/{code}/raw/events", response=rest.Page[RawEvent], summary="Recorded facts of a contract"
)
def raw_events(request: HttpRequest, code: str, query: Query[RawQuery]) -> HttpResponse:
    """All facts in the order they were recorded. The first page of a walk is noted in the access log."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    _note(request, contract, "events", query)
    page = rest.paged(raw_data.raw_events(actor, contract, query.since, query.until), query, order=("id",))
    return rest.answer({**page, "items": [raw_data.plain_event(row) for row in page["items"]]})


@router.get("contracts/{code}/raw/tickets", response=rest.Page[RawTicket], summary="Tickets of a contract")
def raw_tickets(request: HttpRequest, code: str, query: Query[RawQuery]) -> HttpResponse:
    """All tickets of the contract, oldest first. The first page of a walk is noted in the access log."""
    actor = rest.actor_of(request)
    contract = contracts.contract_of(actor, code)
    _note(request, contract, "tickets", query)
    page = rest.paged(raw_data.raw_tickets(actor, contract, query.since, query.until), query, order=("id",))
    return rest.answer({**page, "items": [raw_data.plain_ticket(row) for row in page["items"]]})


def _note(request: HttpRequest, contract: Any, kind: str, query: RawQuery) -> None:
    services.record_raw_data_read(
        actor=rest.actor_of(request), contract=contract, kind=kind, form="api", is_new=not query.cursor
    )
