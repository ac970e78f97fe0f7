"""Waits of a plan, which stop clocks: what an event does to an obligation's pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shouyue.contracts.plan_language.match import match_facts, matches
from shouyue.contracts.plan_language.model import Deadline, Wait

from .book import Book
from .happenings import Happening, History, Obligation, Pause


def resume(ends: Sequence[Wait], promise: Deadline, obligation: Obligation, event: Happening) -> bool:
    """Close the pauses whose wait an event ends. True: there was one."""
    changed = False
    for wait in ends:
        if wait.name not in promise.pauses or not _ended(wait, event):
            continue
        for number, (begin, end, name) in enumerate(obligation.pauses):
            if name == wait.name and end is None:
                obligation.pauses[number] = (begin, max(event.at, begin), name)
                changed = True
    return changed


def pause(
    book: Book, begins: Sequence[Wait], promise: Deadline, obligation: Obligation, event: Happening
) -> bool:
    """Open a pause for each wait an event begins and that is not open yet. True: there was one."""
    changed = False
    for wait in begins:
        if wait.name not in promise.pauses:
            continue
        if any(name == wait.name and end is None for _, end, name in obligation.pauses):
            continue
        if book.holds(wait.begins.when, event.facts):
            obligation.pauses.append((event.at, None, wait.name))
            changed = True
    return changed


def running(book: Book, promise: Deadline, event: Happening, history: History) -> list[Pause]:
    """Waits that began before this obligation and have not ended: its clock stands from the start."""
    if event.subject == event.case and event.facts.get("seq") == 1:
        return []
    since: dict[str, datetime] = {}
    for item in history():
        if item.id >= event.id:
            break
        interest = book.interests.get(item.verb)
        if interest is None:
            continue
        for wait in interest.ends:
            if _ended(wait, item):
                since.pop(wait.name, None)
        for wait in interest.begins:
            if wait.name in promise.pauses and book.holds(wait.begins.when, item.facts):
                since.setdefault(wait.name, item.at)
    return [(event.at, None, name) for name in since]


def _ended(wait: Wait, event: Happening) -> bool:
    """Whether an event ends a wait: an end that names another reason does not."""
    if event.verb not in wait.ends:
        return False
    begins = wait.begins.when
    if begins is None:
        return True
    known = match_facts(begins)
    return any(event.facts.get(key) is None for key in known) or matches(begins, event.facts)
