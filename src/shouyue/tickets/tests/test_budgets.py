"""How many statements the busiest calls of the API send, besides those that open and close their scope."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.accounts.tests.test_tokens import bearer, make_token
from shouyue.contracts.tests.factories import make_contract, make_user
from shouyue.contracts.tests.people import make_contact
from shouyue.tickets.models import Ticket

from .factories import make_ticket

pytestmark = pytest.mark.django_db
SCOPE = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config")


@pytest.fixture
def statements(client):
    """Call with a method and a URL, and an object to post: the statements of the second of two such calls."""
    headers = bearer(make_token(make_user(roles=["desk_agent"]), "tickets:write"))

    def call(url, data=None):
        send = client.get if data is None else client.post
        options = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
        assert send(url, headers=headers, **options).status_code < 300
        connection.run_on_commit = []  # nothing is known of this transaction, as at a request's beginning
        with CaptureQueriesContext(connection) as run:
            send(url, headers=headers, **options)
        return [query["sql"] for query in run.captured_queries if not query["sql"].startswith(SCOPE)]

    return call


def test_a_report_takes_four(statements):
    contract = make_contract()
    contact = make_contact(contract)
    data = {"contract_id": contract.pk, "requester_id": contact.pk, "channel": "phone", "title": "黑屏"}
    found = statements(reverse("api:report_ticket"), data)
    assert len(found) <= 4, found  # token, contract and contact, ticket with event, promises


def test_a_note_takes_seven(statements):
    ticket = make_ticket()
    found = statements(reverse("api:add_note", args=[ticket.number]), {"text": "已到现场"})
    assert len(found) <= 7, found  # token, id, ticket, note, its version, the contract's version, event


def test_a_queue_takes_three_and_a_ticket_two(statements):
    make_ticket()
    found = statements(reverse("api:list_tickets"))
    assert len(found) <= 3, found  # token, clocked, the rest
    found = statements(reverse("api:get_ticket", args=[Ticket.objects.get().number]))
    assert len(found) <= 2, found


def test_a_new_ticket_is_stored_as_it_is_answered():
    made = make_ticket(description="a 'quoted' text", urgency="high", is_vip=True)
    stored = Ticket.objects.get(pk=made.pk)
    for field in Ticket._meta.concrete_fields:
        assert getattr(made, field.attname) == getattr(stored, field.attname), field.name
