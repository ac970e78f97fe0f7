"""What a new version of a plan changes: added, removed and changed parts with old and new values, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from shouyue.contracts.plan_language.model import Commitment, Plan

_LISTS = ("windows", "scales", "classes", "waits", "milestones", "stages", "catalogue", "settles")


@dataclass(frozen=True, slots=True)
class Change:
    """field: of the part, `kind`, or a path inside such as `within.L0`. old, new: model values; None when absent."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class PartDiff:
    """part: plan, commitment, window, …; name: which one."""

    part: str
    name: str
    state: Literal["added", "removed", "changed"]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanDiff:
    parts: tuple[PartDiff, ...]

    def __bool__(self) -> bool:
        return bool(self.parts)

    def of(self, part: str) -> tuple[PartDiff, ...]:
        return tuple(one for one in self.parts if one.part == part)


def diff_plans(old: Plan, new: Plan) -> PlanDiff:
    """Everything that differs; the order of parts in the file does not matter, except within scales and lists."""
    parts = list(_head(old, new))
    for name in _LISTS:
        parts += _named(_singular(name), getattr(old, name), getattr(new, name))
    parts += _named("commitment", old.commitments, new.commitments)
    return PlanDiff(tuple(parts))


def _singular(name: str) -> str:
    return {"classes": "class", "catalogue": "catalogue item", "settles": "settlement"}.get(
        name, name.rstrip("s")
    )


def _head(old: Plan, new: Plan) -> Iterator[PartDiff]:
    names = ("name", "title", "about", "profile", "prefix", "promises", "zone", "warranty", "words")
    changes = tuple(
        change for name in names for change in _changes(name, getattr(old, name), getattr(new, name))
    )
    if changes:
        yield PartDiff("plan", new.name, "changed", changes)


def _named(part: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[PartDiff]:
    before, after = ({_key(one): one for one in side} for side in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield PartDiff(part, name, "removed")
        elif name not in before:
            yield PartDiff(part, name, "added")
        elif before[name] != after[name]:
            yield PartDiff(part, name, "changed", tuple(_compare(before[name], after[name])))


def _key(one: Any) -> str:
    return str(getattr(one, "name", None) or getattr(one, "fact", None) or one.id)


def _compare(old: Any, new: Any) -> Iterator[Change]:
    if type(old) is not type(new) and isinstance(old, Commitment) and isinstance(new, Commitment):
        yield Change("kind", old.kind, new.kind)
    names = list(dict.fromkeys([entry.name for side in (old, new) for entry in fields(side)]))
    for name in names:
        yield from _changes(name, getattr(old, name, None), getattr(new, name, None))


def _changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Differences of one value; tables and pairs are followed to the leaf."""
    if old == new and type(old) is type(new):
        return
    if type(old) is type(new) and hasattr(old, "rows") and old.by == new.by:
        left = dict(old.rows) | {"otherwise": old.otherwise}
        right = dict(new.rows) | {"otherwise": new.otherwise}
    elif _pairs(old) and _pairs(new):
        left, right = dict(old), dict(new)
    elif (
        type(old) is type(new)
        and is_dataclass(old)
        and not isinstance(old, type)
        and hasattr(old, "at_least")
    ):
        left, right = (
            {entry.name: getattr(side, entry.name) for entry in fields(side)} for side in (old, new)
        )
    else:
        yield Change(path, old, new)
        return
    for name in dict.fromkeys([*left, *right]):
        yield from _changes(f"{path}.{name}", left.get(name), right.get(name))


def _pairs(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and bool(value)
        and all(isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in value)
    )
