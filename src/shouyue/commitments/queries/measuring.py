"""Targets and standing conditions whose measure a module can already compute."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shouyue.commitments.rules.figures import Limits
from shouyue.contracts import vocabulary
from shouyue.contracts.plan_language.model import (
    Bounds,
    MeasureHolds,
    MeasureRef,
    Range,
    Share,
    Span,
    Target,
    Unset,
)
from shouyue.contracts.queries import compiled
from shouyue.contracts.vocabulary import Measured, MeasureRequest
from shouyue.kernel import clock

NOTHING = Measured(None)


def measured(contract_id: int, target: Target, since: datetime, until: datetime) -> Measured:
    """The measure of a target over a span of time; without an amount when nothing was there or it is not known.

    Queries: those of the measure.
    """
    measure = vocabulary.measures().get(target.measure)
    if measure is None:
        return NOTHING
    return measure.compute(MeasureRequest(contract_id, since, until, dict(target.args), target.over))


def reached(
    contract_id: int, bounds: Bounds, amount: float | None, since: datetime, until: datetime
) -> bool | None:
    """Whether an amount lies within bounds; None when there is nothing to judge or a bound is not agreed."""
    if amount is None:
        return None
    results: list[bool] = []
    for name in ("at_least", "at_most", "equals"):
        limit = getattr(bounds, name)
        if limit is None:
            continue
        if isinstance(limit, Range):
            results.append(limit.low <= amount <= limit.high)
            continue
        value = _number(contract_id, limit, since, until)
        if value is None:
            return None
        results.append(
            {"at_least": amount >= value, "at_most": amount <= value, "equals": amount == value}[name]
        )
    return all(results) if results else None


def limits_now(contract_id: int, bounds: Bounds, since: datetime, until: datetime) -> Limits | None:
    """The bounds as numbers, those that are another measure worked out; None when one is not known."""
    low: float | None = None
    high: float | None = None
    for name in ("at_least", "at_most", "equals"):
        limit = getattr(bounds, name)
        if limit is None:
            continue
        if isinstance(limit, Range):
            return Limits(limit.low, limit.high)
        value = _number(contract_id, limit, since, until)
        if value is None:
            return None
        low = value if name != "at_most" else low
        high = value if name != "at_least" else high
    return None if low is None and high is None else Limits(low, high)


def _stage_time(contract_id: int, name: str, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """When a stage ran, up to the end of the span asked for."""
    rules = compiled(contract_id)
    zone = ZoneInfo(rules.zone)
    stage = next((one for one in rules.stages if one.name == name and one.starts_on is not None), None)
    if stage is None or stage.starts_on is None:
        return since, until
    begins = datetime.combine(stage.starts_on, time(), zone)
    ends = datetime.combine(stage.ends_on + timedelta(days=1), time(), zone) if stage.ends_on else until
    return begins, min(ends, until)


def _number(contract_id: int, limit: Any, since: datetime, until: datetime) -> float | None:
    if isinstance(limit, Unset):
        limit = limit.provisional
    if isinstance(limit, Share):
        return limit.percent
    if isinstance(limit, Span):
        return limit.seconds
    if isinstance(limit, MeasureRef):
        measure = vocabulary.measures().get(limit.measure)
        if measure is None:
            return None
        if limit.stage:
            since, until = _stage_time(contract_id, limit.stage, since, until)
        found = measure.compute(
            MeasureRequest(contract_id, since, until, dict(limit.args), None, limit.stage)
        )
        return None if found.amount is None else found.amount * limit.times
    return float(limit) if isinstance(limit, int | float) else None


def holds_now(contract_id: int, requirement: MeasureHolds) -> bool:
    """Whether a measure of the running month is within its bounds; not without data."""
    found, since, now = _this_month(contract_id, requirement)
    return bool(reached(contract_id, requirement.bounds, found.amount, since, now))


def has_data(contract_id: int, requirement: MeasureHolds) -> bool:
    """Whether there is anything to measure in the running month."""
    return _this_month(contract_id, requirement)[0].amount is not None


def _this_month(contract_id: int, requirement: MeasureHolds) -> tuple[Measured, datetime, datetime]:
    now = clock.now()
    since = now.astimezone(_zone(contract_id)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    measure = vocabulary.measures().get(requirement.measure)
    if measure is None:
        return NOTHING, since, now
    return measure.compute(MeasureRequest(contract_id, since, now, dict(requirement.args))), since, now


def _zone(contract_id: int) -> ZoneInfo:
    return ZoneInfo(compiled(contract_id).zone)
