"""JSON API of a ticket's charge: what the contract says, the quote, the statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest
from ninja import Router, Schema

from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import queries
from .charge_models import TicketCharge
from .services import charging

router = Router(tags=["tickets"])


class ChargeDecisionIn(Schema):
    """Which service item and warranty class the work belongs to; empty: the ticket's own."""

    item: str = ""
    warranty_class: str = ""


class AmountIn(Schema):
    """An amount in yuan and what it is for."""

    amount: Decimal
    text: str


class QuoteIn(AmountIn):
    """A quote. reply_due_at: by when the answer is wanted; left out: as the service plan says, if it does."""

    reply_due_at: datetime | None = None


class TicketChargeOut(Schema):
    """Where the charge stands: decide, free, quote, approval, work, done, refused. reason: the contract's line;
    reply_due_at: by when the customer's answer is wanted, while it is."""

    step: str
    reason: str
    item: str
    warranty_class: str
    discount: float
    quoted: Decimal | None
    quoted_at: datetime | None
    signoff: str
    reply_due_at: datetime | None
    stated: Decimal | None
    stated_at: datetime | None
    stated_for: str


def _answer(actor: Actor, number: str) -> dict[str, object]:
    found = charging.shown(actor, queries.plain_ticket(actor, number))
    charge = found.charge or TicketCharge()
    return {
        "step": found.step,
        "reason": found.reason,
        "item": charge.item,
        "warranty_class": charge.warranty_class,
        "discount": charge.discount,
        "quoted": charge.quoted,
        "quoted_at": charge.quoted_at,
        "signoff": charge.signoff_number,
        "reply_due_at": found.reply_due_at,
        "stated": charge.done,
        "stated_at": charge.done_at,
        "stated_for": charge.done_text,
    }


def _do(
    request: HttpRequest, number: str, act: Callable[..., TicketCharge], data: Schema
) -> dict[str, object]:
    actor = rest.actor_of(request)
    act(actor=actor, ticket_id=queries.id_of(actor, number), **data.model_dump())
    return _answer(actor, number)


@router.get("tickets/{number}/charge", response=TicketChargeOut, summary="Where its charge stands")
def read_charge(request: HttpRequest, number: str) -> dict[str, object]:
    return _answer(rest.actor_of(request), number)


@router.post(
    "tickets/{number}/charge", response=TicketChargeOut, summary="Let the contract decide the charge"
)
@rest.repeatable
def decide_charge(request: HttpRequest, number: str, data: ChargeDecisionIn) -> dict[str, object]:
    return _do(request, number, charging.decide_charge, data)


@router.post("tickets/{number}/charge/quote", response=TicketChargeOut, summary="Quote it to the customer")
@rest.repeatable
def quote_charge(request: HttpRequest, number: str, data: QuoteIn) -> dict[str, object]:
    return _do(request, number, charging.quote_charge, data)


@router.post("tickets/{number}/charge/statement", response=TicketChargeOut, summary="State what was charged")
@rest.repeatable
def state_charge(request: HttpRequest, number: str, data: AmountIn) -> dict[str, object]:
    return _do(request, number, charging.state_charge, data)
