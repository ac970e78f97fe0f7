"""When a recurring promise asks for something: its occurrences over a stretch of time. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from shouyue.contracts.plan_language.model import Anchor, Period, Recurring, Unset
from shouyue.servicetime import ServiceCalendar

from .anchoring import day_named, midnight, moment_named, moment_of_day, open_day_near
from .periods import Term, share_of, term_of, terms

Days = tuple[date, date]
"""Dates from … until, the end excluded."""

ONCE = "once"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a promise asks for something. key: unique in the promise, `2026-W47`, `2026-11#2`, `once`.

    opens_at, not_before, due_at: UTC.
    """

    key: str
    opens_at: datetime
    due_at: datetime
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a contract gives a recurring promise. origin: the contract's first day; dates: its known dates.

    spans: the days on which the promise holds (term and stages); since: nothing is asked for what was due earlier.
    """

    calendar: ServiceCalendar
    origin: date
    spans: Sequence[Days]
    dates: Mapping[str, date] = field(default_factory=dict)
    since: datetime | None = None


def agreed(value: object) -> object:
    """A value, the provisional one while it is not agreed, None without."""
    return value.provisional if isinstance(value, Unset) else value


def occurrences(promise: Recurring, frame: Frame, since: date, until: date) -> list[Occurrence]:
    """The occurrences of every period that has a day in [since, until), by due time.

    Empty when the rhythm is not agreed, or when no day of a period fits.
    """
    every = agreed(promise.every)
    if not isinstance(every, Period):
        return []
    found = list(
        _once(promise, frame) if every.unit == ONCE else _periodic(promise, every, frame, since, until)
    )
    begun = [item for item in found if frame.since is None or item.due_at > frame.since]
    return sorted(begun, key=lambda item: (item.due_at, item.key))


def _once(promise: Recurring, frame: Frame) -> Iterator[Occurrence]:
    due = agreed(promise.due)
    if not isinstance(due, Anchor) or not frame.spans:
        return
    first, last = frame.spans[0][0], frame.spans[-1][1]
    term = Term(ONCE, first, last)
    occurrence = _occurrence(promise, frame, term, term, ONCE)
    if occurrence is not None:
        yield occurrence


def _periodic(
    promise: Recurring, every: Period, frame: Frame, since: date, until: date
) -> Iterator[Occurrence]:
    for term in terms(every, since, until, frame.origin):
        for number, (start, end) in enumerate(frame.spans):
            cut = Term(term.key, max(term.starts_on, start), min(term.ends_on, end))
            if cut.starts_on >= cut.ends_on:
                continue
            mark = "" if number == 0 or start <= term.starts_on else f"~{number + 1}"
            yield from _in_term(promise, every, frame, term, cut, mark)


def _in_term(
    promise: Recurring, every: Period, frame: Frame, term: Term, cut: Term, mark: str
) -> Iterator[Occurrence]:
    times = agreed(promise.times)
    wanted = times if isinstance(times, int) else 1
    if promise.pro_rata:
        wanted = asked_of(wanted, share_of(term, cut.starts_on, cut.ends_on))
    if every.unit == "day" and every.count == 1 and wanted >= 1:
        if promise.closed_day != "kept" and not frame.calendar.windows(cut.starts_on):
            return
        if wanted > 1:
            yield from _in_day(frame, term, wanted)
            return
    for number, part in enumerate(spread(cut, wanted)):
        key = term.key + mark + (f"#{number + 1}" if wanted > 1 else "")
        found = _occurrence(promise, frame, term, part, key, is_whole=wanted == 1)
        if found is not None:
            yield found


def asked_of(times: int, share: float) -> int:
    """How often a shortened period asks, rounded half up."""
    return int(times * share + 0.5)


def spread(term: Term, times: int) -> list[Term]:
    """A period cut into so many parts of nearly equal length; never more parts than days."""
    times = min(times, term.days)
    cuts = (
        [term.starts_on + timedelta(days=term.days * number // times) for number in range(times)]
        if times
        else []
    )
    return (
        [
            Term(term.key, start, end)
            for start, end in zip(cuts, [*cuts[1:], term.ends_on], strict=True)
            if start < end
        ]
        if times
        else []
    )


def _in_day(frame: Frame, term: Term, times: int) -> Iterator[Occurrence]:
    """Several times a day: spread over its hours."""
    start, end = midnight(term.starts_on, frame.calendar), midnight(term.ends_on, frame.calendar)
    length = (end.astimezone(UTC) - start.astimezone(UTC)) / times
    for number in range(times):
        opens = start.astimezone(UTC) + number * length
        yield Occurrence(f"{term.key}#{number + 1}", opens, opens + length)


def _occurrence(
    promise: Recurring, frame: Frame, term: Term, part: Term, key: str, *, is_whole: bool = True
) -> Occurrence | None:
    calendar = frame.calendar
    due = _due(promise, frame, term, part, is_whole=is_whole)
    if due is None:
        return None
    opens = _start(promise.opens, term if is_whole else part, frame) or midnight(part.starts_on, calendar)
    if promise.opens is None:
        opens = min(opens, due)
    elif opens > due:
        return None
    return Occurrence(
        key, opens.astimezone(UTC), due.astimezone(UTC), _utc(_start(promise.not_before, term, frame))
    )


def _due(promise: Recurring, frame: Frame, term: Term, part: Term, *, is_whole: bool) -> datetime | None:
    anchor = agreed(promise.due)
    calendar = frame.calendar
    if isinstance(anchor, Anchor):
        ends_here = anchor.base in (
            "period_end",
            "period_start",
            "last_day",
            "last_open_day",
            "window_closes",
        )
        named = part if ends_here or not is_whole else term
        day = day_named(anchor, named, calendar, frame.dates)
        if day is None or (anchor.base != "date" and day < part.starts_on):
            return None  # the day was over when the period began for this promise
        return moment_named(anchor, named, calendar, frame.dates, closed_day=promise.closed_day)
    if promise.due is not None:
        return None
    day = open_day_near(part.ends_on - timedelta(days=1), calendar, promise.closed_day)
    return None if day is None else moment_of_day(day, calendar, "")


def _start(anchor: Anchor | None, term: Term, frame: Frame) -> datetime | None:
    if anchor is None:
        return None
    return moment_named(anchor, term, frame.calendar, frame.dates, begins=True)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def look_ahead(every: Period, today: date, origin: date, days: int) -> date:
    """Until when occurrences exist ahead: so many days, and always to the end of the next period."""
    horizon = today + timedelta(days=days)
    if every.unit in (ONCE, "gap"):
        return horizon
    following = term_of(every, term_of(every, today, origin).ends_on, origin)
    return max(horizon, following.ends_on)
