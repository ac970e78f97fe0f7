"""What the writes of contracts share: lock and ask for the right, record, refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import access, loading
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.rules import clash_of, milestone_dates
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


def ends_too_early(starts_on: date | None, ends_on: date | None) -> Any:
    """What is wrong with two days, if the second lies before the first."""
    if starts_on is None or ends_on is None or starts_on <= ends_on:
        return None
    return _("%(last)s lies before the first day, %(first)s; give %(first)s or a later day.") % {
        "first": starts_on.isoformat(),
        "last": ends_on.isoformat(),
    }


def clashing(plan: Plan, *, starts_on: date, ends_on: date, milestones: Mapping[str, date]) -> str | None:
    """In words: which stages would run at once under these dates, and what to look at; None when none would."""
    clash = clash_of(plan, starts_on=starts_on, ends_on=ends_on, milestones=milestones)
    if clash is None:
        return None
    language = get_language() or "zh-hans"
    return _(
        "The stages “%(one)s” and “%(other)s” would both run from %(first)s to %(last)s; check the dates."
    ) % {
        "one": clash.one.title.pick(language),
        "other": clash.other.title.pick(language),
        "first": clash.first.isoformat(),
        "last": clash.last.isoformat() if clash.last else "…",
    }


def clashing_plan(contract: Contract, plan_version_id: int) -> str | None:
    """The same for another plan under the contract's dates. Queries: those of `compiled`, and the plan's."""
    plan = loading.plan_of(plan_version_id)
    known = milestone_dates(plan, loading.compiled(contract.pk).dates)
    return clashing(plan, starts_on=contract.starts_on, ends_on=contract.ends_on, milestones=known)


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
