"""Links sent to contacts without an account: by mail and text message, the token kept nowhere, failures shown."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_contact, make_engineer
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.notifications.carriers import http
from shouyue.notifications.choices import Arrival
from shouyue.notifications.queries import receipts_by
from shouyue.notifications.services import issue_receipt_address
from shouyue.notifications.tests.factories import admin, make_gateway
from shouyue.notifications.tests.providers import Provider
from shouyue.signoff import services
from shouyue.signoff.models import Link, Sending
from shouyue.signoff.services.sending import LETTERS, MOST_TRIES, deliver_link, take_report

from .factories import make_admin, make_asker, make_signoff, step_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(db):
    """A consent asked of server administrators, one of whom has an account; the contact has none."""
    contract = make_contract()
    make_admin(contract)
    asker = make_asker(contract)
    contact = make_contact(
        contract, capacities=["server_admin"], email="zhaomin@customer.example", phone="13800001111"
    )
    return contract, asker, contact, make_signoff(contract, actor=asker)


@pytest.fixture
def provider():
    running = []

    def start(status=200, body=None):
        running.append(Provider(lambda request: (status, body or {"code": 0}, {})))
        return running[-1]

    yield start
    http.close()
    for one in running:
        one.stop()


def sent_by(asked, channel="email", **changes):
    _contract, asker, contact, signoff = asked
    values = {
        "actor": asker,
        "step_id": step_of(signoff).pk,
        "contact_id": contact.pk,
        "channel": channel,
    }
    return services.send_link(**values | changes)


def token_in(text):
    return re.search(r"/answer/([\w-]{43})/", text)[1]


def everything_stored():
    """Every row of tables that could hold a link, as text."""
    found = ""
    with connection.cursor() as cursor:
        for table in (
            "signoff_sending",
            "signoff_link",
            "notifications_notice",
            "procrastinate_jobs",
            "kernel_event",
        ):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            found += cursor.fetchone()[0]
    return found


def test_a_mail_brings_a_link_that_works_once_and_is_kept_nowhere(asked):
    made = sent_by(asked)
    assert (made.state, Link.objects.count()) == ("queued", 0)
    deliver_link.run(sending_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.attempts) == ("sent", 1)
    (letter,) = mail.outbox
    assert letter.to == ["zhaomin@customer.example"]
    assert "10.1.2.3" in letter.body
    token = token_in(letter.body)
    assert token not in everything_stored()
    page = Client().post(f"/answer/{token}/", {"verdict": "given", "typed_name": "赵敏"})
    assert page.status_code == 302
    asked[3].refresh_from_db()
    assert asked[3].state == "given"


def test_a_text_message_brings_it_too_through_the_gateway(asked, provider):
    server = provider()
    make_gateway("sms_http", url=server.url)
    made = sent_by(asked, "sms")
    deliver_link.run(sending_id=made.pk)
    made.refresh_from_db()
    assert made.state == "sent"
    (request,) = server.got
    told = json.loads(request.body)
    assert told["to"] == "13800001111"
    token = token_in(told["text"])
    assert token not in everything_stored()
    assert Client().get(f"/answer/{token}/").status_code == 200


def test_what_the_provider_reports_later_is_told_and_ends_a_link_nobody_got(asked, provider):
    server = provider()
    gateway = make_gateway(
        "sms_http",
        url=server.url,
        settings={
            "url": server.url,
            "body": '{"to": "{phone}", "text": "{text}", "id": "{key}"}',
            "content_type": "json",
            "signature_encoding": "hex",
            "receipt_arrived": "OK",
            "receipt_failed": "KO",
            "receipt_reason_field": "why",
        },
        secrets={},
    )
    address = issue_receipt_address(actor=admin(), gateway_id=gateway.pk)
    made = sent_by(asked, "sms")
    deliver_link.run(sending_id=made.pk)
    key = json.loads(server.got[0].body)["id"]
    for result, state, links in (("OK", "arrived", 1), ("KO", "failed", 0)):
        row = {"id": key, "status": result, "why": "switched off"}
        answer = Client().post(
            reverse("notifications:receipts", args=[address]), row, content_type="application/json"
        )
        made.refresh_from_db()
        assert (answer.status_code, made.state) == (200, state)
        assert Link.objects.filter(revoked_at=None).count() == links
    assert made.answer == "switched off"
    assert not receipts_by(admin(), gateway.pk, unknown=True).exists()


def test_a_report_that_comes_late_leaves_the_link_sent_since(asked, provider):
    make_gateway("sms_http", url=provider().url)
    first = sent_by(asked, "sms")
    deliver_link.run(sending_id=first.pk)
    deliver_link.run(sending_id=sent_by(asked).pk)
    assert take_report(f"{LETTERS}{first.pk}:1", Arrival.FAILED, "switched off")
    first.refresh_from_db()
    assert (first.state, first.answer) == ("failed", "switched off")
    assert Client().get(f"/answer/{token_in(mail.outbox[0].body)}/").status_code == 200


@pytest.mark.parametrize("number", ["", "²", "9" * 30, "-1", "1 OR 1"])
def test_a_report_about_no_message_of_ours_is_nobodys(db, number):
    assert not take_report(f"{LETTERS}{number}:1", Arrival.FAILED, "")


def test_what_fails_is_tried_again_then_shown_without_the_link(asked, provider):
    server = provider(503, {"busy": True})
    make_gateway("sms_http", url=server.url)
    made = sent_by(asked, "sms")
    now = clock.now()
    for turn in range(MOST_TRIES):
        with clock.at(now + turn * timedelta(hours=1)):
            deliver_link.run(sending_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.attempts) == ("failed", MOST_TRIES)
    assert "503" in made.answer
    assert not Link.objects.filter(revoked_at=None).exists()
    for request in server.got:
        assert token_in(json.loads(request.body)["text"]) not in everything_stored()
    page = client_of(asked[1]).get(reverse("signoff:signoff", args=[asked[3].number]))
    assert "503" in page.content.decode()


def test_sent_twice_by_the_queue_it_goes_out_once(asked):
    made = sent_by(asked)
    for _ in range(2):
        deliver_link.run(sending_id=made.pk)
    assert len(mail.outbox) == 1
    assert Link.objects.count() == 1


def test_what_was_answered_meanwhile_is_not_sent(asked):
    made = sent_by(asked)
    services.cancel(actor=asked[1], signoff_id=asked[3].pk, words="不需要了")
    deliver_link.run(sending_id=made.pk)
    made.refresh_from_db()
    assert (made.state, mail.outbox) == ("failed", [])


def test_wrong_questions_are_refused(asked):
    contract, _asker, _contact, signoff = asked
    silent = make_contact(contract, name="无址", capacities=["server_admin"])
    other = make_contact(contract, name="旁人", capacities=["end_user"], email="x@customer.example")
    for changes in (
        {"contact_id": silent.pk},
        {"contact_id": other.pk},
        {"channel": "sms"},
        {"channel": "fax"},
        {"lasts": timedelta(days=15)},
    ):
        with pytest.raises(Invalid):
            sent_by(asked, **changes)
    with pytest.raises(NotAllowed):
        sent_by(asked, actor=make_engineer(contract, "supervision_firm"))
    services.cancel(actor=SYSTEM, signoff_id=signoff.pk, words="x")
    with pytest.raises(Conflict):
        sent_by(asked)
    assert not Sending.objects.exists()


def test_contacts_are_told_by_themselves_where_nobody_has_an_account():
    contract = make_contract()
    contact = make_contact(contract, capacities=["server_admin"], email="zhaomin@customer.example")
    asker = make_asker(contract)
    signoff = make_signoff(contract, actor=asker)
    made = Sending.objects.get()
    assert (made.contact_id, made.channel, made.asked_by_id) == (contact.pk, "email", None)
    deliver_link.run(sending_id=made.pk)
    assert len(mail.outbox) == 1
    with clock.at(signoff.reply_due_at + timedelta(minutes=1)):
        services.remind_due(actor=SYSTEM)
        assert Sending.objects.count() == 1, "its link is still open"
    with clock.at(clock.now() + timedelta(days=4)):
        services.remind_due(actor=SYSTEM)
    assert Sending.objects.count() == 2


def test_who_has_an_account_is_told_in_the_application_alone(asked):
    assert not Sending.objects.exists()


def test_page_and_api(asked):
    contract, asker, contact, signoff = asked
    browser = client_of(asker)
    url = reverse("signoff:send_email", args=[signoff.number, step_of(signoff).pk])
    page = browser.post(url, {"link-contact": contact.pk, "link-hours": 24})
    assert page.status_code in (302, 303)
    assert (Sending.objects.get().hours, Sending.objects.get().channel) == (24, "email")
    bad = browser.post(
        reverse("signoff:send_sms", args=[signoff.number, step_of(signoff).pk]),
        {"link-contact": contact.pk, "link-hours": 24},
    )
    assert bad.status_code == 422
    told = browser.post(
        f"/api/signoffs/{signoff.number}/links",
        {"step": 1, "contact_id": contact.pk, "channel": "email"},
        content_type="application/json",
    )
    assert told.status_code == 202, told.content.decode()
    assert told.json()["state"] == "queued"
    listed = browser.get(f"/api/signoffs/{signoff.number}/links").json()
    assert len(listed) == 2
    outsider = client_of(make_engineer(contract, "supervision_firm"))
    assert outsider.get(f"/api/signoffs/{signoff.number}/links").status_code == 403
