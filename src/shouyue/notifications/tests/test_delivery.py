"""Delivery under trouble: storms, quiet hours, limits, broken gateways, killed workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail
from django.db import connection

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import WAIT
from shouyue.notifications import queries, services
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.names import name_of
from shouyue.notifications.rules.pace import DIGEST_EVERY, LEASE, SETTLE

from .factories import aliyun_settings, draft, make_gateway
from .providers import MailServer

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
pytestmark = pytest.mark.django_db
STORM = 1000


def ok(_request):
    return 200, {"errcode": 0, "errmsg": "ok"}, {}


def storm(user, channel, n=STORM, **changes):
    return [
        draft(user, channel, f"storm:{channel}:{i}", subject=f"第{i}件已超时", **changes) for i in range(n)
    ]


def drain(moment, rounds=20):
    with clock.at(moment):
        for _ in range(rounds):
            if services.deliver_batch() == 0:
                return


def test_a_thousand_breaches_are_one_mail_and_one_line_none_lost():
    user = make_user(email="li@example.com")
    with clock.at(NOW):
        for channel in ("in_app", "email"):
            every = storm(user, channel, level="urgent")
            services.post(every[:500])
            drain(NOW)
            services.post(every[500:])
        drain(NOW)
    assert mail.outbox == []
    drain(NOW + SETTLE)
    (sent,) = mail.outbox
    assert "1000" in sent.subject
    assert (sent.body.count("已超时"), "980" in sent.body) == (20, True)
    (line,) = queries.notices_of(actor_from(user))
    assert (line.parts, queries.unread_count(actor_from(user))) == (STORM, 1)
    told = Counter(Notice.objects.filter(parts=0).values_list("channel", "state"))
    assert told == {("in_app", "digested"): STORM, ("email", "digested"): STORM}
    digest = Notice.objects.get(channel="email", parts=STORM)
    assert queries.members_of(digest).count() == STORM


def test_storms_soon_after_each_other_do_not_become_a_storm_of_digests():
    user = make_user(email="li@example.com")
    for minute in range(10):
        moment = NOW + timedelta(seconds=12 * minute)
        with clock.at(moment):
            services.post([draft(user, "email", f"s{minute}:{i}") for i in range(10)])
        drain(moment)
        drain(moment + SETTLE)
    drain(NOW + DIGEST_EVERY + timedelta(minutes=1))
    assert len(mail.outbox) == 2
    assert Notice.objects.filter(state="digested").count() == 100


def test_one_by_one_they_still_end_in_a_digest():
    user = make_user(email="li@example.com")
    for number in range(30):
        with clock.at(NOW + timedelta(seconds=number)):
            services.post([draft(user, "email", f"k{number}")])
        drain(NOW + timedelta(seconds=number))
    drain(NOW + timedelta(minutes=5))
    assert len(mail.outbox) == 7  # six alone, the rest together
    assert Counter(Notice.objects.values_list("state", flat=True)) == {"sent": 7, "digested": 24}


def test_a_failing_digest_fails_for_all_and_goes_out_again_for_all(monkeypatch):
    user = make_user(email="")
    with clock.at(NOW):
        services.post(
            [draft(user, "email", f"k{i}", records=True, about=("obligation", 7)) for i in range(5)]
        )
    drain(NOW + SETTLE)
    assert Counter(Notice.objects.values_list("state", flat=True)) == {"failed": 6}
    user.email = "li@example.com"
    user.save(update_fields=["email"])
    one = Notice.objects.filter(parts=0).first()
    operator = actor_from(make_user(roles=["desk_admin"]))
    with clock.at(NOW + timedelta(hours=1)):
        assert services.retry_failed(actor=operator, notice_id=one.pk) == 1
    drain(NOW + timedelta(hours=1))
    assert len(mail.outbox) == 1
    assert Counter(Notice.objects.values_list("state", flat=True)) == {"sent": 1, "digested": 5}
    outcomes = (
        Event.objects.filter(verb="notice.sent").order_by("id").values_list("facts__outcome", flat=True)
    )
    assert list(outcomes) == ["failed"] * 5 + ["delivered"] * 5


@pytest.mark.parametrize(
    ("zone", "level", "breaks", "held"),
    [
        ("Asia/Shanghai", "warning", True, True),
        ("Asia/Shanghai", "urgent", True, False),
        ("Asia/Shanghai", "urgent", False, True),
        ("Europe/Paris", "warning", True, False),
    ],
)
def test_quiet_hours_by_ones_own_zone(zone, level, breaks, held):
    user = make_user(email="li@example.com", time_zone=zone)
    services.save_preference(
        actor=actor_from(user),
        channels=["email"],
        quiet_from=time(22),
        quiet_to=time(7),
        urgent_breaks_through=breaks,
    )
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Beijing, 16:30 in Paris
    with clock.at(night):
        services.post([draft(user, "email", level=level), draft(user, key="k2", level=level)])
    drain(night)
    notice = Notice.objects.get(channel="email")
    assert (notice.state, len(mail.outbox)) == (("held", 0) if held else ("sent", 1))
    assert Notice.objects.get(channel="in_app").state == "sent"  # the application disturbs nobody
    if held:
        morning = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
        assert notice.retry_at == morning
        drain(morning - timedelta(seconds=1))
        assert mail.outbox == []
        drain(morning)
        assert len(mail.outbox) == 1


def test_a_robot_says_no_more_than_twenty_a_minute(serve):
    server = serve(ok)
    make_gateway(url=f"{server.url}/?key=1")
    people = [make_user(phone=f"1380000{i:04d}") for i in range(25)]
    with clock.at(NOW):
        services.post([draft(one, "robot", f"k{one.pk}") for one in people])
    drain(NOW)
    assert len(server.got) == 20
    drain(NOW + timedelta(seconds=59))
    assert len(server.got) == 20
    drain(NOW + timedelta(seconds=60))
    assert len(server.got) == 25
    assert set(Notice.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_broken_gateway_rests_and_the_next_one_serves(serve):
    broken, sound = serve(lambda _request: (500, {}, {})), serve(ok)
    first = make_gateway("sms_http", url=f"{broken.url}/sms")
    people = [make_user(phone=f"1380000{i:04d}") for i in range(10)]
    with clock.at(NOW):
        services.post([draft(one, "sms", f"k{one.pk}") for one in people])
    drain(NOW)
    first.refresh_from_db()
    assert (len(broken.got), first.failures) == (3, 3)
    assert first.open_until == NOW + timedelta(seconds=30)
    make_gateway("sms_http", url=f"{sound.url}/sms")
    drain(NOW + timedelta(seconds=15))  # the breaker is open: the second gateway takes over
    drain(NOW + timedelta(seconds=40))
    assert (len(broken.got), len(sound.got)) == (3, 10)
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
    keys = {request.json["id"] for request in sound.got}
    assert keys == set(Notice.objects.values_list("key", flat=True))


def test_one_trial_closes_the_breaker_again(serve):
    answers = iter([500, 500, 500, 200, 200])
    server = serve(lambda _request: (next(answers), {}, {}))
    gateway = make_gateway("sms_http", url=f"{server.url}/sms")
    people = [make_user(phone=f"1380000{i:04d}") for i in range(2)]
    with clock.at(NOW):
        services.post([draft(one, "sms", f"k{one.pk}") for one in people])
    for seconds in (0, 15, 45, 76, 90, 140):
        drain(NOW + timedelta(seconds=seconds))
    gateway.refresh_from_db()
    assert (gateway.failures, gateway.open_until, len(server.got)) == (0, None, 5)
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_a_refusal_is_final_at_once_and_mail_steps_in(serve):
    server = serve(lambda _request: (400, {"why": "no such number"}, {}))
    make_gateway("sms_http", url=f"{server.url}/sms")
    user = make_user(phone="13800001111", email="li@example.com")
    with clock.at(NOW):
        services.post([draft(user, "sms", about=("obligation", 7))])
    drain(NOW)
    notice = Notice.objects.get(channel="sms")
    assert (notice.state, notice.attempts, len(server.got)) == ("failed", 1, 1)
    assert "no such number" in notice.error
    assert [sent.to for sent in mail.outbox] == [["li@example.com"]]


def test_one_number_that_has_had_enough_does_not_stop_the_others(serve):
    def answer(request):
        full = request.query["PhoneNumbers"] == "13800000000"
        return 200, {"Code": "isv.BUSINESS_LIMIT_CONTROL" if full else "OK", "BizId": "1"}, {}

    server = serve(answer)
    gateway = make_gateway("sms_aliyun", settings=aliyun_settings(server.url), secrets={"secret": "s3cret"})
    people = [make_user(phone=f"1380000{i:04d}", email=f"{i}@example.com") for i in range(4)]
    with clock.at(NOW):
        services.post([draft(one, "sms", f"k{one.pk}") for one in people])
    drain(NOW)
    gateway.refresh_from_db()
    assert (gateway.failures, gateway.open_until) == (0, None)
    assert sorted(Notice.objects.values_list("state", flat=True)) == ["queued", "sent", "sent", "sent"]
    for minutes in (1, 6, 23, 90, 180):  # as often as any message that fails, then by mail
        drain(NOW + timedelta(minutes=minutes))
    assert Notice.objects.get(user=people[0], channel="sms").state == "failed"
    assert [sent.to for sent in mail.outbox] == [["0@example.com"]]


def test_pauses_without_end_are_a_failure_at_last(serve):
    server = serve(lambda _request: (429, {"why": "quota"}, {}))
    make_gateway("sms_http", url=f"{server.url}/sms")
    user = make_user(phone="13800001111", email="li@example.com")
    with clock.at(NOW):
        services.post([draft(user, "sms")])
    drain(NOW)
    drain(NOW + timedelta(minutes=59))
    assert Notice.objects.get().attempts == 0
    for minutes in range(60, 300, 2):
        drain(NOW + timedelta(minutes=minutes))
    assert Notice.objects.get(channel="sms").state == "failed"
    assert [sent.to for sent in mail.outbox] == [["li@example.com"]]


def test_without_a_gateway_the_reason_is_told():
    user = make_user(phone="13800001111")
    with clock.at(NOW):
        services.post([draft(user, "sms")])
    drain(NOW)
    notice = Notice.objects.get()
    assert notice.state == "failed"
    assert notice.error != ""


@pytest.fixture
def inbox(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


def test_mail_goes_through_a_real_server_and_a_refusal_is_final(inbox):
    good, bad = make_user(email="li@example.com"), make_user(email="wang@refused.example")
    with clock.at(NOW):
        services.post([draft(good, "email"), draft(bad, "email", "k2")])
    drain(NOW)
    (taken,) = inbox.taken
    notice = Notice.objects.get(user=good)
    assert f"<{name_of(notice.pk)}@shouyue>".encode() in taken.content
    assert (notice.state, Notice.objects.get(user=bad).state) == ("sent", "failed")
    assert Notice.objects.get(user=bad).attempts == 1


SENDER = """
import sys
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from shouyue.notifications import services
print("ready", flush=True)
services.deliver_batch()
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_sending_loses_nothing_and_the_key_is_the_same(serve):
    reached, go_on = threading.Event(), threading.Event()

    def answer(_request):
        reached.set()
        go_on.wait(WAIT)
        return 200, {}, {}

    server = serve(answer)
    with acting_in(EVERYTHING):
        make_gateway("sms_http", url=f"{server.url}/sms")
        user = make_user(phone="13800001111")
        services.post([draft(user, "sms", key="obligation:1:0:7:sms")])
    process = subprocess.Popen(
        [sys.executable, "-c", SENDER, connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "shouyue.config.settings"},
    )
    assert reached.wait(WAIT)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(WAIT)
    go_on.set()
    with acting_in(EVERYTHING):
        assert Notice.objects.get().state == "sending"
    assert services.deliver_batch() == 0  # its lease still runs
    with clock.at(clock.now() + LEASE):
        assert services.deliver_batch() == 1
    with acting_in(EVERYTHING):
        assert Notice.objects.get().state == "sent"
        assert Gateway.objects.get().failures == 0
    assert [request.headers["idempotency-key"] for request in server.got] == ["obligation:1:0:7:sms"] * 2
