"""Customers use the same API of tickets, with their rights: what they see, what they may do, what is refused."""

import pytest

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel.models import Event
from shouyue.portal.tests.factories import make_person, make_portal_contract, make_watcher, report, solve
from shouyue.tickets import services as tickets
from shouyue.tickets.models import Ticket
from shouyue.web.tests.posting import post_json

pytestmark = pytest.mark.django_db

VERBS = {
    "triage": {"urgency": "high", "impact": "site"},
    "priority": {"urgency": "high", "impact": "site"},
    "grade": {"severity": "x"},
    "contract": {"contract_id": 1},
    "assign": {"to": 1},
    "take": {},
    "accept": {},
    "respond": {"text": "x"},
    "promise-answer": {"promised_at": "2099-01-01T00:00:00Z"},
    "give-answer": {"text": "x"},
    "wait": {"reason": "customer"},
    "resume": {},
    "raise-tier": {"to_tier": "T2", "reason": "x"},
    "request-escalation": {"reason": "x"},
    "propose-solution": {"text": "x"},
    "fix-temporarily": {"text": "x"},
    "handling": {"result": "x"},
    "replacement": {"accepted": True},
    "attribution": {"attribution": "ours"},
    "resolve": {},
    "call-back": {},
    "confirm": {},
    "reject": {"reason": "x"},
    "reopen": {"reason": "x"},
    "close": {},
    "cancel": {"reason": "withdrawn"},
    "link": {"other": "X-1", "kind": "relates"},
    "notes": {"text": "x"},
}
CUSTOMERS = {"request-escalation", "replacement", "confirm", "reject", "reopen", "cancel", "notes"}


@pytest.fixture
def contract():
    return make_portal_contract()


def test_report_is_stamped_as_portal_and_never_vip(contract):
    person = make_person(contract)
    data = {"contract_id": contract.pk, "title": "黑屏", "channel": "phone", "is_vip": True}
    assert post_json(client_of(person), "/api/tickets/", data).status_code == 201
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.is_vip, ticket.reporter_id) == ("portal", False, person.user_id)


def test_lists_by_capacity(contract):
    own = make_person(contract)
    mine, other = report(own, contract), report(make_person(contract), contract)
    contact = client_of(make_person(contract, "it_contact")).get("/api/tickets/?status=all").json()
    assert {row["number"] for row in contact["items"]} == {mine.number, other.number}
    client = client_of(own)
    assert [row["number"] for row in client.get("/api/tickets/mine/").json()["items"]] == [mine.number]
    assert client.get("/api/tickets/?status=all").json()["items"] == []
    assert client.get(f"/api/tickets/{other.number}/").status_code == 404


def test_moves_are_those_of_a_customer(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    solve(ticket)
    moves = client_of(person).get(f"/api/tickets/{ticket.number}/").json()["moves"]
    assert set(moves) == {"attach", "comment", "confirm", "reject", "request_escalation"}


def test_internal_notes_stay_inside(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    tickets.comment_on_ticket(actor=make_agent(), ticket_id=ticket.pk, text="内部", public=False)
    assert client_of(person).get(f"/api/tickets/{ticket.number}/notes/").json() == []
    assert client_of(make_watcher(contract)).get(f"/api/tickets/{ticket.number}/notes/").json() == []


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_of_the_provider_are_refused_to_customers(contract, verb):
    person = make_person(contract)
    ticket = report(person, contract)
    VERBS_ = {**VERBS, "link": {"other": report(person, contract).number, "kind": "relates"}}
    before = Event.objects.filter(case_id=ticket.pk, case_type="ticket").count()
    response = post_json(client_of(person), f"/api/tickets/{ticket.number}/{verb}/", VERBS_[verb])
    if verb in CUSTOMERS:
        assert response.status_code in (200, 201, 409)
        return
    assert response.status_code == 403, response.content
    assert Event.objects.filter(case_id=ticket.pk, case_type="ticket").count() == before


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_refused_to_the_supervision_firm(contract, verb):
    person = make_person(contract)
    ticket = report(person, contract)
    data = {**VERBS, "link": {"other": report(person, contract).number, "kind": "relates"}}[verb]
    before = Event.objects.filter(case_type="ticket").count()
    client = client_of(make_watcher(contract))
    assert client.get(f"/api/tickets/{ticket.number}/").status_code == 200
    assert post_json(client, f"/api/tickets/{ticket.number}/{verb}/", data).status_code == 403
    assert Event.objects.filter(case_type="ticket").count() == before


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_finds_nothing_for_another_customer(contract, verb):
    ticket = report(make_person(contract), contract)
    stranger = make_person(make_portal_contract(), "it_contact")
    data = {**VERBS, "link": {"other": ticket.number, "kind": "relates"}}[verb]
    assert post_json(client_of(stranger), f"/api/tickets/{ticket.number}/{verb}/", data).status_code == 404


def test_supervision_firm_reports_nothing(contract):
    client = client_of(make_watcher(contract))
    assert post_json(client, "/api/tickets/", {"contract_id": contract.pk, "title": "x"}).status_code == 403
    assert (
        post_json(client, "/api/tickets/", {"customer_id": contract.customer_id, "title": "x"}).status_code
        == 403
    )
    assert Ticket.objects.count() == 0
