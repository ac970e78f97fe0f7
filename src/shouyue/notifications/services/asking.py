"""Asking providers what became of messages, where they do not say it by themselves."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timedelta

from shouyue.kernel import clock
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications import secrets_of
from shouyue.notifications.carriers import reports, sms
from shouyue.notifications.carriers.mailbox import Mailbox, MailboxError
from shouyue.notifications.carriers.parcel import Outcome, Parcel
from shouyue.notifications.choices import Arrival, GatewayKind, State
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.rules.pace import BREAKS_AFTER, asks_now

from .receipts import keep_reports, note_trouble
from .sending import mobile_number

ASKED_FOR = timedelta(hours=24)
MOST_AT_ONCE = 200
WORK_SECONDS = 40


def ask_for_receipts() -> int:
    """Read the mailbox of returned mail; ask about text messages not heard of, every minute, later every hour.

    Returns how many reports came. Nothing is asked within a transaction.
    """
    now = clock.now()
    ends = time.monotonic() + WORK_SECONDS
    with acting_in(EVERYTHING):
        gateways = list(Gateway.objects.filter(kind=GatewayKind.SMS_ALIYUN, settings__receipts="asked"))
        waiting = {gateway.pk: _waiting(gateway, now) for gateway in gateways}
        mailboxes = list(Gateway.objects.filter(kind=GatewayKind.MAIL, is_active=True, settings__imap__gt=""))
    found = sum(_read_mailbox(gateway) for gateway in mailboxes)
    return found + sum(_ask(gateway, waiting[gateway.pk], now, ends) for gateway in gateways)


def _read_mailbox(gateway: Gateway) -> int:
    """Keep what has come back; marked as seen only then, so that a killed worker loses nothing."""
    settings = gateway.settings
    found = 0
    problem = ""
    try:
        password = secrets_of.opened(gateway).get("imap_secret", "")
        with Mailbox(
            str(settings["imap"]), str(settings["imap_user"]), password, str(settings["imap_folder"])
        ) as box:
            mails = box.reports()
            told = [report for _uid, content in mails for report in _reports_in(content)]
            with acting_in(EVERYTHING):
                found = keep_reports(gateway, told)
            box.mark_seen([uid for uid, _content in mails])
    except (MailboxError, ShouyueError) as error:
        problem = str(error) or type(error).__name__
    if found or problem or gateway.receipts_error:
        with acting_in(EVERYTHING):
            note_trouble(gateway, problem, heard=found > 0)
    return found


def _reports_in(content: bytes) -> list[reports.Report]:
    """What cannot be read is shown among the reports of unknown messages; the mail itself stays in its mailbox."""
    try:
        return reports.of_mail(content)
    except reports.Unreadable as error:
        name = f"? {hashlib.sha256(content).hexdigest()[:12]}"
        return [reports.Report(name, Arrival.FAILED, reason=str(error)[:300])]


def _waiting(gateway: Gateway, now: datetime) -> list[Notice]:
    rows = Notice.objects.filter(
        gateway=gateway, state=State.SENT, tried_at__gt=now - ASKED_FOR, provider_id__gt=""
    ).select_related("user", "contact")
    due = [one for one in rows.order_by("tried_at") if one.tried_at and asks_now(one.pk, one.tried_at, now)]
    return due[-MOST_AT_ONCE:]


def _ask(gateway: Gateway, notices: list[Notice], now: datetime, ends: float) -> int:
    """Stops when the provider does not answer, or refuses thrice: the next round asks again."""
    found = []
    problem, refused = "", 0
    try:
        secrets = secrets_of.opened(gateway) if notices else {}
    except ShouyueError as error:
        notices, problem = [], error.message
    for notice in notices:
        if time.monotonic() > ends:
            break
        parcel = Parcel(
            settings=gateway.settings,
            secrets=secrets,
            phone=mobile_number(notice.reader.phone),
            subject="",
            text="",
            link="",
            key=notice.sent_key,
            at=now,
        )
        day = (notice.tried_at or now).astimezone(reports.PROVIDER_ZONE).date()
        answer = sms.aliyun_details(parcel, notice.provider_id, day)
        if isinstance(answer, Outcome):
            problem, refused = answer.answer, refused + 1
            if answer.state != "refused" or refused >= BREAKS_AFTER:
                break
            continue  # it may be this message alone
        told = (reports.of_details(row, notice.provider_id) for row in answer)
        found += [report for report in told if report is not None]
    if not (found or problem or (notices and gateway.receipts_error)):
        return 0
    with acting_in(EVERYTHING):
        fresh = keep_reports(gateway, found)
        note_trouble(gateway, problem, heard=fresh > 0)
        return fresh
