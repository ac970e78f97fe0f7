"""What calendar and figures of a plan would have given: recurring promises, quotas and targets over stored events.

What cannot follow from stored events says why (`Reason`); of promises both plans state alike, the register's own
verdicts are counted instead. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.commitments import items
from shouyue.commitments.queries import measuring
from shouyue.commitments.rules import figures
from shouyue.commitments.rules.aiming import plan_steps
from shouyue.commitments.rules.anchoring import midnight
from shouyue.commitments.rules.book import Book, Duty, keepers
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.periods import terms
from shouyue.commitments.rules.recurrence import Frame, agreed, occurrences
from shouyue.commitments.rules.reducer import ATTESTED, Reaction
from shouyue.commitments.rules.replay import pass_time
from shouyue.commitments.rules.ties import item_tie, tie_of
from shouyue.contracts.plan_language.model import Commitment as Promise
from shouyue.contracts.plan_language.model import Deadline, Period, Quota, Recurring, Target
from shouyue.contracts.rules import ContractRules

from . import figures as quotas
from . import past, planning

Basis = Literal["replayed", "recorded", "none"]
KEPT_SHARE: Final = "commitment.kept_share"
_WORDING = frozenset(
    {
        "title",
        "text",
        "source",
        "internal",
        "owner",
        "evidence",
        "points",
        "escalate",
        "consequence",
        "note",
        "to_agree",
    }
)
"""Parts of a promise that change no verdict."""


@dataclass(slots=True)
class Tally:
    """How the obligations of one promise ended that fall into the time asked for."""

    kept: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0

    def count(self, state: str, times: int = 1) -> None:
        """Add so many; void, waived and waiting ones do not count."""
        if state in ("kept", "late", "missed"):
            setattr(self, state, getattr(self, state) + times)
        elif state in ("running", "paused"):
            self.open += times

    @property
    def fell_due(self) -> int:
        """Kept, late and missed together."""
        return self.kept + self.late + self.missed

    @property
    def share(self) -> float | None:
        """The share kept in time; None when nothing fell due."""
        return self.kept / self.fell_due if self.fell_due else None


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure of one period, as far as it was replayed; None: no data. of: the thing it counts for, or empty."""

    period: str
    amount: float | None
    state: str
    of: str = ""


@dataclass(slots=True)
class Outcome:
    """One promise under one plan. tally None: it could not be replayed, reason says why."""

    tally: Tally | None
    basis: Basis = "replayed"
    reason: str = ""
    amounts: list[Amount] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a replay works with. until: excluded; now: verdicts are given up to then."""

    rules: ContractRules
    since: datetime
    until: datetime
    now: datetime

    @property
    def days(self) -> tuple[date, date]:
        """First and last day, in the contract's zone; the last excluded."""
        zone = ZoneInfo(self.rules.zone)
        return self.since.astimezone(zone).date(), self.until.astimezone(zone).date()

    @property
    def began_at(self) -> datetime:
        """A promise is taken to hold from the contract's first day on."""
        return datetime.combine(self.rules.starts_on, time(), ZoneInfo(self.rules.zone))


def same_terms(one: Promise, other: Promise | None) -> bool:
    """Whether two plans state a promise alike, whatever its wording, owner and warnings."""
    return type(one) is type(other) and all(
        getattr(one, part.name) == getattr(other, part.name)
        for part in fields(one)
        if part.name not in _WORDING
    )


# Recurring


def recurring(stage: Stage, book: Book, promise: Recurring, events: Mapping[str, list[Happening]]) -> Outcome:
    """A recurring promise over the occurrences that were due in the time, of what the contract covers now."""
    duty = book.duties.get(promise.name)
    every = agreed(promise.every)
    if duty is None:
        return Outcome(None, "none", "awaits")
    if duty.gap is not None or not isinstance(every, Period):
        return Outcome(None, "none", "silence")
    if promise.sample is not None:
        return Outcome(None, "none", "sample")
    made = _obligations(stage, book, duty, promise)
    verbs = {part.verb for part in keepers(promise.kept_by)}
    if ATTESTED in verbs and not _with_ids(stage, promise, made):
        return Outcome(None, "none", "attested")
    tally = Tally()
    for one in _lived(stage, book, promise, made, events, verbs):
        tally.count(one.state)
    return Outcome(tally)


def _obligations(stage: Stage, book: Book, duty: Duty, promise: Recurring) -> list[Obligation]:
    rules = stage.rules
    window = promise.window if isinstance(promise.window, str) else "always"
    spans = planning.spans_of(promise, rules, stage.began_at)
    frame = Frame(book.calendar(window), rules.starts_on, spans, rules.dates, stage.began_at)
    first, last = stage.days
    due = [
        one
        for one in occurrences(promise, frame, first, last + timedelta(days=1))
        if stage.since < one.due_at <= stage.until  # a time at midnight belongs to the day before
    ]
    things: list[items.Item | None] = [None]
    if duty.item:
        things = list(planning.covered(book, promise, duty.item, rules.contract_id))
    made = []
    for occurrence in due:
        for item in things:
            if item is None and promise.when and not book.holds(promise.when, {}):
                continue
            key = f"{occurrence.key}:{duty.item}:{item.id}" if item else occurrence.key
            subject = (duty.item, item.id) if item else ("contract", rules.contract_id)
            obligation = Obligation(
                commitment=promise.name,
                plan_version_id=0,
                contract_id=rules.contract_id,
                customer_id=rules.customer_id,
                subject=subject,
                case=subject,
                opened_event_id=0,
                trigger_at=occurrence.opens_at,
                opened_at=occurrence.opens_at,
                tie=item_tie(rules.contract_id, duty.item, item.id)
                if item
                else f"contract:{rules.contract_id}",
                period=key,
                state="waiting",
                facts=dict(item.facts) if item else {},
                window=window,
                aimed=True,
                due_at=occurrence.due_at,
                not_before=occurrence.not_before,
            )
            plan_steps(book, book.deadlines[promise.name], obligation)
            obligation.next_at = obligation.opened_at
            made.append(obligation)
    return made


_STORED_IDS = """
SELECT o.period, o.id FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE o.contract_id = %s AND c.name = %s AND o.falls_at >= %s AND o.falls_at < %s AND o.occurrence = 1
"""


def _with_ids(stage: Stage, promise: Recurring, made: list[Obligation]) -> bool:
    """Give replayed obligations the numbers of the register's own, whose attestations then count; False: not all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STORED_IDS,
            [stage.rules.contract_id, promise.name, stage.since - timedelta(days=40), stage.until],
        )
        known = dict(cursor.fetchall())
    for obligation in made:
        obligation.id = known.get(obligation.period, 0)
    return all(obligation.id for obligation in made)


def _lived(
    stage: Stage,
    book: Book,
    promise: Recurring,
    made: list[Obligation],
    events: Mapping[str, list[Happening]],
    verbs: set[str],
) -> list[Obligation]:
    """The obligations after the events, thing by thing, so that many things cost no more than their events."""
    deadline = book.deadlines[promise.name]
    by_tie: dict[str, list[Obligation]] = defaultdict(list)
    for obligation in made:
        by_tie[obligation.tie].append(obligation)
    told: dict[str, list[Happening]] = defaultdict(list)
    numbers = {obligation.id: obligation.tie for obligation in made if obligation.id}
    for verb in verbs:
        for event in events.get(verb, ()):
            tie = numbers.get(event.subject[1], "") if verb == ATTESTED else tie_of(deadline, event)
            if tie in by_tie:
                told[tie].append(event)
    for tie, rows in by_tie.items():
        reaction = Reaction(None, lambda version: book, rows, list, only=frozenset({promise.name}))
        for event in sorted(told[tie], key=lambda one: (one.at, one.id)):
            pass_time(book, reaction, event.at, lambda: 0)
            reaction.take(event)
            reaction.verdicts.clear()
        pass_time(book, reaction, stage.now, lambda: 0)
    return made


# Quotas and targets


def quota(stage: Stage, book: Book, promise: Quota, events: Mapping[str, list[Happening]]) -> Outcome:
    """A quota over the periods that ended in the time. Corrections made by hand are not among the events."""
    limits = figures.limits_of(promise.bounds)
    if limits is None:
        return Outcome(None, "none", "unset")
    found = Outcome(Tally())
    covered = quotas.items_for(promise, stage.rules.contract_id)
    for key, opens, due, share in _periods(stage, book, promise) or ():
        bounds = limits.scaled(share) if promise.pro_rata else limits
        for item in covered:
            tie = item_tie(stage.rules.contract_id, promise.each, item.id) if item else ""
            amount = _gathered(book, promise, events, opens, due, tie)
            state = figures.quota_verdict(amount, bounds, is_over=True)
            assert found.tally is not None
            found.tally.count(state)
            found.amounts.append(Amount(key, amount, state, f"{promise.each}:{item.id}" if item else ""))
    return found if _periods(stage, book, promise) is not None else Outcome(None, "none", "unset")


def _gathered(
    book: Book,
    promise: Quota,
    events: Mapping[str, list[Happening]],
    opens: datetime,
    due: datetime,
    tie: str,
) -> float:
    total, tokens = 0.0, set()
    for event in events.get(promise.amount.verb, ()):
        if not opens <= event.at < due:
            continue
        if not book.applies(promise, event.facts) or not book.holds(promise.amount.when, event.facts):
            continue
        if tie and quotas.tie_told(book.contract_id, promise, event) != tie:
            continue
        amount, token = quotas.told(promise, event)
        total += amount or 0
        tokens.add(token)
    return float(len(tokens - {""})) if promise.amount.how == "distinct" else total


def target(stage: Stage, book: Book, promise: Target, lived: Mapping[str, Iterable[Obligation]]) -> Outcome:
    """A target over the periods that ended in the time.

    The share of obligations kept is reckoned from the replay itself; other measures are what was recorded.
    """
    spans = _periods(stage, book, promise)
    if spans is None:
        return Outcome(None, "none", "unset")
    name = str(dict(promise.args).get("commitment", ""))
    own = promise.measure == KEPT_SHARE and name in lived
    found = Outcome(Tally(), "replayed" if own else "recorded")
    for key, opens, due, _share in spans:
        amount = (
            _kept_share(lived[name], opens, due)
            if own
            else measuring.measured(stage.rules.contract_id, promise, opens, due).amount
        )
        reached = measuring.reached(stage.rules.contract_id, promise.bounds, amount, opens, due)
        state = figures.target_verdict(reached, is_over=True)
        assert found.tally is not None
        found.tally.count(state)
        found.amounts.append(Amount(key, amount, state))
    return found


def _kept_share(rows: Iterable[Obligation], opens: datetime, due: datetime) -> float | None:
    states = [
        one.state
        for one in rows
        if one.state in ("kept", "late", "missed") and opens <= (one.due_at or one.opened_at) < due
    ]
    return states.count("kept") * 100 / len(states) if states else None


def _periods(
    stage: Stage, book: Book, promise: Quota | Target
) -> list[tuple[str, datetime, datetime, float]] | None:
    """(key, start, end, share) of the periods that ended in the time; None when the plan has no rhythm for it."""
    every = agreed(promise.every)
    if not isinstance(every, Period) or every.unit in ("once", "gap"):
        return None
    rules, calendar = stage.rules, book.calendar("always")
    first, last = stage.days
    spans = planning.spans_of(promise, rules, stage.began_at)
    found = []
    for term in terms(every, first - timedelta(days=1), last + timedelta(days=1), rules.starts_on):
        for start, end in spans:
            begins, ends = max(term.starts_on, start), min(term.ends_on, end)
            if begins >= ends:
                continue
            due = midnight(ends, calendar).astimezone(UTC)
            if stage.since < due <= min(stage.until, stage.now):
                opens = midnight(begins, calendar).astimezone(UTC)
                found.append((term.key, opens, due, (ends - begins).days / term.days))
            break
    return found


# What is read


_EVENTS = f"""
SELECT {past.COLUMNS} FROM kernel_event e
WHERE e.contract_id = %s AND e.verb = ANY(%s) AND e.occurred_at >= %s AND e.occurred_at < %s
ORDER BY e.occurred_at, e.id
"""  # noqa: S608 - constants
LONGEST_PERIOD = timedelta(days=370)


def events_for(stage: Stage, books: Sequence[Book]) -> Mapping[str, list[Happening]]:
    """The events that keep recurring promises or add to quotas, by verb. Queries: one."""
    verbs: set[str] = set()
    for book in books:
        verbs |= set(book.gathered)
        for duty in book.duties.values():
            if isinstance(duty.promise, Recurring):
                verbs |= {part.verb for part in keepers(duty.promise.kept_by)}
    found: dict[str, list[Happening]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _EVENTS, [stage.rules.contract_id, sorted(verbs), stage.since - LONGEST_PERIOD, stage.now]
        )
        while rows := cursor.fetchmany(2000):
            for row in rows:
                found[row[1]].append(past.happening(row))
    return found


_RECORDED = """
SELECT c.name, o.state, count(*) FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE o.contract_id = %s AND o.falls_at >= %s AND o.falls_at < %s GROUP BY c.name, o.state
"""


def recorded(stage: Stage) -> Mapping[str, Tally]:
    """The register's own verdicts of the time, by promise. Queries: one."""
    found: dict[str, Tally] = defaultdict(Tally)
    with connection.cursor() as cursor:
        cursor.execute(_RECORDED, [stage.rules.contract_id, stage.since, stage.until])
        for name, state, count in cursor.fetchall():
            found[name].count(state, count)
    return found


def reason_of(promise: Promise) -> str:
    """Why a promise that differs cannot be replayed."""
    return {"standing": "condition", "gate": "guard", "entitlement": "decision", "deadline": "tied"}.get(
        promise.kind, "awaits"
    )


def is_tied(promise: Promise) -> bool:
    """Whether a deadline reaches beyond its case."""
    return isinstance(promise, Deadline) and promise.same != "case"
