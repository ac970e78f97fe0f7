"""Reads of replays: the provider's own business, for those who manage the contract's plan."""

from __future__ import annotations

from shouyue.commitments.replay_models import Replay
from shouyue.contracts import access
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound


def replays_of(actor: Actor, contract_id: int) -> list[Replay]:
    """The replays of a contract, newest first, without plan texts and results. Queries: one."""
    if not access.can_manage(actor, contract_id):
        return []
    rows = Replay.objects.visible_to(actor).filter(contract_id=contract_id).select_related("in_force")
    return list(rows.defer("text", "result", "in_force__text", "in_force__compiled")[:50])


def replay_of(actor: Actor, replay_id: int) -> Replay:
    """One replay with its contract. Raises: NotFound."""
    rows = Replay.objects.visible_to(actor).select_related("contract", "in_force").defer("text")
    found: Replay | None = rows.defer("in_force__text", "in_force__compiled").filter(pk=replay_id).first()
    if found is None or not access.can_manage(actor, found.contract_id):
        raise NotFound
    return found
