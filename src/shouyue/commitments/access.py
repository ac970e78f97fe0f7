"""Who may propose, approve, agree, dispute, close and open again in a contract."""

from __future__ import annotations

from typing import Final

from shouyue.contracts.access import MANAGES, STAFFS
from shouyue.contracts.choices import Role
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

PROPOSES: Final = (*STAFFS, "quality_manager")
APPROVES: Final = MANAGES
AGREES: Final = (Role.APPROVER.value, Role.LEADER.value)
DISPUTES: Final = (*AGREES, Role.IT_CONTACT.value, Role.COMMAND_CENTRE.value)
CLOSES: Final = (*MANAGES, "quality_manager")
PACKS: Final = (*CLOSES, *AGREES, Role.IT_CONTACT.value, Role.SUPERVISION_FIRM.value, "audit_admin")


def can_propose(actor: Actor, contract_id: int) -> bool:
    """May ask that a miss be waived."""
    return _provider(actor, PROPOSES, contract_id)


def can_approve(actor: Actor, contract_id: int) -> bool:
    """May decide for the provider on a waiver somebody else proposed, and answer disputes."""
    return _provider(actor, APPROVES, contract_id)


def can_agree(actor: Actor, contract_id: int) -> bool:
    """May agree for the customer."""
    return _customer(actor, AGREES, contract_id)


def can_dispute(actor: Actor, contract_id: int) -> bool:
    """May dispute a verdict for the customer."""
    return _customer(actor, DISPUTES, contract_id)


def can_close(actor: Actor, contract_id: int) -> bool:
    """May close a period, and ask for or agree to its reopening."""
    return actor.kind in ("job", "system") or _provider(actor, CLOSES, contract_id)


def can_pack(actor: Actor, contract_id: int) -> bool:
    """May have an evidence pack made, and take it away."""
    return actor.kind in ("job", "system") or _holds(actor, PACKS, contract_id)


def require(allowed: bool) -> None:
    """Raises: NotAllowed."""
    if not allowed:
        raise NotAllowed


def role_in(actor: Actor, wanted: tuple[str, ...], contract_id: int) -> str:
    """In which of these roles somebody acts; empty when in none."""
    held = actor.roles | actor.contract_roles.get(contract_id, frozenset())
    return next((role for role in wanted if role in held), "")


def _provider(actor: Actor, roles: tuple[str, ...], contract_id: int) -> bool:
    return actor.is_staff and _holds(actor, roles, contract_id)


def _customer(actor: Actor, roles: tuple[str, ...], contract_id: int) -> bool:
    return not actor.is_staff and _holds(actor, roles, contract_id)


def _holds(actor: Actor, roles: tuple[str, ...], contract_id: int) -> bool:
    return actor.user_id is not None and actor.has_role(*roles, contract_id=contract_id)
