"""Whose word a promise waits for."""

from __future__ import annotations

from shouyue.commitments import books
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.rules.attested import attested_parts
from shouyue.contracts.plan_language.model import Attested
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

from . import outlook


def parts_of(row: Obligation) -> list[Attested]:
    """What people vouch for in the promise of an obligation; empty when events keep it. Queries: none."""
    return _parts(row.contract.plan_version_id, row.commitment.name)


def _parts(plan_version_id: int, name: str) -> list[Attested]:
    """By the plan in force, as attesting goes by it too, not by the one an older obligation is pinned to."""
    try:
        return attested_parts(books.of_plan(plan_version_id).plan.commitment(name))
    except (KeyError, NotFound):
        return []


def may_attest(actor: Actor, row: Obligation) -> bool:
    """Whether the actor holds a role whose word keeps this obligation."""
    if actor.user_id is None or row.settled_at is not None:
        return False
    return any(actor.has_role(part.role, contract_id=row.contract_id) for part in parts_of(row))


def awaiting_word(actor: Actor, contract_id: int | None = None) -> list[Obligation]:
    """What is open and kept by the actor's word, soonest due first.

    By membership of a contract, whoever owns the promise; by a role held everywhere, what that role owns as well.
    Queries: four.
    """
    if actor.user_id is None:
        return []
    rows = outlook.owed_by_roles(actor, contract_id)
    asked = _asked_of_members(actor, contract_id)
    if asked:
        known = {row.pk for row in rows}
        rows += [row for row in outlook.of_promises(actor, asked, contract_id) if row.pk not in known]
    return sorted((row for row in rows if may_attest(actor, row)), key=lambda row: (row.falls_at, row.pk))


def _asked_of_members(actor: Actor, contract_id: int | None) -> list[int]:
    """Promises that wait for the word of a role the actor holds by membership."""
    served = [one for one in actor.contract_roles if contract_id in (None, one)]
    rows = Commitment.objects.visible_to(actor).filter(contract_id__in=served, is_active=True)
    return [
        row.pk
        for row in rows.select_related("contract")
        if any(
            part.role in actor.contract_roles[row.contract_id]
            for part in _parts(row.contract.plan_version_id, row.name)
        )
    ]
