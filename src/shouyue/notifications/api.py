"""JSON API: the caller's own notices, and the operators' delivery log."""

from __future__ import annotations

from datetime import datetime, time

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from shouyue.web import rest

from . import queries, services
from .models import Notice, Preference, Receipt

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


class DeliveryOut(Schema):
    """A notice on its way. sent_at: accepted by the server or gateway; arrived_at: as the provider reported later."""

    id: int
    to: str
    has_account: bool
    channel: str
    level: str
    subject: str
    state: str
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None
    arrived_at: datetime | None

    @staticmethod
    def resolve_to(notice: Notice) -> str:
        """Its reader's name."""
        return notice.reader.name

    @staticmethod
    def resolve_has_account(notice: Notice) -> bool:
        """Whether its reader is a user; else a contact of the customer."""
        return notice.user_id is not None


class DeliveryQuery(rest.PageQuery):
    """state, channel: as the notices have them; text: part of the reader's name."""

    state: str = ""
    channel: str = ""
    text: str = ""


class ReceiptOut(Schema):
    """What a provider reported. notice: null when it belongs to no message of ours."""

    id: int
    message: str
    notice: int | None = Field(None, alias="notice_id")
    outcome: str
    reason: str
    reported_at: datetime | None
    received_at: datetime


class ReceiptQuery(rest.PageQuery):
    """unknown: only those that belong to no message of ours."""

    unknown: bool = False


@router.get("deliveries", response=rest.Page[DeliveryOut], summary="Delivery log")
def list_deliveries(request: HttpRequest, query: Query[DeliveryQuery]) -> dict[str, object]:
    """What became of every notice, newest first; for operators."""
    rows = queries.delivery_log(
        rest.actor_of(request), state=query.state, channel=query.channel, text=query.text
    )
    return rest.paged(rows, query, order=("-id",))


@router.get(
    "deliveries/{notice_id}/receipts", response=list[ReceiptOut], summary="What was reported about it"
)
def list_receipts_of(request: HttpRequest, notice_id: int) -> list[Receipt]:
    """What providers have reported later about one notice, oldest first."""
    return queries.receipts_of(queries.delivery_of(rest.actor_of(request), notice_id))


@router.get("channels/{gateway_id}/receipts", response=rest.Page[ReceiptOut], summary="Reports of a gateway")
def list_receipts_by(request: HttpRequest, gateway_id: int, query: Query[ReceiptQuery]) -> dict[str, object]:
    """What a gateway has reported later, newest first; for those who set channels up."""
    rows = queries.receipts_by(rest.actor_of(request), gateway_id, unknown=query.unknown)
    return rest.paged(rows, query, order=("-id",))


class WishOut(Schema):
    """By which ways a contact without account may be told (none: not at all), and when not."""

    channels: list[str]
    quiet_from: time | None = None
    quiet_to: time | None = None
    urgent_breaks_through: bool = True


@router.put("contacts/{int:contact_id}/told", response=WishOut, summary="How a contact is told")
def put_contact_wish(request: HttpRequest, contact_id: int, given: WishOut) -> Preference:
    """Say by which ways a contact without account is told, and when not; for those who keep the contacts."""
    return services.save_contact_wish(
        actor=rest.actor_of(request), contact_id=contact_id, **given.model_dump()
    )
