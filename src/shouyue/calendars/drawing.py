"""Months and years of a calendar laid out for pages: weeks from Monday, each day with its windows. No database."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from shouyue.servicetime import ServiceCalendar

from .rules import shown_name


@dataclass(frozen=True, slots=True)
class Cell:
    """One date. kind: open, closed, holiday, make-up; windows: wall times as text."""

    day: date
    kind: str
    name: str
    windows: tuple[tuple[str, str], ...]
    is_today: bool = False
    is_outside: bool = False

    @property
    def is_always(self) -> bool:
        """Open from midnight to midnight."""
        return self.windows == (("00:00", "24:00"),)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days with the ISO number of their week."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks from Monday, the days of its neighbours included."""

    first: date
    weeks: tuple[Week, ...]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def open_days(self) -> int:
        """Days of the month on which a window opens."""
        return self.counts.get("open", 0) + self.counts.get("make-up", 0)

    @property
    def holidays(self) -> int:
        """Named days off."""
        return self.counts.get("holiday", 0)

    @property
    def make_up_days(self) -> int:
        """Make-up workdays and shifts."""
        return self.counts.get("make-up", 0)


def cell(calendar: ServiceCalendar, day: date, today: date, month: int | None = None) -> Cell:
    """One date as the calendar sees it."""
    found = calendar.day(day)
    kinds = {"holiday": "holiday", "make-up day": "make-up"}
    kind = kinds.get(found.kind) or ("open" if found.windows else "closed")
    return Cell(
        day,
        kind,
        shown_name(found.name),
        tuple(found.windows),
        is_today=day == today,
        is_outside=month is not None and day.month != month,
    )


def month(calendar: ServiceCalendar, year: int, number: int, today: date) -> Month:
    """A month of a calendar."""
    first = date(year, number, 1)
    last = date(year, number, monthrange(year, number)[1])
    day = first - timedelta(days=first.weekday())
    weeks = []
    while day <= last:
        cells = tuple(
            cell(calendar, date.fromordinal(day.toordinal() + step), today, number) for step in range(7)
        )
        weeks.append(Week(day.isocalendar()[1], cells))
        day += timedelta(days=7)
    counts = Counter(entry.kind for week in weeks for entry in week.cells if not entry.is_outside)
    return Month(first, tuple(weeks), dict(counts))


def year(calendar: ServiceCalendar, number: int, today: date) -> list[Month]:
    """The twelve months of a year."""
    return [month(calendar, number, which, today) for which in range(1, 13)]


def moved(first: date, months: int) -> date:
    """The first of the month that many months later."""
    years, which = divmod(first.month - 1 + months, 12)
    return date(first.year + years, which + 1, 1)
