"""Returned mail: the mailbox it goes to, and mails nobody would write on purpose."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.errors import Invalid
from shouyue.notifications import services
from shouyue.notifications.carriers import mailbox as carrier
from shouyue.notifications.carriers import reports
from shouyue.notifications.models import Notice, Receipt

from .factories import draft, make_gateway
from .providers import ImapServer, bounce

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
pytestmark = pytest.mark.django_db


@pytest.fixture
def notice():
    """A mail that has gone out."""
    with clock.at(NOW):
        user = make_user(email="li@example.com")
        services.post([draft(user, "email", about=("obligation", 7), records=True)])
        services.deliver_batch()
    return Notice.objects.get()


def mailbox(url, password="box-secret"):
    settings = {"imap": url, "imap_user": "desk", "imap_folder": "INBOX"}
    return make_gateway("mail", settings=settings, secrets={"imap_secret": password} if password else {})


def read(*minutes):
    for minute in minutes:
        with clock.at(NOW + timedelta(minutes=minute)):
            services.ask_for_receipts()


@pytest.mark.parametrize("password", ["box-secret", "wrong-secret"])
def test_the_mailbox_of_returned_mail_is_read(password, notice):
    server = ImapServer(
        "box-secret", [b"From: postmaster@x.example\r\nSubject: hello\r\n\r\nx", bounce(notice.pk)]
    )
    gateway = mailbox(server.url, password)
    read(1, 2)
    server.stop()
    notice.refresh_from_db()
    gateway.refresh_from_db()
    if password == "box-secret":
        assert (notice.state, notice.error) == ("failed", "5.1.1 550 5.1.1 no such user")
        assert (server.seen, gateway.receipts_error) == ({1, 2}, "")
        assert Receipt.objects.get().notice == notice
        assert sum(one.startswith("UID FETCH") for one in server.asked) == 2
    else:
        assert (notice.state, server.seen) == ("sent", set())
        assert "AUTHENTICATIONFAILED" in gateway.receipts_error
        assert password not in gateway.receipts_error


@pytest.mark.parametrize(
    "address", ["imap://mail.example.com", "https://mail.example.com", "imaps://169.254.1.1", "x"]
)
def test_a_mailbox_has_a_safe_address(address):
    with pytest.raises(Invalid):
        make_gateway("mail", settings={"imap": address}, secrets={})


def nested(depth):
    """A mail within a mail within a mail: more than Python's parser takes."""
    levels = (f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(depth))
    return ("From: mailer-daemon@x.example\r\n" + "".join(levels)).encode()


def test_one_malformed_mail_does_not_keep_the_others_from_being_read(notice):
    broken = [
        nested(3000),
        bounce(notice.pk, name="<>", quoted="message/rfc822"),
        bounce(notice.pk, name="<a@[", quoted="message/rfc822", day="1 Jan 99999999999999999999"),
        b'From: "\r\nDate: Mon, 2 Mar 2026 10:00:00 +99999999999999999999\r\n\r\nx',
        bounce(notice.pk),
    ]
    server = ImapServer("box-secret", broken)
    gateway = mailbox(server.url)
    read(1)
    server.stop()
    notice.refresh_from_db()
    gateway.refresh_from_db()
    assert (notice.state, server.seen, gateway.receipts_error) == ("failed", {1, 2, 3, 4, 5}, "")
    unknown = Receipt.objects.filter(notice=None).order_by("id").values_list("message", "reason")
    assert [message[0] for message, _reason in unknown] == ["?"] * 3
    assert "RecursionError" in unknown[0][1]


def test_returned_mail_of_old_mail_systems_is_read_in_its_own_words(notice):
    name = bounce(notice.pk).decode().split("Message-ID: <")[1].split(">")[0]
    subject = "=?utf-8?b?6YCA5L+h?= =?unicode_escape?q?=5Cud800?="
    text = f"From: Postmaster@x.example\r\nSubject: {subject}\r\n\r\nYour mail {name} came back."
    (told,) = reports.of_mail(text.encode())
    assert (told.message, told.outcome, told.reason) == (f"notice-{notice.pk}", "failed", "退信?")


def test_a_mail_sent_again_may_come_back_again(notice):
    server = ImapServer("box-secret", [bounce(notice.pk), bounce(notice.pk)])
    mailbox(server.url)
    read(1)
    notice.refresh_from_db()
    assert (notice.state, Receipt.objects.count()) == ("failed", 1)  # the same report twice is one
    with clock.at(NOW + timedelta(minutes=2)):
        services.retry_failed(actor=actor_from(make_user(roles=["desk_admin"])), notice_id=notice.pk)
        services.deliver_batch()
    notice.refresh_from_db()
    assert notice.state == "sent"
    server.mails.append(bounce(notice.pk, day="3 Mar 2026"))
    read(3)
    server.stop()
    notice.refresh_from_db()
    assert (notice.state, Receipt.objects.count()) == ("failed", 2)


def test_a_mail_server_that_does_not_answer_is_shown(monkeypatch):
    monkeypatch.setattr(carrier, "TIMEOUT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        gateway = mailbox(f"imap://127.0.0.1:{silent.getsockname()[1]}")
        read(1)
    gateway.refresh_from_db()
    assert ("TimeoutError" in gateway.receipts_error, gateway.last_receipt_at) == (True, None)


@pytest.mark.parametrize(("password", "words"), [("", "AUTHENTICATIONFAILED"), ("密码-secret", "ASCII")])
def test_a_password_that_cannot_be_right_is_shown_as_such(password, words):
    server = ImapServer("box-secret", [])
    gateway = mailbox(server.url, password)
    read(1)
    server.stop()
    gateway.refresh_from_db()
    assert words in gateway.receipts_error
    assert "secret" not in gateway.receipts_error
