"""One visit: its contract, ticket and engineer."""

from __future__ import annotations

import pytest

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_engineer
from shouyue.tickets.tests.factories import make_ticket
from shouyue.visits import services


@pytest.fixture
def contract():
    return make_contract()


@pytest.fixture
def engineer(contract):
    return make_engineer(contract)


@pytest.fixture
def ticket(contract):
    return make_ticket(contract)


@pytest.fixture
def visit(ticket, engineer):
    return services.dispatch_visit(actor=make_agent(), ticket_id=ticket.pk, engineer_id=engineer.user_id)
