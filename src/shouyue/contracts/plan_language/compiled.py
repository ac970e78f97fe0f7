"""A plan as stored (JSON) and as used (with an index by verb)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any

from shouyue.contracts.plan_language import model
from shouyue.contracts.plan_language.match import match_facts, table_facts
from shouyue.contracts.plan_language.model import (
    Deadline,
    Entitlement,
    Gate,
    Plan,
    Quota,
    Recurring,
    Standing,
)
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.plan_language.uses import keeping_verbs
from shouyue.servicetime.durations import Duration, parse_duration

FORMAT = 1  # raise when stored plans can no longer be read as they are; then recompile from their text
_TYPES: dict[str, type] = {
    name: one for name, one in vars(model).items() if isinstance(one, type) and is_dataclass(one)
} | {"Text": Text}
Names = tuple[str, ...]
ByVerb = Mapping[str, Names]


class StoredPlanError(ValueError):
    """The stored form was written by another release; compile the text again."""


# JSON


def to_json(plan: Plan) -> dict[str, Any]:
    """A plan as plain JSON values; fields at their default are left out."""
    return {"format": FORMAT, "plan": _write(plan)}


def from_json(stored: Mapping[str, Any]) -> Plan:
    """The plan again. Raises: StoredPlanError."""
    if stored.get("format") != FORMAT:
        raise StoredPlanError(f"format {stored.get('format')!r}")
    try:
        plan = _read(stored["plan"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoredPlanError(str(error)) from error
    if not isinstance(plan, Plan):
        raise StoredPlanError("no plan inside")
    return plan


def digest(plan: Plan) -> str:
    """SHA-256 of what the plan says; comments and order of keys in the file do not change it."""
    text = json.dumps(to_json(plan), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _write(value: Any) -> Any:
    if isinstance(value, Duration):
        return {"~": "Duration", "is": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        written: dict[str, Any] = {"~": type(value).__name__}
        for entry in fields(value):
            part = getattr(value, entry.name)
            if entry.default is MISSING or part != entry.default or type(part) is not type(entry.default):
                written[entry.name] = _write(part)
        return written
    if isinstance(value, dict):
        return {"~": "dict", "is": {key: _write(part) for key, part in value.items()}}
    if isinstance(value, tuple | list):
        return [_write(part) for part in value]
    if isinstance(value, dt.date):
        return {"~": "date", "is": value.isoformat()}
    return value


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_read(part) for part in value)
    if not isinstance(value, dict):
        return value
    name = value["~"]
    if name == "Duration":
        return parse_duration(value["is"])
    if name == "date":
        return dt.date.fromisoformat(value["is"])
    if name == "dict":
        return {key: _read(part) for key, part in value["is"].items()}
    return _TYPES[name](**{key: _read(part) for key, part in value.items() if key != "~"})


# Index


@dataclass(frozen=True, slots=True)
class Index:
    """For each verb, the commitments to look at; for each act and decision likewise.

    opens, keeps, prevents (`unless`), voids, undoes, rebinds, counts (quotas), checks (standing): verb → commitments.
    pauses, resumes: verb → pairs `commitment/wait`. gates: act → gates. decides: decision → entitlements.
    """

    opens: ByVerb
    keeps: ByVerb
    prevents: ByVerb
    voids: ByVerb
    undoes: ByVerb
    rebinds: ByVerb
    counts: ByVerb
    checks: ByVerb
    pauses: Mapping[str, tuple[tuple[str, str], ...]]
    resumes: Mapping[str, tuple[tuple[str, str], ...]]
    gates: ByVerb
    decides: ByVerb
    verbs: frozenset[str]


def index_of(plan: Plan, rebinding: Iterable[str] = ()) -> Index:
    """Build the index. rebinding: verbs after which facts may differ, for deadlines that do not name their own."""
    sides: dict[str, dict[str, dict[Any, None]]] = {
        entry.name: {} for entry in fields(Index) if entry.name != "verbs"
    }
    every_rebinding = tuple(rebinding)

    def put(side: str, words: Iterable[str], value: Any) -> None:
        for word in words:
            sides[side].setdefault(word, {})[value] = None

    waits = {wait.name: wait for wait in plan.waits}
    for one in plan.commitments:
        if isinstance(one, Deadline):
            put("opens", (trigger.verb for trigger in one.opened_by), one.name)
            put("prevents", one.unless, one.name)
            put("voids", one.void_by, one.name)
            put("undoes", one.undone_by, one.name)
            if one.bind == "late" and facts_of(one):
                put("rebinds", one.rebind_on or every_rebinding, one.name)
            for name in one.pauses:
                put("pauses", (waits[name].begins.verb,), (one.name, name))
                put("resumes", waits[name].ends, (one.name, name))
        if isinstance(one, Deadline | Recurring):
            put("keeps", keeping_verbs(one.kept_by), one.name)
        elif isinstance(one, Quota):
            put("counts", (one.amount.verb,), one.name)
        elif isinstance(one, Standing):
            put("checks", one.check_on, one.name)
        elif isinstance(one, Gate):
            put("gates", one.acts, one.name)
        elif isinstance(one, Entitlement):
            put("decides", one.decides, one.name)
    built: dict[str, Any] = {
        side: MappingProxyType({word: tuple(names) for word, names in table.items()})
        for side, table in sides.items()
    }
    verbs = {word for side, table in built.items() if side not in ("gates", "decides") for word in table}
    return Index(**built, verbs=frozenset(verbs))


def facts_of(deadline: Deadline) -> frozenset[str]:
    """Facts upon which a deadline's existence, limit or window depends."""
    return match_facts(deadline.when) | table_facts(deadline.within) | table_facts(deadline.window)
