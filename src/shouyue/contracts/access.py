"""Who may do what in a contract, and the access a person's memberships add up to."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from shouyue.accounts.choices import SEES_EVERYTHING
from shouyue.contracts import queries
from shouyue.contracts.choices import Role
from shouyue.kernel.actor import Access, Actor
from shouyue.kernel.scope import EVERYTHING, PROVIDER_ID, Scope

SETS_UP: Final = ("hq", Role.SERVICE_MANAGER.value)
MANAGES: Final = (*SETS_UP, Role.PROJECT_MANAGER.value)
STAFFS: Final = (*MANAGES, Role.SERVICE_SUPERVISOR.value, Role.REGIONAL_SUPERVISOR.value)


def resolve(user_id: int, customer_id: int, roles: frozenset[str]) -> Access:
    """What a user may reach: all customers for those who serve everybody, else those of its memberships.

    A customer's user never leaves its own customer and holds no role of the provider. Queries: one.
    """
    held: dict[int, set[str]] = {}
    customers = {customer_id}
    for owner, contract_id, role in queries.current_memberships(user_id):
        if customer_id not in (PROVIDER_ID, owner):
            continue
        held.setdefault(contract_id, set()).add(role)
        customers.add(owner)
    contract_roles = MappingProxyType({contract: frozenset(names) for contract, names in held.items()})
    if customer_id != PROVIDER_ID:
        return Access(Scope(customers=frozenset({customer_id})), frozenset(), contract_roles)
    scope = EVERYTHING if not roles.isdisjoint(SEES_EVERYTHING) else Scope(customers=frozenset(customers))
    return Access(scope, roles, contract_roles)


def can_set_up(actor: Actor) -> bool:
    """May create contracts and store plan versions for any of them."""
    return _holds(actor, SETS_UP, None)


def can_manage(actor: Actor, contract_id: int) -> bool:
    """May change the contract: its plan, sites, milestones, responsibilities."""
    return _holds(actor, MANAGES, contract_id)


def can_staff(actor: Actor, contract_id: int) -> bool:
    """May add and remove members."""
    return _holds(actor, STAFFS, contract_id)


def can_see_expiries(actor: Actor) -> bool:
    """May see the list of what runs out."""
    return _holds(actor, (*STAFFS, "quality_manager", "audit_admin"), None)


def sees_provider_side(actor: Actor, contract_id: int) -> bool:
    """May see what concerns the provider alone: internal promises, points, plan text."""
    return actor.is_staff or actor.has_role(Role.SUPERVISION_FIRM, contract_id=contract_id)


def _holds(actor: Actor, roles: tuple[str, ...], contract_id: int | None) -> bool:
    if actor.kind in ("job", "system"):
        return True
    if not actor.is_staff:
        return False
    if contract_id is None and roles == SETS_UP:
        return not actor.roles.isdisjoint(roles)
    return actor.has_role(*roles, contract_id=contract_id)
