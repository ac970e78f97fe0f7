"""When faults come: by hour, weekday, and in thunderstorms. Times are instants; days are those of the customers."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BUSY = (1, 1, 1, 1, 1, 2, 3, 8, 26, 46, 44, 34, 15, 19, 32, 35, 29, 20, 10, 7, 5, 4, 3, 2)
"""Calls by hour of a working day."""
STORM_EVERY_DAYS = 17
STORM_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Pace:
    """weekend: calls of a Saturday compared with a Monday; night: how far the nights are as busy as the days."""

    weekend: float
    night: float


def weight(pace: Pace, at: datetime) -> float:
    """How likely a fault is in the hour of this instant, compared with other hours."""
    local = at.astimezone(ZONE)
    mean = sum(BUSY) / 24
    by_hour = BUSY[local.hour] * (1 - pace.night) + mean * pace.night
    return by_hour * (pace.weekend if local.weekday() >= 5 else 1.0)


def arrivals(
    rng: random.Random, pace: Pace, since: datetime, until: datetime, count: int
) -> Sequence[datetime]:
    """So many instants between the two, in order, drawn by the weights of their hours."""
    hours = max(int((until - since) / timedelta(hours=1)), 1)
    span = (until - since) / hours
    sums = list(accumulate(weight(pace, since + span * (index + 0.5)) for index in range(hours)))
    drawn = []
    for _ in range(count):
        index = min(bisect(sums, rng.random() * sums[-1]), hours - 1)
        drawn.append(since + span * index + timedelta(seconds=int(rng.random() * span.total_seconds())))
    return sorted(drawn)


def storms(rng: random.Random, since: datetime, until: datetime) -> Sequence[datetime]:
    """When thunderstorms begin, some weeks apart, in afternoons and nights."""
    begun, day = [], since + timedelta(days=rng.uniform(2, STORM_EVERY_DAYS))
    while day < until - timedelta(hours=8):
        local = day.astimezone(ZONE).replace(hour=rng.choice((15, 17, 20, 23)), minute=rng.randrange(60))
        if local > since:
            begun.append(local)
        day += timedelta(days=rng.uniform(0.6, 1.4) * STORM_EVERY_DAYS)
    return [storm for storm in begun if storm < until]


def per_minute(pace: Pace, at: datetime, per_day: float) -> float:
    """Faults expected in one minute at this instant, when a working day brings so many."""
    return per_day * weight(pace, at) / sum(BUSY) / 60
