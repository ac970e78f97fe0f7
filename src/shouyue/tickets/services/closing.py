"""The end of a ticket: solved, called back, confirmed or rejected, closed, reopened, cancelled.

A ticket is closed only after the user's confirmation; a contract may demand more by gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, gates
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict
from shouyue.kernel.events import FactValue
from shouyue.tickets import access
from shouyue.tickets.choices import CancelReason, Channel, Status
from shouyue.tickets.models import Ticket

from . import acting, triage, work


@transaction.atomic
def resolve_ticket(
    *,
    actor: Actor,
    ticket_id: int,
    texts: Mapping[str, str] | None = None,
    cause: str | None = None,
    program_error_class: str | None = None,
    permanent_fix: str = "",
    at: datetime | None = None,
) -> Ticket:
    """The fault is cleared or the wish fulfilled; handling data may be given along.

    texts: see `record_handling`. at: when, if it is written down later. A waiting ticket stops waiting. Raises:
    NotFound, NotAllowed, Conflict (also when it is resolved already, with other words), Invalid, GateRefused.
    Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "resolve", ticket)
    told = (texts or {}, cause, program_error_class, permanent_fix)
    if ticket.status == Status.RESOLVED and not _write(ticket, *told):
        return ticket
    acting.require_state(ticket, "resolve")
    when = acting.moment(at, ticket)
    if ticket.status == Status.WAITING:
        work.end_wait(actor, ticket)
    changed = _write(ticket, *told)
    if changed:
        acting.finish(actor, ticket, "ticket.handling_recorded", changed)
    _ask(actor, "ticket.resolve", ticket)
    ticket.status = Status.RESOLVED
    ticket.resolved_at = when
    ticket.resolved_tier = ticket.tier
    return acting.finish(
        actor, ticket, "ticket.resolved", ["status", "resolved_at", "resolved_tier"], at=when
    )


def _write(
    ticket: Ticket,
    texts: Mapping[str, str],
    cause: str | None,
    program_error_class: str | None,
    permanent_fix: str,
) -> list[str]:
    """Put the record of the solution into a locked ticket; returns the columns that changed. Raises: Invalid."""
    changed = work.write_handling(ticket, texts, cause, program_error_class)
    permanent_fix = acting.checked_text("permanent_fix", permanent_fix)
    if permanent_fix not in ("", ticket.permanent_fix):
        ticket.permanent_fix = permanent_fix
        changed.append("permanent_fix")
    return changed


@transaction.atomic
def call_back(
    *, actor: Actor, ticket_id: int, text: str = "", to: str = "", at: datetime | None = None
) -> Ticket:
    """Tell the customer's side that it is done; to: the capacity of who was told, e.g. `command_centre`.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "call_back")
    when = acting.moment(at, ticket)
    ticket.call_back_note = acting.checked_text("text", text)
    ticket.called_back_at = ticket.called_back_at or when
    told: dict[str, FactValue] = {"to": acting.checked_text("to", to, limit=40)} if to else {}
    return acting.finish(
        actor, ticket, "ticket.called_back", ["call_back_note", "called_back_at"], at=when, facts=told
    )


@transaction.atomic
def confirm_resolution(
    *, actor: Actor, ticket_id: int, by_name: str = "", via: str = "", at: datetime | None = None
) -> Ticket:
    """The user says it is solved; by_name and via when the desk records what the user said.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "confirm", ticket)
    if ticket.status == Status.CONFIRMED:
        return ticket
    acting.require_state(ticket, "confirm")
    via = via or (Channel.PHONE if actor.is_staff else Channel.PORTAL)
    ticket.confirmed_via = acting.checked_choice("via", via, Channel.values, required=True)
    by_name = acting.checked_text("by_name", by_name or ("" if actor.is_staff else actor.name), limit=100)
    ticket.confirmed_by = acting.checked_text("by_name", by_name, required=True, limit=100)
    ticket.status = Status.CONFIRMED
    ticket.confirmed_at = acting.moment(at, ticket)
    return acting.finish(
        actor,
        ticket,
        "ticket.confirmed",
        ["status", "confirmed_at", "confirmed_by", "confirmed_via"],
        at=ticket.confirmed_at,
        facts={"by_customer": not actor.is_staff, "via": ticket.confirmed_via},
    )


@transaction.atomic
def reject_resolution(*, actor: Actor, ticket_id: int, reason: str) -> Ticket:
    """The user says it is not solved; the work goes on. Raises: NotFound, NotAllowed, Conflict, Invalid."""
    ticket = acting.begin(actor, ticket_id, "reject")
    reason = acting.checked_text("reason", reason, required=True)
    _back_to_work(ticket)
    acting.finish(actor, ticket, "ticket.rejected", _STARTED_AGAIN, facts={"by_customer": not actor.is_staff})
    work.add_note(actor, ticket, reason, public=True)
    return ticket


@transaction.atomic
def reopen_ticket(*, actor: Actor, ticket_id: int, reason: str) -> Ticket:
    """Take up a confirmed or closed ticket again. Raises: NotFound, NotAllowed, Conflict, Invalid."""
    ticket = acting.begin(actor, ticket_id, "reopen")
    reason = acting.checked_text("reason", reason, required=True)
    _back_to_work(ticket)
    ticket.reopen_count += 1
    ticket.reopened_at = clock.now()
    acting.finish(
        actor,
        ticket,
        "ticket.reopened",
        [*_STARTED_AGAIN, "reopen_count", "reopened_at"],
        facts={"by_customer": not actor.is_staff, "times": ticket.reopen_count},
    )
    work.add_note(actor, ticket, reason, public=True)
    return ticket


@transaction.atomic
def close_ticket(*, actor: Actor, ticket_id: int, note: str = "") -> Ticket:
    """The desk closes what the user has confirmed.

    Raises: NotFound, NotAllowed, Conflict when not confirmed, GateRefused. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "close", ticket)
    if ticket.status == Status.CLOSED:
        return ticket
    acting.require_state(ticket, "close")
    _ask(actor, "ticket.close", ticket)
    if ticket.confirmed_at is None:
        raise Conflict(_("The user has not confirmed the solution yet."), code="not_confirmed")
    ticket.closing_note = acting.checked_text("note", note)
    ticket.status = Status.CLOSED
    ticket.closed_at = clock.now()
    return acting.finish(actor, ticket, "ticket.closed", ["status", "closed_at", "closing_note"])


@transaction.atomic
def cancel_ticket(
    *, actor: Actor, ticket_id: int, reason: str, note: str = "", duplicate_of: int | None = None
) -> Ticket:
    """End a ticket that needs no work: withdrawn, recorded by mistake, or a duplicate of another.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row, and the other's for a duplicate.
    """
    reason = acting.checked_choice("reason", reason, CancelReason.values, required=True)
    if duplicate_of is not None:
        triage.link_tickets(actor=actor, ticket_id=ticket_id, other_id=duplicate_of, kind="duplicate")
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "cancel", ticket)
    if ticket.status == Status.CANCELLED:
        return ticket
    acting.require_state(ticket, "cancel")
    if ticket.status == Status.WAITING:
        work.end_wait(actor, ticket)
    ticket.status = Status.CANCELLED
    ticket.cancelled_at = clock.now()
    ticket.closing_note = acting.checked_text("note", note)
    return acting.finish(
        actor,
        ticket,
        "ticket.cancelled",
        ["status", "cancelled_at", "closing_note"],
        facts={"reason": reason},
    )


_STARTED_AGAIN = [
    "status",
    "resolved_at",
    "resolved_tier",
    "confirmed_at",
    "confirmed_by",
    "confirmed_via",
    "closed_at",
]


def _back_to_work(ticket: Ticket) -> None:
    """The time columns of stages that no longer hold are emptied; the events keep what happened."""
    ticket.status = Status.ASSIGNED if ticket.assignee_id else Status.TRIAGED
    if ticket.assignee_id and ticket.accepted_at:
        ticket.status = Status.ACCEPTED
    ticket.resolved_at = ticket.confirmed_at = ticket.closed_at = None
    ticket.resolved_tier = ticket.confirmed_by = ticket.confirmed_via = ""


def _ask(actor: Actor, act: str, ticket: Ticket) -> None:
    gates.require(
        act,
        actor=actor,
        subject=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        facts=acting.facts_of(ticket),
    )
