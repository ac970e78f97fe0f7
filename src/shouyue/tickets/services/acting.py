"""What every verb of a ticket does: lock it, ask for the right, check the state, store, record.

`begin` and `finish` bracket a service; between them stands only what the verb is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks, rows
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.kernel.events import FactValue
from shouyue.tickets import access, rules
from shouyue.tickets.choices import Status
from shouyue.tickets.models import Ticket

FARTHEST = timedelta(days=365 * 100)
"""A planned time farther away is a slip of the keyboard; near the year 10,000 no calendar can show it."""


class StaleVersion(Conflict):
    """Somebody else has changed this ticket meanwhile. Both versions are shown; nothing of yours is lost."""

    code = "stale_version"

    def __init__(self, ticket: Ticket, yours: dict[str, Any]) -> None:
        super().__init__()
        self.ticket = ticket
        self.yours = yours
        self.theirs = {name: getattr(ticket, name) for name in yours}


def lock(actor: Actor, ticket_id: int) -> Ticket:
    """The ticket, locked. Raises: NotFound for strangers. Locks: the ticket row. Queries: one."""
    ticket: Ticket = locks.lock_row(Ticket.objects.visible_to(actor), pk=ticket_id)
    return ticket


def begin(actor: Actor, ticket_id: int, move: str) -> Ticket:
    """The locked ticket, if the actor may do this to it now.

    Raises: NotFound, NotAllowed, Conflict when the state forbids it. Locks: the ticket row.
    """
    ticket = lock(actor, ticket_id)
    access.require(actor, move, ticket)
    require_state(ticket, move)
    return ticket


def require_state(ticket: Ticket, move: str) -> None:
    """Raises Conflict when the state machine does not allow the move."""
    if not rules.may_move(move, ticket.status):
        raise Conflict(
            _("Ticket %(number)s is %(status)s; this can no longer or not yet be done.")
            % {"number": ticket.number, "status": Status(ticket.status).label},
            code="wrong_state",
        )


def finish(
    actor: Actor,
    ticket: Ticket,
    verb: str,
    changed: Iterable[str],
    *,
    at: datetime | None = None,
    facts: dict[str, FactValue] | None = None,
    device_at: datetime | None = None,
) -> Ticket:
    """Store the named columns with a new version and record the event with all current facts of the ticket."""
    store(ticket, changed)
    record(actor, ticket, verb, at=at, facts=facts, device_at=device_at)
    return ticket


def store(ticket: Ticket, changed: Iterable[str]) -> None:
    """Write the named columns and the next version. Queries: one."""
    ticket.version += 1
    ticket.updated_at = clock.now()
    rows.change(ticket, {*changed, "version", "updated_at"})


def record(
    actor: Actor,
    ticket: Ticket,
    verb: str,
    *,
    at: datetime | None = None,
    facts: dict[str, FactValue] | None = None,
    device_at: datetime | None = None,
) -> None:
    """Record an event of this ticket."""
    events.record(
        verb,
        actor=actor,
        subject=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        facts={**facts_of(ticket), **(facts or {})},
        occurred_at=at,
        device_at=device_at,
    )


def facts_of(ticket: Ticket) -> dict[str, FactValue]:
    """What promises may look at; values that are not known yet are left out."""
    facts: dict[str, FactValue] = {
        "request_type": ticket.request_type,
        "request_class": ticket.request_class,
        "catalogue": ticket.catalogue,
        "channel": ticket.channel,
        "channel_group": ticket.channel_group,
        "severity": ticket.severity,
        "complexity": ticket.complexity,
        "urgency": ticket.urgency,
        "impact": ticket.impact,
        "priority": ticket.priority,
        "cause": ticket.cause,
        "program_error_class": ticket.program_error_class,
        "equipment_type": ticket.equipment_type,
        "fault_category": ticket.fault_category,
        "zone": ticket.zone,
        "zone_mode": ticket.zone_mode,
        "tier": ticket.tier,
        "status": ticket.status,
    }
    known: dict[str, FactValue] = {name: value for name, value in facts.items() if value}
    known["vip"] = ticket.is_vip
    if ticket.site_id is not None:
        known["site"] = f"site:{ticket.site_id}"
    if ticket.assignee_id is not None:
        known["assignee"] = f"user:{ticket.assignee_id}"
    return known


def moment(at: datetime | None, ticket: Ticket | None = None) -> datetime:
    """When it happened: now, or a believable earlier time told by whoever records it late. Raises: Invalid."""
    now = clock.now()
    if at is None:
        return now
    if at.tzinfo is None or not rules.plausible_time(at, now, ticket.reported_at if ticket else None):
        raise Invalid(
            fields={"at": [_("This time cannot be right: it lies in the future or before the report.")]}
        )
    return min(at, now)


def checked_text(field: str, text: str, *, required: bool = False, limit: int | None = None) -> str:
    """The text in its clean form. Raises: Invalid naming the field when it is missing or too long."""
    if rules.has_lone_surrogate(text):
        raise Invalid(fields={field: [_("The text contains a damaged character.")]})
    text = rules.clean_text(text)
    if required and not text:
        raise Invalid(fields={field: [_("This field is required.")]})
    if limit is not None and len(text) > limit:
        raise Invalid(fields={field: [_("At most %(limit)d characters.") % {"limit": limit}]})
    if rules.too_long(text):
        raise Invalid(fields={field: [_("The text is longer than 100 KB. Attach it as a file instead.")]})
    return text


def checked_choice(field: str, value: str, allowed: Collection[str], *, required: bool = False) -> str:
    """The value if it is one of those allowed (empty if not required). Raises: Invalid naming the field."""
    if not value and not required:
        return ""
    if value not in allowed:
        raise Invalid(fields={field: [_("“%(value)s” is not one of the choices.") % {"value": value[:40]}]})
    return value
