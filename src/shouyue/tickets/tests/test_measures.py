"""Measures about tickets."""

from datetime import timedelta

import pytest

from shouyue.contracts import vocabulary
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent
from shouyue.contracts.vocabulary import MeasureRequest
from shouyue.kernel import clock
from shouyue.tickets import services

from .factories import make_resolved, make_ticket

pytestmark = pytest.mark.django_db


def measured(name, contract, **options):
    now = clock.now()
    request = MeasureRequest(contract.pk, now - timedelta(days=1), now + timedelta(days=1), **options)
    found = vocabulary.measure(name).compute(request)
    return found.amount, found.good, found.counted


def close(ticket, agent):
    services.confirm_resolution(actor=agent, ticket_id=ticket.pk, by_name="赵敏")
    services.close_ticket(actor=agent, ticket_id=ticket.pk)


def test_stage_times_of_closed_tickets():
    contract, agent = make_contract(), make_agent()
    assert measured("ticket.stage_times_complete", contract) == (None, 0, 0)
    close(make_resolved(contract, actor=agent), agent)
    silent = make_ticket(contract, actor=agent)
    services.resolve_ticket(actor=agent, ticket_id=silent.pk)
    close(silent, agent)
    assert measured("ticket.stage_times_complete", contract) == (50.0, 1, 2)


def test_first_line_rate_and_count():
    contract, agent = make_contract(), make_agent()
    make_resolved(contract, actor=agent)
    raised = make_ticket(contract)
    services.raise_tier(actor=agent, ticket_id=raised.pk, to_tier="T2", reason="现场")
    services.resolve_ticket(actor=agent, ticket_id=raised.pk)
    assert measured("ticket.first_line_rate", contract) == (50.0, 1, 2)
    assert measured("ticket.count", contract)[0] == 2
    assert measured("ticket.count", contract, stage="post-warranty")[0] == 0


def test_recorded_in_time():
    contract, agent = make_contract(), make_agent()
    ticket = make_ticket(contract, reported_at=clock.now() - timedelta(hours=2))
    services.respond_to_ticket(actor=agent, ticket_id=ticket.pk)
    assert measured("ticket.recorded_in_time", contract) == (50.0, 1, 2)
    three = {"within": timedelta(hours=3)}
    assert measured("ticket.recorded_in_time", contract, arguments=three) == (100.0, 2, 2)


def test_reopened_share():
    contract, agent = make_contract(), make_agent()
    ticket = make_resolved(contract, actor=agent)
    close(ticket, agent)
    services.reopen_ticket(actor=agent, ticket_id=ticket.pk, reason="又坏")
    assert measured("ticket.reopened_share", contract) == (100.0, 1, 1)
