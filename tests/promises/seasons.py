"""Contracts under the three unseen plans whose promises the calendar runs, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from shouyue.commitments.models import Obligation
from shouyue.commitments.services import deciding
from shouyue.commitments.tests.factories import happens, new_case
from shouyue.commitments.tests.seasons import MONDAY, pass_to
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_contract_site
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM

from .story import PLANS


def contract_under(plan: str, *, areas: Iterable[str] = (), starts_on: date = date(2026, 3, 1)) -> Contract:
    """A contract with a site in each area, planned on a Monday in March."""
    with clock.at(MONDAY):
        contract: Contract = make_contract(
            text=(PLANS / "examples" / f"{plan}.yaml").read_text(encoding="utf-8"),
            starts_on=starts_on,
            ends_on=date(2028, 12, 31),
        )
        for area in areas:
            make_contract_site(contract, area=area)
    pass_to(MONDAY)
    return contract


def happened(contract: Contract, at: datetime, verb: str, count: int = 1, **facts: Any) -> None:
    """So many events of as many cases."""
    with clock.at(at):
        for _ in range(count):
            happens(contract, new_case(), verb, **facts)


def states(contract: Contract, name: str) -> list[str]:
    """The states of a promise's obligations that have begun, in order of their due time."""
    rows = Obligation.objects.filter(contract=contract, commitment__name=name)
    return [row.state for row in rows.exclude(state="waiting").order_by("due_at", "id")]


def charged(contract: Contract, item: str, at: datetime, **facts: str) -> tuple[Any, str]:
    """What the contract says about a service item, and under which promise."""
    with clock.at(at):
        found = deciding.decide(
            actor=SYSTEM,
            decision=deciding.CHARGE,
            contract_id=contract.pk,
            subject=("ticket", new_case()),
            facts={"request_type": "incident", "catalogue": item} | facts,
            item=item,
        )
    return found.outcome, found.name
