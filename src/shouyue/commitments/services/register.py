"""The live register: it consumes every event in the transaction that records it."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from shouyue.commitments import books, cases
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.reducer import ATTESTED, Reaction
from shouyue.commitments.rules.replay import replay
from shouyue.commitments.rules.ties import ties_of
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import RecordedEvent

from . import figures, plans, storage, watching
from .verdicts import ALWAYS_TOLD, record_verdict, tell

WAKES = frozenset(
    {
        "contract.changed",
        "contract.site_set",
        "contract.site_removed",
        "contract.milestone_reached",
        "contract.milestone_corrected",
        "contract.stage_entered",
        "contract.member_added",
        "contract.member_removed",
    }
)
"""Events after which the calendar may ask for something else in their contract."""


def consume(event: RecordedEvent) -> None:
    """Let an event open, keep, pause, aim or end obligations of its contract.

    Queries: none when no promise of the contract cares about the verb; for a new case one; else four. Locks: the case.
    """
    if event.contract_id is None:
        return
    if event.verb == "contract.plan_applied":
        plans.sync(event.contract_id)
        return
    if event.verb in WAKES:
        plans.wake(event.contract_id)
    try:
        versions = books.all_of(event.contract_id)
    except NotFound:
        return
    kind = cases.type_of(event.case_type)
    closes, reopens = event.verb in kind.closed_by, event.verb in kind.reopened_by
    moved = event.verb.endswith(".contract_set")
    if not (closes or reopens or moved or any(_cares(book, event) for book in versions)):
        return
    _take(versions, happening_of(event), event, closes=closes, reopens=reopens, moved=moved)


def _cares(book: Book, event: RecordedEvent) -> bool:
    if event.subject_type != "obligation":
        return book.cares(event.verb)
    return book.cares_about(event.verb, str(event.facts.get("commitment", "")))


def happening_of(event: RecordedEvent) -> Happening:
    """The event as the rules see it."""
    return Happening(
        id=event.id,
        verb=event.verb,
        subject=(event.subject_type, event.subject_id),
        case=(event.case_type, event.case_id),
        at=event.occurred_at,
        facts={
            **event.facts,
            "occurred_at": event.occurred_at.isoformat(),
            "verb": event.verb,
            "seq": event.seq,
        },
        recorded_at=event.recorded_at,
        contract_id=event.contract_id,
        customer_id=event.customer_id,
    )


def _take(
    versions: tuple[Book, ...],
    event: Happening,
    recorded: RecordedEvent,
    *,
    closes: bool,
    reopens: bool,
    moved: bool,
) -> None:
    book = versions[0]
    contract_id = book.contract_id
    ties = sorted({tie for one in versions for tie in ties_of(one, event)})
    if event.verb in book.gathered:
        tell(figures.gather(book, event), book)
    if event.verb == ATTESTED:
        ties.extend(storage.ties_of_obligation(event.subject))
    new_case = recorded.seq == 1 and event.subject == event.case
    obligations: list[Obligation] = []
    if not new_case or any(not tie.startswith(f"{event.subject[0]}:") for tie in ties):
        storage.hold_cases([storage.lock_key(event.case, ""), *ties])
        obligations = storage.load(event.case, ties)
    cause = next((o for o in obligations if event.subject == ("obligation", o.id)), None)
    if event.verb.startswith("obligation.") and cause is None:
        return
    reaction = Reaction(
        book,
        partial(_book_of, contract_id),
        [o for o in obligations if o.contract_id == contract_id],
        partial(storage.history, event.case),
        is_live=True,
    )
    others = [o for o in obligations if o.contract_id != contract_id]
    if moved:
        _leave(others, event)
        if not reaction.obligations:
            reaction.obligations.extend(replay(book, storage.history(event.case), overlay=_known_now(event)))
        else:
            reaction.take(event)
    else:
        reaction.take(event, cause)
    everything = [*others, *reaction.obligations]
    elsewhere = {o.case for o in reaction.obligations if o.dirty and o.case != event.case}
    storage.write(
        everything, (event, closes, reopens) if _has_clock(everything, event, closes, reopens) else None
    )
    storage.refresh_clocks(elsewhere)
    tell(reaction.verdicts, book)
    if event.verb in book.watched:
        tell(watching.on_event(book, event), book)


def _book_of(contract_id: int, plan_version_id: int) -> Book:
    return books.pinned(contract_id, plan_version_id)


def _has_clock(obligations: list[Obligation], event: Happening, closes: bool, reopens: bool) -> bool:
    return (
        closes
        or reopens
        or any(o.case == event.case and not o.period and (o.dirty or o.is_new) for o in obligations)
    )


def _leave(others: list[Obligation], event: Happening) -> None:
    """The case belongs to another contract now: what ran under the old one is void there."""
    for obligation in others:
        if (
            obligation.is_open
            and obligation.case == event.case
            and not obligation.tie.startswith("contract:")
        ):
            obligation.state = "void" if obligation.state != "missed" else "missed"
            obligation.ending = "contract" if obligation.state == "void" else ""
            obligation.ended_event_id = event.id
            obligation.settled_at = event.at
            obligation.next_at = None
            obligation.dirty = True


def _known_now(event: Happening) -> dict[str, object]:
    """Facts of the case as it is now, for looking again at its past; what belongs to single events is left out."""
    return {key: value for key, value in event.facts.items() if key not in ("occurred_at", "verb", "seq")}


@transaction.atomic
def rebuild_clocks(case_type: str, case_ids: list[int]) -> None:
    """Set the clocks of cases anew from their obligations (repair)."""
    storage.refresh_clocks((case_type, number) for number in case_ids)


__all__ = ["ALWAYS_TOLD", "consume", "happening_of", "rebuild_clocks", "record_verdict", "tell"]
