"""JSON API: the caller's own notices."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema

from shouyue.web import rest

from . import queries, services
from .models import Notice

router = Router(tags=["notices"])


class NoticeOut(Schema):
    """A notice. read_at: null while unread."""

    id: int
    level: str
    subject: str
    body: str
    url: str
    created_at: datetime
    read_at: datetime | None


class NoticeQuery(rest.PageQuery):
    """unread: only those not read yet."""

    unread: bool = False


@router.get("notices", response=rest.Page[NoticeOut], summary="My notices")
def list_notices(request: HttpRequest, query: Query[NoticeQuery]) -> dict[str, object]:
    """The caller's notices, newest first."""
    rows = queries.notices_of(rest.actor_of(request))
    if query.unread:
        rows = rows.filter(read_at__isnull=True)
    return rest.paged(rows, query, order=("-id",))


@router.post("notices/{notice_id}/read", response=NoticeOut, summary="Mark a notice read")
@rest.repeatable
def mark_read(request: HttpRequest, notice_id: int) -> Notice:
    """Mark one of the caller's notices read."""
    return services.mark_read(actor=rest.actor_of(request), notice_id=notice_id)


@router.post("notices/{notice_id}/take-on", response=NoticeOut, summary="I am on it")
@rest.repeatable
def take_on(request: HttpRequest, notice_id: int) -> Notice:
    """No repeats and no further steps about this for the caller."""
    return services.take_on(actor=rest.actor_of(request), notice_id=notice_id)


class HandOnIn(Schema):
    """to: a colleague's user id."""

    to: int


@router.post("notices/{notice_id}/hand-on", response=NoticeOut, summary="Hand on to a colleague")
@rest.repeatable
def hand_on(request: HttpRequest, notice_id: int, given: HandOnIn) -> Notice:
    """The colleague is told and gets what follows instead of the caller."""
    return services.hand_on(actor=rest.actor_of(request), notice_id=notice_id, to=given.to)
