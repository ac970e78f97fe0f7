"""Asking providers what became of messages, where they do not say it by themselves."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from shouyue.kernel import clock
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications import secrets_of
from shouyue.notifications.carriers import reports, sms
from shouyue.notifications.carriers.parcel import Outcome, Parcel
from shouyue.notifications.choices import GatewayKind, State
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.rules.pace import asks_now

from .receipts import keep_reports, note_trouble
from .sending import mobile_number

ASKED_FOR = timedelta(hours=24)
MOST_AT_ONCE = 200
WORK_SECONDS = 40


def ask_for_receipts() -> int:
    """Ask about what was sent and not heard of: every minute at first, then every hour for a day.

    Returns how many reports came. Nothing is asked within a transaction.
    """
    now = clock.now()
    ends = time.monotonic() + WORK_SECONDS
    with acting_in(EVERYTHING):
        gateways = list(Gateway.objects.filter(kind=GatewayKind.SMS_ALIYUN, settings__receipts="asked"))
        waiting = {gateway.pk: _waiting(gateway, now) for gateway in gateways}
    return sum(_ask(gateway, waiting[gateway.pk], now, ends) for gateway in gateways)


def _waiting(gateway: Gateway, now: datetime) -> list[Notice]:
    rows = Notice.objects.filter(
        gateway=gateway, state=State.SENT, tried_at__gt=now - ASKED_FOR, provider_id__gt=""
    ).select_related("user", "contact")
    due = [one for one in rows.order_by("tried_at") if one.tried_at and asks_now(one.pk, one.tried_at, now)]
    return due[-MOST_AT_ONCE:]


def _ask(gateway: Gateway, notices: list[Notice], now: datetime, ends: float) -> int:
    """Stops at the first answer that is none: the next round asks again."""
    found = []
    problem = ""
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
            key=notice.key,
            at=now,
        )
        day = (notice.tried_at or now).astimezone(reports.PROVIDER_ZONE).date()
        answer = sms.aliyun_details(parcel, notice.provider_id, day)
        if isinstance(answer, Outcome):
            problem = answer.answer
            break
        told = (reports.of_details(row, notice.provider_id) for row in answer)
        found += [report for report in told if report is not None]
    if not (found or problem):
        return 0
    with acting_in(EVERYTHING):
        note_trouble(gateway, problem)
        return keep_reports(gateway, found)
