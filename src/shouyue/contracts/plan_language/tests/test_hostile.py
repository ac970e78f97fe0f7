"""Damaged files: whatever stands in them, reading ends with a plan or with problems, never with a crash."""

import json
import random

import pytest

from shouyue.contracts.plan_language import compiled
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.coverage import coverage_of
from shouyue.contracts.plan_language.explain import explain_plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import blocks, complete, release_vocabulary

VOCABULARY = release_vocabulary()
EXAMPLES = [complete(kind, text) for kind, text in blocks()]
VALUES = (
    " null",
    " []",
    " {}",
    " unset",
    " 5",
    " 1.5",
    " true",
    " 2026-01-01",
    " none",
    " {by: x}",
    " {unset: 1}",
)


def damage(text: str, dice: random.Random) -> str:
    letters = list(text)
    for _ in range(dice.randint(1, 6)):
        place, way = dice.randrange(len(letters)), dice.random()
        if way < 0.35:
            letters[place] = dice.choice("{}[]:,&*!\"'|>-%@#\n 0a水\t~\0")
        elif way < 0.6:
            del letters[place : place + dice.randint(1, 12)]
        elif way < 0.8:
            other = dice.randrange(len(letters))
            letters[place:place] = letters[other : other + dice.randint(1, 40)]
        else:
            letters[place:place] = dice.choice(VALUES)
    return "".join(letters)


@pytest.mark.parametrize("seed", range(300))
def test_damaged_plan_is_read_or_refused(seed: int):
    dice = random.Random(seed)
    parsed = parse_text(damage(dice.choice(EXAMPLES), dice))
    problems = check_plan(parsed, VOCABULARY)
    assert all(problem.message("zh") and problem.message("en") for problem in problems)
    if parsed.plan is None:
        assert parsed.errors
        return
    assert compiled.from_json(json.loads(json.dumps(compiled.to_json(parsed.plan)))) == parsed.plan
    assert explain_plan(parsed.plan, VOCABULARY, "zh").keys() == explain_plan(parsed.plan, VOCABULARY).keys()
    assert len(coverage_of(parsed.plan, VOCABULARY).commitments) == len(parsed.plan.commitments)
