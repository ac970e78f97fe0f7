"""The score sheet of a compiled plan: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shouyue.contracts.plan_language.model import Share, Unset
from shouyue.contracts.plan_language.texts import Text

_WHOLE = Share(100)


@dataclass(frozen=True, slots=True)
class ScoreArea:
    """A part of the score sheet. covers: its commitments, empty for all with points that no other area covers."""

    name: str
    title: Text
    weight: int | float | Unset
    cap: int | float | Unset | None = None
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """What a total from `at_least` on means: so much of the payment is due, or so much is given back."""

    at_least: int | float | Unset
    payment: Share | Unset | None = None
    credit: Share | Unset | None = None
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """The score sheet: what an area begins with, what a late keeping costs, areas, bands."""

    areas: tuple[ScoreArea, ...]
    bands: tuple[ScoreBand, ...] = ()
    period: Literal["month", "quarter"] = "month"
    base: int | float | Unset = 100
    late: Share | Unset = _WHOLE
    freezes_after_days: int = 5
