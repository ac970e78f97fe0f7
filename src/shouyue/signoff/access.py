"""Who may ask, call off and write down; who may answer follows from the steps (see `queries.standing_of`)."""

from __future__ import annotations

from shouyue.accounts.choices import OFFICERS
from shouyue.contracts import access as contracts
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

from .models import Signoff


def can_ask(actor: Actor, contract_id: int | None) -> bool:
    """The provider's people with any business in the contract; officers have none."""
    if actor.kind in ("job", "system"):
        return True
    if not actor.is_staff or actor.kind == "link":
        return False
    held = actor.roles | actor.contract_roles.get(contract_id or 0, frozenset())
    return bool(held - OFFICERS - {"supervision_firm"})


def can_handle(actor: Actor, signoff: Signoff) -> bool:
    """Who asked, and who manages the contract: call off, hand out links, write down spoken answers."""
    if not can_ask(actor, signoff.contract_id):
        return False
    if actor.kind in ("job", "system") or signoff.asked_by_id == actor.user_id:
        return True
    return _manages(actor, signoff.contract_id) or actor.has_role(
        "desk_agent", "agent", "dispatcher", contract_id=signoff.contract_id
    )


def _manages(actor: Actor, contract_id: int | None) -> bool:
    if contract_id is None:
        return actor.has_role(*contracts.SETS_UP)
    return contracts.can_manage(actor, contract_id)


def require_ask(actor: Actor, contract_id: int | None) -> None:
    """Raises NotAllowed."""
    if not can_ask(actor, contract_id):
        raise NotAllowed


def require_handle(actor: Actor, signoff: Signoff) -> None:
    """Raises NotAllowed."""
    if not can_handle(actor, signoff):
        raise NotAllowed
