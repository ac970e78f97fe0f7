"""The five reference plans: no problem, every row stated, every promise in both languages."""

import re

import pytest
from jsonschema import Draft202012Validator

from shouyue.contracts.plan_language import source
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.coverage import as_json, coverage_of
from shouyue.contracts.plan_language.explain import explain_plan
from shouyue.contracts.plan_language.parse import parse_file
from shouyue.contracts.plan_language.schema import schema
from shouyue.contracts.plan_language.tests.examples import ROOT, release_vocabulary

VOCABULARY = release_vocabulary()
FILES = sorted((ROOT / "plans").glob("*.yaml"))
ROWS = {"desktop": 61, "field-video": 64, "gov-build": 66, "platform-equip": 34, "sw-warranty": 42}
ROWS_TO_RUN = {
    "B0": (2, 3, 4, 54),
    "B1": (3, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16),
    "B2": (3, 4, 5),
    "B3": (2, 5, 59, 60),
    "B4": (2, 3, 4, 5, 6),
}
EXECUTABLE = [f"{prefix}-{number:02d}" for prefix, numbers in ROWS_TO_RUN.items() for number in numbers]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_plan_has_no_problem(path):
    assert [str(problem) for problem in check_plan(parse_file(path), VOCABULARY)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_plan_fits_the_published_schema(path):
    errors = Draft202012Validator(schema()).iter_errors(source.read_file(path).plain())
    assert [error.json_path for error in errors] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_plan_is_told_in_both_languages(path):
    plan = parse_file(path).plan
    assert plan.name == path.stem
    for language in ("zh", "en"):
        assert len(explain_plan(plan, VOCABULARY, language)) == len(plan.commitments)
    for one in plan.commitments:
        assert re.search("[一-鿿]", one.text.zh), one.name
        assert not re.search("[一-鿿]", one.text.en), one.name


def test_every_contradiction_is_settled():
    settled = {row.id for path in FILES for row in parse_file(path).plan.settles}
    counts = {0: 9, 1: 8, 2: 5, 3: 10, 4: 12}
    assert settled == {f"X-{part}.{number}" for part, last in counts.items() for number in range(1, last + 1)}


def test_all_rows_are_stated():
    found = as_json(coverage_of(parse_file(path).plan, VOCABULARY) for path in FILES)
    assert {plan["plan"]: plan["stated"] for plan in found["plans"]} == ROWS
    assert found["total"]["stated"] == found["total"]["promises"] == 267


def test_rows_of_this_release_are_executable():
    rows = [row for path in FILES for row in coverage_of(parse_file(path).plan, VOCABULARY).rows]
    executable = {row.row for row in rows if row.executable}
    assert [row for row in EXECUTABLE if row not in executable] == []
    missing = [row for row in rows if not row.executable and not row.missing and not row.unset]
    assert missing == []
