"""When an obligation is due, and when each of its steps falls. Pure functions over `servicetime`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

from shouyue.contracts.plan_language.match import Unknown, choose, shift
from shouyue.contracts.plan_language.model import Anchor, Deadline, Nothing, Span, Step, Unset
from shouyue.servicetime import Duration, ServiceCalendar, ServiceTimeError

from .happenings import INSTANT, Pause

LAST_STEP = 60
"""Steps are told apart by a bit in a 64-bit number; one is kept for the verdict."""

VERDICT = 62


@dataclass(frozen=True, slots=True)
class Limit:
    """What the facts make of a promise. promised: anything at all; known: every fact it needs is there."""

    promised: bool
    known: bool = True
    span: Span | None = None
    window: str = "always"


NOT_PROMISED = Limit(promised=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A point on an obligation's way: a step of the plan, or the verdict (`step` None)."""

    index: int
    at: datetime
    step: Step | None
    turn: int = 0

    @property
    def key(self) -> str:
        """Names the step in notices and events: `80%`, `due`, `30 min after#2`."""
        if self.step is None:
            return "verdict"
        return f"{self.step.at.text}#{self.turn}" if self.turn else self.step.at.text


def limit_of(promise: Deadline, facts: Mapping[str, Any]) -> Limit:
    """The limit and window that the facts choose."""
    window = _value(promise.window, facts)
    if isinstance(window, Nothing | Unset):
        return NOT_PROMISED
    if promise.due is not None:
        if isinstance(promise.due, Unset):
            return NOT_PROMISED
        return Limit(True, known=window is not None, window=window or "always")
    span = _value(promise.within, facts)
    if isinstance(span, Unset):
        span = span.provisional if span.provisional is not None else Nothing()
    if isinstance(span, Nothing):
        return NOT_PROMISED
    if span is None or window is None:
        return Limit(True, known=False)
    if promise.day_rule == "same time" and span.kind == "working_days":
        span = replace(span, rule="same_time")
    return Limit(True, span=span, window=window)


def _value(table: Any, facts: Mapping[str, Any]) -> Any:
    """The chosen value; None while a fact is unknown, `Nothing` when the table has no row for it."""
    found = choose(table, facts)
    if isinstance(found, Unknown):
        return None
    return Nothing() if found is None else found


def due_of(
    calendar: ServiceCalendar, start: datetime, span: Span, pauses: Sequence[Pause]
) -> datetime | None:
    """When a limit that began at `start` ends, in UTC; None while a pause is open or when never reached.

    Service time counts whole seconds; the fraction of the start is carried over, so that ten minutes are ten minutes.
    """
    whole = start.replace(microsecond=0)
    try:
        due = calendar.due(whole, span, [(begin, end, name) for begin, end, name in pauses])
    except ServiceTimeError:
        return None
    if due is None:
        return None
    if span.kind != "working_days" or span.rule == "same_time":
        due += timedelta(microseconds=start.microsecond)
    return due.astimezone(start.tzinfo)


def moment_of(
    anchor: Anchor,
    start: datetime,
    facts: Mapping[str, Any],
    calendar: ServiceCalendar,
    dates: Mapping[str, date],
) -> datetime | None:
    """The moment an anchor names for something that began at `start`, in UTC; None when it is not known."""
    found = _anchored(anchor, start, facts, calendar, dates)
    if found is None or anchor.shift is None:
        return found and found.astimezone(start.tzinfo)
    if anchor.shift.kind == "working_days":
        moved = calendar.due(found, anchor.shift) if not anchor.back else None
    elif anchor.shift.kind in ("months", "years", "days", "weeks"):
        moved = shift(found, anchor.shift, calendar.zone.key, back=anchor.back)
    else:
        seconds = timedelta(seconds=anchor.shift.seconds or 0)
        moved = found - seconds if anchor.back else found + seconds
    return moved and moved.astimezone(start.tzinfo)


def earliest_of(
    anchor: Anchor,
    start: datetime,
    facts: Mapping[str, Any],
    calendar: ServiceCalendar,
    dates: Mapping[str, date],
) -> datetime | None:
    """From when a keeping event counts: as `moment_of`; an anchor moved by days names the day, from its midnight."""
    found = moment_of(anchor, start, facts, calendar, dates)
    if found is None or anchor.shift is None or anchor.shift.kind not in ("days", "weeks", "months", "years"):
        return found
    day = found.astimezone(calendar.zone).date()
    return datetime.combine(day, time(), calendar.zone).astimezone(start.tzinfo)


def _anchored(
    anchor: Anchor,
    start: datetime,
    facts: Mapping[str, Any],
    calendar: ServiceCalendar,
    dates: Mapping[str, date],
) -> datetime | None:
    local = start.astimezone(calendar.zone)
    match anchor.base:
        case "fact":
            return _instant(
                start if anchor.name == "occurred_at" else facts.get(anchor.name), calendar, anchor.at
            )
        case "window_opens":
            return calendar.next_open(start)
        case "window_closes":
            return calendar.next_close(start)
        case "weekday":
            return _at(
                local.date() + timedelta(days=(anchor.number - local.weekday()) % 7), calendar, anchor.at
            )
        case "date":
            day = dates.get(anchor.name)
            return _at(day, calendar, anchor.at) if day else None
    return None


def _instant(value: Any, calendar: ServiceCalendar, at: str) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        if len(value) == 10:
            return _at(date.fromisoformat(value), calendar, at)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)


def _at(day: date, calendar: ServiceCalendar, at: str) -> datetime:
    """A time of a day: as told, else when the window closes, else the end of the day."""
    windows = calendar.windows(day)
    if at and at[0].isdigit():
        hour, minute = map(int, at.split(":")[:2])
        return datetime.combine(day, time(), calendar.zone) + timedelta(hours=hour, minutes=minute)
    clock = ""
    if windows:
        clock = windows[0][0] if at == "window opens" else windows[-1][1]
    if not clock or clock.startswith(("24:00", "00:00")):
        return datetime.combine(day + timedelta(days=1), time(), calendar.zone)
    return datetime.combine(day, time.fromisoformat(clock), calendar.zone)


def entries_of(
    steps: Sequence[Step],
    *,
    opened_at: datetime,
    due_at: datetime | None,
    span: Span | None,
    calendar: ServiceCalendar,
    pauses: Sequence[Pause],
) -> list[Entry]:
    """Every step's time, soonest first, with the verdict just after the due time."""
    found: list[Entry] = []
    for number, step in enumerate(steps):
        moment = _step_moment(step, opened_at, due_at, span, calendar, pauses)
        if moment is None:
            continue
        for turn in range(max(step.times, 1) if step.repeat else 1):
            index = number * 8 + min(turn, 7) if len(steps) <= LAST_STEP // 8 else number
            if index > LAST_STEP:
                break
            found.append(Entry(index, moment + turn * _length(step.repeat), step, turn))
    if due_at is not None:
        found.append(Entry(VERDICT, due_at + INSTANT, None))
    return sorted(found, key=lambda entry: (entry.at, entry.step is not None, entry.index))


def _step_moment(
    step: Step,
    opened_at: datetime,
    due_at: datetime | None,
    span: Span | None,
    calendar: ServiceCalendar,
    pauses: Sequence[Pause],
) -> datetime | None:
    at = step.at
    if at.base == "opened":
        return opened_at + _length(at.shift)
    if due_at is None:
        return None
    if at.base == "due" or at.percent == 100:
        shift = _length(at.shift)
        return due_at - shift if at.back else due_at + shift + INSTANT
    return _share(at.percent, opened_at, due_at, span, calendar, pauses)


def _share(
    percent: float,
    opened_at: datetime,
    due_at: datetime,
    span: Span | None,
    calendar: ServiceCalendar,
    pauses: Sequence[Pause],
) -> datetime | None:
    """The moment by which a share of the limit has been used up: of counted time where time is counted."""
    if span is None or not (span.is_counted or span.kind == "working_days"):
        return opened_at + (due_at - opened_at) * (percent / 100)
    whole = opened_at.replace(microsecond=0)
    total = span.seconds if span.seconds is not None else calendar.elapsed(whole, due_at, _plain(pauses))
    found = due_of(calendar, opened_at, Duration("seconds", ceil(total * percent / 100)), pauses)
    return found if percent > 100 or found is None else min(found, due_at)


def _plain(pauses: Sequence[Pause]) -> list[tuple[datetime, datetime | None, str]]:
    return [(begin, end, name) for begin, end, name in pauses]


def _length(span: Span | None) -> timedelta:
    """A span before or after a step: real time; a working day counts as a day there."""
    if span is None:
        return timedelta()
    if span.seconds is not None:
        return timedelta(seconds=span.seconds)
    days = {"days": 1, "working_days": 1, "weeks": 7, "months": 30, "years": 365}[span.kind]
    return timedelta(days=days * span.amount)
