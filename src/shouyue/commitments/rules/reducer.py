"""The one reducer: what an event does to a case's obligations. Live register and replays share it.

A `Reaction` gets the obligations of the case (and those tied to it), one happening after the other, and changes
them in memory; the caller stores what is `dirty` and records the verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shouyue.contracts.plan_language.model import Deadline, Span, Unset

from . import waits
from .aiming import aim, in_time, plan_steps, silence_from
from .book import Book, facts_in, fulfilled
from .happenings import NO_LIMIT, UNSETTLED, Happening, History, Obligation
from .keeping import may_keep, one_of_each_duty, parts_done
from .ties import each_of, tie_of
from .timing import Entry, limit_of

ATTESTED = "obligation.attested"
"""Somebody vouches for one obligation."""

SLIDES_BELOW = 86_400
"""Gaps shorter than this many seconds keep one obligation that slides on; longer ones open a new one each time."""

TAKEN_BACK = ("not_meant", "contract")
"""Endings after which the same event may open the promise again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something the register itself has to tell: an outcome of an obligation, and when it came about."""

    outcome: str
    obligation: Obligation
    at: datetime


@dataclass(slots=True)
class Reaction:
    """What happenings do to the obligations in hand.

    current: the contract's book, which opens; book_of: the book an obligation is pinned to. history: all events of
    the case so far, asked for only when needed; later: those that happened after one but were recorded before it.
    only: look at these promises alone. is_live: events come as they are recorded, so that one may tell of an earlier
    time.
    """

    current: Book | None
    book_of: Callable[[int], Book]
    obligations: list[Obligation]
    history: History
    only: frozenset[str] | None = None
    is_live: bool = False
    later: Callable[[Happening], Sequence[Happening]] | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    def take(self, event: Happening, cause: Obligation | None = None) -> None:
        """Apply one happening. cause: the obligation whose verdict it is."""
        self._stop_and_go(event)
        self._undo(event)
        self._bind(event, cause)
        self._keep(event)
        self._void(event)
        self._close(event)
        self._open(event, cause)

    # What an event has to do with an obligation

    def _of(self, event: Happening, verb_index: str) -> Iterable[tuple[Book, Deadline, Obligation]]:
        """The obligations whose promise is in that index of the event's verb and that the event is tied to."""
        for obligation in list(self.obligations):
            book = self.book_of(obligation.plan_version_id)
            interest = book.interests.get(event.verb)
            if interest is None:
                continue
            promise = book.deadlines.get(obligation.commitment)
            if promise is None or promise not in getattr(interest, verb_index):
                continue
            if (self.only is None or promise.name in self.only) and self._tied(promise, obligation, event):
                yield book, promise, obligation

    def _tied(self, promise: Deadline, obligation: Obligation, event: Happening) -> bool:
        if event.verb == ATTESTED:
            return event.subject == ("obligation", obligation.id)
        each = event.facts.get(promise.each) if promise.each else None
        if each is not None and str(each) != obligation.each:
            return False
        if obligation.tie:
            return obligation.tie == tie_of(promise, event)
        return obligation.case == event.case

    # Pauses

    def _stop_and_go(self, event: Happening) -> None:
        """Waits are noted on what is done or missed, too: it may be undone or aimed anew, and then they count."""
        for obligation in list(self.obligations):
            is_over = obligation.state == "void" and not obligation.is_unjudged
            if is_over or obligation.case != event.case:
                continue
            book = self.book_of(obligation.plan_version_id)
            interest = book.interests.get(event.verb)
            promise = book.deadlines.get(obligation.commitment)
            if interest is None or promise is None or not promise.pauses or not _may_run(promise, obligation):
                continue
            changed = waits.resume(interest.ends, promise, obligation, event)
            changed |= waits.pause(book, interest.begins, promise, obligation, event)
            obligation.dirty |= changed
            if (
                changed
                and obligation.state in ("waiting", "running", "paused")
                and not obligation.is_unjudged
            ):
                if obligation.state != "waiting":
                    obligation.state = "paused" if obligation.is_paused else "running"
                aim(book, promise, obligation)

    # Late binding

    def _bind(self, event: Happening, cause: Obligation | None) -> None:
        if event.verb.startswith("obligation."):
            return
        for obligation in list(self.obligations):
            is_due = obligation.state in UNSETTLED and obligation.settled_at is None
            if obligation.case != event.case or not (is_due or obligation.is_unjudged):
                continue
            book = self.book_of(obligation.plan_version_id)
            promise = book.deadlines.get(obligation.commitment)
            if promise is None or promise.bind == "opening" or not self._meant(promise):
                continue
            rebinds = _rebinds(book, promise, event)
            known = facts_in(event.facts, book.bound[promise.name])
            news = {key: value for key, value in known.items() if obligation.facts.get(key) != value}
            if not rebinds:
                news = {key: value for key, value in news.items() if obligation.facts.get(key) is None}
                if obligation.aimed:
                    continue
            if news:
                self._rebind(book, promise, obligation, news, event)
        if self.current is not None:
            self._find_missing(self.current, event)

    def _meant(self, promise: Deadline) -> bool:
        return self.only is None or promise.name in self.only

    def _rebind(
        self, book: Book, promise: Deadline, old: Obligation, news: Mapping[str, Any], event: Happening
    ) -> None:
        facts = {**old.facts, **news}
        limit = limit_of(promise, facts)
        if not limit.promised or not book.applies(promise, facts):
            old.facts = facts
            self._end(old, "void", event, ending="not_meant")
            return
        same_limit = old.within == (str(limit.span) if limit.span else "") and old.window == limit.window
        if not old.aimed or old.state == "waiting" or (same_limit and limit.known and promise.due is None):
            old.facts = facts
            aim(book, promise, old, limit)
            if old.is_unjudged and limit.known:
                self._judge(old)
                old.ended_event_id = event.id
            return
        new = old.again(
            occurrence=self._next_occurrence(old),
            state="paused" if old.is_paused else "running",
            facts=facts,
            opening=dict(old.opening),
            progress=old.progress,
            pauses=list(old.pauses),
        )
        self._end(old, "void", event, ending="rebound")
        aim(book, promise, new, limit)
        self.obligations.append(new)

    def _next_occurrence(self, like: Obligation) -> int:
        same = [
            o.occurrence
            for o in self.obligations
            if o.commitment == like.commitment and o.subject == like.subject
        ]
        return max(same, default=0) + 1

    def _find_missing(self, book: Book, event: Happening) -> None:
        """Open from the past what the new facts ask for: the event that opens it came before they were known."""
        wanted: list[Deadline] = []
        for promise in book.deadlines.values():
            if promise.bind == "opening" or not self._meant(promise) or promise.same == "contract":
                continue
            if not _rebinds(book, promise, event):
                continue
            if not facts_in(event.facts, book.bound[promise.name]):
                continue
            if any(o.commitment == promise.name and o.ending not in TAKEN_BACK for o in self.obligations):
                continue
            if _is_asked(book, promise, event.facts):
                wanted.append(promise)
        if not wanted or self.only is not None:
            return
        past = [item for item in self.history() if item.id < event.id]
        for promise in wanted:
            self._replay(book, promise, past, event)

    def _replay(self, book: Book, promise: Deadline, past: Sequence[Happening], event: Happening) -> None:
        overlay = facts_in(event.facts, book.bound[promise.name])
        if not any(
            promise in book.interests[item.verb].opens for item in past if item.verb in book.interests
        ):
            return
        inner = Reaction(self.current, self.book_of, [], lambda: past, only=frozenset({promise.name}))
        voids = [o for o in self.obligations if o.commitment == promise.name]
        inner.obligations.extend(voids)
        causes = {o.id: o for o in self.obligations if o.id}
        for item in sorted(past, key=lambda item: (item.at, item.id)):
            inner.take(
                item.with_facts(overlay),
                causes.get(item.subject[1]) if item.verb.startswith("obligation.") else None,
            )
        inner._undo(event)
        found = [o for o in inner.obligations if o not in voids]
        self.obligations.extend(o for o in found if not self._has_verdict(o, event))

    def _has_verdict(self, found: Obligation, event: Happening) -> bool:
        """Whether what was done for it has one under a promise the facts no longer ask for: a deed has but one."""
        if found.kept_event_id is None:
            return False
        for other in self.obligations:
            if other.kept_event_id != found.kept_event_id or other.state in ("running", "void"):
                continue
            book = self.book_of(other.plan_version_id)
            promise = book.deadlines.get(other.commitment)
            if promise is not None and not _is_asked(book, promise, {**other.facts, **event.facts}):
                return True
        return False

    # Outcomes

    def _undo(self, event: Happening) -> None:
        for book, promise, obligation in self._of(event, "undoes"):
            was_done = obligation.state in ("kept", "late") or obligation.is_unjudged
            if not was_done or (obligation.kept_at and obligation.kept_at > event.at):
                continue
            if self._has_successor(obligation):
                continue
            was_late = obligation.state == "late"
            obligation.take_deed_back()
            obligation.state = "missed" if was_late else "paused" if obligation.is_paused else "running"
            if was_late:
                obligation.dirty = True
                plan_steps(book, promise, obligation)
            else:
                aim(book, promise, obligation)

    def _has_successor(self, obligation: Obligation) -> bool:
        """Whether the promise has been opened anew since, so that the older instance is history."""
        return any(
            other.commitment == obligation.commitment
            and (other.tie, other.each, other.case) == (obligation.tie, obligation.each, obligation.case)
            and other.trigger_at >= obligation.trigger_at
            and other.opened_event_id != obligation.opened_event_id
            and other.ending not in (*TAKEN_BACK, "rebound")
            for other in self.obligations
        )

    def _keep(self, event: Happening) -> None:
        found = [entry for entry in self._of(event, "keeps") if may_keep(entry[2], event)]
        for book, promise, obligation in one_of_each_duty(found, event):
            done = obligation.progress | parts_done(book, promise, obligation, event)
            if done == obligation.progress:
                continue
            obligation.progress = done
            obligation.dirty = True
            if not fulfilled(promise.kept_by, done):
                continue
            duty = book.duties.get(promise.name)
            if duty is not None and duty.gap is not None:
                self._renew(book, promise, duty.gap, obligation, event)
            elif not obligation.aimed and not limit_of(promise, obligation.facts).known:
                self._note_deed(book, promise, obligation, event)
            else:
                self._settle_kept(obligation, event)

    def _renew(
        self, book: Book, promise: Deadline, gap: Span, obligation: Obligation, event: Happening
    ) -> None:
        """A silence ends and the next one begins: a short one slides on, of a long or broken one the row stays."""
        if in_time(obligation, event.at) and gap.seconds is not None and gap.seconds < SLIDES_BELOW:
            silence_from(book, promise, gap, obligation, event.at)
            return
        self._settle_kept(obligation, event)
        following = obligation.again(
            opened_event_id=event.id, period=obligation.period, occurrence=obligation.occurrence + 1
        )
        silence_from(book, promise, gap, following, event.at)
        self.obligations.append(following)

    def _settle_kept(self, obligation: Obligation, event: Happening) -> None:
        _note(obligation, event)
        self._judge(obligation)

    def _note_deed(self, book: Book, promise: Deadline, obligation: Obligation, event: Happening) -> None:
        """Done, but whether in time is said once the limit is known; with frozen facts it never will be."""
        if obligation.state == "waiting":
            begin(book, promise, obligation)
        obligation.state = "running"
        _note(obligation, event)
        if promise.bind == "opening":
            self._end(obligation, "void", event, ending=NO_LIMIT)

    def _judge(self, obligation: Obligation) -> None:
        """Say whether what was done came in time."""
        done = obligation.kept_at
        assert done is not None
        late = not in_time(obligation, done)
        obligation.state = "late" if late else "kept"
        obligation.settled_at = done
        obligation.ending, obligation.ended_event_id = "", None
        obligation.next_at = None
        if late and obligation.missed_at is None:
            obligation.missed_at = obligation.due_at
            self.verdicts.append(Verdict("missed", obligation, obligation.due_at or done))
        if not late:
            obligation.missed_at = None
        self.verdicts.append(Verdict("late" if late else "kept", obligation, done))

    def _void(self, event: Happening) -> None:
        for _, _, obligation in self._of(event, "prevents"):
            if obligation.state == "waiting":
                self._end(obligation, "void", event, ending="unless")
        for _, _, obligation in self._of(event, "voids"):
            if obligation.is_unjudged:
                continue  # done before, as what is kept or late
            if obligation.state in ("waiting", "running", "paused"):
                overdue = (
                    obligation.state == "running"
                    and obligation.due_at is not None
                    and obligation.due_at < event.at
                )
                if overdue:
                    obligation.missed_at = obligation.due_at
                    self.verdicts.append(Verdict("missed", obligation, obligation.due_at or event.at))
                self._end(
                    obligation, "missed" if overdue else "void", event, ending="" if overdue else "event"
                )
            elif obligation.state == "missed" and obligation.settled_at is None:
                self._end(obligation, "missed", event, ending="")

    def _close(self, event: Happening) -> None:
        """A case is closed and nobody told the limit: what was done in it has no verdict unless somebody does later."""
        for obligation in self.obligations:
            if not (obligation.is_unjudged and obligation.is_open and obligation.case == event.case):
                continue
            if event.verb in self.book_of(obligation.plan_version_id).closing:
                self._end(obligation, "void", event, ending=NO_LIMIT)

    def _end(self, obligation: Obligation, state: str, event: Happening, *, ending: str) -> None:
        if obligation.is_unjudged and ending != NO_LIMIT:
            obligation.take_deed_back()
        obligation.state = state
        obligation.ending = ending
        obligation.ended_event_id = event.id
        obligation.settled_at = event.at
        obligation.next_at = None
        obligation.dirty = True

    # Opening

    def _open(self, event: Happening, cause: Obligation | None) -> None:
        book = self.current
        if book is None or event.verb not in book.interests:
            return
        facts = {**(cause.facts if cause else {}), **event.facts} if cause else event.facts
        commitment = cause.commitment if cause else str(event.facts.get("commitment", ""))
        for promise in book.interests[event.verb].opens:
            if not self._meant(promise) or not book.opens(promise, event.verb, commitment, facts):
                continue
            if book.applies(promise, facts) and self._may_open(book, promise, event, commitment):
                self._start(book, promise, event, facts, cause)

    def _may_open(self, book: Book, promise: Deadline, event: Happening, commitment: str) -> bool:
        if (
            event.verb.startswith("obligation.")
            and book.watches_verdicts(promise.name)
            and book.watches_verdicts(commitment)
        ):
            return False  # a promise about warnings does not watch its own warnings
        tie, each = tie_of(promise, event), each_of(promise, event)
        for obligation in self.obligations:
            if obligation.commitment != promise.name or obligation.each != each:
                continue
            if obligation.tie != tie or (not tie and obligation.case != event.case):
                continue
            if obligation.ending in TAKEN_BACK:
                continue
            is_running = obligation.is_open and not obligation.is_unjudged
            if obligation.opened_event_id == event.id or is_running or promise.once:
                return False
        return True

    def _start(
        self,
        book: Book,
        promise: Deadline,
        event: Happening,
        facts: Mapping[str, Any],
        cause: Obligation | None,
    ) -> None:
        limit = limit_of(promise, facts)
        after = promise.after.provisional if isinstance(promise.after, Unset) else promise.after
        if not limit.promised:
            return
        obligation = Obligation(
            commitment=promise.name,
            plan_version_id=book.plan_version_id,
            contract_id=book.contract_id,
            customer_id=book.customer_id,
            subject=cause.subject if cause and promise.same == "case" else event.subject,
            case=event.case,
            opened_event_id=event.id,
            trigger_at=event.at,
            opened_at=event.at,
            tie=tie_of(promise, event),
            each=each_of(promise, event),
            state="waiting" if after else "running",
            facts=facts_in(facts, book.told[promise.name]),
            opening=facts_in(facts, book.opening[promise.name]),
        )
        obligation.occurrence = self._next_occurrence(obligation)
        if promise.pauses:
            obligation.pauses = waits.running(book, promise, event, self.history)
            if obligation.pauses and not after:
                obligation.state = "paused"
        aim(book, promise, obligation, limit)
        self.obligations.append(obligation)
        self._catch_up(book, promise, obligation, event)
        if "obligation.opened" in book.outcomes and not event.verb.startswith("obligation."):
            self.verdicts.append(Verdict("opened", obligation, event.at))

    def _catch_up(self, book: Book, promise: Deadline, obligation: Obligation, event: Happening) -> None:
        """An event recorded late (a phone without network) opens in the past: what came after it counts, too."""
        if not self.is_live or event.recorded_at <= event.at:
            return
        if event.subject == event.case and event.facts.get("seq") == 1:
            return
        if self.later is not None:
            missed = list(self.later(event))
        else:
            missed = [item for item in self.history() if item.at > event.at and item.id < event.id]
        inner = Reaction(None, self.book_of, [obligation], lambda: missed, only=frozenset({promise.name}))
        for item in sorted(missed, key=lambda item: (item.at, item.id)):
            inner.take(item)
        self.obligations.extend(o for o in inner.obligations if o is not obligation)
        self.verdicts.extend(inner.verdicts)


def begin(book: Book, promise: Deadline, obligation: Obligation) -> None:
    """Start the clock of an obligation that waited."""
    obligation.opened_at = obligation.next_at or obligation.opened_at
    obligation.state = "paused" if obligation.is_paused else "running"
    aim(book, promise, obligation)


def miss(book: Book, promise: Deadline, obligation: Obligation, known: list[Entry] | None = None) -> Verdict:
    """The due time has passed and nothing kept it. known: its steps as they stand."""
    assert obligation.due_at is not None
    obligation.state = "missed"
    obligation.missed_at = obligation.due_at
    obligation.dirty = True
    plan_steps(book, promise, obligation, known)
    return Verdict("missed", obligation, obligation.due_at)


def _note(obligation: Obligation, event: Happening) -> None:
    """Which event keeps it, and when; never before its clock began."""
    obligation.kept_at = event.at if obligation.period else max(event.at, obligation.trigger_at)
    obligation.kept_event_id = event.id
    obligation.next_at = None


def _rebinds(book: Book, promise: Deadline, event: Happening) -> bool:
    """Whether facts may have changed with an event; what is undone runs on by those that hold now."""
    return event.verb in (promise.rebind_on or book.rebinding) or event.verb in promise.undone_by


def _is_asked(book: Book, promise: Deadline, facts: Mapping[str, Any]) -> bool:
    """Whether these facts ask for a promise, also when they do not tell its limit yet."""
    return book.applies(promise, facts) and limit_of(promise, facts).promised


def _may_run(promise: Deadline, obligation: Obligation) -> bool:
    """Whether the clock of an obligation runs, or may come to run again."""
    may_be_undone = obligation.state in ("kept", "late") and bool(promise.undone_by)
    return obligation.is_open or obligation.is_unjudged or may_be_undone
