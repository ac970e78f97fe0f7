"""Who may read the delivery log, set up channels, make the calls."""

from __future__ import annotations

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

OPERATORS = ("system_admin", "desk_admin", "audit_admin", "service_manager", "hq")
CALLERS = ("desk_agent", "dispatcher", "desk_admin", "service_manager")
INSTALLERS = ("system_admin",)
LOOKERS = ("system_admin", "audit_admin")


def can_read_log(actor: Actor) -> bool:
    """May see whether notices arrived, and try again."""
    return actor.is_staff and not actor.roles.isdisjoint(OPERATORS)


def can_retry(actor: Actor) -> bool:
    """May send failed notices again; the auditor only looks."""
    return actor.is_staff and not actor.roles.isdisjoint(set(OPERATORS) - {"audit_admin"})


def can_call(actor: Actor) -> bool:
    """May see the calls to be made and settle them."""
    return actor.is_staff and not actor.roles.isdisjoint(CALLERS)


def can_see_gateways(actor: Actor) -> bool:
    """May see how channels are set up, without their secrets."""
    return actor.is_staff and not actor.roles.isdisjoint(LOOKERS)


def require_set_up(actor: Actor) -> None:
    """Raises: NotAllowed."""
    if not can_set_up(actor):
        raise NotAllowed


def can_set_up(actor: Actor) -> bool:
    """May set up channels and send test messages."""
    return actor.is_staff and not actor.roles.isdisjoint(INSTALLERS)
