"""Which obligations an event keeps: when it may, which one of a recurring promise, what part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shouyue.contracts.plan_language.match import carries
from shouyue.contracts.plan_language.model import Attested, Deadline, Happens

from .aiming import in_time
from .book import Book, keepers
from .happenings import UNSETTLED, Happening, Obligation

AT_ONCE = timedelta(seconds=5)
"""What an act takes at most from reading the clock to recording its event: until then it is told at once."""


def may_keep(obligation: Obligation, event: Happening) -> bool:
    """Whether an event comes at a time when it can keep an obligation."""
    if obligation.state not in UNSETTLED or obligation.settled_at is not None or obligation.is_unjudged:
        return False
    earliest = obligation.opened_at if obligation.period else obligation.trigger_at
    if event.id == obligation.opened_event_id or (
        event.at < earliest and not _by_a_clock_set_back(obligation, event)
    ):
        return False
    return obligation.not_before is None or event.at >= obligation.not_before


def _by_a_clock_set_back(obligation: Obligation, event: Happening) -> bool:
    """Told at once, after what opened the promise, yet of an earlier time: not the order is wrong but the clock."""
    return (
        0 < obligation.opened_event_id < event.id
        and not obligation.period
        and event.recorded_at is not None
        and event.recorded_at - event.at < AT_ONCE
    )


def one_of_each_duty(
    found: Sequence[tuple[Book, Deadline, Obligation]], event: Happening
) -> list[tuple[Book, Deadline, Obligation]]:
    """An event keeps one occurrence of a recurring promise: the one it names, the next due, or the last missed."""
    chosen: dict[tuple[str, str], tuple[Book, Deadline, Obligation]] = {}
    plain = []
    for entry in found:
        obligation = entry[2]
        if not obligation.period:
            plain.append(entry)
            continue
        named = event.facts.get("period")
        if named is not None and obligation.period.split(":")[0] != named:
            continue
        key = (obligation.commitment, obligation.tie)
        other = chosen.get(key)
        if other is None or _before(obligation, other[2], event):
            chosen[key] = entry
    return [*plain, *chosen.values()]


def _before(one: Obligation, other: Obligation, event: Happening) -> bool:
    """Whether an event counts rather for one occurrence than for another."""
    if in_time(one, event.at) != in_time(other, event.at):
        return in_time(one, event.at)
    if one.due_at is None or other.due_at is None:
        return one.due_at is not None
    return one.due_at < other.due_at if in_time(one, event.at) else one.due_at > other.due_at


def parts_done(book: Book, promise: Deadline, obligation: Obligation, event: Happening) -> int:
    """The parts of what keeps a promise that an event does, as bits."""
    done = 0
    for number, part in enumerate(keepers(promise.kept_by)):
        if part.verb != event.verb:
            continue
        if isinstance(part, Attested):
            if event.facts.get("role") != part.role or event.facts.get("commitment") != obligation.commitment:
                continue
        elif isinstance(part, Happens) and not book.holds(part.when, event.facts, obligation.opening):
            continue
        if carries(promise.args, event.facts):
            done |= 1 << number
    return done
