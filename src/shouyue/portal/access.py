"""Who the portal is for: the customer's people by their roles, and the supervision firm, which reads."""

from __future__ import annotations

from shouyue.contracts.choices import Role
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound
from shouyue.tickets import access as tickets
from shouyue.tickets.models import readable_contracts


def require_customer(actor: Actor | None) -> Actor:
    """The actor, if it belongs to a customer. Raises: NotFound for the provider's people."""
    if actor is None or actor.is_staff:
        raise NotFound
    return actor


def reads_all(actor: Actor) -> bool:
    """Whether whole contracts are open to the actor, not just what it reported."""
    return bool(readable_contracts(actor))


def may_report(actor: Actor) -> bool:
    """Everybody of the customer but those who only watch."""
    return not only_watches(actor)


def only_watches(actor: Actor) -> bool:
    """A person of the supervision firm: reads everything of its contracts, changes nothing."""
    roles = frozenset().union(*actor.contract_roles.values())
    return not actor.is_staff and tickets.is_watcher(roles)


def require_may_report(actor: Actor) -> None:
    """Raises: NotAllowed for those who only watch."""
    if not may_report(actor):
        raise NotAllowed


RAW_DATA = frozenset(
    {
        Role.SUPERVISION_FIRM.value,
        Role.IT_CONTACT.value,
        Role.MAINTAINER.value,
        Role.SERVER_ADMIN.value,
        Role.SECURITY_OFFICER.value,
        Role.APPROVER.value,
        Role.LEADER.value,
        "audit_admin",
        "hq",
        Role.SERVICE_MANAGER.value,
        Role.QUALITY_MANAGER.value,
        Role.PROJECT_MANAGER.value,
    }
)
"""Roles that may read all raw data of a contract, for checking it independently."""


def reads_raw_data(actor: Actor, contract_id: int) -> bool:
    """Whether the raw data of this contract are open to the actor."""
    return actor.has_role(*RAW_DATA, contract_id=contract_id)


def require_raw_data(actor: Actor, contract_id: int) -> None:
    """Raises: NotAllowed."""
    if not reads_raw_data(actor, contract_id):
        raise NotAllowed
