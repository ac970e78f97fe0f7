"""Periods that are closed: a month or a quarter in the contract's own zone, and the bytes that are frozen."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_KEY = re.compile(r"([0-9]{4})-(?:([0-9]{2})|Q([1-4]))")
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Period:
    """A month (`2026-10`) or quarter (`2026-Q4`): the years and months it has, and its instants, the end excluded."""

    key: str
    months: tuple[tuple[int, int], ...]
    since: datetime
    until: datetime

    @property
    def is_quarter(self) -> bool:
        return len(self.months) == 3

    @property
    def month_keys(self) -> tuple[str, ...]:
        """`2026-10`, `2026-11`, `2026-12`."""
        return tuple(f"{year:04}-{month:02}" for year, month in self.months)


def period_of(key: str, zone: str) -> Period:
    """A period by its key. Raises: ValueError."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(key)
    year, month, quarter = int(found[1]), found[2], found[3]
    if not FIRST_YEAR <= year <= LAST_YEAR or (month and not 1 <= int(month) <= 12):
        raise ValueError(key)
    first = int(month) if month else int(quarter) * 3 - 2
    months = tuple((year, number) for number in range(first, first + (1 if month else 3)))
    return Period(key, months, _start(year, first, zone), _start(*_after(*months[-1]), zone))


def period_at(instant: datetime, zone: str, *, quarterly: bool) -> Period:
    """The period an instant lies in."""
    local = instant.astimezone(ZoneInfo(zone))
    key = f"{local.year:04}-Q{(local.month + 2) // 3}" if quarterly else f"{local.year:04}-{local.month:02}"
    return period_of(key, zone)


def before(period: Period, zone: str) -> Period:
    """The period before this one."""
    return period_at(period.since - timedelta(hours=12), zone, quarterly=period.is_quarter)


def _start(year: int, month: int, zone: str) -> datetime:
    return datetime(year, month, 1, tzinfo=ZoneInfo(zone))


def _after(year: int, month: int) -> tuple[int, int]:
    return (year + month // 12, month % 12 + 1)


def frozen_text(snapshot: Mapping[str, Any]) -> str:
    """The one way to write a snapshot: keys in order, no spaces, so that its digest can be computed anywhere."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
