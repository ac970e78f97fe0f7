"""The statutory holidays of China from the maintained package `chinesecalendar`, held against a second one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from importlib.metadata import version

from chinese_calendar.constants import holidays, workdays

from .choices import DayKind
from .rules import DayEntry

TABLE = "CN"
PACKAGE = "chinesecalendar"


def source() -> str:
    """The package with its version."""
    return f"{PACKAGE} {version(PACKAGE)}"


def reaches_until() -> date:
    """The last day of the last year that was published when the package was made."""
    return date(max(holidays).year, 12, 31)


def days() -> dict[date, DayEntry]:
    """Days off with the weekends inside them, and make-up workdays, from 2004 on."""
    found = {day: DayEntry(day, DayKind.HOLIDAY.value, name) for day, name in holidays.items()}
    found |= {day: DayEntry(day, DayKind.WORKDAY.value, name) for day, name in workdays.items()}
    return dict(sorted(found.items()))


def differences(days: Mapping[date, DayEntry], year: int) -> list[date]:
    """The dates of a year on which the package `holidays` disagrees about working or not."""
    from holidays import country_holidays  # slow to import, and asked for by commands only

    second = country_holidays("CN", years=year)
    day, found = date(year, 1, 1), []
    while day.year == year:
        entry = days.get(day)
        works = day.weekday() < 5 if entry is None else entry.kind == DayKind.WORKDAY
        if works != second.is_working_day(day):
            found.append(day)
        day += timedelta(days=1)
    return found
