"""A plan as stored: plain JSON values, read back without the text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from shouyue.contracts.plan_language import model, score_model
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.texts import Text
from shouyue.servicetime.durations import Duration, parse_duration

FORMAT = 1  # raise when stored plans can no longer be read as they are; then recompile from their text
_TYPES: dict[str, type] = {
    name: one
    for module in (model, score_model)
    for name, one in vars(module).items()
    if isinstance(one, type) and is_dataclass(one)
} | {"Text": Text}


class StoredPlanError(ValueError):
    """The stored form was written by another release; compile the text again."""


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
