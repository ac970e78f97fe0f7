"""The score sheet of a plan: areas, weights, caps, bands."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from shouyue.contracts.plan_language import grammar
from shouyue.contracts.plan_language.model import Unset
from shouyue.contracts.plan_language.reading import BAD, Reader, reads
from shouyue.contracts.plan_language.score_model import ScoreArea, ScoreBand, Scores
from shouyue.contracts.plan_language.source import Node


@reads("scores")
def _scores(reader: Reader, node: Node) -> Any:
    before = len(reader.problems)
    values = reader.table(node, grammar.SCORES)
    if values is None or len(reader.problems) > before:
        return BAD
    found = Scores(**values)
    if not found.areas:
        return reader.problem("empty_table", node.place)
    if not _number(found.base, 1) > 0:
        return reader.problem("score_not_positive", node.keys["base"], key="base")
    if not sum(_number(area.weight, 1) for area in found.areas) > 0:
        return reader.problem("score_not_positive", node.keys["areas"], key="weight")
    return found


@reads("score_areas")
def _areas(reader: Reader, node: Node) -> Any:
    seen: dict[str, str] = {}
    found = reader.named(node, lambda name, child: _area(reader, name, child, seen))
    if not isinstance(found, tuple):
        return BAD
    for name in [area.name for area in found if not area.covers][1:]:
        return reader.problem("score_two_rests", node.keys[name], name=name)
    return found


def _area(reader: Reader, name: str, node: Node, seen: dict[str, str]) -> Any:
    values = reader.table(node, grammar.SCORE_AREA)
    if values is None:
        return BAD
    for key in ("weight", "cap"):
        if key in values and _number(values[key], 0) < 0:
            return reader.problem("score_not_positive", node.keys[key], key=key)
    for commitment in values.get("covers", ()):
        if seen.setdefault(commitment, name) != name:
            return reader.problem("twice", node.keys["covers"], word=commitment)
    return ScoreArea(name=name, **values)


@reads("score_bands")
def _bands(reader: Reader, node: Node) -> Any:
    found = []
    for item in node.items():
        values = reader.table(item, grammar.SCORE_BAND)
        if values is None:
            return BAD
        if ("payment" in values) == ("credit" in values):
            return reader.problem("one_of_two", item.place, first="payment", second="credit")
        found.append(ScoreBand(**values))
    limits = [_number(band.at_least, 0) for band in found]
    if any(low >= high for high, low in pairwise(limits)):
        return reader.problem("score_bands_order", node.place)
    return tuple(found)


def _number(value: Any, otherwise: float) -> float:
    """A number, the provisional one while it is not agreed."""
    if isinstance(value, Unset):
        value = value.provisional
    return otherwise if value is None else float(value)
