"""Who works on a ticket: assigning, taking, accepting, handing over between tiers."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, gates
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.tickets import access, queries, rules
from shouyue.tickets.choices import Status, Tier
from shouyue.tickets.models import Ticket

from . import acting, work


@transaction.atomic
def assign_ticket(
    *, actor: Actor, ticket_id: int, to: int, owner: int | None = None, note: str = ""
) -> Ticket:
    """Give the ticket to a person; the first one assigned also owns the case unless `owner` is named.

    to, owner: user ids of people who may work in this contract. note: internal, for the assignee. Raises:
    NotFound, NotAllowed, Conflict, Invalid, GateRefused. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "assign")
    _require_worker(ticket, "to", to)
    if ticket.assignee_id == to and ticket.status in (Status.ASSIGNED, Status.ACCEPTED) and owner is None:
        return ticket
    if owner is not None:
        _require_worker(ticket, "owner", owner)
    _ask_gate(actor, ticket)
    ticket.assignee_id = to
    ticket.owner_id = owner or ticket.owner_id or to
    ticket.status = rules.after("assign", ticket.status)
    ticket.assigned_at = clock.now()
    ticket.accepted_at = None
    acting.finish(
        actor,
        ticket,
        "ticket.assigned",
        ["assignee_id", "owner_id", "status", "assigned_at", "accepted_at"],
        facts={"to": f"user:{to}"},
    )
    if note:
        work.add_note(actor, ticket, note, public=False)
    return ticket


@transaction.atomic
def take_ticket(*, actor: Actor, ticket_id: int) -> Ticket:
    """Work on it oneself. Of two people who take the same ticket exactly one gets it.

    Raises: NotFound, NotAllowed, Conflict naming who was faster, GateRefused. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "take", ticket)
    if actor.user_id is None:
        raise NotAllowed
    if ticket.assignee_id == actor.user_id and ticket.status == Status.ACCEPTED:
        return ticket
    if ticket.assignee_id not in (None, actor.user_id):
        raise Conflict(
            _("%(name)s already works on ticket %(number)s.")
            % {"name": queries.user_name(ticket.assignee_id), "number": ticket.number},
            code="taken",
        )
    acting.require_state(ticket, "take")
    now = clock.now()
    if ticket.assignee_id is None:
        _ask_gate(actor, ticket)
        ticket.assignee_id = actor.user_id
        ticket.owner_id = ticket.owner_id or actor.user_id
        ticket.status = Status.ASSIGNED
        ticket.assigned_at = now
        acting.record(actor, ticket, "ticket.assigned", facts={"to": f"user:{actor.user_id}"})
    ticket.status = Status.ACCEPTED
    ticket.accepted_at = now
    return acting.finish(
        actor, ticket, "ticket.accepted", ["assignee_id", "owner_id", "status", "assigned_at", "accepted_at"]
    )


@transaction.atomic
def accept_ticket(*, actor: Actor, ticket_id: int) -> Ticket:
    """The assignee begins to work. Raises: NotFound, NotAllowed (not the assignee), Conflict. Locks: the ticket."""
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "accept", ticket)
    if actor.user_id is not None and ticket.assignee_id != actor.user_id:
        raise NotAllowed(_("Only the person it was assigned to can accept a ticket."))
    if ticket.status == Status.ACCEPTED:
        return ticket
    acting.require_state(ticket, "accept")
    ticket.status = Status.ACCEPTED
    ticket.accepted_at = clock.now()
    return acting.finish(actor, ticket, "ticket.accepted", ["status", "accepted_at"])


@transaction.atomic
def raise_tier(*, actor: Actor, ticket_id: int, to_tier: str, reason: str, to: int | None = None) -> Ticket:
    """Hand the case to another tier, with the reason; to: the person there, if known.

    Raises: NotFound, NotAllowed, Conflict, Invalid, GateRefused. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "raise_tier")
    to_tier = acting.checked_choice("to_tier", to_tier, Tier.values, required=True)
    reason = acting.checked_text("reason", reason, required=True)
    if to_tier == ticket.tier:
        raise Invalid(fields={"to_tier": [_("The case is at this tier already.")]})
    _ask_gate(actor, ticket, "ticket.raise_tier", {"to_tier": to_tier, "reason": reason})
    from_tier, ticket.tier = ticket.tier, to_tier
    acting.finish(
        actor,
        ticket,
        "ticket.tier_raised",
        ["tier"],
        facts={"from_tier": from_tier, "to_tier": to_tier, "higher": rules.is_higher(to_tier, from_tier)},
    )
    work.add_note(actor, ticket, reason, public=False)
    if to is not None and to != ticket.assignee_id and ticket.status != Status.WAITING:
        return assign_ticket(actor=actor, ticket_id=ticket_id, to=to)
    return ticket


@transaction.atomic
def escalate_to(*, actor: Actor, ticket_id: int, tier: str, reason: str) -> Ticket:
    """Raise the case to a tier unless it is there, higher, or over already; repeating it does nothing.

    Raises: NotFound, Invalid, GateRefused. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    tier = acting.checked_choice("tier", tier, Tier.values, required=True)
    if not rules.may_move("raise_tier", ticket.status) or not rules.is_higher(tier, ticket.tier):
        return ticket
    return raise_tier(actor=actor, ticket_id=ticket_id, to_tier=tier, reason=reason)


@transaction.atomic
def request_escalation(*, actor: Actor, ticket_id: int, reason: str) -> Ticket:
    """Ask for somebody higher: the customer is not content, or the engineer cannot go on.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "request_escalation")
    reason = acting.checked_text("reason", reason, required=True)
    ticket.escalation_requested_at = clock.now()
    acting.finish(
        actor,
        ticket,
        "ticket.escalation_requested",
        ["escalation_requested_at"],
        facts={"by_customer": not actor.is_staff},
    )
    work.add_note(actor, ticket, reason, public=not actor.is_staff)
    return ticket


def _ask_gate(
    actor: Actor, ticket: Ticket, act: str = "ticket.assign", more: Mapping[str, str] | None = None
) -> None:
    gates.require(
        act,
        actor=actor,
        subject=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        facts={**acting.facts_of(ticket), **(more or {})},
    )


def _require_worker(ticket: Ticket, field: str, user_id: int) -> None:
    user = get_user_model().objects.filter(pk=user_id, is_active=True, customer_id=0).first()
    if user is None or not queries.works_in(user_id, list(user.roles), ticket.contract_id):
        raise Invalid(fields={field: [_("This person does not work in the ticket's contract.")]})
