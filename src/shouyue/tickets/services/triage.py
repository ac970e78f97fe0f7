"""What kind of case it is: triage, rank, grade, attribution, and how tickets belong together."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.tickets import access, queries, rules
from shouyue.tickets.choices import Attribution, EquipmentType, FaultCategory, LinkKind, RequestType
from shouyue.tickets.models import Ticket, TicketLink

from . import acting


@transaction.atomic
def triage_ticket(
    *,
    actor: Actor,
    ticket_id: int,
    urgency: str,
    impact: str,
    severity: str | None = None,
    request_type: str | None = None,
    request_class: str | None = None,
    catalogue: str | None = None,
    equipment_type: str | None = None,
    fault_category: str | None = None,
) -> Ticket:
    """Decide urgency, impact and kind; the priority follows. None leaves a value as it is.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "triage")
    given = {"request_class": request_class, "catalogue": catalogue}
    values = {
        name: acting.checked_text(name, text, limit=64) for name, text in given.items() if text is not None
    }
    for name, value, known in (
        ("request_type", request_type, RequestType.values),
        ("equipment_type", equipment_type, EquipmentType.values),
        ("fault_category", fault_category, FaultCategory.values),
    ):
        if value is not None:
            values[name] = acting.checked_choice(name, value, known, required=name == "request_type")
    values["urgency"] = queries.checked_word(ticket.contract_id, "urgency", urgency, required=True)
    values["impact"] = queries.checked_word(ticket.contract_id, "impact", impact, required=True)
    if severity is not None:
        values["severity"] = queries.checked_word(ticket.contract_id, "severity", severity)
    level = queries.service_level(ticket.contract_id)
    values["priority"] = queries.priority_of(ticket.contract_id, level, values["urgency"], values["impact"])
    values["status"] = rules.after("triage", ticket.status)
    unchanged = ticket.triaged_at is not None and all(
        getattr(ticket, name) == value for name, value in values.items()
    )
    if unchanged:
        return ticket
    for name, value in values.items():
        setattr(ticket, name, value)
    ticket.triaged_at = ticket.triaged_at or clock.now()
    return acting.finish(actor, ticket, "ticket.triaged", [*values, "triaged_at"])


@transaction.atomic
def set_priority(*, actor: Actor, ticket_id: int, urgency: str, impact: str, priority: str = "") -> Ticket:
    """Change urgency and impact; priority: given only to overrule the matrix.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "set_priority")
    urgency = queries.checked_word(ticket.contract_id, "urgency", urgency, required=True)
    impact = queries.checked_word(ticket.contract_id, "impact", impact, required=True)
    level = queries.service_level(ticket.contract_id)
    rank = queries.checked_word(ticket.contract_id, "priority", priority)
    rank = rank or queries.priority_of(ticket.contract_id, level, urgency, impact)
    if (ticket.urgency, ticket.impact, ticket.priority) == (urgency, impact, rank):
        return ticket
    ticket.urgency, ticket.impact, ticket.priority = urgency, impact, rank
    return acting.finish(actor, ticket, "ticket.priority_set", ["urgency", "impact", "priority"])


@transaction.atomic
def grade_ticket(
    *, actor: Actor, ticket_id: int, severity: str | None = None, complexity: str | None = None
) -> Ticket:
    """Set the grade on the contract's own scales; clocks that depend on it are aimed anew.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "grade")
    words = {"severity": severity, "complexity": complexity}
    values = {
        fact: queries.checked_word(ticket.contract_id, fact, word)
        for fact, word in words.items()
        if word is not None
    }
    changed = [fact for fact, word in values.items() if getattr(ticket, fact) != word]
    if not changed:
        return ticket
    for fact in changed:
        setattr(ticket, fact, values[fact])
    return acting.finish(actor, ticket, "ticket.graded", changed)


@transaction.atomic
def set_attribution(*, actor: Actor, ticket_id: int, attribution: str) -> Ticket:
    """Say whether the supplied product caused the fault.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "set_attribution")
    value = acting.checked_choice("attribution", attribution, Attribution.values, required=True)
    if ticket.attribution == value:
        return ticket
    ticket.attribution = value
    return acting.finish(
        actor, ticket, "ticket.attribution_set", ["attribution"], facts={"attribution": value}
    )


@transaction.atomic
def link_tickets(*, actor: Actor, ticket_id: int, other_id: int, kind: str) -> Ticket:
    """Tie two tickets of one customer: related, duplicate of, or part of the other.

    Raises: NotFound, NotAllowed, Invalid, Conflict when parents would form a circle. Locks: both ticket rows.
    """
    kind = acting.checked_choice("kind", kind, LinkKind.values, required=True)
    if ticket_id == other_id:
        raise Invalid(fields={"other": [_("A ticket cannot be linked to itself.")]})
    for pk in sorted((ticket_id, other_id)):
        acting.lock(actor, pk)
    ticket = acting.begin(actor, ticket_id, "link")
    other = Ticket.objects.visible_to(actor).filter(pk=other_id, customer_id=ticket.customer_id).first()
    if other is None:
        raise NotFound
    access.require(actor, "link", other)
    if kind != LinkKind.RELATES and ticket_id in queries.ancestors(other_id, kind):
        raise Conflict(_("These tickets are already linked the other way round."), code="circle")
    _link, made = TicketLink.objects.get_or_create(
        ticket=ticket,
        other=other,
        kind=kind,
        defaults={"customer_id": ticket.customer_id, "made_at": clock.now()},
    )
    if not made:
        return ticket
    return acting.finish(
        actor, ticket, "ticket.linked", [], facts={"kind": kind, "other": f"ticket:{other_id}"}
    )
