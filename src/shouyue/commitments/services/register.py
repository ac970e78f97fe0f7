"""The live register: it consumes every event in the transaction that records it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from shouyue.commitments import books, cases
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation, Ref
from shouyue.commitments.rules.reducer import ATTESTED, Reaction, Verdict
from shouyue.commitments.rules.replay import replay
from shouyue.commitments.rules.ties import ties_of
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import RecordedEvent

from . import clocks, figures, past, plans, storage, watching
from .verdicts import tell, tell_many

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


@dataclass(frozen=True, slots=True)
class _Concern:
    """An event some promise of its contract looks at. versions: the contract's books, the current one first."""

    versions: tuple[Book, ...]
    event: RecordedEvent
    closes: bool
    reopens: bool
    moved: bool

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the obligations of its case, and those tied to it, may follow from it."""
        event, book = self.event, self.versions[0]
        return (
            event.subject_type == "obligation"
            and event.verb != ATTESTED
            and not (self.closes or self.reopens or self.moved)
            and not any(event.verb in one.gathered for one in self.versions)
            and event.verb not in book.watched
        )


def consume(event: RecordedEvent) -> None:
    """Let an event open, keep, pause, aim or end obligations of its contract.

    Queries: none when no promise of the contract cares about the verb; for a new case one; else four. Locks: the case.
    """
    concern = _concern_of(event)
    if concern is not None:
        _take(concern)


def consume_many(recorded: Sequence[RecordedEvent]) -> None:
    """`consume` for events recorded together: verdicts on many cases are worked out at once.

    Queries: four or five for all of them, and for each case whose past must be read one more.
    """
    plain: list[_Concern] = []
    for event in recorded:
        concern = _concern_of(event)
        if concern is None:
            continue
        if concern.is_plain:
            plain.append(concern)
            continue
        _take_many(plain)
        plain = []
        _take(concern)
    _take_many(plain)


def _concern_of(event: RecordedEvent) -> _Concern | None:
    if event.contract_id is None:
        return None
    if event.verb == "contract.plan_applied":
        plans.sync(event.contract_id)
        return None
    if event.verb in WAKES:
        plans.wake(event.contract_id)
    try:
        versions = books.all_of(event.contract_id)
    except NotFound:
        return None
    kind = cases.type_of(event.case_type)
    closes, reopens = event.verb in kind.closed_by, event.verb in kind.reopened_by
    moved = event.verb.endswith(".contract_set")
    if not (closes or reopens or moved or any(_cares(book, event) for book in versions)):
        return None
    return _Concern(versions, event, closes, reopens, moved)


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


def _take(concern: _Concern) -> None:
    book = concern.versions[0]
    recorded, event = concern.event, happening_of(concern.event)
    ties = _ties(concern, event)
    if any(event.verb in one.gathered for one in concern.versions):
        tell(figures.gather(concern.versions, event), book)
    if event.verb == ATTESTED:
        ties.extend(storage.ties_of_obligation(event.subject))
    new_case = recorded.seq == 1 and event.subject == event.case
    obligations: list[Obligation] = []
    if not new_case or any(not tie.startswith(f"{event.subject[0]}:") for tie in ties):
        obligations = _held([event.case], ties)
    cause = next((o for o in obligations if event.subject == ("obligation", o.id)), None)
    if event.verb.startswith("obligation.") and cause is None:
        return
    reaction = _reaction(book, event, obligations, past.Later([event]))
    others = [o for o in obligations if o.contract_id != book.contract_id]
    if concern.moved:
        _leave(others, event)
        if not reaction.obligations:
            reaction.obligations.extend(replay(book, past.history(event.case), overlay=_known_now(event)))
        else:
            reaction.take(event)
    else:
        reaction.take(event, cause)
    everything = [*others, *reaction.obligations]
    elsewhere = {o.case for o in reaction.obligations if o.dirty and o.case != event.case}
    closes, reopens = concern.closes, concern.reopens
    has_clock = closes or reopens or _moves_clock(everything, event)
    storage.write(everything, (event, closes, reopens) if has_clock else None)
    clocks.refresh(elsewhere)
    tell(reaction.verdicts, book)
    if event.verb in book.watched:
        tell(watching.on_event(book, event), book)


def _take_many(concerns: Sequence[_Concern]) -> None:
    """Plain events one after the other, in memory; what came of them all is written and told at the end."""
    if len(concerns) < 2:
        for concern in concerns:
            _take(concern)
        return
    events = [happening_of(concern.event) for concern in concerns]
    ties = [_ties(concern, event) for concern, event in zip(concerns, events, strict=True)]
    stock = Stock(_held([event.case for event in events], [tie for some in ties for tie in some]))
    later = past.Later(events)
    moved: dict[Ref, Happening] = {}
    elsewhere: set[Ref] = set()
    verdicts: list[tuple[Verdict, Book]] = []
    for concern, event, tied in zip(concerns, events, ties, strict=True):
        book = concern.versions[0]
        known = stock.of(event.case, tied)
        cause = stock.by_id.get(event.subject[1])
        if cause is None and event.verb.startswith("obligation."):
            continue
        reaction = _reaction(book, event, known, later)
        reaction.take(event, cause)
        stock.add(reaction.obligations)
        if _moves_clock(reaction.obligations, event):
            moved[event.case] = event
        elsewhere |= {o.case for o in reaction.obligations if o.dirty and o.case != event.case}
        verdicts += [(verdict, book) for verdict in reaction.verdicts]
    storage.write(stock.everything)
    clocks.set_for(moved.values())
    clocks.refresh(elsewhere - moved.keys())
    tell_many(verdicts)


class Stock:
    """The obligations of several cases in hand, and those tied to them; each is there once."""

    def __init__(self, obligations: Sequence[Obligation]) -> None:
        self.everything: list[Obligation] = []
        self.by_id: dict[int, Obligation] = {}
        self._known: set[int] = set()
        self._cases: dict[Ref, list[Obligation]] = defaultdict(list)
        self._ties: dict[str, list[Obligation]] = defaultdict(list)
        self.add(obligations)

    def add(self, obligations: Sequence[Obligation]) -> None:
        """Take in those not known yet."""
        for obligation in obligations:
            if id(obligation) in self._known:
                continue
            self._known.add(id(obligation))
            self.everything.append(obligation)
            self._cases[obligation.case].append(obligation)
            if obligation.tie:
                self._ties[obligation.tie].append(obligation)
            if obligation.id:
                self.by_id[obligation.id] = obligation

    def of(self, case: Ref, ties: Sequence[str]) -> list[Obligation]:
        """What `storage.load` would give: every one of the case, the open ones of the ties."""
        found = {id(one): one for one in self._cases[case]}
        for tie in ties:
            found |= {id(one): one for one in self._ties[tie] if one.settled_at is None}
        return list(found.values())


def _ties(concern: _Concern, event: Happening) -> list[str]:
    return sorted({tie for one in concern.versions for tie in ties_of(one, event)})


def _held(found_in: Sequence[Ref], ties: Sequence[str]) -> list[Obligation]:
    """The obligations of cases, and the open ones of ties, while nobody else works on any of them.

    What is tied to more than its case is held by its tie, too: an event of another case may be at it.
    """
    held = {*storage.shared(ties), *map(storage.lock_key, found_in)}
    storage.hold_cases(held)
    while True:
        obligations = storage.load(found_in, ties)
        more = set(storage.shared(o.tie for o in obligations if o.is_open)) - held
        if not more:
            return obligations
        storage.hold_cases(more)
        held |= more


def _reaction(book: Book, event: Happening, obligations: Sequence[Obligation], later: past.Later) -> Reaction:
    return Reaction(
        book,
        cache(partial(_book_of, book.contract_id)),  # asked for each obligation, some times
        [o for o in obligations if o.contract_id == book.contract_id],
        partial(past.history, event.case),
        is_live=True,
        later=later.of,
    )


def _book_of(contract_id: int, plan_version_id: int) -> Book:
    return books.pinned(contract_id, plan_version_id)


def _moves_clock(obligations: Sequence[Obligation], event: Happening) -> bool:
    """Whether what the case's clock shows may have changed."""
    return any(o.case == event.case and not o.period and (o.dirty or o.is_new) for o in obligations)


def _leave(others: list[Obligation], event: Happening) -> None:
    """The case belongs to another contract now: what ran under the old one is void there."""
    for obligation in others:
        if (
            obligation.is_open
            and obligation.case == event.case
            and not obligation.tie.startswith("contract:")
        ):
            if obligation.is_unjudged:
                obligation.take_deed_back()
            obligation.state = "void" if obligation.state != "missed" else "missed"
            obligation.ending = "contract" if obligation.state == "void" else ""
            obligation.ended_event_id = event.id
            obligation.settled_at = event.at
            obligation.next_at = None
            obligation.dirty = True


def _known_now(event: Happening) -> dict[str, object]:
    """Facts of the case as it is now, for looking again at its past; what belongs to single events is left out."""
    return {key: value for key, value in event.facts.items() if key not in ("occurred_at", "verb", "seq")}
