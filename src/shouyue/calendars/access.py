"""Who may read and change calendars.

Everybody signed in reads the holiday tables; a customer's own calendar is read by those whose scope holds the customer.
"""

from __future__ import annotations

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

TABLES = ("hq", "service_manager", "desk_admin")
"""Change holiday tables, which every contract may follow."""

CUSTOMERS = (*TABLES, "project_manager", "service_supervisor", "regional_supervisor")
"""Change the calendars of the customers in scope."""


def changes_tables(actor: Actor) -> bool:
    if actor.kind in ("job", "system"):
        return True
    return actor.is_staff and not actor.roles.isdisjoint(TABLES)


def changes_customers(actor: Actor) -> bool:
    if actor.kind in ("job", "system"):
        return True
    return actor.is_staff and actor.has_role(*CUSTOMERS)


def require_changes_tables(actor: Actor) -> None:
    """Raises NotAllowed."""
    if not changes_tables(actor):
        raise NotAllowed


def require_changes_customers(actor: Actor) -> None:
    """Raises NotAllowed."""
    if not changes_customers(actor):
        raise NotAllowed
