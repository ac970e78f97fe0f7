"""Periods of the calendar: days to years, contract years, any number of months, none of which drifts.

A period is a span of local dates, its end excluded. `day` … `year` follow the calendar; `3 months`, `2 weeks` and
contract years are counted from the contract's start, each from that same day, so that the 31st comes back.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from shouyue.contracts.plan_language.model import Period

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12, "contract-year": 12}
_MONDAY = date(2001, 1, 1)
"""A Monday and the first day of a year, a quarter and a month."""


@dataclass(frozen=True, slots=True)
class Term:
    """One period with its name: `2026-W47`, `2026-11`, `2026-Q4`, `Y2`; otherwise its first day. ends_on: excluded."""

    key: str
    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        """Its length."""
        return (self.ends_on - self.starts_on).days


def plus_months(day: date, months: int) -> date:
    """The same day of another month, or its last one. Raises: OverflowError beyond the calendar."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"year {year}")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def term_of(period: Period, day: date, origin: date) -> Term:
    """The period a day lies in. origin: the contract's first day. Raises: ValueError for `once` and gaps."""
    index = _index(period, day, origin)
    return _term(period, index, origin)


def terms(period: Period, since: date, until: date, origin: date) -> Iterator[Term]:
    """Every period that has a day in [since, until), in order."""
    if since >= until:
        return
    index = _index(period, since, origin)
    while (term := _term(period, index, origin)).starts_on < until:
        yield term
        index += 1


def share_of(term: Term, starts_on: date, ends_on: date) -> float:
    """Which part of a period lies in [starts_on, ends_on)."""
    days = (min(term.ends_on, ends_on) - max(term.starts_on, starts_on)).days
    return max(days, 0) / term.days


def _anchor(period: Period, origin: date) -> date:
    return origin if period.unit == "contract-year" or period.count != 1 else _MONDAY


def _start(period: Period, index: int, origin: date) -> date:
    anchor = _anchor(period, origin)
    if period.unit in DAYS:
        return anchor + timedelta(days=index * DAYS[period.unit] * period.count)
    return plus_months(anchor, index * MONTHS[period.unit] * period.count)


def _index(period: Period, day: date, origin: date) -> int:
    if period.unit not in DAYS and period.unit not in MONTHS:
        raise ValueError(f"{period.unit} is no rhythm")
    if period.count < 1:
        raise ValueError("a period has at least one unit")
    anchor = _anchor(period, origin)
    if period.unit in DAYS:
        return (day - anchor).days // (DAYS[period.unit] * period.count)
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    index = months // (MONTHS[period.unit] * period.count)
    while _start(period, index, origin) > day:
        index -= 1
    while _start(period, index + 1, origin) <= day:
        index += 1
    return index


def _term(period: Period, index: int, origin: date) -> Term:
    start, end = _start(period, index, origin), _start(period, index + 1, origin)
    return Term(_key(period, index, start), start, end)


def _key(period: Period, index: int, start: date) -> str:
    if period.unit == "contract-year" and period.count == 1:
        return f"Y{index + 1}"
    if period.count != 1:
        return start.isoformat()
    match period.unit:
        case "week":
            year, week, _ = start.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{start.year}-{start.month:02}"
        case "quarter":
            return f"{start.year}-Q{start.month // 3 + 1}"
        case "half-year":
            return f"{start.year}-H{start.month // 6 + 1}"
        case "year":
            return f"{start.year}"
    return start.isoformat()
