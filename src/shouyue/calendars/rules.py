"""What tables and customers' days add up to. No database, no clock."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext

from shouyue.servicetime import BadCalendarError
from shouyue.servicetime.windows import format_clock, parse_windows

from .choices import DayKind

FESTIVALS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
"""Statutory names are kept in English, so that a calendar's fingerprint does not depend on the reader's language."""

_KEPT_NAMES = {chinese: english for english, chinese in FESTIVALS.items()}
_KEPT_NAMES |= {"清明": "Tomb-sweeping Day", "端午": "Dragon Boat Festival", "中秋": "Mid-autumn Festival"}
_KEPT_NAMES |= {"国庆": "National Day", "五一": "Labour Day"}

Windows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DayEntry:
    """What is said about one date. windows: its own hours, only of working days; empty: the usual ones."""

    day: date
    kind: str
    name: str = ""
    windows: Windows = ()


Days = Mapping[date, DayEntry]


def canonical(name: str) -> str:
    """How a day's name is kept."""
    return _KEPT_NAMES.get(name.strip(), name.strip())


def shown_name(name: str) -> str:
    """A day's name in the active language; names entered by people stay as they are."""
    return gettext(name) if name in FESTIVALS else name


def read_windows(text: str | Iterable[Any]) -> Windows:
    """Hours as people write them, sorted. Raises: BadCalendarError naming what cannot be read."""
    if isinstance(text, str):
        plain = re.sub(r"\s*[-–—~]\s*", "-", text)
        text = [part for part in re.split(r"[,，;；、\s]+", plain) if part]
    return tuple((format_clock(opens), format_clock(closes)) for opens, closes in parse_windows(text))


def windows_text(windows: Iterable[Iterable[str]]) -> str:
    """`09:00-12:00, 13:00-18:00`."""
    return ", ".join("-".join(pair) for pair in windows)


def read_weekly(texts: Mapping[int, str]) -> dict[str, list[list[str]]]:
    """Weekday → hours as they are kept. Raises: BadCalendarError."""
    return {
        str(day): [list(pair) for pair in read_windows(text)] for day, text in texts.items() if text.strip()
    }


def overlay(base: Days, own: Days) -> dict[date, DayEntry]:
    """The days of a table with those that override them; an ordinary day takes one away."""
    days = {**base, **own}
    return {day: entry for day, entry in sorted(days.items()) if entry.kind != DayKind.ORDINARY}


def spec_parts(days: Days) -> dict[str, Any]:
    """The days as `servicetime` reads them: holidays, extra_workdays, own_windows."""
    off = {day: entry.name for day, entry in days.items() if entry.kind == DayKind.HOLIDAY}
    on = {day: entry.name for day, entry in days.items() if entry.kind == DayKind.WORKDAY}
    own = {
        day: entry.windows for day, entry in days.items() if entry.kind == DayKind.WORKDAY and entry.windows
    }
    return {"holidays": off, "extra_workdays": on, "own_windows": own}


def to_json(days: Days) -> dict[str, list[Any]]:
    """Plain data that a version keeps."""
    return {
        day.isoformat(): [entry.kind, entry.name, [list(pair) for pair in entry.windows]]
        for day, entry in sorted(days.items())
    }


def from_json(stored: Mapping[str, Any]) -> dict[date, DayEntry]:
    """The days of a stored version."""
    found = {}
    for text, (kind, name, windows) in stored.items():
        day = date.fromisoformat(text)
        found[day] = DayEntry(day, kind, name, tuple((opens, closes) for opens, closes in windows))
    return found


def digest_of(data: Any) -> str:
    """SHA-256 of plain data, the same on every machine."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def missing_year(reaches_until: date | None, today: date) -> int | None:
    """The year whose table should be there by now and is not: this one, or from 1 December the next one."""
    wanted = today.year + (1 if today.month == 12 else 0)
    return None if reaches_until is not None and reaches_until >= date(wanted, 12, 31) else wanted


def each_day(first: date, last: date) -> list[date]:
    """The dates from first to last, both included."""
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def check_entry(kind: str, windows: Windows) -> None:
    """Raises BadCalendarError when hours are given for a day that is not a working day."""
    if kind not in DayKind.values:
        raise BadCalendarError(f"{kind!r} is not a kind of day: holiday, workday or ordinary")
    if windows and kind != DayKind.WORKDAY:
        raise BadCalendarError("only a working day has hours of its own")
