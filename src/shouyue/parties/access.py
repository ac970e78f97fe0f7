"""Who may read and change parties.

Staff read the customers in their scope. A customer's people read their own organisation; the phone numbers of
their colleagues only when they hold a role in a contract. Jobs and the system may do everything.
"""

from __future__ import annotations

from shouyue.accounts.choices import OFFICERS
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound

CUSTOMERS = ("hq", "service_manager", "desk_admin")
"""Make and change customers, provider units and vendors."""

CONTACTS = (
    *CUSTOMERS,
    "desk_agent",
    "dispatcher",
    "agent",
    "project_manager",
    "service_supervisor",
    "regional_supervisor",
    "resident_engineer",
)
"""Make and change sites and contacts of the customers in scope."""


def _works_alone(actor: Actor) -> bool:
    return actor.kind in ("job", "system")


def reads_as_staff(actor: Actor) -> bool:
    """Staff with any business: an officer without another role sees no customers."""
    if _works_alone(actor):
        return True
    business = actor.roles - (OFFICERS - {"audit_admin"})
    return actor.is_staff and bool(business or actor.contract_roles)


def changes_customers(actor: Actor) -> bool:
    return _works_alone(actor) or (actor.is_staff and not actor.roles.isdisjoint(CUSTOMERS))


def changes_contacts(actor: Actor) -> bool:
    return _works_alone(actor) or (actor.is_staff and actor.has_role(*CONTACTS))


def reads_contacts(actor: Actor) -> bool:
    return reads_as_staff(actor) or (not actor.is_staff and bool(actor.contract_roles))


def require_reads_as_staff(actor: Actor) -> None:
    """Raises NotFound for a customer's people, NotAllowed for staff without business."""
    if not actor.is_staff and not _works_alone(actor):
        raise NotFound
    if not reads_as_staff(actor):
        raise NotAllowed


def require_changes_customers(actor: Actor) -> None:
    """Raises NotAllowed."""
    if not changes_customers(actor):
        raise NotAllowed


def require_changes_contacts(actor: Actor) -> None:
    """Raises NotAllowed."""
    if not changes_contacts(actor):
        raise NotAllowed
