"""What the writes of contracts share: lock and ask for the right, record, refuse."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shouyue.contracts import access
from shouyue.contracts.models import Contract
from shouyue.kernel import events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.kernel.locks import lock_row
from shouyue.parties.models import ProviderUnit


def managed(actor: Actor, contract_id: int, version: int | None = None) -> Contract:
    """The contract, locked, for those who manage it. Raises: NotFound, NotAllowed, Conflict when changed since."""
    contract: Contract = lock_row(Contract.objects.visible_to(actor), pk=contract_id)
    if not access.can_manage(actor, contract_id):
        raise NotAllowed
    if version is not None and version != contract.version:
        raise Conflict
    return contract


def staffed(actor: Actor, contract_id: int) -> Contract:
    """The contract, locked, for those who say who works in it. Raises: NotFound, NotAllowed."""
    contract: Contract = lock_row(Contract.objects.visible_to(actor), pk=contract_id)
    if not access.can_staff(actor, contract_id):
        raise NotAllowed
    return contract


def record(verb: str, actor: Actor, contract: Contract, **facts: Any) -> None:
    """Record an event of the contract."""
    events.record(
        verb,
        actor=actor,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts=facts,
    )


def no_unit(unit_id: int | None) -> Any:
    """What is wrong with a unit, if anything. Queries: one."""
    if unit_id is None or ProviderUnit.objects.filter(pk=unit_id).exists():
        return None
    return _("No such unit.")


def refuse_bad(**problems: Any) -> None:
    """Raises Invalid with the fields that have a problem."""
    found = {field: [problem] for field, problem in problems.items() if problem is not None}
    if found:
        raise Invalid(fields=found)
