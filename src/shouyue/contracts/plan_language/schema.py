"""The grammar as JSON Schema 2020-12, for editors. Published as plans/schema.json; a test keeps it in step."""

from __future__ import annotations

import json
import sys
from typing import Any

from shouyue.contracts.plan_language import grammar
from shouyue.contracts.plan_language.grammar import Key

Schema = dict[str, Any]

_NAME = "^[a-z0-9][a-z0-9-]{0,79}$"
_WORD = "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*){0,3}$"
_ROW = "^[A-Z][A-Z0-9]{0,7}-[0-9]{2,4}$"


def schema() -> Schema:
    """The whole schema."""
    definitions = {name: _shape(name) for name in sorted(_used_shapes())}
    definitions |= {"unset": _UNSET, "one_match": _MATCH, "operand": _OPERAND}
    definitions |= {"requirement": _REQUIREMENT, "one_keeper": _KEEPER}
    for kind, table in grammar.COMMITMENTS.items():
        definitions[f"{kind}_commitment"] = _table(table, {"kind": {"const": kind}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://shouyue.example/plans/schema.json",
        "title": "Shouyue service plan",
        **_table(grammar.PLAN),
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _table(keys: dict[str, Key], fixed: dict[str, Schema] | None = None) -> Schema:
    properties: dict[str, Schema] = {}
    for key in keys.values():
        entry = dict((fixed or {}).get(key.name) or _ref(key.shape))
        if key.about:
            entry["description"] = key.about
        properties[key.name] = entry
    needed = [key.name for key in keys.values() if key.needed]
    table: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return table | ({"required": needed} if needed else {})


def _named(inner: Schema, names: str = _NAME) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": inner}


def _one_or_many(inner: Schema) -> Schema:
    return {"anyOf": [inner, {"type": "array", "items": inner, "minItems": 1}]}


def _or_unset(inner: Schema) -> Schema:
    return {"anyOf": [inner, _ref("unset")]}


def _or_table(inner: Schema) -> Schema:
    table = {
        "type": "object",
        "properties": {"by": _ref("words"), "otherwise": {}},
        "required": ["by"],
    }
    return {"anyOf": [{"const": "none"}, inner, _ref("unset"), table]}


def _closed(**properties: Schema) -> Schema:
    return {"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": False}


def _needing(*needed: str, **properties: Schema) -> Schema:
    return {**_closed(**properties), "required": list(needed)}


_STRING: Schema = {"type": "string", "minLength": 1}
_SPAN: Schema = {"type": "string", "minLength": 2, "examples": ["10 min", "4 h", "3 working days", "1 week"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ANCHOR: Schema = {
    "anyOf": [
        _STRING,
        _needing("fact", fact=_ref("word"), plus=_ref("span"), minus=_ref("span")),
    ]
}
_PERIOD: Schema = {
    "anyOf": [
        {"enum": list(grammar.PERIODS)},
        {"type": "string", "pattern": "^[0-9]+ (days|weeks|months|years)$"},
    ]
}
_SHARE: Schema = {"type": "string", "pattern": "%$"}
_RANGE: Schema = {"type": "string", "pattern": "\\.\\."}
_TEXT: Schema = {
    "type": "object",
    "properties": {"zh": _STRING, "en": _STRING},
    "required": ["zh", "en"],
    "additionalProperties": False,
}
_UNSET: Schema = {
    "anyOf": [
        {"const": "unset"},
        {
            "type": "object",
            "properties": {"unset": {"anyOf": [{"const": True}, _ref("text")]}, "provisional": {}},
            "required": ["unset"],
            "additionalProperties": False,
        },
    ]
}
_OPERAND: Schema = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        _closed(fact=_ref("word"), opening=_ref("word"), plus=_ref("span"), minus=_ref("span")),
    ]
}
_OPERANDS = _one_or_many(_ref("operand"))
_MATCH: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": _WORD},
    "properties": {
        "all": {"type": "array", "items": _ref("one_match"), "minItems": 1},
        "any": {"type": "array", "items": _ref("one_match"), "minItems": 1},
        "not": _ref("one_match"),
        "class": _ref("names"),
    },
    "additionalProperties": {
        "anyOf": [
            *_OPERANDS["anyOf"],
            _closed(**dict.fromkeys(grammar.COMPARISONS, _OPERANDS)),
        ]
    },
}
_EVENT: Schema = {
    "type": "object",
    "properties": {
        "event": _ref("word"),
        "when": _ref("match"),
        **{outcome: _ref("name") for outcome in grammar.OUTCOMES},
    },
    "additionalProperties": False,
}
_OTHER_MEASURE = _needing(
    "measure", measure=_ref("word"), stage=_ref("name"), times={"type": "number"}, **{"with": _ref("args")}
)
_ATTESTED = {"attested_by": _ref("word"), "every": _STRING, "evidence": _ref("evidence")}
_KEEPER: Schema = {
    "anyOf": [
        {"type": "string", "pattern": _WORD},
        {
            "type": "object",
            "properties": {
                "event": _ref("word"),
                "when": _ref("match"),
                "all": {"type": "array", "items": _ref("one_keeper"), "minItems": 1},
                "any": {"type": "array", "items": _ref("one_keeper"), "minItems": 1},
                **_ATTESTED,
            },
            "additionalProperties": False,
        },
    ]
}
_ARGS = {"with": _ref("args")}
_REQUIREMENT: Schema = {
    "anyOf": [
        _closed(all={"type": "array", "items": _ref("requirement"), "minItems": 1}),
        _closed(any={"type": "array", "items": _ref("requirement"), "minItems": 1}),
        _closed(**{"not": _ref("requirement")}),
        _needing("guard", guard=_ref("word"), **_ARGS),
        _needing(
            "measure",
            measure=_ref("word"),
            **_ARGS,
            **dict.fromkeys(("at_least", "at_most", "equals"), _ref("amount")),
            between=_ref("between"),
        ),
        {
            "type": "object",
            "properties": {"fact": _ref("word")},
            "required": ["fact"],
            "propertyNames": {"enum": ["fact", *grammar.COMPARISONS]},
            "additionalProperties": _OPERANDS,
        },
        _needing("min", "since", min=_ref("span_or_unset"), since=_ref("word")),
        _needing("within_window", within_window=_ref("name")),
        _needing("covered", "by", covered=_ref("name"), by=_ref("word")),
        _needing("attested_by", **_ATTESTED),
    ]
}


def _shape(name: str) -> Schema:
    if name in grammar.CHOICES:
        return {"enum": list(grammar.CHOICES[name])}
    return _SHAPES[name]


_SHAPES: dict[str, Schema] = {
    "string": _STRING,
    "text": _TEXT,
    "name": {"type": "string", "pattern": _NAME},
    "names": _one_or_many({"type": "string", "pattern": _NAME}),
    "names_or_none": _one_or_many({"type": "string", "pattern": _NAME}),
    "word": {"type": "string", "pattern": _WORD},
    "words": _one_or_many({"type": "string", "pattern": _WORD}),
    "source": _one_or_many({"type": "string", "pattern": _ROW}),
    "prefix": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{0,7}$"},
    "settlement_id": {"type": "string", "pattern": "^X-[0-9]{1,3}\\.[0-9]{1,3}$"},
    "truth": {"type": "boolean"},
    "count": _COUNT,
    "zone": _STRING,
    "number_or_unset": _or_unset({"type": "number"}),
    "count_or_unset": _or_unset(_COUNT),
    "share_or_unset": _or_unset(_SHARE),
    "span": _SPAN,
    "span_or_unset": _or_unset(_SPAN),
    "outlives": {"anyOf": [{"const": "forever"}, _SPAN]},
    "limit": _or_table(_SPAN),
    "window_choice": _or_table({"type": "string", "pattern": _NAME}),
    "charge": _or_table({"enum": list(grammar.CHARGES)}),
    "anchor": _ANCHOR,
    "anchor_or_unset": _or_unset(_ANCHOR),
    "period": _PERIOD,
    "period_or_unset": _or_unset(_PERIOD),
    "amount": _or_unset({"anyOf": [{"type": "number"}, _SHARE, _SPAN, _OTHER_MEASURE]}),
    "between": _or_unset(_RANGE),
    "step_time": _STRING,
    "escalate": {"anyOf": [{"const": "none"}, _one_or_many(_table(grammar.STEP))]},
    "channels": _one_or_many({"enum": list(grammar.CHANNELS)}),
    "signers": _one_or_many({"enum": list(grammar.CHOICES["signer"])}),
    "evidence": _one_or_many(
        {
            "anyOf": [
                {"enum": list(grammar.EVIDENCE_WORDS)},
                {"type": "string", "pattern": "\\."},
                _ref("text"),
            ]
        }
    ),
    "args": {"type": "object", "propertyNames": {"pattern": _WORD}},
    "grants": {"type": "object", "minProperties": 1},
    "dates": _one_or_many({"type": "string", "format": "date"}),
    "hours": _one_or_many({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"}),
    "weekly": _named(_ref("hours"), "^[a-z, -]+$"),
    "match": _ref("one_match"),
    "triggers": _one_or_many({"anyOf": [{"type": "string", "pattern": _WORD}, _EVENT]}),
    "keeper": _one_or_many(_ref("one_keeper")),
    "requirement": _REQUIREMENT,
    "cover": {"type": "object", "required": ["item"], "properties": {"item": _ref("word")}},
    "sample": {"type": "object", "required": ["item"], "properties": _table(grammar.SAMPLE)["properties"]},
    "gathered": {
        "type": "object",
        "properties": {
            **{way: _ref("word") for way in ("sum", "count", "distinct")},
            "when": _ref("match"),
        },
        "additionalProperties": False,
    },
    "allowance": _table(grammar.ALLOWANCE),
    "scores": _table(grammar.SCORES),
    "score_areas": {"minProperties": 1, **_named(_table(grammar.SCORE_AREA))},
    "score_bands": _one_or_many(_table(grammar.SCORE_BAND)),
    "windows": _named({"anyOf": [{"const": "7x24"}, _table(grammar.WINDOW)]}),
    "scales": _named(
        {
            "anyOf": [
                {"type": "array", "minItems": 1},
                {"type": "object", "additionalProperties": _table(grammar.SCALE_VALUE)},
            ]
        },
        "^[a-z][a-z0-9_]*$",
    ),
    "classes": _named(_table(grammar.CLASS)),
    "waits": _named(_table(grammar.WAIT)),
    "milestones": _named(_table(grammar.MILESTONE)),
    "stage_table": _named(_table(grammar.STAGE)),
    "warranty": _table(grammar.WARRANTY),
    "warranty_classes": _named(_table(grammar.WARRANTY_CLASS)),
    "catalogue": _named(_table(grammar.CATALOGUE_ITEM)),
    "titles": {"type": "object", "additionalProperties": _ref("text")},
    "settles": {"type": "array", "items": _table(grammar.SETTLEMENT)},
    "defaults": _table(grammar.DEFAULTS),
    "commitments": _named({"oneOf": [_ref(f"{kind}_commitment") for kind in grammar.KINDS]}),
}


def _used_shapes() -> set[str]:
    tables = [
        grammar.PLAN,
        grammar.WINDOW,
        grammar.SCALE_VALUE,
        grammar.CLASS,
        grammar.WAIT,
        grammar.MILESTONE,
        grammar.STAGE,
        grammar.WARRANTY,
        grammar.WARRANTY_CLASS,
        grammar.CATALOGUE_ITEM,
        grammar.SETTLEMENT,
        grammar.STEP,
        grammar.SAMPLE,
        grammar.ALLOWANCE,
        grammar.SCORES,
        grammar.SCORE_AREA,
        grammar.SCORE_BAND,
        *grammar.COMMITMENTS.values(),
    ]
    return {key.shape for table in tables for key in table.values()} | {"hours"}


if __name__ == "__main__":
    sys.stdout.write(schema_text())
