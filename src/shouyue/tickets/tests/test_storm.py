"""A thousand promises broken at once, to the end: digests, contacts without account, one job per batch."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes

import pytest
from django.db import connection
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.commitments.services.sweep import BATCH, sweep_all
from shouyue.commitments.tests.factories import promised
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.notifications import queries
from shouyue.notifications.carriers import http
from shouyue.notifications.models import Notice
from shouyue.notifications.names import address_of
from shouyue.notifications.rules.pace import SETTLE
from shouyue.notifications.services import deliver_batch, open_choice, save_contact_wish
from shouyue.notifications.tests.factories import make_gateway
from shouyue.notifications.tests.providers import MailServer, Provider
from shouyue.parties.tests.factories import make_contact

from .factories import make_ticket

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
STORM = 1000
SOLVE = """
solve:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: 2 h
  escalate:
    - STEP
"""


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


@pytest.fixture
def sms_server():
    server = Provider(lambda _request: (200, {"ok": 1}, {}))
    make_gateway("sms_http", url=f"{server.url}/sms")
    yield server
    http.close()
    server.stop()


def contract_with(step):
    return make_contract(text=promised(SOLVE.replace("STEP", step)), code="ST")


def report(contract, n=1):
    for number in range(n):
        make_ticket(contract, title=f"故障{number}", description="")


def deliver(moment):
    with clock.at(moment):
        while deliver_batch():
            pass


def jobs_named(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [name])
        return [json.loads(args) if isinstance(args, str) else args for (args,) in cursor.fetchall()]


def test_a_thousand_breaches_are_one_digest_per_person_and_none_is_lost(mail_server, sms_server):
    contract = contract_with("{at: due, to: [project_manager, customer.leader], by: [mail, sms], tier: T3}")
    make_member(contract, "project_manager", email="pm@example.com", phone="13900000001")
    leader = make_contact(
        contract.customer, name="李主任", email="li@example.com", phone="13900000002", capacities=["leader"]
    )
    with clock.at(NOW):
        report(contract, STORM)
    late = NOW + timedelta(hours=2, minutes=1)
    with clock.at(late):
        sweep_all()
    raised = jobs_named("tickets.raise_by_plan")
    assert len(raised) <= STORM / BATCH + 1
    assert sum(len(job["steps"]) for job in raised) == STORM
    assert len(jobs_named("notifications.deliver")) <= STORM / BATCH + 1
    deliver(late)
    deliver(late + SETTLE)
    assert sorted(one.rcpt_tos[0] for one in mail_server.taken) == ["li@example.com", "pm@example.com"]
    assert sorted(one.json["to"] for one in sms_server.got) == ["13900000001", "13900000002"]
    told = Counter(Notice.objects.filter(parts=0).values_list("channel", "contact_id", "state"))
    expected = [(way, who, "digested") for way in ("email", "sms") for who in (None, leader.pk)]
    assert told == dict.fromkeys([*expected, ("in_app", None, "digested")], STORM)
    contents = {one.rcpt_tos[0]: one.content for one in mail_server.taken}
    text = message_from_bytes(contents["li@example.com"]).get_payload(decode=True).decode()
    cases = set(Notice.objects.filter(contact=leader, parts=0).values_list("subject", flat=True))
    assert len(cases) == STORM
    assert all(subject in text for subject in cases)  # who has no account reads all of it there
    assert Event.objects.filter(verb="obligation.missed").count() == STORM


def test_a_contact_is_told_by_day_and_can_end_it_himself(client, mail_server):
    contract = contract_with("{at: 50%, to: customer.leader, by: [app, mail]}")
    contact = make_contact(contract.customer, name="李主任", email="li@example.com", capacities=["leader"])
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
    with clock.at(night - timedelta(hours=1, minutes=1)):
        report(contract)
    with clock.at(night):
        sweep_all()
    deliver(night)
    assert (Notice.objects.get().state, mail_server.taken) == ("held", [])
    deliver(datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    assert (Notice.objects.get().state, len(mail_server.taken)) == ("sent", 1)
    address = address_of(contact.pk)
    path = address.removeprefix(address.split("/told/")[0])
    assert client.get(path).status_code == 200
    assert client.post(path, {"urgent_breaks_through": "on"}).status_code == 200
    with clock.at(NOW + timedelta(days=1)):
        report(contract)
    with clock.at(NOW + timedelta(days=1, hours=1, minutes=1)):
        sweep_all()
        deliver_batch()
    notice = Notice.objects.order_by("-id").first()
    assert (notice.state, len(mail_server.taken)) == ("failed", 1)
    assert notice.error != ""
    client.force_login(make_user(roles=["service_manager"]))
    assert "李主任" in client.get(reverse("notifications:deliveries") + "?state=failed").content.decode()
    page = client.get(reverse("parties:customer_contacts", args=[contract.customer_id])).content.decode()
    assert "不接收通知" in page
    assert client.get("/told/" + path.split("/")[2][:-3] + "xyz/").status_code == 404


def test_what_a_contact_wishes_and_the_desk_says_for_him():
    contract = contract_with("{at: due, to: [customer.leader, customer.end_user], by: sms}")
    contact = make_contact(
        contract.customer, name="李主任", email="li@example.com", phone="13900000002", capacities=["leader"]
    )
    make_contact(contract.customer, name="使用人", email="e@example.com", capacities=["end_user"])
    make_contact(contract.customer, name="别处", email="b@example.com", capacities=["it_contact"])
    _contact, himself = open_choice(address_of(contact.pk).split("/")[-2])
    save_contact_wish(actor=himself, contact_id=contact.pk, channels=["email"])
    with clock.at(NOW):
        report(contract)
    with clock.at(NOW + timedelta(hours=3)):
        sweep_all()
    assert list(Notice.objects.values_list("contact_id", "channel")) == [(contact.pk, "email")]
    desk = actor_from(make_user(roles=["desk_agent"]))
    wish = save_contact_wish(
        actor=desk, contact_id=contact.pk, channels=[], quiet_from=time(20), quiet_to=time(8)
    )
    assert wish.channels == []
    shown = {row.contact.name: row.trouble for row in queries.contacts_told(desk, contract.customer_id)}
    assert shown == {"李主任": "refuses", "别处": ""}
