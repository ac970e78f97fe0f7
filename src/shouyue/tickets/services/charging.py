"""What a ticket costs: the contract decides free or charged; what is charged is quoted, approved, done, stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from shouyue.commitments.calendar_models import Decision
from shouyue.commitments.services import deciding
from shouyue.contracts.queries import compiled
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.signoff import deadlines
from shouyue.signoff.choices import Kind
from shouyue.signoff.models import Signoff
from shouyue.signoff.services import Asked, ask, cancel
from shouyue.tickets import access
from shouyue.tickets.charge_models import TicketCharge
from shouyue.tickets.models import Ticket

from . import acting

MOST = Decimal("100000000")
PURPOSE = "cost"
_COVERED = _l("The contract covers it; nothing is charged.")
_CHARGED = _l("The work is charged already.")


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket's charge as its page shows it. step: decide, free, quote, approval, work, done, refused.

    reply_due_at: by when the approval that is waited for is wanted.
    """

    charge: TicketCharge | None
    step: str
    reason: str = ""
    price: str = ""
    reply_due_at: datetime | None = None


@transaction.atomic
def decide_charge(*, actor: Actor, ticket_id: int, item: str = "", warranty_class: str = "") -> TicketCharge:
    """Let the contract say whether the ticket is charged; anew whenever item or class turn out different.

    Raises: NotFound, NotAllowed; Invalid for an unknown item or class; Conflict when work was already charged, or no
    contract is set. A quote falls when the contract now says something else than when it was made. Events:
    decision.taken, approval.cancelled. Locks: the ticket row.
    """
    ticket = _held(actor, ticket_id)
    rules = compiled(ticket.contract_id or 0)
    if item and item not in {entry.name for entry in rules.plan.catalogue}:
        raise Invalid(fields={"item": [_("Choose one of these.")]})
    if warranty_class and warranty_class not in {term.name for term in rules.warranty}:
        raise Invalid(fields={"warranty_class": [_("Choose one of these.")]})
    known = charge_of(ticket)
    if known is not None and known.done_at is not None:
        raise Conflict(_CHARGED)
    decision = deciding.decide(
        actor=actor,
        decision=deciding.CHARGE,
        contract_id=ticket.contract_id or 0,
        subject=("ticket", ticket.pk),
        facts=acting.facts_of(ticket),
        item=item or ticket.catalogue,
        warranty_class=warranty_class,
    )
    is_free = decision.outcome.get("charge") == "free"
    values = {
        "customer_id": ticket.customer_id,
        "decision_id": decision.pk,
        "is_free": is_free,
        "item": item or ticket.catalogue,
        "warranty_class": warranty_class,
        "discount": float(decision.outcome.get("discount", 0)),
    }
    if known is not None and known.signoff_number and not _says_the_same(known, decision):
        said = _COVERED if is_free else _("The contract gives another reason now.")
        _call_off(actor, known, str(said))
        values |= {"quoted": None, "quote_text": "", "quoted_at": None, "signoff_number": ""}
    charge: TicketCharge
    charge, _new = TicketCharge.objects.update_or_create(ticket=ticket, defaults=values)
    return charge


@transaction.atomic
def quote_charge(
    *,
    actor: Actor,
    ticket_id: int,
    amount: Decimal,
    text: str,
    reply_due_at: datetime | None = None,
    capacity: str = "approver",
) -> TicketCharge:
    """Quote what is charged and ask the customer's approver for it. A new quote calls the earlier one off.

    amount: yuan, after any discount. reply_due_at: by when the answer is wanted; without, as the plan says. The same
    quote again, while it waits or is approved, is the one that was made. Raises: NotFound, NotAllowed, Invalid;
    Conflict when it is free or done. Events: approval.asked. Locks: the ticket row.
    """
    ticket = _held(actor, ticket_id)
    charge = _decided(ticket)
    if charge.is_free or charge.done_at is not None:
        raise Conflict(_("There is nothing to quote for this ticket."))
    _check_amount(amount)
    said = acting.checked_text("text", text, required=True)
    if (charge.quoted, charge.quote_text) == (amount, said) and _asks_so(charge, reply_due_at):
        return charge
    _call_off(actor, charge, _("A new quote replaces it."))
    reason = deciding.reason_of(Decision.objects.get(pk=charge.decision_id), actor.language)
    signoff = ask(
        actor=actor,
        kind=Kind.APPROVAL,
        purpose=PURPOSE,
        subject=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        case=("ticket", ticket.pk),
        scope=_("%(number)s: quote of %(amount)s yuan\n%(text)s\nWhy it is charged: %(reason)s")
        % {"number": ticket.number, "amount": f"{amount:.2f}", "text": said, "reason": reason},
        steps=[Asked(capacity=capacity)],
        reply_due_at=reply_due_at,
    )
    charge.quoted, charge.quote_text, charge.quoted_at = amount, said, clock.now()
    charge.signoff_number = signoff.number
    charge.save(update_fields=["quoted", "quote_text", "quoted_at", "signoff_number"])
    return charge


@transaction.atomic
def state_charge(*, actor: Actor, ticket_id: int, amount: Decimal, text: str) -> TicketCharge:
    """State what the work cost in the end; not more than the customer approved.

    Raises: NotFound, NotAllowed, Invalid; Conflict when it is free, stated already in other words, or not approved.
    Event: ticket.charge_stated. Locks: the ticket row.
    """
    ticket = _held(actor, ticket_id)
    charge = _decided(ticket)
    _check_amount(amount)
    said = acting.checked_text("text", text, required=True)
    if (charge.done, charge.done_text) == (amount, said):
        return charge
    if charge.is_free or charge.done_at is not None:
        raise Conflict(_COVERED if charge.is_free else _CHARGED)
    if answer_to(charge) != "given":
        raise Conflict(_("Work is charged only once the customer has approved the quote."))
    if charge.quoted is not None and amount > charge.quoted:
        raise Invalid(fields={"amount": [_("This is more than the customer approved; make a new quote.")]})
    charge.done, charge.done_text, charge.done_at = amount, said, clock.now()
    charge.save(update_fields=["done", "done_text", "done_at"])
    acting.record(actor, ticket, "ticket.charge_stated", facts={"cents": int(amount * 100)})
    return charge


def shown(actor: Actor, ticket: Ticket) -> Shown:
    """Where the charge of a ticket stands, and why. Queries: three at most."""
    charge = TicketCharge.objects.visible_to(actor).filter(ticket=ticket).first()
    if charge is None:
        return Shown(None, "decide")
    decision = Decision.objects.get(pk=charge.decision_id)
    reason = deciding.reason_of(decision, actor.language)
    price = str(decision.outcome.get("price", ""))
    if charge.is_free:
        return Shown(charge, "free", reason)
    if charge.done_at is not None:
        return Shown(charge, "done", reason, price)
    if not charge.signoff_number:
        return Shown(charge, "quote", reason, price)
    state, due = _approval_of(charge)
    step = {"given": "work", "asked": "approval"}.get(state, "refused")
    return Shown(charge, step, reason, price, due if step == "approval" else None)


def answer_to(charge: TicketCharge) -> str:
    """What became of the quote's approval; empty without a quote. Queries: one."""
    return _approval_of(charge)[0]


def promised_reply(ticket: Ticket) -> datetime | None:
    """By when the plan says the customer owes his answer to a quote made now. Queries: see `compiled`."""
    return deadlines.promised_reply(
        subject_type="ticket",
        contract_id=ticket.contract_id,
        kind=Kind.APPROVAL,
        purpose=PURPOSE,
        now=clock.now(),
    )


def _approval_of(charge: TicketCharge) -> tuple[str, datetime | None]:
    if not charge.signoff_number:
        return "", None
    rows = Signoff.objects.filter(number=charge.signoff_number).values_list("state", "reply_due_at")
    found: tuple[str, datetime | None] = rows.first() or ("", None)
    return found


def _asks_so(charge: TicketCharge, reply_due_at: datetime | None) -> bool:
    """Whether the quote's approval stands or waits, and by that time if one is given."""
    state, due = _approval_of(charge)
    return state == "given" or (state == "asked" and reply_due_at in (None, due))


def charge_of(ticket: Ticket) -> TicketCharge | None:
    """What was decided about a ticket the reader has reached; None before. Queries: one."""
    found: TicketCharge | None = TicketCharge.objects.filter(ticket=ticket).first()
    return found


def opens_approval(actor: Actor, charge: TicketCharge | None) -> bool:
    """Whether the reader may open the page of the quote's approval. Queries: one, none without a quote."""
    number = charge.signoff_number if charge else ""
    return bool(number) and Signoff.objects.visible_to(actor).filter(number=number).exists()


def _held(actor: Actor, ticket_id: int) -> Ticket:
    ticket = acting.lock(actor, ticket_id)
    if not actor.is_staff or not access.can(actor, "record_handling", ticket):
        raise NotAllowed
    if ticket.contract_id is None:
        raise Conflict(_("Set the contract first."))
    return ticket


def _decided(ticket: Ticket) -> TicketCharge:
    found = charge_of(ticket)
    if found is None:
        raise Conflict(_("Decide first whether the ticket is charged."))
    return found


def _says_the_same(charge: TicketCharge, decision: Decision) -> bool:
    """Whether the contract gives the reason and the terms under which this was quoted."""
    before = Decision.objects.get(pk=charge.decision_id)
    return all(getattr(before, name) == getattr(decision, name) for name in ("source", "name", "outcome"))


def _call_off(actor: Actor, charge: TicketCharge, words: str) -> None:
    open_one = Signoff.objects.filter(number=charge.signoff_number, state="asked").first()
    if open_one is not None:
        cancel(actor=actor, signoff_id=open_one.pk, words=words)


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or not Decimal(0) < amount <= MOST or amount != round(amount, 2):
        raise Invalid(fields={"amount": [_("Give an amount above zero, to the cent.")]})
