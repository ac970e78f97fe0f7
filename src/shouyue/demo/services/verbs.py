"""Steps of scripts that are more than one call: sign-offs, words given, milestones, charges, refused acts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from shouyue.accounts.models import User
from shouyue.commitments.models import Obligation
from shouyue.commitments.services import gating
from shouyue.contracts import services as contracts
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, GateRefused
from shouyue.notifications.queries import calls_to_make
from shouyue.notifications.services.calls import settle_call
from shouyue.signoff import services as signoffs
from shouyue.signoff.models import Step as SignoffStep
from shouyue.signoff.queries import standing_of
from shouyue.signoff.services import Asked
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import charging

from . import vouching, world

REACHED = 0.85


def ask_signoff(
    *, actor: Actor, ticket_id: int, kind: str, purpose: str, capacity: str, text: str, engineer: int = 0
) -> None:
    """Ask somebody of the customer about a ticket, or its latest visit; with an engineer, both in any order."""
    ticket = Ticket.objects.get(pk=ticket_id)
    subject = ("visit", ticket.visits.latest("id").pk) if purpose == "visit" else ("ticket", ticket.pk)
    ours = [Asked(user_id=engineer)] if engineer else []
    signoffs.ask(
        actor=actor,
        kind=kind,
        purpose=purpose,
        subject=subject,
        case=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        scope=text,
        mode="all" if engineer else "in_order",
        steps=[*ours, Asked(capacity=capacity)],
    )


def give_signoff(*, actor: Actor, ticket_id: int, signed: bool = False) -> None:
    """Say yes to what is asked about the ticket."""
    signoffs.give(actor=actor, step_id=_asked(actor, ticket_id), typed_name=actor.name if signed else "")


def refuse_signoff(*, actor: Actor, ticket_id: int, words: str) -> None:
    """Say no to what is asked about the ticket."""
    signoffs.refuse(actor=actor, step_id=_asked(actor, ticket_id), words=words)


def _asked(actor: Actor, ticket_id: int) -> int:
    """The newest step about the ticket that this person may answer. Raises: Conflict."""
    steps = SignoffStep.objects.filter(signoff__case_type="ticket", signoff__case_id=ticket_id, state="asked")
    for step in steps.select_related("signoff").order_by("-id"):
        if standing_of(actor, step.signoff, step) is not None:
            return int(step.pk)
    raise Conflict("Nothing is asked of this person.", code="wrong_state")


def decide_charge(*, actor: Actor, ticket_id: int, item: str) -> None:
    """Let the contract say what it costs."""
    charging.decide_charge(actor=actor, ticket_id=ticket_id, item=item)


def quote_charge(*, actor: Actor, ticket_id: int, amount: int, text: str) -> None:
    """Tell the customer what is charged, unless it is free."""
    if charging.shown(actor, Ticket.objects.get(pk=ticket_id)).step == "quote":
        charging.quote_charge(actor=actor, ticket_id=ticket_id, amount=Decimal(amount), text=text)


def state_charge(*, actor: Actor, ticket_id: int, amount: int, text: str) -> None:
    """What it cost in the end."""
    if charging.shown(actor, Ticket.objects.get(pk=ticket_id)).step == "work":
        charging.state_charge(actor=actor, ticket_id=ticket_id, amount=Decimal(amount), text=text)


def reach_milestone(
    *, actor: Actor, contract_id: int, name: str, signed_by_provider: str, signed_by_customer: str
) -> None:
    """Both sides record a date of today; what must be signed before is."""
    world.sign_for_milestone(Contract.objects.get(pk=contract_id), name, User.objects.get(username="service"))
    contracts.reach_milestone(
        actor=actor,
        contract_id=contract_id,
        name=name,
        happened_on=clock.today("Asia/Shanghai"),
        signed_by_provider=signed_by_provider,
        signed_by_customer=signed_by_customer,
    )


def vouch_for(*, actor: Actor, ticket_id: int, promise: str) -> None:
    """Vouch for a promise about this very ticket; nothing happens where it does not run."""
    found = (
        Obligation.objects.filter(
            commitment__name=promise, case_type="ticket", case_id=ticket_id, settled_at__isnull=True
        )
        .order_by("id")
        .last()
    )
    if found is not None:
        vouching.give_word(actor, found.commitment, found.pk)


def make_calls(*, actor: Actor) -> None:
    """Make every call that waits at the desk; most people are reached."""
    for call in calls_to_make(actor):
        reached = random.Random(f"{call.matters[0].about_id}:{call.attempts}").random() < REACHED
        ids = [notice.pk for notice in call.matters]
        settle_call(actor=actor, notice_ids=ids, outcome="reached" if reached else "not_reached")


@contextmanager
def undoable() -> Iterator[None]:
    """A part of a transaction that is taken back on an error, whether or not others are."""
    before = connection.features.uses_savepoints
    connection.features.uses_savepoints = True
    try:
        with transaction.atomic():
            yield
    finally:
        connection.features.uses_savepoints = before


def try_in_vain(service: Any, **arguments: Any) -> None:
    """An act the contract refuses; the refusal stays on record. Raises: Conflict when nothing refuses it."""
    try:
        with undoable():
            service(**arguments)
    except GateRefused:
        gating.record_refusals()
        return
    raise Conflict("Nothing stands against it.", code="not_refused")


ON_TICKETS = {
    verb.__name__: verb
    for verb in (
        ask_signoff,
        give_signoff,
        refuse_signoff,
        decide_charge,
        quote_charge,
        state_charge,
        vouch_for,
    )
}
ON_CONTRACTS = {verb.__name__: verb for verb in (vouching.vouch, reach_milestone, make_calls)}
