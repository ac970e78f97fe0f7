"""Writes of notices: post, deliver, mark read, try again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, jobs
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import NotAllowed
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import access, queries
from .choices import Channel, Level, State
from .models import Notice
from .rules import BATCH, next_try

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be posted. key: what it is about, unique for reader and channel; the same key is posted once.

    about, case: what it concerns, (type, id); about_customer_id: whose. records: the delivery becomes an event
    `notice.sent` of `about`, because a promise asks for it.
    """

    user_id: int
    customer_id: int
    channel: str
    subject: str
    key: str
    body: str = ""
    url: str = ""
    level: str = Level.INFO
    about: tuple[str, int] = ("", 0)
    case: tuple[str, int] = ("", 0)
    about_customer_id: int = 0
    contract_id: int | None = None
    step: str = ""
    records: bool = False


_INSERT = """
INSERT INTO notifications_notice (customer_id, user_id, channel, level, subject, body, url, key, state, attempts, error,
    created_at, sent_at, about_type, about_id, case_type, case_id, about_customer_id, contract_id, step, records)
VALUES {rows} ON CONFLICT (key) DO NOTHING RETURNING id, state, records
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def post(drafts: Sequence[Draft]) -> int:
    """Write the notices in the running transaction; one job delivers what must leave the house.

    A notice in the application is delivered by being written, unless its delivery is to become an event.
    Returns how many were new. Queries: one per 500, and one to enqueue.
    """
    made, waiting = 0, False
    now = clock.now()
    for start in range(0, len(drafts), 500):
        part = drafts[start : start + 500]
        parameters = [value for draft in part for value in _values(draft, now)]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT.format(rows=", ".join([_ROW] * len(part))), parameters)
            rows = cursor.fetchall()
        made += len(rows)
        waiting = waiting or any(state == State.QUEUED for _id, state, _records in rows)
    if waiting:
        deliver_queued.enqueue()
    return made


def _values(draft: Draft, now: datetime) -> tuple[Any, ...]:
    at_once = draft.channel == Channel.IN_APP and not draft.records
    return (
        draft.customer_id,
        draft.user_id,
        draft.channel,
        draft.level,
        _clean(draft.subject)[:300],
        draft.body.replace("\x00", ""),
        draft.url[:300],
        draft.key[:160],
        State.SENT if at_once else State.QUEUED,
        now,
        now if at_once else None,
        *draft.about,
        *draft.case,
        draft.about_customer_id,
        draft.contract_id,
        draft.step[:64],
        draft.records,
    )


def _clean(text: str) -> str:
    """One line: a line break in a subject would be a mail header of its own."""
    return " ".join(text.replace("\x00", "").split())


def deliver_batch(limit: int = BATCH) -> int:
    """Deliver notices that wait, each claimed by one worker only. Returns how many were taken up.

    The mail server is spoken to outside any transaction; the claim of a worker killed
    in between runs out after some minutes, so that a mail may at worst be sent twice, never lost.
    """
    claimed = _claim(limit)
    if not claimed:
        return 0
    mails = [notice for notice in claimed if notice.channel == Channel.EMAIL]
    problems = _send(mails) if mails else {}
    _settle(claimed, problems)
    return len(claimed)


def _claim(limit: int) -> list[Notice]:
    with acting_in(EVERYTHING):
        now = clock.now()
        rows = list(
            Notice.objects.filter(state=State.QUEUED)
            .exclude(retry_at__gt=now)
            .select_related("user")
            .order_by("id")
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        # taken until then: no other worker sends the same mail meanwhile
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(retry_at=next_try(4, now))
        return rows


def _send(notices: Sequence[Notice]) -> dict[int, str]:
    """Send mails over one connection. Returns the problem of each that failed."""
    problems: dict[int, str] = {}
    try:
        server = mail.get_connection(timeout=settings.EMAIL_TIMEOUT)
        server.open()
    except (OSError, SMTPException) as error:
        return {notice.pk: _short(error) for notice in notices}
    try:
        for notice in notices:
            try:
                _message(notice, server).send()
            except (OSError, SMTPException, ValueError) as error:
                problems[notice.pk] = _short(error)
    finally:
        try:
            server.close()
        except (OSError, SMTPException) as error:
            _log.info("mail server: %s", error)
    return problems


def _message(notice: Notice, server: BaseEmailBackend) -> mail.EmailMessage:
    if not notice.user.email:
        raise ValueError(_("no e-mail address"))
    link = f"\n\n{settings.BASE_URL}{notice.url}" if notice.url else ""
    return mail.EmailMessage(
        subject=notice.subject,
        body=f"{notice.body or notice.subject}{link}",
        to=[notice.user.email],
        connection=server,
        headers={"Message-ID": f"<notice-{notice.pk}@shouyue>", "Auto-Submitted": "auto-generated"},
    )


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _settle(notices: Sequence[Notice], problems: dict[int, str]) -> None:
    now = clock.now()
    with acting_in(EVERYTHING):
        for notice in sorted(notices, key=lambda one: one.pk):
            problem = problems.get(notice.pk)
            notice.attempts += 1
            again = next_try(notice.attempts, now) if problem else None
            notice.state = State.SENT if problem is None else State.QUEUED if again else State.FAILED
            notice.error, notice.retry_at = problem or "", again
            notice.sent_at = now if problem is None else None
            notice.save(update_fields=["attempts", "state", "error", "retry_at", "sent_at"])
            if notice.records and notice.state in (State.SENT, State.FAILED):
                _record_sent(notice)


def _record_sent(notice: Notice) -> None:
    events.record(
        "notice.sent",
        actor=SYSTEM,
        subject=(notice.about_type, notice.about_id),
        case=(notice.case_type, notice.case_id),
        customer_id=notice.about_customer_id,
        contract_id=notice.contract_id,
        facts={
            "step": notice.step,
            "channel": notice.channel,
            "outcome": "delivered" if notice.state == State.SENT else "failed",
            "notice": f"notice:{notice.pk}",
        },
    )


@jobs.task("notifications.deliver", in_transaction=False)
def deliver_queued() -> None:
    """Deliver until nothing waits."""
    while deliver_batch() == BATCH:
        pass


@transaction.atomic
def mark_read(*, actor: Actor, notice_id: int) -> Notice:
    """The reader has seen a notice. Raises: NotFound for somebody else's."""
    notice = queries.notice_of(actor, notice_id)
    if notice.read_at is None:
        notice.read_at, notice.state = clock.now(), State.READ
        notice.save(update_fields=["read_at", "state"])
    return notice


@transaction.atomic
def mark_all_read(*, actor: Actor) -> int:
    """The reader has seen everything. Returns how many were unread."""
    unread = queries.notices_of(actor).filter(read_at__isnull=True)
    return unread.update(read_at=clock.now(), state=State.READ)


@transaction.atomic
def retry_failed(*, actor: Actor, notice_id: int | None = None) -> int:
    """Send failed notices again, one or all. Raises: NotAllowed. Returns how many."""
    if not access.can_retry(actor):
        raise NotAllowed
    failed = queries.delivery_log(actor, state=State.FAILED)
    if notice_id is not None:
        failed = failed.filter(pk=notice_id)
    count = Notice.objects.filter(pk__in=list(failed.order_by().values_list("pk", flat=True)[:5000])).update(
        state=State.QUEUED, attempts=0, retry_at=None
    )
    if count:
        deliver_queued.enqueue()
    return count
