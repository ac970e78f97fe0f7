"""The charge on the ticket's page: decide, quote, refuse."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel.errors import Conflict, NotFound
from shouyue.tickets import charge_views
from shouyue.tickets.charge_models import TicketCharge
from shouyue.tickets.services import charging

from .factories import make_ticket

pytestmark = pytest.mark.django_db


def request_of(actor, data=None):
    request = RequestFactory().post("/", data) if data is not None else RequestFactory().get("/")
    request.actor = actor
    request._messages = CookieStorage(request)
    return request


def ticket_and_agent():
    agent = make_agent()
    contract = make_contract(starts_on=date(2020, 1, 1), ends_on=date(2040, 1, 1))
    return make_ticket(contract=contract, actor=agent), agent


def test_a_decision_shows_free_with_its_reason():
    ticket, agent = ticket_and_agent()
    charge_views.charge(request_of(agent, {"item": "hotline", "warranty_class": ""}), ticket.number, "decide")
    assert TicketCharge.objects.get(ticket=ticket).is_free
    shown = charge_views.panel(request_of(agent), ticket)
    assert shown is not None
    assert "热线咨询" in shown


def test_what_is_charged_must_be_decided_first_and_approved():
    ticket, agent = ticket_and_agent()
    with pytest.raises(Conflict):
        charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(1), text="工料")
    charge = charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    assert not charge.is_free
    with pytest.raises(Conflict):
        charging.state_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(1), text="工料")


@pytest.mark.parametrize("item", ["hotel", "x" * 300])
def test_an_unknown_item_is_not_accepted(item):
    ticket, agent = ticket_and_agent()
    answer = charge_views.charge(request_of(agent, {"item": item}), ticket.number, "decide")
    assert answer.status_code == 422
    assert not TicketCharge.objects.exists()


def test_an_unknown_step_is_not_found():
    ticket, agent = ticket_and_agent()
    with pytest.raises(NotFound):
        charge_views.charge(request_of(agent), ticket.number, "haggle")
