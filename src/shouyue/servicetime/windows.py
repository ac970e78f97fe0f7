"""Reads windows, weekdays and dates as people write them into the numbers the compiler works on."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Literal

from shouyue.servicetime.errors import BadCalendarError

DAY = 86_400

# Seconds after the midnight on which the window starts; end exceeds DAY when it runs past midnight.
Window = tuple[int, int]

_WEEK = 7 * DAY
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_clock(value: object) -> int:
    """Seconds after midnight of "HH:MM", "HH:MM:SS" (up to "24:00") or a naïve `datetime.time`."""
    if isinstance(value, time):
        if value.tzinfo is not None or value.microsecond:
            raise BadCalendarError(f"{value!r}: a window edge is a plain wall time in whole seconds")
        return value.hour * 3600 + value.minute * 60 + value.second
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        seconds = hour * 3600 + minute * 60 + second
        if minute < 60 and second < 60 and seconds <= DAY:
            return seconds
    raise BadCalendarError(f"{value!r} is not a wall time: write HH:MM or HH:MM:SS, at most 24:00")


def format_clock(seconds: int) -> str:
    """The wall time of a window edge; the day after counts from 00:00 again."""
    if seconds > DAY:
        seconds -= DAY
    hour, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    return f"{hour:02}:{minute:02}:{second:02}" if second else f"{hour:02}:{minute:02}"


def parse_window(value: object) -> Window:
    """A pair of wall times or "09:00-12:00"; an end not after the start lies on the next date."""
    pair: object = re.split(r"\s*[-–—~]\s*", value.strip()) if isinstance(value, str) else value
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise BadCalendarError(f"{value!r} is not a window: give an opening and a closing time")
    opens, closes = parse_clock(pair[0]), parse_clock(pair[1])
    if opens == DAY:
        raise BadCalendarError(f"{value!r}: a window cannot open at 24:00; write 00:00 of the next day")
    return (opens, closes if closes > opens else closes + DAY)


def parse_windows(values: object) -> tuple[Window, ...]:
    """The windows of one day, sorted, each once. Overlaps are kept: they count once as a union."""
    if isinstance(values, str):
        values = [part for part in re.split(r"[,;，；、]\s*", values) if part]
    if not isinstance(values, Iterable):
        raise BadCalendarError(f"{values!r} is not a list of windows")
    return tuple(sorted({parse_window(value) for value in values}))


def parse_weekly(weekly: Mapping[int | str, object]) -> tuple[tuple[Window, ...], ...]:
    """Seven tuples of windows, Monday first.

    Keys: 0 to 6 (Monday is 0), the same as text, "mon", "mon-fri", "sat,sun". No day may be given twice.
    """
    if not isinstance(weekly, Mapping):
        raise BadCalendarError(f"{weekly!r} is not a mapping of weekdays to windows")
    week: dict[int, tuple[Window, ...]] = {}
    for key, values in weekly.items():
        windows = parse_windows(values)
        for day in _parse_weekdays(key):
            if day in week:
                raise BadCalendarError(f"{key!r}: {_WEEKDAYS[day]} is given twice")
            week[day] = windows
    return tuple(week.get(day, ()) for day in range(7))


def _parse_weekdays(key: int | str) -> list[int]:
    days: list[int] = []
    for part in str(key).lower().replace(" ", "").split(","):
        ends = [_parse_weekday(name, key) for name in part.split("-", 1)] if part else []
        if not ends:
            raise BadCalendarError(f"{key!r} is not a weekday: 0 to 6 from Monday, mon … sun, or mon-fri")
        days.extend((ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1))
    return days


def _parse_weekday(name: str, key: object) -> int:
    if name in {"0", "1", "2", "3", "4", "5", "6"}:
        return int(name)
    if len(name) >= 3:
        for day, full in enumerate(
            ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        ):
            if full.startswith(name):
                return day
    raise BadCalendarError(f"{key!r} is not a weekday: 0 to 6 from Monday, mon … sun, or mon-fri")


def parse_date(value: object) -> date:
    """A date, or its ISO form."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadCalendarError(f"{value!r} is not a date: write YYYY-MM-DD")


def parse_named_dates(values: object) -> dict[date, str]:
    """Dates with their names; a plain collection of dates has empty names."""
    if isinstance(values, Mapping):
        return {parse_date(day): str(name or "") for day, name in sorted(values.items(), key=_by_date)}
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise BadCalendarError(f"{values!r} is not a collection of dates")
    return dict.fromkeys(sorted({parse_date(value) for value in values}), "")


def parse_own_windows(values: object) -> dict[date, tuple[Window, ...]]:
    """The windows of single dates."""
    if not isinstance(values, Mapping):
        raise BadCalendarError(f"{values!r} is not a mapping of dates to windows")
    return {parse_date(day): parse_windows(own) for day, own in sorted(values.items(), key=_by_date)}


def _by_date(item: tuple[object, object]) -> date:
    return parse_date(item[0])


def weekly_tail(week: tuple[tuple[Window, ...], ...]) -> Literal["never", "always", "mixed"]:
    """What the weekly rule alone makes of the future."""
    stretches = sorted(
        (turn * _WEEK + day * DAY + opens, turn * _WEEK + day * DAY + closes)
        for turn in (0, 1)
        for day, windows in enumerate(week)
        for opens, closes in windows
    )
    reach = _WEEK // 2
    for opens, closes in stretches:
        if opens > reach:
            break
        reach = max(reach, closes)
    if not stretches:
        return "never"
    return "always" if reach >= _WEEK // 2 + _WEEK else "mixed"
