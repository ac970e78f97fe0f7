"""Aiming an obligation: its limit, due time, warning and next step from facts, start and pauses."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from shouyue.contracts.plan_language.model import Deadline, Span, Unset
from shouyue.servicetime import parse_duration

from .book import TASK, Book
from .happenings import Obligation
from .timing import VERDICT, Entry, Limit, due_of, earliest_of, entries_of, limit_of, moment_of


def aim(book: Book, promise: Deadline, obligation: Obligation, limit: Limit | None = None) -> None:
    """Set everything that follows from the obligation's facts, its start and its pauses."""
    if obligation.period:  # the calendar says when it is due
        plan_steps(book, promise, obligation)
        return
    limit = limit or limit_of(promise, obligation.facts)
    calendar = book.calendar(limit.window)
    obligation.window = limit.window
    obligation.calendar_digest = calendar.spec_digest()[:16]
    obligation.within = str(limit.span) if limit.span else ""
    obligation.aimed = limit.known
    obligation.dirty = True
    if obligation.state == "waiting":
        _aim_wait(book, promise, obligation)
        return
    told = {**obligation.facts, **obligation.opening}
    obligation.due_at = None
    if limit.known and promise.due is not None and not isinstance(promise.due, Unset):
        obligation.due_at = moment_of(promise.due, obligation.opened_at, told, calendar, book.dates)
        obligation.aimed = obligation.due_at is not None
    elif limit.known and limit.span is not None:
        obligation.due_at = due_of(calendar, obligation.opened_at, limit.span, obligation.pauses)
    if promise.not_before is not None:
        obligation.not_before = earliest_of(
            promise.not_before, obligation.trigger_at, {**told, "occurred_at": None}, calendar, book.dates
        )
    if obligation.state == "paused" and obligation.due_at is not None:
        obligation.state = "running"  # its time was up before the pause began, or a pause does not move it
    plan_steps(book, promise, obligation)


def _aim_wait(book: Book, promise: Deadline, obligation: Obligation) -> None:
    after = promise.after.provisional if isinstance(promise.after, Unset) else promise.after
    opens = (
        due_of(book.calendar(obligation.window), obligation.trigger_at, after, obligation.pauses)
        if after
        else None
    )
    obligation.due_at = obligation.warn_at = None
    obligation.next_at = opens


def plan_steps(
    book: Book, promise: Deadline, obligation: Obligation, known: list[Entry] | None = None
) -> None:
    """Set when the next step falls, and from when the obligation counts as soon due. known: its steps as they stand."""
    all_entries = entries(book, promise, obligation) if known is None else known
    warnings = [
        entry.at
        for entry in all_entries
        if entry.step is not None and entry.step.at.text != TASK and obligation.due_at is not None
    ]
    first = min(warnings, default=None)
    obligation.warn_at = first if first and obligation.due_at and first <= obligation.due_at else None
    left = [entry.at for entry in pending(all_entries, obligation)]
    waits = obligation.state in ("running", "missed") and not obligation.is_unjudged
    obligation.next_at = min(left, default=None) if waits else None


def entries(book: Book, promise: Deadline, obligation: Obligation) -> list[Entry]:
    """Every step of an obligation with its time; none while its clock stands still."""
    if obligation.is_paused and obligation.due_at is None:
        return []
    return entries_of(
        promise.escalate,
        opened_at=obligation.opened_at,
        due_at=obligation.due_at,
        span=span_of(obligation),
        calendar=book.calendar(obligation.window or "always"),
        pauses=obligation.pauses,
    )


def pending(all_entries: list[Entry], obligation: Obligation) -> list[Entry]:
    """The entries not done yet; the verdict is done once it is given."""
    return [
        entry
        for entry in all_entries
        if not obligation.steps_done >> entry.index & 1
        and (entry.index != VERDICT or obligation.state == "running")
    ]


def span_of(obligation: Obligation) -> Span | None:
    """The limit as a duration."""
    return _span(obligation.within) if obligation.within else None


_span = lru_cache(maxsize=1024)(parse_duration)


def in_time(obligation: Obligation, at: datetime) -> bool:
    """Whether a keeping event at that moment keeps the obligation in time."""
    return obligation.due_at is None or at <= obligation.due_at


def silence_from(book: Book, promise: Deadline, gap: Span, obligation: Obligation, at: datetime) -> None:
    """Let the time for the next sign begin at a moment."""
    window = promise.window if isinstance(promise.window, str) else "always"
    calendar = book.calendar(window)
    obligation.trigger_at = obligation.opened_at = at
    obligation.window, obligation.within = window, str(gap)
    obligation.calendar_digest = calendar.spec_digest()[:16]
    obligation.progress = obligation.steps_done = 0
    obligation.due_at = due_of(calendar, at, gap, ())
    obligation.aimed = obligation.due_at is not None
    obligation.dirty = True
    plan_steps(book, promise, obligation)
