"""From a ticket's page through the portal to the record: a consent is asked for and given."""

from __future__ import annotations

import pytest
from django.urls import reverse

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.signoff.models import Answer, Signoff
from shouyue.signoff.tests.factories import make_admin, make_asker, step_of
from shouyue.tickets.tests.factories import make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return make_contract()


def page_of(signoff, name="signoff", *more):
    return reverse(f"signoff:{name}", args=[signoff.number, *more])


def text_of(response):
    return response.content.decode()


def test_ask_from_a_ticket_and_answer_in_the_portal(contract):
    asker, (admin, _contact) = make_asker(contract), make_admin(contract)
    ticket = make_ticket(contract)
    browser = client_of(asker)
    assert f"about=ticket:{ticket.pk}" in text_of(
        browser.get(reverse("tickets:ticket", args=[ticket.number]))
    )
    url = f"{reverse('signoff:ask')}?about=ticket:{ticket.pk}"
    assert ticket.number in text_of(browser.get(url))
    form = {
        "kind": "consent",
        "purpose": "remote-check",
        "scope": "远程检查日志",
        "mode": "in_order",
        "who1": "capacity:server_admin",
        "idempotency_key": "k-1",
    }
    assert browser.post(url, form | {"scope": ""}).status_code == 422
    made = [browser.post(url, form) for _twice in range(2)]
    signoff = Signoff.objects.get()
    assert [one.url for one in made] == [page_of(signoff)] * 2
    assert (signoff.subject, signoff.label) == (("ticket", ticket.pk), f"{ticket.number} {ticket.title}")
    person = client_of(admin)
    assert signoff.number in text_of(person.get(reverse("portal:home")))
    assert signoff.number in text_of(person.get(reverse("signoff:waiting")))
    assert "远程检查日志" in text_of(person.get(page_of(signoff)))
    given = person.post(page_of(signoff, "give", step_of(signoff).pk), {"words": "同意"})
    assert given.status_code == 303
    answer = Answer.objects.get()
    assert (answer.channel, answer.capacity, len(answer.address_digest)) == ("portal", "server_admin", 64)
    assert signoff.number not in text_of(person.get(reverse("signoff:waiting")))
    assert signoff.number in text_of(browser.get(reverse("tickets:ticket", args=[ticket.number])))
