"""What follows from a plan and a contract's dates: stages, warranty terms, charges. No database, no clock.

Days are days in the contract's zone. A date whose name ends in `.end` is the last day covered; what is said to
begin `from` it begins the day after, and what lasts `until` any other date ends the day before that.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations
from types import MappingProxyType
from typing import Any, Literal

from shouyue.contracts.plan_language.match import Circumstances, Ranks, choose, matches, ranks_of
from shouyue.contracts.plan_language.model import (
    Anchor,
    CatalogueItem,
    Entitlement,
    Plan,
    Span,
    Table,
    Unset,
    WarrantyClass,
)
from shouyue.contracts.plan_language.texts import Text

ChargeKind = Literal["free", "quoted"]
ChargeSource = Literal["entitlement", "catalogue", "warranty", "term"]


@dataclass(frozen=True, slots=True)
class StageDates:
    """A stage with its first and last day; None: not known yet, or for the last day: open."""

    name: str
    title: Text
    starts_on: date | None
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the stage runs on that day."""
        return (
            self.starts_on is not None
            and self.starts_on <= day
            and (self.ends_on is None or day <= self.ends_on)
        )


@dataclass(frozen=True, slots=True)
class WarrantyTerm:
    """The warranty of one asset class; lasts is `Unset` when the contract has not agreed it."""

    name: str
    title: Text
    lasts: Span | Unset
    starts_on: date | None
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """Whether things of this class are under warranty on that day."""
        return (
            self.starts_on is not None and self.ends_on is not None and self.starts_on <= day <= self.ends_on
        )


@dataclass(frozen=True, slots=True)
class SiteZone:
    """How a site is served: area is the fact `zone`, mode the fact `zone_mode`."""

    area: str
    mode: str


@dataclass(frozen=True, slots=True)
class ContractRules:
    """A contract as its rules see it: everything that decides about an event, without a query.

    dates: contract.start, contract.end, milestones reached, warranty.start, warranty.end, and both with :<class>.
    ranks: of the plan's scales, for comparing facts. sites: the zones of the contract's own sites by site id; sites
    below them inherit (`queries.zone_facts`).
    """

    contract_id: int
    customer_id: int
    code: str
    version: int
    plan_version_id: int
    plan: Plan
    zone: str
    service_level: str
    starts_on: date
    ends_on: date
    is_active: bool
    dates: Mapping[str, date]
    stages: tuple[StageDates, ...]
    warranty: tuple[WarrantyTerm, ...]
    ranks: Ranks
    sites: Mapping[int, SiteZone] = field(default_factory=lambda: MappingProxyType({}))

    def stage_on(self, day: date) -> str:
        """The name of the stage that runs on a day, empty when none does."""
        return stage_on(self.stages, day)

    def scale(self, fact: str) -> tuple[str, ...]:
        """The contract's own words for a fact, lowest rank first; empty when the plan has no such scale."""
        return tuple(self.ranks.get(fact, ()))

    @property
    def circumstances(self) -> Circumstances:
        """What conditions of the plan are read with."""
        return Circumstances(ranks=self.ranks, zone=self.zone)


def contract_dates(
    plan: Plan, *, starts_on: date, ends_on: date, milestones: Mapping[str, date]
) -> dict[str, date]:
    """Every date of a contract that is known, by the name plans use."""
    dates = {**milestones, "contract.start": starts_on, "contract.end": ends_on}
    terms = warranty_terms(plan, dates)
    starts = [term.starts_on for term in terms if term.starts_on]
    ends = [term.ends_on for term in terms if term.ends_on]
    if plan.warranty is not None:
        start = first_day(plan.warranty.starts, dates)
        if start is not None or starts:
            dates["warranty.start"] = start or min(starts)
    if ends and len(ends) == len(terms):
        dates["warranty.end"] = max(ends)
    dates |= {f"warranty.start:{term.name}": term.starts_on for term in terms if term.starts_on}
    dates |= {f"warranty.end:{term.name}": term.ends_on for term in terms if term.ends_on}
    return dates


def acts_of_milestone(plan: Plan, name: str) -> tuple[str, ...]:
    """What recording a milestone is: with one of them the warranty starts."""
    reached = ("contract.reach_milestone",)
    starts = plan.warranty is not None and plan.warranty.starts.name == name
    return (*reached, "contract.start_warranty") if starts else reached


def warranty_terms(plan: Plan, dates: Mapping[str, date]) -> tuple[WarrantyTerm, ...]:
    """The warranty of every asset class, as far as its start event has happened and its length is agreed."""
    if plan.warranty is None:
        return ()
    return tuple(_term(item, item.starts or plan.warranty.starts, dates) for item in plan.warranty.classes)


def _term(item: WarrantyClass, starts: Anchor, dates: Mapping[str, date]) -> WarrantyTerm:
    start = first_day(starts, dates)
    lasts = item.lasts.provisional if isinstance(item.lasts, Unset) else item.lasts
    end = shift_day(start, lasts) - timedelta(days=1) if start and isinstance(lasts, Span) else None
    return WarrantyTerm(item.name, item.title, item.lasts, start, end)


def stage_dates(plan: Plan, dates: Mapping[str, date]) -> tuple[StageDates, ...]:
    """The plan's stages with the days they run; an open stage ends the day before the next one begins."""
    found = [
        StageDates(
            stage.name,
            stage.title,
            first_day(stage.begins, dates),
            last_day(stage.ends, dates) if stage.ends else None,
        )
        for stage in plan.stages
    ]
    return tuple(
        replace(stage, ends_on=_before_the_next(stage, found[number:])) if planned.ends is None else stage
        for number, (stage, planned) in enumerate(zip(found, plan.stages, strict=True), start=1)
    )


def _before_the_next(stage: StageDates, following: Sequence[StageDates]) -> date | None:
    starts = [one.starts_on for one in following if one.starts_on and stage.starts_on]
    later = [start for start in starts if stage.starts_on and start > stage.starts_on]
    return min(later) - timedelta(days=1) if later else None


def milestone_dates(plan: Plan, dates: Mapping[str, date]) -> dict[str, date]:
    """Of the dates of a contract those of a plan's milestones."""
    return {one.name: dates[one.name] for one in plan.milestones if one.name in dates}


def under(rules: ContractRules, plan: Plan) -> ContractRules:
    """The contract as it would stand under another plan: its dates, stages, warranty and ranks."""
    milestones = milestone_dates(plan, rules.dates)
    dates = contract_dates(plan, starts_on=rules.starts_on, ends_on=rules.ends_on, milestones=milestones)
    return replace(
        rules,
        plan=plan,
        dates=MappingProxyType(dates),
        stages=stage_dates(plan, dates),
        warranty=warranty_terms(plan, dates),
        ranks=ranks_of(plan),
    )


@dataclass(frozen=True, slots=True)
class Clash:
    """Two stages that both run from one day to another; last: None when neither ends."""

    one: StageDates
    other: StageDates
    first: date
    last: date | None


def clash_of(plan: Plan, *, starts_on: date, ends_on: date, milestones: Mapping[str, date]) -> Clash | None:
    """The first two stages that would run at once under these dates; None: at most one runs on any day."""
    dates = contract_dates(plan, starts_on=starts_on, ends_on=ends_on, milestones=milestones)
    found = list(zip(stage_dates(plan, dates), plan.stages, strict=True))
    dated = [stage for stage, planned in found if stage.starts_on and (stage.ends_on or planned.ends is None)]
    for one, other in combinations(dated, 2):
        first = max(one.starts_on or date.min, other.starts_on or date.min)
        last = min(one.ends_on or date.max, other.ends_on or date.max)
        is_empty = any(
            stage.starts_on and stage.ends_on and stage.ends_on < stage.starts_on for stage in (one, other)
        )
        if first <= last and not is_empty:
            return Clash(one, other, first, None if last == date.max else last)
    return None


def stage_on(stages: Sequence[StageDates], day: date) -> str:
    """The stage that runs on a day; of several the last one in the plan. Empty when none does."""
    return next((stage.name for stage in reversed(stages) if stage.covers(day)), "")


def first_day(anchor: Anchor, dates: Mapping[str, date]) -> date | None:
    """The first day of what begins at an anchor; None while the date is not known."""
    day = anchor_day(anchor, dates)
    return day + timedelta(days=1) if day and _is_end(anchor.name) else day


def last_day(anchor: Anchor, dates: Mapping[str, date]) -> date | None:
    """The last day of what lasts until an anchor; None while the date is not known."""
    day = anchor_day(anchor, dates)
    return day - timedelta(days=1) if day and not _is_end(anchor.name) else day


def anchor_day(anchor: Anchor, dates: Mapping[str, date]) -> date | None:
    """The day an anchor on a date of the contract names; None for other anchors and unknown dates."""
    day = dates.get(anchor.name) if anchor.base == "date" else None
    return day if day is None or anchor.shift is None else shift_day(day, anchor.shift, back=anchor.back)


def shift_day(day: date, span: Span, *, back: bool = False) -> date:
    """A day moved by a calendar span; months keep the day of the month or take the last one.

    Working days are Mondays to Fridays here; hours and less do not leave the day.
    """
    amount = -span.amount if back else span.amount
    match span.kind:
        case "days":
            return day + timedelta(days=amount)
        case "weeks":
            return day + timedelta(weeks=amount)
        case "months":
            return _plus_months(day, amount)
        case "years":
            return _plus_months(day, 12 * amount)
        case "working_days":
            step = timedelta(days=-1 if back else 1)
            for _ in range(span.amount):
                day += step
                while day.weekday() > 4:
                    day += step
            return day
    return day


def _plus_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _is_end(name: str) -> bool:
    return name.partition(":")[0].endswith(".end")


# Charges


@dataclass(frozen=True, slots=True)
class Charge:
    """Whether a piece of work is charged, and which line of the contract says so.

    kind: free, or quoted (a quote the customer approves). discount: percent off a quote. source and name: an
    entitlement, a catalogue item, a warranty class, or the contract's term when nothing else decides.
    """

    kind: ChargeKind
    source: ChargeSource
    name: str = ""
    discount: float = 0


def catalogue_items(rules: ContractRules, facts: Mapping[str, Any], day: date) -> tuple[CatalogueItem, ...]:
    """The catalogue's items a request belongs to by its facts that are offered on that day.

    Items without a condition are chosen by people, so they are not among them.
    """
    stage = rules.stage_on(day)
    return tuple(
        item
        for item in rules.plan.catalogue
        if (not item.stages or stage in item.stages)
        and item.when is not None
        and matches(item.when, {"stage": stage, **facts}, rules.circumstances)
    )


def charge_of(
    rules: ContractRules,
    facts: Mapping[str, Any],
    day: date,
    *,
    item: str = "",
    warranty_class: str = "",
    used: Mapping[str, int] = MappingProxyType({}),
) -> Charge:
    """Whether a request is charged on a day.

    Asked in this order: entitlements of the decision `ticket.charge`; the catalogue item (`item`, else the
    first that fits the facts; plainly free only while the contract runs, or in the stages it names); the warranty of
    the asset class; the contract's term: free while it runs.
    used: how often entitlements with a limit were already used in their period.
    """
    known = {"stage": rules.stage_on(day), **facts}
    if item:
        known.setdefault("catalogue", item)
    if warranty_class:
        known.setdefault("warranty_class", warranty_class)
    granted = _granted(rules, known, day, used)
    if granted is not None:
        return granted
    chosen = next((entry for entry in rules.plan.catalogue if entry.name == item), None) if item else None
    offered = chosen or next(iter(catalogue_items(rules, known, day)), None)
    if offered is not None and (offered.charge != "free" or day <= rules.ends_on or offered.stages):
        return _catalogue_charge(rules, offered, known, day, warranty_class)
    if warranty_class:
        return _warranty_charge(rules, warranty_class, day)
    return Charge("free" if rules.starts_on <= day <= rules.ends_on else "quoted", "term")


def _granted(
    rules: ContractRules, facts: Mapping[str, Any], day: date, used: Mapping[str, int]
) -> Charge | None:
    for right in rules.plan.commitments:
        if not isinstance(right, Entitlement) or "ticket.charge" not in right.decides:
            continue
        grants = dict(right.grants)
        if "charge" not in grants or not right_applies(rules, right, facts, day):
            continue
        if _used_up(right, used):
            continue
        warranty = grants.get("warranty")
        if warranty and not any(term.name == warranty and term.covers(day) for term in rules.warranty):
            continue
        return _read_charge(grants["charge"], "entitlement", right.name)
    return None


def _used_up(right: Entitlement, used: Mapping[str, int]) -> bool:
    if right.limit is None or not isinstance(right.limit.amount, int):
        return False
    return used.get(right.name, 0) >= right.limit.amount


def right_applies(rules: ContractRules, right: Entitlement, facts: Mapping[str, Any], day: date) -> bool:
    """Whether an entitlement can be claimed on a day: its stage, its condition, its end, what outlives the term."""
    stage = rules.stage_on(day)
    if right.stages and stage not in right.stages:
        return False
    if right.until is not None:
        until = last_day(right.until, rules.dates)
        if until is None or day > until:
            return False
    elif not _within_term(rules, right, day):
        return False
    return right.when is None or matches(right.when, facts, rules.circumstances)


def _within_term(rules: ContractRules, right: Entitlement, day: date) -> bool:
    if day < rules.starts_on:
        return False
    if right.outlives == "forever":
        return True
    last = shift_day(rules.ends_on, right.outlives) if isinstance(right.outlives, Span) else rules.ends_on
    return day <= last


def _catalogue_charge(
    rules: ContractRules, item: CatalogueItem, facts: Mapping[str, Any], day: date, warranty_class: str
) -> Charge:
    charge = item.charge
    if isinstance(charge, Table):
        charge = choose(charge, facts)
    if charge == "by warranty":
        return _warranty_charge(rules, warranty_class, day, fallback=item.name)
    return _read_charge(charge, "catalogue", item.name)


def _warranty_charge(rules: ContractRules, warranty_class: str, day: date, fallback: str = "") -> Charge:
    """Free while the class, or without one every class, is under warranty."""
    terms = [term for term in rules.warranty if not warranty_class or term.name == warranty_class]
    covered = bool(terms) and all(term.covers(day) for term in terms)
    return Charge("free" if covered else "quoted", "warranty", warranty_class or fallback)


def _read_charge(value: Any, source: ChargeSource, name: str) -> Charge:
    if isinstance(value, str):
        return Charge("free" if value == "free" else "quoted", source, name)
    discount = dict(value).get("discount") if isinstance(value, tuple | list | dict) else None
    return Charge("quoted", source, name, float(getattr(discount, "percent", discount or 0)))
