"""How often the calendar is planned in virtual time: weekly, since nothing joins a contract unseen meanwhile.

Duties are written at least two weeks ahead, so that a weekly look finds every one of them in time. What is drawn
when its period begins, and what waits for a sign of life, is looked at daily as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.commitments import books
from shouyue.commitments.models import Commitment
from shouyue.contracts.plan_language.model import Recurring
from shouyue.demo.rules.rhythm import ZONE
from shouyue.kernel import clock

_SET = """
UPDATE commitments_commitment SET next_at = %(at)s
WHERE id = ANY(%(ids)s) AND next_at > %(now)s AND next_at {than} %(at)s
"""


def steady() -> list[int]:
    """The promises that are written ahead. Queries: one, and those of the books."""
    found = []
    for row in Commitment.objects.filter(kind="recurring").order_by("id"):
        duty = books.current(row.contract_id).duties.get(row.name)
        promise = duty.promise if duty is not None and duty.gap is None else None
        if isinstance(promise, Recurring) and promise.sample is None:
            found.append(row.pk)
    return found


def look_weekly(ids: Sequence[int]) -> None:
    """What has just been planned, or vouched for, is planned again on Monday; what is due now is not put off.

    Queries: one.
    """
    now = clock.now()
    days = 7 - now.astimezone(ZONE).weekday()
    _set(ids, _shortly_after_midnight(now, days, ZONE), than="<")


def look_daily(ids: Sequence[int]) -> None:
    """From here on as everywhere. Queries: one."""
    _set(ids, _shortly_after_midnight(clock.now(), 1, ZONE), than=">")


def _set(ids: Sequence[int], at: datetime, *, than: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET.format(than=than), {"ids": list(ids), "at": at, "now": clock.now()})


def _shortly_after_midnight(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone) + timedelta(days=days)
    return day.replace(hour=0, minute=1, second=0, microsecond=0)
