"""Score sheets: from misses and the plan's points to a score per area, a total, and what it means for the payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shouyue.contracts.plan_language.model import Plan, Share, Unset
from shouyue.contracts.plan_language.score_model import Scores
from shouyue.contracts.plan_language.texts import Text


@dataclass(frozen=True, slots=True)
class Counted:
    """Obligations of one commitment in the period, by verdict."""

    kept: int = 0
    late: int = 0
    missed: int = 0
    waived: int = 0

    @property
    def has_data(self) -> bool:
        """Whether anything fell due, or could be measured: without it a line costs nothing, and proves nothing."""
        return bool(self.kept + self.late + self.missed + self.waived)


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What one commitment costs its area. is_provisional: its points are not agreed yet."""

    name: str
    points: Decimal
    counted: Counted
    deducted: Decimal
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class AreaScore:
    """An area of the sheet. deducted: after the cap; score: of the base."""

    name: str
    title: Text
    weight: Decimal
    cap: Decimal | None
    lines: tuple[ScoreLine, ...]
    asked: Decimal
    deducted: Decimal
    score: Decimal
    is_provisional: bool = False

    @property
    def has_data(self) -> bool:
        """Whether any of its lines has."""
        return any(line.counted.has_data for line in self.lines)


@dataclass(frozen=True, slots=True)
class Band:
    """What a score means. payment: percent of the payment; credit: percent given back."""

    at_least: Decimal
    payment: Decimal | None = None
    credit: Decimal | None = None
    title: Text | None = None
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The score sheet of a contract and a period."""

    base: Decimal
    areas: tuple[AreaScore, ...]
    total: Decimal
    band: Band | None
    is_provisional: bool

    @property
    def has_data(self) -> bool:
        """Whether any of its areas has."""
        return any(area.has_data for area in self.areas)


def sheet_of(plan: Plan, counted: Mapping[str, Counted]) -> Sheet | None:
    """The sheet of a period; None when the plan has none.

    Each miss costs the commitment's points, each late keeping the share `late` of them; an area loses at most its cap
    and never falls below nothing; the total is the mean of the areas by weight.
    """
    scores = plan.scores
    if scores is None:
        return None
    base, base_open = _value(scores.base)
    late, late_open = _share(scores.late)
    covered = {name for area in scores.areas for name in area.covers}
    areas = tuple(_area(plan, scores, area, counted, covered, base, late) for area in scores.areas)
    weights = sum((area.weight for area in areas), Decimal(0))
    total = (
        _round(sum((area.weight * area.score for area in areas), Decimal(0)) / weights) if weights else base
    )
    bands = sorted((_band(band) for band in scores.bands), key=lambda band: -band.at_least)
    band = next((band for band in bands if total >= band.at_least), None)
    is_provisional = base_open or late_open or any(area.is_provisional for area in areas)
    return Sheet(base, areas, total, band, is_provisional or bool(band and band.is_provisional))


def _area(
    plan: Plan,
    scores: Scores,
    area: Any,
    counted: Mapping[str, Counted],
    covered: set[str],
    base: Decimal,
    late: Decimal,
) -> AreaScore:
    names = area.covers or tuple(
        one.name for one in plan.commitments if one.name not in covered and one.points != 0
    )
    lines = []
    for name in names:
        points, is_open = _value(plan.commitment(name).points)
        found = counted.get(name, Counted())
        deducted = points * found.missed + points * found.late * late
        lines.append(ScoreLine(name, points, found, _round(deducted), is_open))
    asked = sum((line.deducted for line in lines), Decimal(0))
    weight, weight_open = _value(area.weight)
    cap, cap_open = _value(area.cap) if area.cap is not None else (None, False)
    deducted = min(asked, base if cap is None else min(cap, base))
    is_open = weight_open or cap_open or any(line.is_provisional and line.deducted for line in lines)
    return AreaScore(
        area.name, area.title, weight, cap, tuple(lines), asked, deducted, _round(base - deducted), is_open
    )


def _band(band: Any) -> Band:
    at_least, open_from = _value(band.at_least)
    payment, open_payment = _share_or_none(band.payment)
    credit, open_credit = _share_or_none(band.credit)
    return Band(at_least, payment, credit, band.title, open_from or open_payment or open_credit)


def _value(value: Any) -> tuple[Decimal, bool]:
    """A number of the plan, and whether it is provisional; what is not agreed and has no provisional counts nothing."""
    if isinstance(value, Unset):
        inner, _ = _value(value.provisional) if value.provisional is not None else (Decimal(0), True)
        return inner, True
    return Decimal(str(value)), False


def _share(value: Any) -> tuple[Decimal, bool]:
    is_open = isinstance(value, Unset)
    if isinstance(value, Unset):
        value = value.provisional
    return (Decimal(str(value.percent)) / 100 if isinstance(value, Share) else Decimal(1)), is_open


def _share_or_none(value: Any) -> tuple[Decimal | None, bool]:
    is_open = isinstance(value, Unset)
    if isinstance(value, Unset):
        value = value.provisional
    return (Decimal(str(value.percent)) if isinstance(value, Share) else None), is_open


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def as_json(sheet: Sheet) -> dict[str, Any]:
    """A sheet as plain values: numbers as text, so that every reader computes the same."""
    return {
        "base": str(sheet.base),
        "total": str(sheet.total),
        "has_data": sheet.has_data,
        "is_provisional": sheet.is_provisional,
        "band": _band_json(sheet.band),
        "areas": [
            {
                "name": area.name,
                "title_zh": area.title.zh,
                "title_en": area.title.en,
                "weight": str(area.weight),
                "cap": None if area.cap is None else str(area.cap),
                "asked": str(area.asked),
                "deducted": str(area.deducted),
                "score": str(area.score),
                "has_data": area.has_data,
                "is_provisional": area.is_provisional,
                "lines": [
                    {
                        "commitment": line.name,
                        "points": str(line.points),
                        "kept": line.counted.kept,
                        "late": line.counted.late,
                        "missed": line.counted.missed,
                        "waived": line.counted.waived,
                        "has_data": line.counted.has_data,
                        "deducted": str(line.deducted),
                        "is_provisional": line.is_provisional,
                    }
                    for line in area.lines
                ],
            }
            for area in sheet.areas
        ],
    }


def _band_json(band: Band | None) -> dict[str, Any] | None:
    if band is None:
        return None
    return {
        "at_least": str(band.at_least),
        "payment": None if band.payment is None else str(band.payment),
        "credit": None if band.credit is None else str(band.credit),
        "title_zh": band.title.zh if band.title else "",
        "title_en": band.title.en if band.title else "",
        "is_provisional": band.is_provisional,
    }
