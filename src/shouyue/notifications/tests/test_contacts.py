"""Contacts without account: how they are told to end it, and that it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.signing import Signer

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.errors import Invalid
from shouyue.notifications import names, queries, services
from shouyue.notifications.models import Notice, Preference
from shouyue.notifications.services import Draft
from shouyue.parties.tests.factories import make_contact, make_customer

from .factories import draft, make_gateway

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
pytestmark = pytest.mark.django_db


@pytest.fixture
def leader():
    return make_contact(
        make_customer(), name="李主任", email="li@example.com", phone="13900000002", capacities=["leader"]
    )


def to(contact, channel, **changes):
    values = {"subject": "即将到期", "key": f"c{channel}", "about": ("obligation", 7), "records": True}
    return Draft(
        user_id=None,
        contact_id=contact.pk,
        customer_id=contact.customer_id,
        channel=channel,
        **values | changes,
    )


def deliver(*drafts):
    with clock.at(NOW):
        services.post(drafts)
        while services.deliver_batch():
            pass


def himself(contact):
    return services.open_choice(names.address_of(contact.pk).split("/")[-2])[1]


@pytest.mark.parametrize("kind", ["sms_http", "sms_aliyun"])
def test_a_text_message_says_where_it_can_be_ended_if_the_gateway_has_room_for_it(
    client, serve, leader, kind
):
    server = serve(lambda _request: (200, {"Code": "OK", "BizId": "1"}, {}))
    if kind == "sms_http":
        settings = {"url": server.url, "content_type": "json", "signature_encoding": "hex"}
        make_gateway(kind, settings=settings | {"body": '{"to": "{phone}", "text": "{text}{stop}"}'})
    else:
        settings = {
            "endpoint": server.url,
            "access_key_id": "id",
            "sign_name": "守约",
            "template_code": "SMS_1",
        }
        settings |= {"template_param": '{"text": "{text}{stop}"}', "receipts": "pushed"}
        make_gateway(kind, settings=settings, secrets={"secret": "a-secret-key"})
    deliver(to(leader, "sms"), draft(make_user(phone="13800001111"), "sms", subject="即将到期"))
    told = [one.body.decode() or one.query["TemplateParam"] for one in server.got]
    ends = [text.split("即将到期")[1].split('"')[0] for text in told]
    assert ends == [f" 退订 {names.address_of(leader.pk)}", ""]
    assert len(ends[0]) < 70  # one more part of a text message
    page = client.get(urlsplit(ends[0].split()[-1]).path)
    assert "李主任" in page.content.decode()


def test_nobody_makes_up_an_address(leader):
    other = make_contact(leader.customer, name="王主任", capacities=["leader"])
    mark = names.address_of(leader.pk).split(".")[-1].rstrip("/")
    of_a_mail = names.name_of(leader.pk).split(".")[1]
    signed = Signer(salt="shouyue.notifications.contact").sign(str(leader.pk))
    for token in (f"{other.pk}.{mark}", f"{leader.pk}.{of_a_mail}", f"{leader.pk}.", signed, "²." + mark):
        assert names.contact_in(token) is None
    assert names.contact_in(f"{leader.pk}.{mark}") == leader.pk


def test_an_address_outlives_a_change_of_the_secret_key(leader, settings):
    token = names.address_of(leader.pk).split("/")[-2]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-this-test"
    assert names.contact_in(token) == leader.pk


def test_a_way_nobody_knows_is_refused_and_ends_nothing(client, leader):
    desk = make_user(roles=["desk_agent"])
    with pytest.raises(Invalid):
        services.save_contact_wish(actor=actor_from(desk), contact_id=leader.pk, channels=["mail"])
    client.force_login(desk)
    answer = client.put(
        f"/api/contacts/{leader.pk}/told", {"channels": ["mail", "sms"]}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "channels")
    assert not Preference.objects.exists()


def test_whoever_refuses_mail_gets_none_instead_of_a_text_message(serve, leader):
    server = serve(lambda _request: (400, {}, {}))
    make_gateway("sms_http", url=server.url)
    services.save_contact_wish(actor=himself(leader), contact_id=leader.pk, channels=["sms"])
    deliver(to(leader, "sms"))
    assert list(Notice.objects.values_list("channel", "state")) == [("sms", "failed")]
    services.save_contact_wish(actor=himself(leader), contact_id=leader.pk, channels=["sms", "email"])
    deliver(to(leader, "sms", key="k2", step="later"))
    assert [sent.to for sent in mail.outbox] == [["li@example.com"]]


def test_nobody_is_called_at_night_but_for_what_is_urgent(leader):
    caller = actor_from(make_user(roles=["dispatcher"]))
    night = NOW.replace(hour=18)  # two in the morning in Beijing
    with clock.at(night):
        services.post([to(leader, "phone", key="k1"), to(leader, "phone", key="k2", level="urgent")])
        (call,) = queries.calls_to_make(caller)
        assert [one.key for one in call.matters] == ["k2"]
    with clock.at(night + timedelta(hours=5)):
        (call,) = queries.calls_to_make(caller)
        assert len(call.matters) == 2


def test_what_waits_for_somebody_who_ends_it_is_not_done_any_more(leader):
    with clock.at(NOW):
        services.post([to(leader, "phone"), to(leader, "email")])
        caller = actor_from(make_user(roles=["dispatcher"]))
        assert [one.reader for one in queries.calls_to_make(caller)] == [leader]
        services.save_contact_wish(actor=himself(leader), contact_id=leader.pk, channels=["email"])
        assert queries.calls_to_make(caller) == []
    with clock.at(NOW + timedelta(minutes=1)):
        services.deliver_batch()
    told = dict(Notice.objects.values_list("channel", "state"))
    assert (told, len(mail.outbox)) == ({"phone": "failed", "email": "sent"}, 1)
    assert Notice.objects.get(channel="phone").error == "该联系人不接受以此方式通知"
