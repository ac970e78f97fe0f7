"""What a step or a silence does beyond telling people: events to which other modules react."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.reducer import Verdict
from shouyue.commitments.rules.timing import Entry
from shouyue.contracts.plan_language.model import Step, StepTime
from shouyue.kernel import events

from .telling import Taken
from .verdicts import event_of

_AFTER_STEPS = 61
"""The bit between the plan's steps and the verdict; it names the notices of a silence."""
_TOLD = {"consent": (), "refusal": (), "escalate": ("project_manager",)}


def silences(verdicts: Iterable[tuple[Verdict, Book, str]]) -> list[Taken]:
    """Replies the customer has not given in time, where the plan gives his silence a meaning; as steps to tell."""
    found = []
    for verdict, book, _step in verdicts:
        promise = book.deadlines.get(verdict.obligation.commitment)
        if verdict.outcome != "missed" or promise is None or not promise.silence:
            continue
        step = Step(
            at=StepTime(base="due", text=f"silence: {promise.silence}"),
            to=("assignee", "owner", *_TOLD[promise.silence]),
        )
        entry = Entry(_AFTER_STEPS, verdict.at, step)
        found.append(Taken(verdict.obligation, promise, entry, "notice.sent" in book.interests))
    return found


def record(taken: Sequence[Taken], silent: Sequence[Taken]) -> None:
    """`obligation.escalated` for each step that names a tier, `obligation.silent` for each silence. Queries: few."""
    told = []
    for item in taken:
        if item.entry.step is not None and item.entry.step.tier:
            verdict = Verdict("escalated", item.obligation, item.entry.at)
            told.append(event_of(verdict, step=item.entry.key[:64], tier=item.entry.step.tier))
    for item in silent:
        told.append(event_of(Verdict("silent", item.obligation, item.entry.at), meaning=item.promise.silence))
        if item.promise.silence == "escalate":
            told.append(
                event_of(Verdict("escalated", item.obligation, item.entry.at), step=item.entry.key[:64])
            )
    events.record_many(told)
