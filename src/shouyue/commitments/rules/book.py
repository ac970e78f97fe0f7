"""A contract's promises, indexed by verb: what opens, keeps, stops or re-aims which deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shouyue.contracts.plan_language.match import Circumstances, match_facts, matches, ranks_of, table_facts
from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    Attested,
    Commitment,
    Deadline,
    Entitlement,
    FactRef,
    Gate,
    Happens,
    InClass,
    Keeper,
    Match,
    Not,
    Plan,
    Quota,
    Recurring,
    Span,
    Standing,
    Step,
    StepTime,
    Target,
    Test,
    Unset,
    Verdict,
    Wait,
)
from shouyue.servicetime import ServiceCalendar


@dataclass(slots=True)
class Interest:
    """The deadlines an event of one verb may concern, by what it does to them."""

    opens: list[Deadline] = field(default_factory=list)
    keeps: list[Deadline] = field(default_factory=list)
    voids: list[Deadline] = field(default_factory=list)
    undoes: list[Deadline] = field(default_factory=list)
    prevents: list[Deadline] = field(default_factory=list)
    begins: list[Wait] = field(default_factory=list)
    ends: list[Wait] = field(default_factory=list)


TASK = "task"
"""Name of the step that hands the owner what is to be done, so long before it is due."""

NEVER = AnyOf(())
"""Kept by no event: a figure or a condition decides."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A promise whose obligations the calendar opens. item: per which sort of thing, empty for the contract as a whole.

    gap: instead of periods, never silent longer than this.
    """

    promise: Recurring | Standing
    item: str = ""
    gap: Span | None = None


@dataclass(slots=True)
class Book:
    """The promises of one plan version as one contract runs them.

    calendar: window name → calendar. scales: the modules' own words of a fact, lowest first; the plan's win.
    dates: the contract's known dates.
    rebinding: verbs after which facts may have changed; closing: verbs that close a case. ties: verb → what beyond its
    case ties it to obligations.
    duties, measured, standings: promises that the calendar runs; as far as events, steps and verdicts go, each of them
    stands among the deadlines, too. gathered, watched: quotas an event adds to, conditions it may change, by verb.
    """

    contract_id: int
    customer_id: int
    plan_version_id: int
    plan: Plan
    calendar: Callable[[str], ServiceCalendar]
    rebinding: frozenset[str]
    closing: frozenset[str] = frozenset()
    scales: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    around: Circumstances = field(default_factory=Circumstances)
    dates: Mapping[str, date] = field(default_factory=dict)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    interests: dict[str, Interest] = field(default_factory=dict)
    bound: dict[str, frozenset[str]] = field(default_factory=dict)
    told: dict[str, frozenset[str]] = field(default_factory=dict)
    opening: dict[str, frozenset[str]] = field(default_factory=dict)
    ties: dict[str, frozenset[str]] = field(default_factory=dict)
    duties: dict[str, Duty] = field(default_factory=dict)
    measured: dict[str, Quota | Target] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    gathered: dict[str, list[Quota]] = field(default_factory=dict)
    watched: dict[str, list[Standing]] = field(default_factory=dict)
    gates: dict[str, list[Gate]] = field(default_factory=dict)
    entitlements: dict[str, list[Entitlement]] = field(default_factory=dict)
    outcomes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.ranks = ranks_of(self.plan, self.scales)
        self.around = Circumstances(ranks=self.ranks, zone=self.plan.zone)
        for promise in self.plan.commitments:
            if promise.awaits:
                continue
            if isinstance(promise, Deadline):
                self._index(promise)
            elif isinstance(promise, Recurring | Quota | Target | Standing):
                self._index_calendar(promise)
            elif isinstance(promise, Gate):
                for act in promise.acts:
                    self.gates.setdefault(act, []).append(promise)
            elif isinstance(promise, Entitlement):
                for decision in promise.decides:
                    self.entitlements.setdefault(decision, []).append(promise)
        for wait in self.plan.waits:
            if any(wait.name in promise.pauses for promise in self.deadlines.values()):
                self._interest(wait.begins.verb).begins.append(wait)
                for verb in wait.ends:
                    self._interest(verb).ends.append(wait)
        self._close_facts()
        self.ties = {
            verb: frozenset(
                promise.same
                for promise in (*one.opens, *one.keeps, *one.voids, *one.undoes, *one.prevents)
                if promise.same != "case"
            )
            for verb, one in self.interests.items()
        }
        self.outcomes = frozenset(self.interests) & {
            f"obligation.{word}" for word in ("opened", "warned", "kept", "missed", "late")
        }

    def _interest(self, verb: str) -> Interest:
        return self.interests.setdefault(verb, Interest())

    def _index(self, promise: Deadline) -> None:
        self.deadlines[promise.name] = promise
        for trigger in promise.opened_by:
            interest = self._interest(trigger.verb)
            if promise not in interest.opens:
                interest.opens.append(promise)
        for verb in {part.verb for part in keepers(promise.kept_by)}:
            self._interest(verb).keeps.append(promise)
        for verb in promise.void_by:
            self._interest(verb).voids.append(promise)
        for verb in promise.undone_by:
            self._interest(verb).undoes.append(promise)
        for verb in promise.unless:
            self._interest(verb).prevents.append(promise)

    def _index_calendar(self, promise: Recurring | Quota | Target | Standing) -> None:
        match promise:
            case Recurring():
                gap = promise.max_gap.provisional if isinstance(promise.max_gap, Unset) else promise.max_gap
                duty = Duty(promise, item_of(promise), gap if isinstance(gap, Span) else None)
                self.duties[promise.name] = duty
                self._index(as_deadline(promise, promise.kept_by, promise.args, item=duty.item))
            case Quota():
                self.measured[promise.name] = promise
                self.gathered.setdefault(promise.amount.verb, []).append(promise)
                self.deadlines[promise.name] = as_deadline(promise)
            case Target():
                self.measured[promise.name] = promise
                self.deadlines[promise.name] = as_deadline(promise)
            case Standing(holds=Attested() as attested):
                self.duties[promise.name] = Duty(promise, gap=attested.every)
                self._index(as_deadline(promise, attested))
            case Standing():
                self.standings[promise.name] = promise
                for verb in promise.check_on:
                    self.watched.setdefault(verb, []).append(promise)
                self.deadlines[promise.name] = as_deadline(promise)

    def _close_facts(self) -> None:
        """Which facts each obligation keeps: those that aim it, and those of promises its verdicts open."""
        for name, promise in self.deadlines.items():
            conditions = [promise.when, *(trigger.when for trigger in promise.opened_by)]
            aims = frozenset().union(
                table_facts(promise.within),
                table_facts(promise.window),
                match_facts(promise.when),
                {"stage"} if promise.stages else (),
            )
            self.bound[name] = aims
            wanted = aims.union(*(match_facts(condition) for condition in conditions), _anchored(promise))
            if promise.same not in ("case", "subject", "contract"):
                wanted |= {promise.same}
            self.told[name] = wanted - {"occurred_at", "verb"}
            compared = [part.when for part in keepers(promise.kept_by) if isinstance(part, Happens)]
            self.opening[name] = frozenset().union(
                *(opening_facts(when) for when in (*compared, promise.when))
            )
        for _ in range(len(self.deadlines)):
            changed = False
            for promise in self.deadlines.values():
                for trigger in promise.opened_by:
                    if isinstance(trigger, Verdict) and trigger.commitment in self.told:
                        more = self.told[promise.name] | self.opening[promise.name]
                        if not more <= self.told[trigger.commitment]:
                            self.told[trigger.commitment] |= more
                            changed = True
            if not changed:
                break

    def cares(self, verb: str) -> bool:
        """Whether any promise looks at events of this verb."""
        return (
            verb in self.interests
            or verb in self.gathered
            or verb in self.watched
            or (verb in self.rebinding and len(self.deadlines) > self.calendar_run)
        )

    @property
    def calendar_run(self) -> int:
        """How many of the deadlines stand for promises the calendar runs, which no fact re-aims."""
        return len(self.duties) + len(self.measured) + len(self.standings)

    def cares_about(self, verb: str, commitment: str) -> bool:
        """As `cares`, of a verdict on one commitment: most promises that watch verdicts watch another's.

        commitment: as the event names it, its first 64 characters.
        """
        interest = self.interests.get(verb)
        if interest is None or interest.keeps or interest.voids or interest.undoes or interest.prevents:
            return self.cares(verb)
        if interest.begins or interest.ends or verb in self.rebinding:
            return True
        return any(
            trigger.verb == verb
            and (not isinstance(trigger, Verdict) or trigger.commitment[:64] == commitment)
            for promise in interest.opens
            for trigger in promise.opened_by
        )

    def holds(
        self, match: Match | None, facts: Mapping[str, Any], opening: Mapping[str, Any] | None = None
    ) -> bool:
        """Whether a condition of this plan holds."""
        if match is None:
            return True
        return matches(
            match, facts, Circumstances(opening, self.ranks, self.plan.zone) if opening else self.around
        )

    def applies(self, promise: Commitment, facts: Mapping[str, Any]) -> bool:
        """Whether a promise is meant at all: its condition and its stages."""
        if promise.stages and facts.get("stage") not in promise.stages:
            return False
        return self.holds(promise.when, facts)

    def opens(self, promise: Deadline, verb: str, commitment: str, facts: Mapping[str, Any]) -> bool:
        """Whether an event opens a promise; commitment: whose verdict the event is, if it is one."""
        return any(
            trigger.verb == verb
            and (not isinstance(trigger, Verdict) or trigger.commitment == commitment)
            and self.holds(trigger.when, facts)
            for trigger in promise.opened_by
        )

    def watches_verdicts(self, name: str) -> bool:
        """Whether a promise is about the register's own events in general, such as every warning."""
        promise = self.deadlines.get(name)
        return promise is not None and any(
            isinstance(trigger, Happens) and trigger.verb.startswith("obligation.")
            for trigger in promise.opened_by
        )


def item_of(promise: Recurring) -> str:
    """Per which sort of thing a recurring promise opens obligations; empty for the contract as a whole."""
    cover = promise.covers or promise.sample
    item = cover.item if cover is not None else promise.each
    return "" if item == "contract" else item


def as_deadline(
    promise: Recurring | Quota | Target | Standing,
    kept_by: Keeper = NEVER,
    args: tuple[tuple[str, Any], ...] = (),
    item: str = "",
) -> Deadline:
    """A promise the calendar runs, as what keeps, warns about and misses obligations sees it."""
    lead = getattr(promise, "lead", None)
    lead = lead.provisional if isinstance(lead, Unset) else lead
    steps = promise.escalate
    if isinstance(lead, Span):
        task = StepTime("due", shift=lead, back=True, text=TASK)
        steps = (*steps, Step(at=task, to=("owner",)))
    window = getattr(promise, "window", "always")
    return Deadline(
        name=promise.name,
        title=promise.title,
        text=promise.text,
        source=promise.source,
        internal=promise.internal,
        by=promise.by,
        owner=promise.owner,
        evidence=promise.evidence,
        points=promise.points,
        escalate=steps,
        opened_by=(),
        kept_by=kept_by,
        args=args,
        window=window,
        same=f"item:{item}" if item else "contract",
        bind="opening",
    )


def keepers(keeper: Keeper) -> list[Happens | Attested]:
    """The single events a `kept_by` is made of, in order."""
    if isinstance(keeper, All | AnyOf):
        return [leaf for part in keeper.parts for leaf in keepers(part)]
    return [keeper]


def fulfilled(keeper: Keeper, done: int) -> bool:
    """Whether the parts done (a bit each, in the order of `keepers`) make up the whole."""
    return _fulfilled(keeper, done, 0)[0]


def _fulfilled(keeper: Keeper, done: int, at: int) -> tuple[bool, int]:
    if not isinstance(keeper, All | AnyOf):
        return bool(done >> at & 1), at + 1
    results = []
    for part in keeper.parts:
        result, at = _fulfilled(part, done, at)
        results.append(result)
    return (all(results) if isinstance(keeper, All) else any(results)), at


def opening_facts(match: Match | None) -> frozenset[str]:
    """The facts of the opening event that a condition compares with."""
    match match:
        case Test():
            return frozenset(
                item.fact for item in match.operands if isinstance(item, FactRef) and item.opening
            )
        case InClass():
            return opening_facts(match.match)
        case All() | AnyOf():
            return frozenset().union(*(opening_facts(part) for part in match.parts))
        case Not():
            return opening_facts(match.part)
    return frozenset()


def _anchored(promise: Deadline) -> frozenset[str]:
    found = {
        anchor.name
        for anchor in (promise.due, promise.not_before)
        if anchor is not None and not isinstance(anchor, Unset) and anchor.base == "fact"
    }
    return frozenset(found | ({promise.each} if promise.each else set()))


def facts_in(facts: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The facts of these names that are known."""
    return {key: facts[key] for key in keys if facts.get(key) is not None}
