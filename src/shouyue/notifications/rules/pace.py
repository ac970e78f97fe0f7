"""When a notice goes out: pauses after failures, quiet hours, digests in a storm, the breaker of a broken gateway."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ATTEMPTS = 6
"""After so many failures a notice stays failed until an operator tries again."""

BATCH = 200
LEASE = timedelta(minutes=5)
"""What was claimed and not settled by then belonged to a worker that is gone."""
PATIENCE = timedelta(hours=1)
"""Till then a pause that a gateway asks for is not counted as a try."""
WORK_SECONDS = 60
"""A batch stops sending after so long, well within its lease."""

FEW = 3
"""So many notices for one person on one channel still go out one by one."""
SETTLE = timedelta(seconds=5)
"""A storm is over for the moment when nothing came for so long."""
GATHER_AT_MOST = timedelta(seconds=60)
DIGEST_EVERY = timedelta(minutes=2)

QUIET_FOR_CONTACTS = (time(22), time(7))
"""When contacts without account are not disturbed, as long as nobody has said otherwise; urgent ones break through."""

TRIES_OF_A_CALL = 3
CALL_AGAIN = timedelta(minutes=10)

BREAKS_AFTER = 3
"""So many failures in a row open the breaker of a gateway."""


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts: 15 s, 1 min, 4 min, 16 min, an hour; None when it is over."""
    return None if attempts >= ATTEMPTS else now + timedelta(seconds=15 * 4 ** (attempts - 1))


def asks_now(number: int, sent_at: datetime, now: datetime) -> bool:
    """Whether a provider is asked in this minute about a message: every minute for ten, then in one of the hour."""
    minutes = int((now - sent_at).total_seconds() // 60)
    return 0 < minutes <= 10 or (minutes > 10 and (minutes + number) % 60 == 0)


def broken_for(failures: int) -> timedelta | None:
    """How long a gateway rests after so many failures in a row: 30 s, doubled up to half an hour; None: it works."""
    if failures < BREAKS_AFTER:
        return None
    return min(timedelta(seconds=30 * 2 ** min(failures - BREAKS_AFTER, 10)), timedelta(minutes=30))


def quiet_until(now: datetime, zone: str, begins: time | None, ends: time | None) -> datetime | None:
    """When the quiet hours that `now` falls into end, in UTC; None outside of them. They may span midnight.

    An end that a change to summer time skips is the moment of the change.
    """
    if begins is None or ends is None or begins == ends:
        return None
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    inside = begins <= at < ends if begins < ends else at >= begins or at < ends
    if not inside:
        return None
    day = local.date() if at < ends else local.date() + timedelta(days=1)
    until = datetime.combine(day, ends, ZoneInfo(zone)).astimezone(now.tzinfo)
    return max(until, now + timedelta(seconds=1))


def gathering(
    *,
    waiting: int,
    lately: int,
    oldest: datetime,
    newest: datetime,
    digest_at: datetime | None,
    now: datetime,
) -> datetime | Literal["one by one", "together"]:
    """What to do with one person's waiting notices on one channel: send each, send a digest, or wait until then.

    lately: how many went to that person there one by one in the last minutes; digest_at: when the last digest did.
    """
    lately_together = digest_at is not None and digest_at + DIGEST_EVERY > now
    if not lately_together and waiting <= FEW and waiting + lately <= 2 * FEW:
        return "one by one"
    ripe = min(newest + SETTLE, oldest + GATHER_AT_MOST)
    if digest_at is not None:
        ripe = max(ripe, digest_at + DIGEST_EVERY)
    return "together" if ripe <= now else ripe
