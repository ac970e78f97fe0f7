"""Gates: which of them stand before an act."""

from __future__ import annotations

import pytest

from shouyue.kernel import gates
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.gates import Request

from .factories import contract_under

pytestmark = pytest.mark.django_db
GATE = """
closing:
  kind: gate
  act: ticket.close
  when: {service_level: gold}
  requires: {guard: contract.term_in_force, with: {length: 90 years}}
"""


@pytest.mark.parametrize("level", ["gold", ""])
def test_a_gate_may_look_at_what_every_event_of_the_contract_tells(level):
    contract = contract_under(GATE, service_level=level)
    request = Request("ticket.close", ("ticket", 1), contract.customer_id, contract.pk, SYSTEM)
    assert bool(gates.check(request)) is (level == "gold")
