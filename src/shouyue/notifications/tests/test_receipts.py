"""What providers report later: signed, read, kept once, followed by the notice, shown to operators."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.core import mail
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.errors import Invalid, NotAllowed
from shouyue.kernel.models import Event
from shouyue.notifications import services
from shouyue.notifications.carriers import http, reports
from shouyue.notifications.models import Notice, Preference, Receipt
from shouyue.notifications.names import name_of
from shouyue.notifications.rules.pace import SETTLE
from shouyue.notifications.services import receipts
from shouyue.parties.tests.factories import make_contact, make_customer

from .factories import admin, draft, make_gateway
from .providers import aliyun, bounce

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
pytestmark = pytest.mark.django_db
KEY = "report-key-1"
DESCRIBED = {
    "answer_id_field": "data.id",
    "receipt_list_field": "reports",
    "receipt_id_field": "msgid",
    "receipt_state_field": "stat",
    "receipt_arrived": "DELIVRD",
    "receipt_failed": "UNDELIV,EXPIRED",
    "receipt_reason_field": "why",
    "receipt_signature_header": "X-Signature",
    "receipt_signed_text": "{timestamp}\n{body}",
    "receipt_timestamp_header": "X-Timestamp",
}


def described(url):
    body = '{"to": "{phone}", "id": "{key}"}'
    return {"url": url, "content_type": "json", "body": body, "signature_encoding": "hex"} | DESCRIBED


@pytest.fixture(autouse=True)
def _calm():
    receipts.PACE.forget()
    yield
    http.close()


@pytest.fixture
def sms(serve):
    """An HTTP gateway that numbers what it takes."""
    server = serve(lambda _request: (200, {"data": {"id": f"P{len(server.got)}"}}, {}))
    settings = described(f"{server.url}/sms")
    return make_gateway("sms_http", settings=settings, secrets={"receipt_secret": KEY})


def address_of(gateway):
    return services.issue_receipt_address(actor=admin(), gateway_id=gateway.pk)


def report(client, secret, rows, *, key=KEY, at=NOW, wrapped=True):
    body = json.dumps({"reports": rows} if wrapped else rows)
    stamp = str(int(at.timestamp()))
    signed = hmac.new(key.encode(), f"{stamp}\n{body}".encode(), hashlib.sha256).hexdigest()
    with clock.at(NOW + timedelta(seconds=30)):
        return client.post(
            reverse("notifications:receipts", args=[secret]),
            body,
            content_type="application/json",
            headers={"X-Signature": signed, "X-Timestamp": stamp},
        )


def deliver(*drafts, at=NOW):
    with clock.at(at):
        services.post(drafts)
        while services.deliver_batch():
            pass


def told(user, **changes):
    return draft(user, "sms", about=("obligation", 7), records=True, **changes)


def outcomes():
    found = Event.objects.filter(verb="notice.sent").order_by("id")
    return list(found.values_list("facts__outcome", flat=True))


def test_a_signed_report_says_that_a_message_arrived_and_counts_once(client, sms):
    deliver(told(make_user(phone="13800001111")))
    secret = address_of(sms)
    for _ in range(2):
        answer = report(client, secret, [{"msgid": "P1", "stat": "DELIVRD"}])
        assert (answer.status_code, answer.json()["code"]) == (200, 0)
    notice = Notice.objects.get()
    assert (notice.state, notice.arrived_at) == ("arrived", NOW + timedelta(seconds=30))
    assert Receipt.objects.get().notice == notice
    assert outcomes() == ["delivered", "arrived"]


def test_a_failure_after_sending_is_an_event_and_mail_steps_in(client, sms):
    user = make_user(phone="13800001111", email="li@example.com")
    deliver(told(user, key="k7"))
    secret = address_of(sms)
    report(client, secret, [{"msgid": "k7", "stat": "UNDELIV", "why": "absent 13800001111"}])
    notice = Notice.objects.get(channel="sms")
    assert (notice.state, notice.error) == ("failed", "absent …")
    with clock.at(NOW + timedelta(minutes=1)):
        services.deliver_batch()
    assert [sent.to for sent in mail.outbox] == [["li@example.com"]]
    assert outcomes() == ["delivered", "failed", "delivered"]
    report(client, secret, [{"msgid": "P1", "stat": "DELIVRD"}])  # it came through after all
    notice.refresh_from_db()
    assert (notice.state, notice.error) == ("arrived", "")
    report(client, secret, [{"msgid": "P1", "stat": "EXPIRED"}])
    notice.refresh_from_db()
    assert notice.state == "arrived"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "another-key"}, 403),
        ({"at": NOW - timedelta(minutes=6)}, 403),
        ({"at": NOW + timedelta(minutes=7)}, 403),
        ({"rows": [{"msgid": "P1"}]}, 400),
        ({"rows": ["P1"]}, 400),
        ({"rows": [{"msgid": "P1", "stat": "DELIVRD"}] * 501}, 400),
    ],
)
def test_a_wrong_report_changes_nothing_and_operators_see_why(client, sms, change, status):
    deliver(told(make_user(phone="13800001111")))
    given = {"rows": [{"msgid": "P1", "stat": "DELIVRD"}]} | change
    answer = report(client, address_of(sms), given.pop("rows"), **given)
    assert answer.status_code == status
    sms.refresh_from_db()
    assert (Notice.objects.get().state, Receipt.objects.count()) == ("sent", 0)
    assert sms.receipts_error != ""
    assert not re.search("[a-z]{4}", sms.receipts_error)  # in the operators' language
    client.force_login(make_user(roles=["system_admin"]))
    assert sms.receipts_error in client.get(reverse("notifications:channel", args=[sms.pk])).content.decode()


def test_addresses_sizes_and_floods_are_limited(client, sms, monkeypatch):
    secret = address_of(sms)
    url = reverse("notifications:receipts", args=[secret])
    assert client.get(url).status_code == 405
    wrong = reverse("notifications:receipts", args=["x" * 43])
    assert client.post(wrong, "{}", content_type="application/json").status_code == 404
    big = "x" * (receipts.LARGEST + 1)
    assert client.post(url, big, content_type="application/json").status_code == 413
    in_pieces = client.post(url, "", content_type="application/json")  # nobody has said how long it is
    assert (in_pieces.status_code, in_pieces.json()["code"]) == (411, 6)
    assert "Content-Length" in in_pieces.json()["msg"]
    monkeypatch.setattr(receipts.PACE, "_most", 2)
    codes = [report(client, secret, []).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert address_of(sms) != secret
    assert report(client, secret, []).status_code == 404  # the old address ended


def test_what_belongs_to_no_message_is_kept_and_shown(client, sms):
    report(
        client,
        address_of(sms),
        [{"msgid": "who", "stat": "DELIVRD"}, {"msgid": "on-its-way", "stat": "SENT"}],
    )
    assert Receipt.objects.get().notice is None
    client.force_login(make_user(roles=["system_admin"]))
    page = client.get(reverse("notifications:channel_receipts", args=[sms.pk]) + "?which=unknown")
    assert "who" in page.content.decode()
    client.force_login(make_user(roles=["dispatcher"]))
    assert client.get(reverse("notifications:channel_receipts", args=[sms.pk])).status_code == 403


def test_a_report_that_overtakes_the_answer_finds_its_message_later(client, sms):
    with clock.at(NOW):
        services.post([told(make_user(phone="13800001111"), key="fast")])
    Notice.objects.update(state="sending", gateway=sms)
    report(client, address_of(sms), [{"msgid": "fast", "stat": "DELIVRD"}])
    assert (Notice.objects.get().state, Receipt.objects.get().notice) == ("sending", None)
    Notice.objects.update(state="sent")
    with clock.at(NOW + timedelta(minutes=1)):
        assert services.match_waiting() == 1
    assert Notice.objects.get().state == "arrived"


def test_a_gateway_tells_nothing_about_what_another_has_sent(client, sms):
    deliver(told(make_user(phone="13800001111"), key="k1"))
    other = make_gateway("sms_http", settings=sms.settings, secrets={"receipt_secret": KEY})
    report(
        client, address_of(other), [{"msgid": "k1", "stat": "UNDELIV"}, {"msgid": "P1", "stat": "UNDELIV"}]
    )
    assert Notice.objects.get().state == "sent"
    assert Receipt.objects.filter(notice=None).count() == 2


def test_a_stamp_that_is_no_number_is_a_wrong_signature():
    settings = {"receipt_timestamp_header": "X-Timestamp", "receipt_signed_text": "{timestamp}{body}"}
    call = reports.Call(b"[]", {"x-timestamp": "²"})  # a digit to Python, yet no number
    assert not reports.is_signed("sms_http", settings, {"receipt_secret": KEY}, call, NOW)


def test_halves_of_characters_in_json_are_no_error(client, serve):
    server = serve(lambda _request: (200, {"data": {"id": "P\ud800\x00"}}, {}))
    gateway = make_gateway("sms_http", settings=described(server.url), secrets={"receipt_secret": KEY})
    deliver(told(make_user(phone="13800001111")))
    assert (Notice.objects.get().state, Notice.objects.get().provider_id) == ("sent", "P?")
    row = {"msgid": "P\ud800\x00", "stat": "UNDELIV", "why": "off\udfff"}
    assert report(client, address_of(gateway), [row]).status_code == 200
    assert (Notice.objects.get().state, Notice.objects.get().error) == ("failed", "off?")


def make_aliyun(url, receipts="pushed"):
    return make_gateway(
        "sms_aliyun",
        settings={
            "endpoint": url,
            "access_key_id": "id",
            "sign_name": "守约",
            "template_code": "SMS_1",
            "template_param": '{"content": "{text}"}',
            "receipts": receipts,
        },
        secrets={"secret": "a-secret-key"},
    )


def test_where_nothing_is_pushed_the_provider_is_asked(serve):
    """The server checks the signature of the question, too."""
    rows = [
        {"SendStatus": 1},
        {"SendStatus": 3, "ReceiveDate": "2026-03-02 10:02:30", "ErrCode": "DELIVERED"},
    ]
    server = serve(aliyun("id", "a-secret-key", lambda _request: [rows.pop(0)]))
    make_aliyun(server.url)  # this one pushes: nobody asks it
    gateway = make_aliyun(server.url, "asked")
    with clock.at(NOW):
        services.post([told(make_user(phone="13800001111"), gateway_id=gateway.pk)])
    Notice.objects.update(state="sent", tried_at=NOW, sent_at=NOW, provider_id="9006")
    for seconds, state in ((30, "sent"), (90, "sent"), (150, "arrived"), (210, "arrived")):
        with clock.at(NOW + timedelta(seconds=seconds)):
            services.ask_for_receipts()
        assert Notice.objects.get().state == state
    assert Notice.objects.get().arrived_at == datetime(2026, 3, 2, 2, 2, 30, tzinfo=UTC)
    asked = [(one.query["BizId"], one.query["PhoneNumber"], one.query["SendDate"]) for one in server.got]
    assert asked == [("9006", "13800001111", "20260302")] * 2


def test_a_provider_that_does_not_answer_is_shown_and_asked_again(serve):
    server = serve(lambda _request: (503, {"Code": "ServiceUnavailable"}, {}))
    gateway = make_aliyun(server.url, "asked")
    with clock.at(NOW):
        services.post([told(make_user(phone="13800001111"), gateway_id=gateway.pk)])
    Notice.objects.update(state="sent", tried_at=NOW, sent_at=NOW, provider_id="9006")
    for minutes in (2, 3):
        with clock.at(NOW + timedelta(minutes=minutes)):
            assert services.ask_for_receipts() == 0
    gateway.refresh_from_db()
    assert ("503" in gateway.receipts_error, gateway.last_receipt_at) == (True, None)
    assert (Notice.objects.get().state, len(server.got)) == ("sent", 2)


def test_a_message_the_provider_does_not_know_keeps_no_other_waiting(serve):
    rows = [{"SendStatus": 3, "ReceiveDate": "2026-03-02 10:00:30", "ErrCode": "DELIVERED"}]
    known = aliyun("id", "a-secret-key", lambda _request: rows)

    def answer(request):
        if request.query["BizId"] == "9000":
            return 200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "phone"}, {}
        return known(request)

    gateway = make_aliyun(serve(answer).url, "asked")
    user = make_user(phone="13800001111")
    with clock.at(NOW):
        services.post([told(user, key=f"k{number}", gateway_id=gateway.pk) for number in range(2)])
    for number, notice in enumerate(Notice.objects.order_by("id")):
        moment = NOW + timedelta(seconds=number)
        values = {"state": "sent", "tried_at": moment, "sent_at": moment, "provider_id": f"900{number}"}
        Notice.objects.filter(pk=notice.pk).update(**values)
    with clock.at(NOW + timedelta(seconds=90)):
        services.ask_for_receipts()
    assert list(Notice.objects.order_by("id").values_list("state", flat=True)) == ["sent", "arrived"]
    gateway.refresh_from_db()
    assert "MOBILE_NUMBER_ILLEGAL" in gateway.receipts_error
    Notice.objects.filter(provider_id="9000").update(provider_id="9001")
    rows[:] = [{"SendStatus": 1}]
    with clock.at(NOW + timedelta(seconds=150)):
        services.ask_for_receipts()
    gateway.refresh_from_db()
    assert gateway.receipts_error == ""  # it answers again, though it knows nothing new


def test_a_report_of_an_earlier_try_does_not_undo_the_later_one(client, serve):
    server = serve(aliyun("id", "a-secret-key"))
    gateway = make_aliyun(server.url)
    deliver(told(make_user(phone="13800001111"), key="k1"))
    assert Notice.objects.get().provider_id == "9006"
    secret = address_of(gateway)
    row = {
        "out_id": "k1",
        "success": False,
        "err_code": "MK:0001",
        "err_msg": "停机",
        "report_time": "2026-03-02 10:00:09",
    }
    earlier = row | {"biz_id": "8000"}
    assert report(client, secret, [earlier], wrapped=False).json() == {"code": 0, "msg": "OK"}
    assert Notice.objects.get().state == "sent"
    report(client, secret, [row | {"biz_id": "9006"}], wrapped=False)
    notice = Notice.objects.get()
    assert (notice.state, notice.error) == ("failed", "MK:0001 停机")
    assert notice.receipts.count() == 2


def test_what_a_digest_told_shares_what_became_of_it(client, sms):
    user = make_user(phone="13800001111", email="li@example.com")
    with clock.at(NOW):
        services.post([told(user, key=f"k{i}") for i in range(5)])
    deliver(at=NOW + SETTLE)
    secret = address_of(sms)
    report(client, secret, [{"msgid": "P1", "stat": "UNDELIV"}])
    assert Counter(Notice.objects.filter(channel="sms").values_list("state", flat=True)) == {"failed": 6}
    assert outcomes() == ["delivered"] * 5 + ["failed"] * 5
    deliver(at=NOW + timedelta(minutes=1))
    assert len(mail.outbox) == 1  # the digest, by mail instead
    report(client, secret, [{"msgid": "P1", "stat": "DELIVRD"}])
    told_ones = Notice.objects.filter(channel="sms", parts=0)
    assert set(told_ones.values_list("state", "arrived_at")) == {("digested", NOW + timedelta(seconds=30))}


def take_mail(client, secret, content):
    with clock.at(NOW + timedelta(minutes=2)):
        return client.post(
            reverse("notifications:receipts", args=[secret]), content, content_type="message/rfc822"
        )


@pytest.mark.parametrize(
    ("action", "state", "error"),
    [
        ("failed", "failed", "5.1.1 550 5.1.1 no such user"),
        ("delivered", "arrived", ""),
        ("delayed", "sent", ""),
    ],
)
def test_a_returned_mail_says_what_became_of_ours(client, action, state, error):
    gateway = make_gateway("mail", secrets={})
    deliver(draft(make_user(email="li@example.com"), "email", about=("obligation", 7), records=True))
    notice = Notice.objects.get()
    answer = take_mail(client, address_of(gateway), bounce(notice.pk, action=action))
    assert answer.status_code == 200
    notice.refresh_from_db()
    assert (notice.state, notice.error) == (state, error)
    if action == "delivered":
        assert notice.arrived_at == datetime(2026, 3, 2, 2, 0, 20, tzinfo=UTC)


def test_nobody_makes_up_a_returned_mail_and_other_mail_says_nothing(client):
    secret = address_of(make_gateway("mail", secrets={}))
    deliver(draft(make_user(email="li@example.com"), "email"))
    notice = Notice.objects.get()
    made_up = f"<notice-{notice.pk}.{'0' * 20}@shouyue>"
    assert take_mail(client, secret, bounce(notice.pk, name=made_up)).status_code == 200
    assert Receipt.objects.get().message == made_up
    away = EmailMessage()
    away["From"], away["Subject"] = "li@example.com", "外出"
    away.set_content(f"In reply to <{name_of(notice.pk)}@shouyue>")
    take_mail(client, secret, away.as_bytes())
    assert (Notice.objects.get().state, Receipt.objects.count()) == ("sent", 1)
    del away["From"]
    away["From"] = "Mailer-Daemon@mx.example.com"
    take_mail(client, secret, away.as_bytes())
    assert Notice.objects.get().state == "failed"
    assert take_mail(client, secret, b"nothing").status_code == 400


def test_who_may_make_an_address_and_for_what():
    robot = make_gateway("wecom")
    with pytest.raises(Invalid):
        services.issue_receipt_address(actor=admin(), gateway_id=robot.pk)
    with pytest.raises(NotAllowed):
        services.issue_receipt_address(
            actor=actor_from(make_user(roles=["audit_admin"])), gateway_id=robot.pk
        )


def test_the_address_is_shown_once_and_the_log_shows_what_arrived(client, sms):
    deliver(told(make_user(phone="13800001111", name="李青")))
    client.force_login(make_user(roles=["system_admin"]))
    client.post(reverse("notifications:channel_address", args=[sms.pk]))
    page = client.get(reverse("notifications:channel", args=[sms.pk])).content.decode()
    secret = page.split("/receipts/")[1].split("/")[0]
    assert len(secret) == 43
    assert secret not in client.get(reverse("notifications:channel", args=[sms.pk])).content.decode()
    report(client, secret, [{"msgid": "P1", "stat": "DELIVRD"}])
    notice = Notice.objects.get()
    assert "已送达" in client.get(reverse("notifications:deliveries")).content.decode()
    shown = client.get(reverse("notifications:delivery", args=[notice.pk])).content.decode()
    assert sms.name in shown
    assert "李青" in shown


def test_the_api_tells_operators_what_became_of_messages(client, sms):
    deliver(told(make_user(phone="13800001111", name="李青"), key="k1"))
    report(
        client,
        address_of(sms),
        [{"msgid": "k1", "stat": "UNDELIV", "why": "off"}, {"msgid": "who", "stat": "DELIVRD"}],
    )
    client.force_login(make_user(roles=["system_admin"]))
    (row,) = client.get("/api/deliveries?state=failed").json()["items"]
    assert (row["to"], row["has_account"], row["channel"], row["error"]) == ("李青", True, "sms", "off")
    (said,) = client.get(f"/api/deliveries/{row['id']}/receipts").json()
    assert (said["message"], said["notice"], said["outcome"]) == ("k1", row["id"], "failed")
    (unknown,) = client.get(f"/api/channels/{sms.pk}/receipts?unknown=true").json()["items"]
    assert (unknown["message"], unknown["notice"]) == ("who", None)
    client.force_login(make_user(roles=["security_admin"]))
    assert client.get("/api/deliveries").status_code == 403
    assert client.get(f"/api/channels/{sms.pk}/receipts").status_code == 403


def test_the_api_says_how_a_contact_is_told(client):
    contact = make_contact(make_customer(), name="李主任", email="li@example.com", capacities=["leader"])
    url = f"/api/contacts/{contact.pk}/told"
    wish = {"channels": ["sms"], "quiet_from": "20:00:00", "quiet_to": None}
    for user, expected in (("desk_agent", 422), ("security_admin", 403)):
        client.force_login(make_user(roles=[user]))
        assert client.put(url, wish, content_type="application/json").status_code == expected
    client.force_login(make_user(roles=["desk_agent"]))
    told_by = client.put(url, wish | {"quiet_to": "08:00:00"}, content_type="application/json")
    assert told_by.json()["channels"] == ["sms"]
    assert Preference.objects.get(contact=contact).channels == ["sms"]


class Keeper:
    """A provider that honours idempotency keys: a message whose key it knows is taken and goes nowhere."""

    def __init__(self):
        self.status, self.keys, self.sent = 200, [], []

    def __call__(self, request):
        key = request.headers["idempotency-key"]
        self.keys.append(key)
        if self.status == 200 and key not in self.sent:
            self.sent.append(key)
        return self.status, {"data": {}}, {}


def again(at):
    operator = actor_from(make_user(roles=["desk_admin"]))
    with clock.at(at):
        assert services.retry_failed(actor=operator) == 1
        services.deliver_batch()


def test_what_was_reported_as_failed_goes_again_by_a_key_of_its_own(client, serve):
    keeper = Keeper()
    gateway = make_gateway(
        "sms_http", settings=described(f"{serve(keeper).url}/sms"), secrets={"receipt_secret": KEY}
    )
    deliver(told(make_user(phone="13800001111", email=""), key="k7"))
    secret = address_of(gateway)
    report(client, secret, [{"msgid": "k7", "stat": "UNDELIV"}])
    again(NOW + timedelta(minutes=2))
    assert keeper.sent == ["k7", "k7~1"]
    notice = Notice.objects.get(channel="sms")
    for message, stat, state in (
        ("k7", "EXPIRED", "sent"),
        ("k7", "DELIVRD", "sent"),
        ("k7~1", "DELIVRD", "arrived"),
    ):
        report(client, secret, [{"msgid": message, "stat": stat}])
        notice.refresh_from_db()
        assert notice.state == state


@pytest.mark.parametrize(("status", "keys"), [(503, ["k7", "k7"]), (400, ["k7", "k7~1"])])
def test_only_what_was_refused_goes_again_by_another_key(serve, status, keys):
    keeper = Keeper()
    make_gateway("sms_http", settings=described(f"{serve(keeper).url}/sms"), secrets={"receipt_secret": KEY})
    keeper.status = status
    deliver(told(make_user(phone="13800001111", email=""), key="k7"))
    for hour in range(1, 7):
        with clock.at(NOW + timedelta(hours=2 * hour)):
            services.deliver_batch()
    assert Notice.objects.get(channel="sms").state == "failed"
    assert set(keeper.keys) == {"k7"}
    keeper.status = 200
    again(NOW + timedelta(days=1))
    assert [keeper.keys[0], keeper.keys[-1]] == keys
    assert keeper.sent == keys[-1:]
