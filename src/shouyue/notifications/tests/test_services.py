"""Notices: posted once, delivered once, read by their reader alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import PASSWORD, make_user, sign_in
from shouyue.kernel import clock, scope
from shouyue.kernel.errors import NotAllowed, NotFound
from shouyue.notifications import queries, services
from shouyue.notifications.models import Notice
from shouyue.notifications.rules.pace import ATTEMPTS, next_try
from shouyue.notifications.services import Draft
from shouyue.parties.tests.factories import make_customer

pytestmark = pytest.mark.django_db


def draft(user, channel="in_app", key="k1", **changes):
    values = {"subject": "即将到期", "body": "请处理", "url": "/obligations/1/"}
    return Draft(user_id=user.pk, customer_id=user.customer_id, channel=channel, key=key, **values | changes)


def client_of(user):
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return sign_in(user)


def test_the_same_key_is_posted_once():
    user = make_user()
    assert services.post([draft(user), draft(user, key="k2")]) == 2
    assert services.post([draft(user)]) == 0
    assert queries.unread_count(actor_from(user)) == 2


def test_mail_is_sent_by_the_job_with_a_link():
    user = make_user(email="li@example.com")
    services.post([draft(user, "email", subject="第一行\r\nBcc: x@example.com")])
    assert mail.outbox == []
    assert services.deliver_batch() == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["li@example.com"], "第一行 Bcc: x@example.com")
    assert sent.body.endswith("/obligations/1/")
    assert Notice.objects.get().state == "sent"
    assert services.deliver_batch() == 0


def test_a_failing_server_is_tried_again_and_given_up(monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("connection refused")

    monkeypatch.setattr(mail, "get_connection", refuse)
    user = make_user(email="li@example.com")
    services.post([draft(user, "email")])
    moment = clock.now()
    for _ in range(ATTEMPTS):
        with clock.at(moment):
            assert services.deliver_batch() == 1
            assert services.deliver_batch() == 0  # not before its time
        moment += timedelta(hours=5)
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts, notice.error) == (
        "failed",
        ATTEMPTS,
        "OSError: connection refused",
    )
    monkeypatch.undo()
    operator = actor_from(make_user(roles=["desk_admin"]))
    assert services.retry_failed(actor=operator) == 1
    services.deliver_batch()
    notice.refresh_from_db()
    assert notice.state == "sent"


def test_pauses_grow_and_end():
    now = clock.now()
    waits = [next_try(n, now) for n in range(1, ATTEMPTS + 1)]
    assert [None if wait is None else (wait - now).total_seconds() for wait in waits] == [
        15,
        60,
        240,
        960,
        3840,
        None,
    ]


def test_nobody_reads_the_notices_of_others():
    reader, other = make_user(), make_user()
    services.post([draft(reader)])
    notice = Notice.objects.get()
    with pytest.raises(NotFound):
        services.mark_read(actor=actor_from(other), notice_id=notice.pk)
    assert services.mark_read(actor=actor_from(reader), notice_id=notice.pk).state == "read"


def test_the_wall_parts_customers():
    mine = make_user(customer_id=make_customer().pk)
    theirs = make_user(customer_id=make_customer().pk)
    services.post([draft(mine), draft(theirs, key="k2")])
    with scope.acting_in(actor_from(mine).scope):
        assert list(Notice.objects.values_list("user_id", flat=True)) == [mine.pk]


@pytest.mark.parametrize(
    ("roles", "status"), [([], 403), (["desk_agent"], 403), (["audit_admin"], 200), (["desk_admin"], 200)]
)
def test_the_log_is_for_operators(roles, status):
    assert client_of(make_user(roles=roles)).get(reverse("notifications:deliveries")).status_code == status


def test_the_auditor_does_not_send():
    with pytest.raises(NotAllowed):
        services.retry_failed(actor=actor_from(make_user(roles=["audit_admin"])))


def test_opening_a_notice_marks_it_and_leads_on():
    user = make_user()
    services.post([draft(user)])
    browser = client_of(user)
    page = browser.get(reverse("notifications:notices"))
    assert "即将到期" in page.content.decode()
    response = browser.post(reverse("notifications:open", args=[Notice.objects.get().pk]))
    assert (response.status_code, response["Location"]) == (303, "/obligations/1/")
    assert queries.unread_count(actor_from(user)) == 0


def test_a_notice_never_leads_outside():
    user = make_user()
    services.post([draft(user, url="https://evil.example/")])
    response = client_of(user).post(reverse("notifications:open", args=[Notice.objects.get().pk]))
    assert response["Location"] == reverse("notifications:notices")


def test_the_api_lists_and_marks():
    user = make_user()
    services.post([draft(user)])
    browser = client_of(user)
    listed = browser.get("/api/notices", {"unread": "true"}).json()
    assert [item["subject"] for item in listed["items"]] == ["即将到期"]
    browser.post(reverse("notifications:mark_all_read"))
    assert browser.get("/api/notices", {"unread": "true"}).json()["items"] == []
