"""Score sheets in plans: what is read, and what is refused with its place."""

import pytest

from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.model import Share, Unset
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import RESPOND, TEXT, complete, release_vocabulary

AREAS = f"  areas:\n    all: {{title: {TEXT}, weight: 1}}\n"


def read(text: str):
    return parse_text(complete("part", text))


def codes(text: str) -> list[str]:
    return [problem.code for problem in check_plan(read(text), release_vocabulary())]


def test_defaults_follow_when_nothing_is_said():
    scores = read("scores:\n" + AREAS).plan.scores
    assert (scores.period, scores.base, scores.late, scores.freezes_after_days) == (
        "month",
        100,
        Share(100),
        5,
    )
    assert (scores.areas[0].covers, scores.areas[0].cap, scores.bands) == ((), None, ())


def test_what_is_not_agreed_stays_unset():
    text = f"scores:\n  areas:\n    all: {{title: {TEXT}, weight: {{unset: true, provisional: 40}}}}\n"
    assert read(text).plan.scores.areas[0].weight == Unset(None, 40)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  areas: {}\n", "empty_table"),
        (f"  areas:\n    a: {{title: {TEXT}, weight: 0}}\n", "score_not_positive"),
        (f"  areas:\n    a: {{title: {TEXT}, weight: 1, cap: -3}}\n", "score_not_positive"),
        (AREAS + "  base: 0\n", "score_not_positive"),
        (AREAS + f"    more: {{title: {TEXT}, weight: 1}}\n", "score_two_rests"),
        (AREAS + "  period: decade\n", "not_one_of"),
        (AREAS + "  bands: [{at_least: 90}]\n", "one_of_two"),
        (AREAS + "  bands: [{at_least: 90, payment: 100%, credit: 5%}]\n", "one_of_two"),
        (
            AREAS + "  bands: [{at_least: 80, payment: 90%}, {at_least: 90, payment: 100%}]\n",
            "score_bands_order",
        ),
        (AREAS + "  bands: [{at_least: 80, payment: 130%}]\n", "bad_share"),
        (f"  areas:\n    a: {{title: {TEXT}, weight: 1, covers: nobody}}\n", "unknown_commitment"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, code: str):
    assert codes("scores:\n" + text) == [code]


def test_a_commitment_belongs_to_one_area():
    area = f"{{title: {TEXT}, weight: 1, covers: respond}}"
    assert codes(f"scores:\n  areas:\n    a: {area}\n    b: {area}\n") == ["twice"]


def test_points_outside_every_area_are_warned_of():
    other = RESPOND.replace("respond:", "other:").replace("S-01", "S-02") + "    points: 2\n"
    text = f"scores:\n  areas:\n    a: {{title: {TEXT}, weight: 1, covers: respond}}\n"
    found = check_plan(read(text + "commitments:" + RESPOND + other), release_vocabulary())
    assert [(problem.code, problem.severity) for problem in found] == [("score_without_area", "warning")]
