"""JSON API of visits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from shouyue.tickets import queries as tickets
from shouyue.web import rest

from . import queries, services
from .models import Visit

router = Router(tags=["visits"])


class VisitOut(Schema):
    """A visit with the time of each step."""

    id: int
    ticket_number: str
    engineer_id: int
    engineer_name: str
    state: str
    outcome: str
    planned_at: datetime | None
    dispatched_at: datetime
    received_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    work_begun_at: datetime | None
    left_at: datetime | None
    cancelled_at: datetime | None
    note: str
    report: str
    backups: str
    diagnosed_with: str
    version: int


class DispatchIn(Schema):
    """engineer_id: somebody who works in the ticket's contract."""

    engineer_id: int
    planned_at: datetime | None = None
    note: str = ""


class StepIn(Schema):
    """at: when, if it is written down later."""

    at: datetime | None = None


class BeginIn(StepIn):
    """uses: what the work touches: server-operation, data-copy, phone-use, network-access."""

    uses: list[str] = []


class LeaveIn(StepIn):
    """backups: none, cleared or left. diagnosed_with: who took part in the diagnosis."""

    outcome: str
    report: str = ""
    backups: str = ""
    diagnosed_with: str = ""


class CancelIn(Schema):
    reason: str


class VisitQuery(rest.PageQuery):
    """engineer: `me` for one's own."""

    engineer: str = ""
    state: str = ""


def _plain(visit: Visit) -> dict[str, Any]:
    known = {"ticket_number": visit.ticket.number, "engineer_name": visit.engineer.name}
    names = [name for name in VisitOut.model_fields if name not in known]
    return {**{name: getattr(visit, name) for name in names}, **known}


def _answer(request: HttpRequest, visit_id: int, status: int = 200) -> HttpResponse:
    visit = queries.visit_with_id(rest.actor_of(request), visit_id)
    return rest.answer(_plain(visit), status=status, version=visit.version)


def _step(request: HttpRequest, visit_id: int, act: Callable[..., Visit], **values: Any) -> HttpResponse:
    act(actor=rest.actor_of(request), visit_id=visit_id, **values)
    return _answer(request, visit_id)


@router.get("visits", response=rest.Page[VisitOut], summary="Visits, newest first")
def list_visits(request: HttpRequest, query: Query[VisitQuery]) -> HttpResponse:
    actor = rest.actor_of(request)
    rows = queries.listed(actor)
    if query.engineer == "me":
        rows = rows.filter(engineer_id=actor.user_id or 0)
    if query.state:
        rows = rows.filter(state=query.state)
    page = rest.paged(rows, query, order=("-id",))
    return rest.answer({"items": [_plain(visit) for visit in page["items"]], "next": page["next"]})


@router.get("visits/{int:visit_id}", response=VisitOut, summary="One visit")
def get_visit(request: HttpRequest, visit_id: int) -> HttpResponse:
    return _answer(request, visit_id)


@router.get("tickets/{number}/visits", response=list[VisitOut], summary="Visits of a ticket")
def list_of_ticket(request: HttpRequest, number: str) -> HttpResponse:
    actor = rest.actor_of(request)
    ticket_id = tickets.id_of(actor, number)
    found = queries.listed(actor).filter(ticket_id=ticket_id).order_by("id")
    return rest.answer([_plain(visit) for visit in found])


@router.post("tickets/{number}/visits", response={201: VisitOut}, summary="Send an engineer")
@rest.repeatable
def dispatch(request: HttpRequest, number: str, data: DispatchIn) -> HttpResponse:
    actor = rest.actor_of(request)
    visit = services.dispatch_visit(actor=actor, ticket_id=tickets.id_of(actor, number), **data.model_dump())
    return _answer(request, visit.pk, status=201)


@router.post("visits/{int:visit_id}/receive", response=VisitOut, summary="Dispatch received")
@rest.repeatable
def receive(request: HttpRequest, visit_id: int, data: StepIn) -> HttpResponse:
    return _step(request, visit_id, services.receive_visit, at=data.at)


@router.post("visits/{int:visit_id}/depart", response=VisitOut, summary="Set out")
@rest.repeatable
def depart(request: HttpRequest, visit_id: int, data: StepIn) -> HttpResponse:
    return _step(request, visit_id, services.depart, at=data.at)


@router.post("visits/{int:visit_id}/arrive", response=VisitOut, summary="Arrive")
@rest.repeatable
def arrive(request: HttpRequest, visit_id: int, data: StepIn) -> HttpResponse:
    return _step(request, visit_id, services.arrive, at=data.at)


@router.post("visits/{int:visit_id}/begin", response=VisitOut, summary="Begin work on site")
@rest.repeatable
def begin(request: HttpRequest, visit_id: int, data: BeginIn) -> HttpResponse:
    return _step(request, visit_id, services.begin_work, **data.model_dump())


@router.post("visits/{int:visit_id}/leave", response=VisitOut, summary="Leave")
@rest.repeatable
def leave(request: HttpRequest, visit_id: int, data: LeaveIn) -> HttpResponse:
    return _step(request, visit_id, services.leave, **data.model_dump())


@router.post("visits/{int:visit_id}/cancel", response=VisitOut, summary="Call off")
@rest.repeatable
def cancel(request: HttpRequest, visit_id: int, data: CancelIn) -> HttpResponse:
    return _step(request, visit_id, services.cancel_visit, reason=data.reason)
