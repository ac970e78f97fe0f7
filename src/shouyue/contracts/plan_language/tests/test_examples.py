"""docs/plans.md: every example reads, checks, fits the schema, is stored and explained; every key is shown."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shouyue.contracts.plan_language import compiled, source
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.explain import explain_plan, limit_in_words
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.schema import schema, schema_text
from shouyue.contracts.plan_language.tests.examples import (
    REFERENCE,
    ROOT,
    blocks,
    complete,
    release_vocabulary,
)
from shouyue.contracts.plan_language.tests.keys import keys_of, keys_without_example

VOCABULARY = release_vocabulary()
VALIDATOR = Draft202012Validator(schema())
EXAMPLES = [complete(kind, text) for kind, text in blocks() if kind != "refused"]
OWN_TEXT = [
    source.read_text(text).plain()
    if kind != "commitment"
    else {"commitments": source.read_text(complete(kind, text)).plain()["commitments"]}
    for kind, text in blocks()
    if kind != "refused"
]
REFUSED = [complete(kind, text) for kind, text in blocks() if kind == "refused"]


@pytest.mark.parametrize("text", EXAMPLES)
def test_example_is_sound(text: str):
    parsed = parse_text(text)
    assert [str(problem) for problem in check_plan(parsed, VOCABULARY)] == []
    assert parsed.plan is not None


@pytest.mark.parametrize("text", EXAMPLES)
def test_example_fits_the_schema(text: str):
    assert [error.message for error in VALIDATOR.iter_errors(source.read_text(text).plain())] == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_example_survives_storage(text: str):
    plan = parse_text(text).plan
    stored = json.loads(json.dumps(compiled.to_json(plan)))
    assert compiled.from_json(stored) == plan


@pytest.mark.parametrize("text", EXAMPLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_example_is_explained(text: str, language: str):
    plan = parse_text(text).plan
    for name, sentences in explain_plan(plan, VOCABULARY, language).items():
        assert sentences[0].endswith("。" if language == "zh" else ".")
        assert limit_in_words(plan.commitment(name), plan, VOCABULARY, language)


@pytest.mark.parametrize("text", REFUSED)
def test_refused_example_names_the_nearest_word(text: str):
    (problem,) = check_plan(parse_text(text), VOCABULARY)
    assert (problem.code, problem.hint) == ("unknown_verb", "ticket.reported")


def test_every_key_is_shown_in_an_example_where_it_may_stand():
    assert keys_without_example(schema(), OWN_TEXT) == set()


def test_a_key_without_example_is_noticed():
    table = {"shown": {"type": "string"}, "forgotten": {"type": "string"}}
    example = {"shown": "text"}
    assert keys_without_example({"type": "object", "properties": table}, [example]) == {("plan", "forgotten")}
    for left_out in ("repeat", "not_again_for", "silence", "freezes_after_days"):
        fewer = [json.loads(json.dumps(plan), object_hook=_without(left_out)) for plan in OWN_TEXT]
        assert {key for _, key in keys_without_example(schema(), fewer)} == {left_out}


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda table: {name: value for name, value in table.items() if name != key}


def test_every_key_is_explained():
    page = re.sub(r"```.*?```", "", REFERENCE.read_text(encoding="utf-8"), flags=re.S)
    explained = set(re.findall(r"[`{ ]([a-z_]+)[`:]", page))
    assert {key for _, key in keys_of(schema())} - explained - {"zh", "en"} == set()


def test_published_schema_is_in_step_with_the_grammar():
    published = ROOT / "plans" / "schema.json"
    assert published.read_text(encoding="utf-8") == schema_text(), (
        "write it anew: python -m …plan_language.schema"
    )
    Draft202012Validator.check_schema(schema())


def test_schema_refuses_unknown_keys_and_kinds():
    plan = source.read_text(EXAMPLES[0]).plain()
    plan["commitments"]["respond"]["witin"] = "1 h"
    assert not VALIDATOR.is_valid(plan)
    del plan["commitments"]["respond"]["witin"]
    assert VALIDATOR.is_valid(plan)
    plan["commitments"]["respond"]["kind"] = "promise"
    assert not VALIDATOR.is_valid(plan)
