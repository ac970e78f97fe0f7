"""Replaying stored events through a plan: what would have become of a case. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .aiming import entries, pending
from .book import Book
from .happenings import Happening, Obligation
from .reducer import Reaction, Verdict, begin, miss
from .timing import VERDICT


def replay(
    book: Book,
    history: Sequence[Happening],
    *,
    until: datetime | None = None,
    overlay: Mapping[str, Any] | None = None,
) -> list[Obligation]:
    """The obligations of one case after its events.

    until: let time pass up to there, so that what is due is missed; without it only the events speak.
    overlay: facts known now that win over those of the events.
    """
    events = sorted(
        (item for item in history if not item.verb.startswith(("obligation.", "notice.", "gate."))),
        key=lambda item: (item.at, item.id),
    )
    seen: list[Happening] = []
    reaction = Reaction(book, lambda version: book, [], lambda: seen)
    numbers = _numbers()
    for event in events:
        pass_time(book, reaction, event.at, numbers)
        event = event.with_facts(overlay) if overlay else event
        reaction.take(event)
        seen.append(event)
        tell(reaction, numbers)
    if until is not None:
        pass_time(book, reaction, until, numbers)
    return reaction.obligations


def pass_time(book: Book, reaction: Reaction, until: datetime, numbers: Callable[[], int]) -> None:
    """Let every obligation reach what falls before `until`: begin, miss; steps are counted as taken."""
    while True:
        due = [
            o
            for o in reaction.obligations
            if o.next_at is not None and o.next_at <= until and o.settled_at is None
        ]
        if not due:
            return
        obligation = min(due, key=lambda o: o.next_at or until)
        promise = book.deadlines[obligation.commitment]
        if obligation.state == "waiting":
            begin(book, promise, obligation)
            continue
        step(book, reaction, obligation)
        tell(reaction, numbers)


def step(book: Book, reaction: Reaction, obligation: Obligation) -> None:
    """Take the next step of one obligation."""
    promise = book.deadlines[obligation.commitment]
    left = pending(entries(book, promise, obligation), obligation)
    if not left:
        obligation.next_at = None
        return
    entry = left[0]
    if entry.index == VERDICT:
        reaction.verdicts.append(miss(book, promise, obligation))
        return
    obligation.steps_done |= 1 << entry.index
    obligation.next_at = min((item.at for item in left[1:]), default=None)
    if "obligation.warned" in book.outcomes:
        reaction.verdicts.append(Verdict("warned", obligation, entry.at))


def tell(reaction: Reaction, numbers: Callable[[], int]) -> None:
    """Let the verdicts given so far be events themselves."""
    while reaction.verdicts:
        verdict = reaction.verdicts.pop(0)
        obligation = verdict.obligation
        reaction.take(
            Happening(
                id=numbers(),
                verb=f"obligation.{verdict.outcome}",
                subject=("obligation", id(obligation)),
                case=obligation.case,
                at=verdict.at,
                facts={"commitment": obligation.commitment, "occurred_at": verdict.at.isoformat()},
                recorded_at=verdict.at,
                contract_id=obligation.contract_id,
                customer_id=obligation.customer_id,
            ),
            obligation,
        )


def _numbers() -> Callable[[], int]:
    """Ids for the register's own events in a replay: negative, so that none meets a stored one."""
    last = 0

    def following() -> int:
        nonlocal last
        last -= 1
        return last

    return following
