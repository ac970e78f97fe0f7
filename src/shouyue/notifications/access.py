"""Who may read the delivery log."""

from __future__ import annotations

from shouyue.kernel.actor import Actor

OPERATORS = ("system_admin", "desk_admin", "audit_admin", "service_manager", "hq")


def can_read_log(actor: Actor) -> bool:
    """May see whether notices arrived, and try again."""
    return actor.is_staff and not actor.roles.isdisjoint(OPERATORS)


def can_retry(actor: Actor) -> bool:
    """May send failed notices again; the auditor only looks."""
    return actor.is_staff and not actor.roles.isdisjoint(set(OPERATORS) - {"audit_admin"})
