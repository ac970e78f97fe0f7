"""Two people at once, on two real connections."""

import pytest

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel.errors import Conflict
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import at_once, errors_of
from shouyue.tickets import services
from shouyue.tickets.models import Ticket

from .factories import make_ticket

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_agents_who_take_a_ticket_exactly_one_gets_it():
    with acting_in(EVERYTHING):
        ticket, first, second = make_ticket(), make_agent(), make_agent()
    outcomes = at_once(
        lambda: services.take_ticket(actor=first, ticket_id=ticket.pk),
        lambda: services.take_ticket(actor=second, ticket_id=ticket.pk),
        scope=EVERYTHING,
    )
    assert [(type(error), error.code) for error in errors_of(outcomes)] == [(Conflict, "taken")]
    with acting_in(EVERYTHING):
        assert Ticket.objects.get(pk=ticket.pk).assignee_id in (first.user_id, second.user_id)
        assert Event.objects.filter(verb="ticket.accepted", subject_id=ticket.pk).count() == 1


def test_one_submission_sent_twice_at_once_makes_one_ticket():
    with acting_in(EVERYTHING):
        contract, agent = make_contract(), make_agent()
    report = lambda: make_ticket(contract, actor=agent, source_key="one")  # noqa: E731
    first, second = at_once(report, report, scope=EVERYTHING)
    assert first == second
    with acting_in(EVERYTHING):
        assert Ticket.objects.count() == 1


def test_simultaneous_reports_get_different_numbers():
    with acting_in(EVERYTHING):
        contract, agent = make_contract(), make_agent()
    made = at_once(*[lambda: make_ticket(contract, actor=agent) for _ in range(4)], scope=EVERYTHING)
    assert errors_of(made) == []
    with acting_in(EVERYTHING):
        assert len(set(Ticket.objects.values_list("number", flat=True))) == 4
