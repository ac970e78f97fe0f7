"""Who may do what in a contract."""

from __future__ import annotations

from typing import Final

from shouyue.contracts.choices import Role
from shouyue.kernel.actor import Actor

SETS_UP: Final = ("hq", Role.SERVICE_MANAGER.value)
MANAGES: Final = (*SETS_UP, Role.PROJECT_MANAGER.value)
DECIDES_FOR_CUSTOMER: Final = (Role.APPROVER.value, Role.LEADER.value)
STAFFS: Final = (*MANAGES, Role.SERVICE_SUPERVISOR.value, Role.REGIONAL_SUPERVISOR.value)


def can_set_up(actor: Actor) -> bool:
    """May create contracts and store plan versions for any of them."""
    return _holds(actor, SETS_UP, None)


def can_manage(actor: Actor, contract_id: int) -> bool:
    """May change the contract: its plan, sites, milestones, responsibilities."""
    return _holds(actor, MANAGES, contract_id)


def can_apply_plan(actor: Actor) -> bool:
    """May put a plan version in force without the approval of both sides; the event says so."""
    return can_set_up(actor)


def may_approve_for_provider(actor: Actor, contract_id: int) -> bool:
    """Approves a proposed plan version for the provider."""
    return _holds(actor, SETS_UP, None) or (
        actor.is_staff and actor.has_role(Role.SERVICE_MANAGER, contract_id=contract_id)
    )


def may_approve_for_customer(actor: Actor, contract_id: int) -> bool:
    """Approves a proposed plan version for the customer."""
    return not actor.is_staff and actor.has_role(*DECIDES_FOR_CUSTOMER, contract_id=contract_id)


def can_staff(actor: Actor, contract_id: int) -> bool:
    """May add and remove members."""
    return _holds(actor, STAFFS, contract_id)


def may_give(actor: Actor, contract_id: int, role: str) -> bool:
    """May give a role or take it away: nobody one that decides more than he may himself."""
    if role == Role.SERVICE_MANAGER:
        return may_approve_for_provider(actor, contract_id)
    return role not in MANAGES or can_manage(actor, contract_id)


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
