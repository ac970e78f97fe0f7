"""Figures of a period: bounds, interim standing, forecast, verdict. No database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouyue.contracts.plan_language.model import Bounds, Range, Share, Span, Unset

EARLY = 0.1
"""Before this part of a period is over, its pace says nothing yet."""

UNITS = {"hours": 3600, "minutes": 60, "seconds": 1, "days": 86_400}


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a figure must lie; None: no bound on that side. Seconds for durations, percent for shares."""

    low: float | None = None
    high: float | None = None

    @property
    def only_low(self) -> bool:
        """Whether more is always better: then reaching it settles the matter."""
        return self.low is not None and self.high is None

    def contains(self, amount: float) -> bool:
        """Whether an amount lies within."""
        return (self.low is None or amount >= self.low) and (self.high is None or amount <= self.high)

    def scaled(self, share: float) -> Limits:
        """The limits of a shortened period: less is asked and less allowed."""
        return Limits(
            None if self.low is None else self.low * share, None if self.high is None else self.high * share
        )


def limits_of(bounds: Bounds) -> Limits | None:
    """The limits that bounds without another measure name; None when one is not agreed or is another measure."""
    low: float | None = None
    high: float | None = None
    for name in ("at_least", "at_most", "equals"):
        value = getattr(bounds, name)
        if isinstance(value, Unset):
            value = value.provisional
            if value is None:
                return None
        if value is None:
            continue
        if isinstance(value, Range):
            low, high = value.low, value.high
            continue
        number = number_of(value)
        if number is None:
            return None
        if name in ("at_least", "equals"):
            low = number
        if name in ("at_most", "equals"):
            high = number
    return None if low is None and high is None else Limits(low, high)


def number_of(value: Any) -> float | None:
    """A bound as a number: percent of a share, seconds of a duration."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Share):
        return value.percent
    if isinstance(value, Span):
        return None if value.seconds is None else float(value.seconds)
    return float(value) if isinstance(value, int | float) else None


def is_duration(bounds: Bounds) -> bool:
    """Whether a quota counts time."""
    return any(isinstance(getattr(bounds, name), Span) for name in ("at_least", "at_most", "equals"))


def told_amount(fact: str, value: Any, *, duration: bool) -> float | None:
    """What an event adds: `hours`, `minutes` … of a duration become seconds; None when it tells no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not duration:
        return float(value)
    unit = next((seconds for word, seconds in UNITS.items() if fact.endswith(word)), 1)
    return float(value) * unit


def elapsed_share(opened_at: datetime, due_at: datetime, now: datetime) -> float:
    """Which part of a period is over, 0 … 1; a period without length is over."""
    length = (due_at - opened_at).total_seconds()
    if length <= 0:
        return 1.0
    return min(max((now - opened_at).total_seconds() / length, 0.0), 1.0)


def forecast(amount: float, elapsed: float) -> float | None:
    """What the pace so far leads to at the period's end; None while it is too early to say."""
    return amount / elapsed if elapsed >= EARLY else None


def quota_verdict(amount: float, limits: Limits, *, is_over: bool) -> str:
    """kept, missed or running: reaching a lower bound settles it, passing an upper one breaks it at once."""
    if limits.high is not None and amount > limits.high:
        return "missed"
    if limits.contains(amount) and (is_over or limits.only_low):
        return "kept"
    return "missed" if is_over else "running"


def target_verdict(reached: bool | None, *, is_over: bool) -> str:
    """kept, missed, running, or void when there was nothing to measure: never kept without data."""
    if not is_over:
        return "running"
    if reached is None:
        return "void"
    return "kept" if reached else "missed"


def quota_at_risk(amount: float, limits: Limits, elapsed: float) -> bool:
    """Whether the pace so far misses the bounds."""
    expected = forecast(amount, elapsed)
    if expected is None:
        return False
    if limits.low is not None and amount < limits.low and expected < limits.low:
        return True
    return limits.high is not None and expected > limits.high
