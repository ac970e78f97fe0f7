"""Which keys the published schema allows where, and which of them the examples use there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator

from shouyue.contracts.plan_language import grammar
from shouyue.contracts.plan_language.schema import Schema

Place = tuple[str, str]
"""A table (a definition of the schema, or a path within one) and a key that may stand in it."""

_COMMON = set.intersection(*(set(table) for table in grammar.COMMITMENTS.values()))


def keys_of(schema: Schema) -> set[Place]:
    """Every place of a key. What all kinds of commitments have in common is one place, whatever the kind."""
    parts = {"plan": schema} | schema.get("$defs", {})
    return {place for name, part in parts.items() for place in _allowed(part, name)}


def keys_without_example(schema: Schema, plans: Iterable[Any]) -> set[Place]:
    return keys_of(schema) - {place for plan in plans for place in _used(schema, schema, plan, "plan")}


def _place(table: str, key: str) -> Place:
    return ("commitment" if key in _COMMON and table.endswith("_commitment") else table, key)


def _inner(part: Schema) -> Iterator[Schema]:
    """What may stand at the same place, or once more below it under no key of its own."""
    yield from (*part.get("anyOf", ()), *part.get("oneOf", ()))
    yield from (part[key] for key in ("items", "additionalProperties") if isinstance(part.get(key), dict))


def _allowed(part: Schema, table: str) -> Iterator[Place]:
    for key, value in part.get("properties", {}).items():
        yield _place(table, key)
        yield from _allowed(value, f"{table}/{key}")
    for inner in _inner(part):
        yield from _allowed(inner, table)


def _used(schema: Schema, part: Schema, value: Any, table: str) -> Iterator[Place]:
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        yield from _used(schema, schema["$defs"][name], value, name)
    for choice in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        if Draft202012Validator({**choice, "$defs": schema["$defs"]}).is_valid(value):
            yield from _used(schema, choice, value, table)
    if isinstance(value, list):
        for item in value:
            yield from _used(schema, part.get("items", {}), item, table)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in part.get("properties", {}):
                yield _place(table, key)
                yield from _used(schema, part["properties"][key], inner, f"{table}/{key}")
            elif isinstance(part.get("additionalProperties"), dict):
                yield from _used(schema, part["additionalProperties"], inner, table)
