"""A compiled service plan: frozen values, no behaviour beyond look-ups of their own fields."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shouyue.contracts.plan_language.texts import Text
from shouyue.servicetime.durations import Duration

if TYPE_CHECKING:
    from shouyue.contracts.plan_language.score_model import Scores

Literal_ = str | int | float | bool


# Values


Span = Duration  # counted on a service window, by working days or on the calendar


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage: Share(95) is 95 %."""

    percent: float


@dataclass(frozen=True, slots=True)
class Unset:
    """A value the contract has not agreed. provisional: used until it is, None when nothing is."""

    question: Text | None = None
    provisional: Any = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Here the contract promises nothing (`none` in a table)."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included."""

    low: float
    high: float


Amount = int | float | Share | Span | Range | Unset


@dataclass(frozen=True, slots=True)
class Table:
    """A value chosen by facts. rows: (fact value, value or deeper table); otherwise: for all others and the unknown."""

    by: tuple[str, ...]
    rows: tuple[tuple[str, Any], ...]
    otherwise: Any = None


Limit = Span | Unset | Nothing | Table
WindowChoice = str | Unset | Nothing | Table


# Conditions


@dataclass(frozen=True, slots=True)
class FactRef:
    """Another fact as operand. opening: of the event that opened the obligation; shift: plus, or minus when `back`."""

    fact: str
    opening: bool = False
    shift: Span | None = None
    back: bool = False


Operand = Literal_ | dt.date | Share | Span | FactRef
Comparison = Literal["is", "in", "not_in", "at_least", "above", "at_most", "below", "between", "known"]


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one fact. operands: one, or several for in, not_in and between."""

    __test__ = False  # not a test class for pytest

    fact: str
    comparison: Comparison
    operands: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class InClass:
    """The case belongs to a request class of the plan; `match` is its condition."""

    name: str
    match: Match


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Any


Match = Test | InClass | All | AnyOf | Not


# Anchors


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment named by the calendar.

    base: weekday | day | last_day | open_day | last_open_day | period_start | period_end | window_opens |
    window_closes | yearly | date | fact. number: weekday 0–6, or day counted from 1. name: a date, `MM-DD` or fact.
    at: "HH:MM", "window opens" or "window closes". shift, back: offset after (before) it.
    """

    base: str
    number: int = 0
    name: str = ""
    at: str = ""
    shift: Span | None = None
    back: bool = False
    text: str = ""


# What happens


@dataclass(frozen=True, slots=True)
class Happens:
    """An event of this verb, if its facts match."""

    verb: str
    when: Match | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Another commitment's obligation reaches an outcome: opened, warned, missed, kept or late."""

    outcome: str
    commitment: str
    when: Match | None = None

    @property
    def verb(self) -> str:
        return f"obligation.{self.outcome}"


Trigger = Happens | Verdict


@dataclass(frozen=True, slots=True)
class Attested:
    """A person in this role attests, with evidence, not longer ago than `every`."""

    role: str
    every: Span | None = None
    evidence: tuple[str | Text, ...] = ()

    @property
    def verb(self) -> str:
        return "obligation.attested"


Keeper = Happens | Attested | All | AnyOf  # All and AnyOf of keepers


# Requirements of gates and standing promises


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a number must lie."""

    at_least: Any = None
    at_most: Any = None
    equals: Any = None


@dataclass(frozen=True, slots=True)
class MeasureRef:
    """A measure as threshold of another, times a factor; stage: as it was in that stage."""

    measure: str
    args: tuple[tuple[str, Any], ...] = ()
    stage: str = ""
    times: float = 1.0


@dataclass(frozen=True, slots=True)
class Guard:
    guard: str
    args: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureHolds:
    measure: str
    bounds: Bounds
    args: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class FactHolds:
    match: Match


@dataclass(frozen=True, slots=True)
class Since:
    """At least `least` has passed since the verb last happened in the case."""

    least: Span | Unset
    verb: str


@dataclass(frozen=True, slots=True)
class WithinWindow:
    window: str


@dataclass(frozen=True, slots=True)
class Covered:
    """A roster leaves no gap in a window."""

    window: str
    by: str


Requirement = Guard | MeasureHolds | FactHolds | Since | WithinWindow | Covered | Attested | All | AnyOf | Not


# Head of the plan


@dataclass(frozen=True, slots=True)
class Window:
    """Service time. spec: what `shouyue.servicetime` reads; holidays: a table by name; calendar: one kept elsewhere."""

    name: str
    spec: tuple[tuple[str, Any], ...] = ()  # zone, weekly, extra_workdays, extra_windows
    holidays: str = ""
    calendar: str = ""
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class ScaleValue:
    word: str
    title: Text | None = None
    means: Text | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of one fact, lowest rank first."""

    fact: str
    values: tuple[ScaleValue, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(value.word for value in self.values)


@dataclass(frozen=True, slots=True)
class RequestClass:
    name: str
    match: Match
    title: Text | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting state that may stop a clock."""

    name: str
    begins: Happens
    ends: tuple[str, ...]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    name: str
    title: Text
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    title: Text
    begins: Anchor
    ends: Anchor | None = None


@dataclass(frozen=True, slots=True)
class WarrantyClass:
    name: str
    title: Text
    lasts: Span | Unset
    starts: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Warranty:
    starts: Anchor
    classes: tuple[WarrantyClass, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    name: str
    title: Text
    charge: Any
    when: Match | None = None
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a contradiction of the contract's text was decided."""

    id: str
    decision: Text
    affects: tuple[str, ...] = ()


# Commitments


@dataclass(frozen=True, slots=True)
class StepTime:
    """When an escalation step falls. base: share (percent of the limit) | opened | due; shift before or after it."""

    base: Literal["share", "opened", "due"]
    percent: float = 0
    shift: Span | None = None
    back: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One warning or escalation."""

    at: StepTime
    to: tuple[str, ...]
    by: tuple[str, ...] = ()
    repeat: Span | None = None
    times: int = 1
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What all kinds share. line: in the file, for messages."""

    name: str
    title: Text
    text: Text
    source: tuple[str, ...] = ()
    internal: bool = False
    by: str = "provider"
    owner: str = "project_manager"
    when: Match | None = None
    stages: tuple[str, ...] = ()
    outlives: Span | Literal["", "forever"] = ""
    evidence: tuple[str | Text, ...] = ()
    points: float | Unset = 0
    escalate: tuple[Step, ...] = ()
    consequence: Text | None = None
    note: Text | None = None
    to_agree: Text | None = None
    awaits: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return type(self).__name__.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Commitment):
    opened_by: tuple[Trigger, ...]
    kept_by: Keeper
    args: tuple[tuple[str, Any], ...] = ()
    within: Limit | None = None
    due: Anchor | Unset | None = None
    window: WindowChoice = "always"
    after: Span | Unset | None = None
    unless: tuple[str, ...] = ()
    not_before: Anchor | None = None
    pauses: tuple[str, ...] = ()
    same: str = "case"
    once: bool = False
    void_by: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()
    silence: str = ""
    each: str = ""
    bind: Literal["late", "opening"] = "late"
    rebind_on: tuple[str, ...] = ()
    day_rule: Literal["close", "same time"] = "close"


@dataclass(frozen=True, slots=True)
class Period:
    """unit: day | week | month | quarter | half-year | year | contract-year | once | gap; count: every so many."""

    unit: str
    count: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """One obligation per item of this sort that matches."""

    item: str
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A random part of the items. Its seed is recorded with the draw."""

    item: str
    match: Match | None = None
    share: Share | Unset | None = None
    count: int | Unset | None = None
    at_least: int = 0
    not_again_for: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring(Commitment):
    every: Period | Unset | None = None
    max_gap: Span | Unset | None = None
    times: int | Unset = 1
    opens: Anchor | None = None
    not_before: Anchor | None = None
    due: Anchor | Unset | None = None
    covers: Cover | None = None
    each: str = ""
    sample: Sample | None = None
    kept_by: Keeper
    args: tuple[tuple[str, Any], ...] = ()
    window: WindowChoice = "always"
    closed_day: Literal["before", "after", "kept"] = "before"
    lead: Span | Unset | None = None
    pro_rata: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """An amount over events. how: sum | count | distinct; fact: what is summed or told apart."""

    how: Literal["sum", "count", "distinct"]
    verb: str
    fact: str = ""
    when: Match | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(Commitment):
    every: Period | Unset
    amount: Gathered
    bounds: Bounds
    each: str = ""
    pro_rata: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Commitment):
    every: Period | Unset
    measure: str
    args: tuple[tuple[str, Any], ...] = ()
    over: Match | None = None
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Commitment):
    holds: Requirement
    check: Span
    check_on: tuple[str, ...] = ()
    grace: Span | Unset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Commitment):
    acts: tuple[str, ...]
    requires: Requirement
    otherwise: Literal["refuse", "record breach"] = "refuse"
    given_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of a right: so many per period."""

    amount: int | Unset
    every: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement(Commitment):
    decides: tuple[str, ...]
    grants: tuple[tuple[str, Any], ...]
    until: Anchor | None = None
    limit: Allowance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole service plan. words: how the plan's own words are said: a word, or `fact:value`."""

    name: str
    title: Text
    commitments: tuple[Commitment, ...]
    profile: str = ""
    prefix: str = ""
    promises: int = 0
    about: Text | None = None
    zone: str = "Asia/Shanghai"
    windows: tuple[Window, ...] = ()
    scales: tuple[Scale, ...] = ()
    classes: tuple[RequestClass, ...] = ()
    waits: tuple[Wait, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    stages: tuple[Stage, ...] = ()
    warranty: Warranty | None = None
    catalogue: tuple[CatalogueItem, ...] = ()
    settles: tuple[Settlement, ...] = ()
    words: tuple[tuple[str, Text], ...] = ()
    scores: Scores | None = None

    def commitment(self, name: str) -> Commitment:
        """Raises: KeyError."""
        for commitment in self.commitments:
            if commitment.name == name:
                return commitment
        raise KeyError(name)

    def window(self, name: str) -> Window:
        """Raises: KeyError."""
        for window in self.windows:
            if window.name == name:
                return window
        raise KeyError(name)
