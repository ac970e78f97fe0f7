"""What an anchor names within a period: `friday`, `last open day`, `5 working days after period end`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from shouyue.contracts.plan_language.model import Anchor, Span
from shouyue.servicetime import ServiceCalendar

from .periods import Term, plus_months

LONGEST_SEARCH = 400
"""Days looked through for an open one; a window that stays closed longer has none."""
SHORTEST_MONTH = 28
_CALENDAR = ("days", "weeks", "months", "years")


def day_named(
    anchor: Anchor, term: Term, calendar: ServiceCalendar, dates: Mapping[str, date]
) -> date | None:
    """The day an anchor names in a period, before closed days and offsets are looked at; None: there is none."""
    match anchor.base:
        case "weekday":
            return _nth(anchor, term)
        case "day":
            day = term.starts_on + timedelta(days=anchor.number - 1)
            if (
                term.days >= SHORTEST_MONTH
            ):  # the 31st of a shorter month is its last day: no month is left out
                day = min(day, term.ends_on - timedelta(days=1))
            return _within(day, term)
        case "last_day" | "period_end":
            return term.ends_on - timedelta(days=1)
        case "period_start":
            return term.starts_on
        case "open_day":
            return _open_day(term, calendar, anchor.number)
        case "last_open_day":
            return next((day for day in _days(term, back=True) if calendar.windows(day)), None)
        case "window_opens":
            return next((day for day in _days(term) if calendar.windows(day)), None)
        case "window_closes":
            return next((day for day in _days(term, back=True) if calendar.windows(day)), None)
        case "yearly":
            return _yearly(anchor.name, term)
        case "date":
            return dates.get(anchor.name)
    return None


def moment_named(
    anchor: Anchor,
    term: Term,
    calendar: ServiceCalendar,
    dates: Mapping[str, date],
    *,
    closed_day: str = "kept",
    begins: bool = False,
) -> datetime | None:
    """The moment an anchor names in a period, in the calendar's zone; None when there is none.

    closed_day: where a day on which the window stays closed moves to: before, after, kept. begins: the start of the
    day is meant, not its end.
    """
    day = day_named(anchor, term, calendar, dates)
    if day is None:
        return None
    shift = anchor.shift
    if shift is not None and shift.kind == "working_days":
        moved = _working_days(day, shift.amount, calendar, back=anchor.back)
        return None if moved is None else moment_of_day(moved, calendar, anchor.at, begins=begins)
    if shift is not None and shift.kind in _CALENDAR:
        day = _shifted(day, shift, back=anchor.back)
    moved = open_day_near(day, calendar, closed_day)
    if moved is None:
        return None
    if anchor.base in ("window_opens", "window_closes"):
        if not calendar.windows(moved):
            return None
        moment = moment_of_day(
            moved, calendar, "window opens" if anchor.base == "window_opens" else "window closes"
        )
    elif anchor.base == "period_start" and shift is not None and shift.seconds is not None:
        moment = midnight(moved, calendar)
    else:
        moment = moment_of_day(moved, calendar, anchor.at, begins=begins)
    if shift is None or shift.seconds is None:
        return moment
    seconds = timedelta(seconds=shift.seconds)
    return _plus(moment, -seconds if anchor.back else seconds)


def open_day_near(day: date, calendar: ServiceCalendar, closed_day: str) -> date | None:
    """The day itself when open or `kept`; else the nearest open one before or after; None when there is none."""
    if closed_day == "kept" or calendar.windows(day):
        return day
    step = timedelta(days=-1 if closed_day == "before" else 1)
    for _ in range(LONGEST_SEARCH):
        day += step
        if calendar.windows(day):
            return day
    return None


def moment_of_day(day: date, calendar: ServiceCalendar, at: str, *, begins: bool = False) -> datetime:
    """A time of a day: as told, else its first moment (`begins`), else the window's closing, else midnight after."""
    windows = calendar.windows(day)
    if at and at[0].isdigit():
        hour, minute = map(int, at.split(":")[:2])
        return _wall(day, calendar, hour, minute)
    if at == "window opens" and windows:
        hour, minute = map(int, windows[0][0].split(":"))
        return _wall(day, calendar, hour, minute)
    if begins:
        return midnight(day, calendar)
    if windows:
        opens, closes = windows[-1]
        if closes > opens and not closes.startswith("24"):
            hour, minute = map(int, closes.split(":"))
            return _wall(day, calendar, hour, minute)
        if closes <= opens and not closes.startswith("00:00"):
            hour, minute = map(int, closes.split(":"))
            return _wall(day + timedelta(days=1), calendar, hour, minute)
    return midnight(day + timedelta(days=1), calendar)


def midnight(day: date, calendar: ServiceCalendar) -> datetime:
    """The first moment of a day in the calendar's zone."""
    return datetime.combine(day, time(), calendar.zone)


def _wall(day: date, calendar: ServiceCalendar, hour: int, minute: int) -> datetime:
    if hour >= 24:
        return midnight(day + timedelta(days=1), calendar)
    return datetime.combine(day, time(hour, minute), calendar.zone)


def _plus(moment: datetime, by: timedelta) -> datetime:
    """Real time, also across a change of summer time."""
    zone = moment.tzinfo
    assert zone is not None
    return datetime.fromtimestamp(moment.timestamp() + by.total_seconds(), zone)


def _nth(anchor: Anchor, term: Term) -> date | None:
    """A weekday of the period; name: which one, counted from 1, or -1 for the last."""
    which = int(anchor.name or 1)
    if which > 0:
        first = term.starts_on + timedelta(days=(anchor.number - term.starts_on.weekday()) % 7)
        return _within(first + timedelta(weeks=which - 1), term)
    last = term.ends_on - timedelta(days=1)
    return _within(last - timedelta(days=(last.weekday() - anchor.number) % 7), term)


def _open_day(term: Term, calendar: ServiceCalendar, number: int) -> date | None:
    for day in _days(term):
        if calendar.windows(day):
            number -= 1
            if number <= 0:
                return day
    return None


def _yearly(name: str, term: Term) -> date | None:
    month, day = map(int, name.split("-")[:2])
    for year in range(term.starts_on.year, term.ends_on.year + 1):
        found = _within(date(year, month, min(day, monthrange(year, month)[1])), term)
        if found:
            return found
    return None


def _days(term: Term, *, back: bool = False) -> Iterator[date]:
    days = min(term.days, LONGEST_SEARCH)
    for number in range(days):
        if back:
            yield term.ends_on - timedelta(days=number + 1)
        else:
            yield term.starts_on + timedelta(days=number)


def _within(day: date, term: Term) -> date | None:
    return day if term.starts_on <= day < term.ends_on else None


def _working_days(day: date, count: int, calendar: ServiceCalendar, *, back: bool) -> date | None:
    """So many open days on; the day itself is not counted."""
    step = timedelta(days=-1 if back else 1)
    for _ in range(LONGEST_SEARCH + 7 * count):
        if count <= 0:
            return day
        day += step
        if calendar.windows(day):
            count -= 1
    return day if count <= 0 else None


def _shifted(day: date, span: Span, *, back: bool) -> date:
    amount = -span.amount if back else span.amount
    match span.kind:
        case "days":
            return day + timedelta(days=amount)
        case "weeks":
            return day + timedelta(weeks=amount)
        case "months":
            return plus_months(day, amount)
    return plus_months(day, 12 * amount)
