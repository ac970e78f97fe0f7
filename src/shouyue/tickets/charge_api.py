"""JSON API of a ticket's charge: what the contract says, the quote, the statement."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest
from ninja import Router, Schema

from shouyue.kernel.actor import Actor
from shouyue.web import rest

from . import queries
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


class TicketChargeOut(Schema):
    """Where the charge stands: decide, free, quote, approval, work, done, refused. reason: the contract's line."""

    step: str
    reason: str
    item: str
    warranty_class: str
    discount: float
    quoted: Decimal | None
    quoted_at: datetime | None
    signoff: str
    stated: Decimal | None
    stated_at: datetime | None
    stated_for: str


def _answer(actor: Actor, number: str) -> dict[str, object]:
    ticket = queries.plain_ticket(actor, number)
    found = charging.shown(actor, ticket)
    charge = found.charge
    return {
        "step": found.step,
        "reason": found.reason,
        "item": charge.item if charge else "",
        "warranty_class": charge.warranty_class if charge else "",
        "discount": charge.discount if charge else 0,
        "quoted": charge.quoted if charge else None,
        "quoted_at": charge.quoted_at if charge else None,
        "signoff": charge.signoff_number if charge else "",
        "stated": charge.done if charge else None,
        "stated_at": charge.done_at if charge else None,
        "stated_for": charge.done_text if charge else "",
    }


@router.get("tickets/{number}/charge", response=TicketChargeOut, summary="Where its charge stands")
def read_charge(request: HttpRequest, number: str) -> dict[str, object]:
    return _answer(rest.actor_of(request), number)


@router.post(
    "tickets/{number}/charge", response=TicketChargeOut, summary="Let the contract decide the charge"
)
@rest.repeatable
def decide_charge(request: HttpRequest, number: str, data: ChargeDecisionIn) -> dict[str, object]:
    actor = rest.actor_of(request)
    charging.decide_charge(actor=actor, ticket_id=queries.id_of(actor, number), **data.model_dump())
    return _answer(actor, number)


@router.post("tickets/{number}/charge/quote", response=TicketChargeOut, summary="Quote it to the customer")
@rest.repeatable
def quote_charge(request: HttpRequest, number: str, data: AmountIn) -> dict[str, object]:
    actor = rest.actor_of(request)
    charging.quote_charge(actor=actor, ticket_id=queries.id_of(actor, number), **data.model_dump())
    return _answer(actor, number)


@router.post("tickets/{number}/charge/statement", response=TicketChargeOut, summary="State what was charged")
@rest.repeatable
def state_charge(request: HttpRequest, number: str, data: AmountIn) -> dict[str, object]:
    actor = rest.actor_of(request)
    charging.state_charge(actor=actor, ticket_id=queries.id_of(actor, number), **data.model_dump())
    return _answer(actor, number)
