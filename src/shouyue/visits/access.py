"""Who sends engineers out, and who goes."""

from __future__ import annotations

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed
from shouyue.tickets import queries as tickets
from shouyue.tickets.models import Ticket

from .models import Visit

DISPATCHES = frozenset(
    {
        "desk_agent",
        "desk_admin",
        "agent",
        "dispatcher",
        "hq",
        "service_manager",
        "service_supervisor",
        "regional_supervisor",
        "project_manager",
        "resident_engineer",
    }
)
GOES = frozenset({"field_engineer", "resident_engineer", "remote_engineer", "regional_supervisor"})


def can_dispatch(actor: Actor, ticket: Ticket) -> bool:
    """May send somebody for this ticket."""
    if actor.kind in ("job", "system"):
        return True
    held = actor.roles | actor.contract_roles.get(ticket.contract_id or 0, frozenset())
    return actor.is_staff and not held.isdisjoint(DISPATCHES)


def can_step(actor: Actor, visit: Visit, ticket: Ticket) -> bool:
    """The engineer takes the steps; the desk may write them down for him when he calls in."""
    if actor.kind in ("job", "system"):
        return True
    if not actor.is_staff:
        return False
    return visit.engineer_id == actor.user_id or can_dispatch(actor, ticket)


def require_dispatch(actor: Actor, ticket: Ticket) -> None:
    """Raises NotAllowed."""
    if not can_dispatch(actor, ticket):
        raise NotAllowed


def require_step(actor: Actor, visit: Visit, ticket: Ticket) -> None:
    """Raises NotAllowed."""
    if not can_step(actor, visit, ticket):
        raise NotAllowed


def may_go(user_id: int, ticket: Ticket) -> bool:
    """Whether a person may be sent: whoever may be given the ticket."""
    return any(user_id == worker for worker, _name in tickets.workers_of(ticket.contract_id))
