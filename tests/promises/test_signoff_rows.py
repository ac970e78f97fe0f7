"""Rows whose gate asks for a signature: refused without it, passed with it."""

from __future__ import annotations

import pytest

from shouyue.accounts.queries import actor_from
from shouyue.commitments.models import Obligation
from shouyue.commitments.services.gating import record_refusals
from shouyue.contracts.tests.factories import make_contract, make_member, reach
from shouyue.kernel.errors import GateRefused
from shouyue.signoff import services
from shouyue.signoff.queries import steps_of
from shouyue.signoff.services import Asked

from .story import PLANS

ROWS = [
    ("b0_13", "gov-build", "qualified-acceptance", "qualified-acceptance", "warranty-start"),
    ("b1_20", "sw-warranty", "final-acceptance", "final-report", "warranty-start"),
    ("b2_33", "platform-equip", "preliminary-acceptance", "delivery", "delivery-places"),
]


def outcomes(contract, name):
    rows = Obligation.objects.filter(contract=contract, commitment__name=name).order_by("id")
    return [row.state for row in rows]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("plan", "milestone", "sheet", "promise"),
    [row[1:] for row in ROWS],
    ids=[f"{row[0]}_broken_and_kept" for row in ROWS],
)
def test_row_is_refused_without_and_kept_with_signatures(plan, milestone, sheet, promise):
    contract = make_contract(text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8"))
    manager = actor_from(make_member(contract, "project_manager"))
    leader = actor_from(make_member(contract, "customer.leader"))
    _sign(contract, manager, leader, "document-handover")  # another gate, which would refuse first
    with pytest.raises(GateRefused):
        reach(contract, milestone, contract.starts_on)
    record_refusals()
    assert "refused" in outcomes(contract, promise)
    _sign(contract, manager, leader, sheet)
    reach(contract, milestone, contract.starts_on)
    assert outcomes(contract, promise)[-1] == "kept"


def _sign(contract, manager, leader, purpose):
    signoff = services.ask(
        actor=manager,
        kind="signature",
        purpose=purpose,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        scope="验收单",
        mode="all",
        steps=[Asked(user_id=manager.user_id), Asked(capacity="leader")],
    )
    for actor, step in zip((manager, leader), steps_of(signoff), strict=True):
        services.give(actor=actor, step_id=step.pk, typed_name=actor.name)
