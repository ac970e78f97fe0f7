import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouyue.contracts.plan_language.match import (
    Circumstances,
    Unknown,
    carries,
    choose,
    keeps,
    match_facts,
    matches,
    opens,
    ranks_of,
    shift,
    table_facts,
)
from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    FactRef,
    Happens,
    Not,
    Nothing,
    Share,
    Table,
    Test,
    Verdict,
)
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import plan_text
from shouyue.servicetime.durations import Duration, parse_duration

RANKS = {"severity": {"L3": 0, "L2": 1, "L1": 2, "L0": 3}, "tier": {"T1": 0, "T2": 1, "T3": 2}}
AROUND = Circumstances(ranks=RANKS)


def condition(text: str) -> object:
    parsed = parse_text(
        plan_text(f"a:\n  kind: deadline\n  from: x.y\n  kept_by: x.z\n  within: 1 h\n  when: {text}\n")
    )
    assert parsed.problems == ()
    return parsed.plan.commitments[0].when


@pytest.mark.parametrize(
    ("text", "facts", "holds"),
    [
        ("{severity: L0}", {"severity": "L0"}, True),
        ("{severity: L0}", {"severity": "L1"}, False),
        ("{severity: L0}", {}, False),
        ("{severity: [L0, L1]}", {"severity": "L1"}, True),
        ("{severity: {not: L3}}", {"severity": "L2"}, True),
        ("{severity: {not: [L2, L3]}}", {"severity": "L2"}, False),
        ("{severity: {not: L3}}", {}, True),
        ("{severity: {at_least: L1}}", {"severity": "L0"}, True),
        ("{severity: {at_least: L1}}", {"severity": "L2"}, False),
        ("{severity: {at_least: L1}}", {"severity": "other"}, False),
        ("{severity: {above: L1}}", {"severity": "L1"}, False),
        ("{severity: {below: L1, above: L3}}", {"severity": "L2"}, True),
        ("{amount: {between: 1..5}}", {"amount": 5}, True),
        ("{amount: {between: 1..5}}", {"amount": 6}, False),
        ("{amount: {at_most: 3}}", {"amount": 3.0}, True),
        ("{amount: {at_most: 3}}", {"amount": True}, False),
        ("{vip: true}", {"vip": True}, True),
        ("{vip: true}", {"vip": 1}, False),
        ("{vip: false}", {"vip": 0}, False),
        ("{complexity: {known: false}}", {}, True),
        ("{complexity: {known: true}}", {"complexity": "simple"}, True),
        ("{not: {vip: true}}", {}, True),
        ("{any: [{vip: true}, {severity: L0}]}", {"vip": False, "severity": "L0"}, True),
        ("{all: [{vip: true}, {severity: L0}]}", {"vip": False, "severity": "L0"}, False),
        ("{vip: true, severity: L0}", {"vip": True, "severity": "L0"}, True),
        ("{class: usage-question}", {"request_type": "consultation"}, True),
        ("{share: {at_least: 95%}}", {"share": 95}, True),
        ("{took: {at_most: 2 h}}", {"took": 7201}, False),
        ("{on: 2026-03-01}", {"on": "2026-03-01"}, True),
        ("{on: {after: 2026-03-01}}", {"on": "2026-03-01T20:00:00+00:00"}, True),
        ("{on: {after: 2026-03-01}}", {"on": "2026-03-01T10:00:00+00:00"}, False),
    ],
)
def test_conditions(text: str, facts: dict[str, object], holds: bool):
    assert matches(condition(text), facts, AROUND) is holds


@pytest.mark.parametrize(
    ("starts", "holds"),
    [
        ("2026-03-02T08:00:00+08:00", True),
        ("2026-03-02T07:59:59+08:00", False),
        ("soon", False),
        (None, False),
    ],
)
def test_date_arithmetic_against_another_fact(starts: str, holds: bool):
    when = condition("{starts_at: {at_least: {fact: announced_at, plus: 1 day}}}")
    assert matches(when, {"starts_at": starts, "announced_at": "2026-03-01T08:00:00+08:00"}) is holds


@pytest.mark.parametrize(("now", "holds"), [("T3", True), ("T2", False), ("T1", False)])
def test_comparison_with_the_opening_event(now: str, holds: bool):
    when = condition("{to_tier: {above: {opening: tier}}}")
    around = Circumstances(opening={"tier": "T2"}, ranks=RANKS)
    assert matches(when, {"to_tier": now}, around) is holds


def test_comparison_without_opening_event_does_not_hold():
    assert not matches(condition("{to_tier: {above: {opening: tier}}}"), {"to_tier": "T3"}, AROUND)


def test_no_condition_always_holds():
    assert matches(None, {})


TABLE = Table(
    ("severity", "channel_group"),
    (
        ("L0", Table(("channel_group",), (("phone", parse_duration("1 h")), ("electronic", Nothing())))),
        ("L3", parse_duration("1 working day")),
    ),
)


@pytest.mark.parametrize(
    ("facts", "chosen"),
    [
        ({"severity": "L0", "channel_group": "phone"}, parse_duration("1 h")),
        ({"severity": "L0", "channel_group": "electronic"}, Nothing()),
        ({"severity": "L0", "channel_group": "onsite"}, None),
        ({"severity": "L0"}, Unknown("channel_group")),
        ({"severity": "L3"}, parse_duration("1 working day")),
        ({}, Unknown("severity")),
        ({"severity": "L9"}, None),
    ],
)
def test_choose_follows_the_facts(facts: dict[str, str], chosen: object):
    assert choose(TABLE, facts) == chosen


def test_otherwise_serves_unknown_and_other_values():
    table = Table(("vip",), (("true", parse_duration("5 min")),), parse_duration("10 min"))
    assert choose(table, {}) == choose(table, {"vip": False}) == parse_duration("10 min")
    assert choose(table, {"vip": True}) == parse_duration("5 min")
    assert table_facts(TABLE) == {"severity", "channel_group"}


def test_opens_by_verb_condition_and_verdict():
    triggers = (Happens("a.b", Test("vip", "is", (True,))), Verdict("missed", "respond"))
    assert opens(triggers, "a.b", {"vip": True})
    assert not opens(triggers, "a.b", {"vip": False})
    assert opens(triggers, "obligation.missed", {"commitment": "respond"})
    assert not opens(triggers, "obligation.missed", {"commitment": "arrive"})


def test_keeps_all_and_any():
    both = All((Happens("a.b"), Happens("c.d")))
    assert not keeps(both, [("a.b", {})])
    assert keeps(both, [("c.d", {}), ("a.b", {})])
    assert keeps(AnyOf(both.parts), [("c.d", {})])
    assert not keeps(Happens("a.b"), [("a.b", {"report": "x"})], args=(("report", "fault"),))


@pytest.mark.parametrize(
    ("args", "facts", "carried"),
    [
        ((("photo", "required"),), {"photo": "file:1"}, True),
        ((("photo", "required"),), {}, False),
        ((("report", ("week", "month")),), {"report": "month"}, True),
        ((("report", "week"),), {"report": "month"}, False),
    ],
)
def test_carries(args: object, facts: dict[str, str], carried: bool):
    assert carries(args, facts) is carried


@pytest.mark.parametrize(
    ("span", "back", "expected"),
    [
        ("1 month", False, "2026-02-28T12:00:00+08:00"),
        ("1 year", True, "2025-01-31T12:00:00+08:00"),
        ("2 weeks", False, "2026-02-14T12:00:00+08:00"),
        ("90 min", True, "2026-01-31T10:30:00+08:00"),
    ],
)
def test_shift(span: str, back: bool, expected: str):
    start = dt.datetime.fromisoformat("2026-01-31T12:00:00+08:00")
    assert shift(start, parse_duration(span), "Asia/Shanghai", back=back) == dt.datetime.fromisoformat(
        expected
    )


def test_shift_past_the_calendar_is_no_moment():
    last = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    assert shift(last, parse_duration("1 year"), "UTC") is None
    with pytest.raises(ValueError, match="working days"):
        shift(last, parse_duration("1 working day"), "UTC")


def test_ranks_of_a_plan_win_over_the_modules():
    plan = parse_text(plan_text("a:\n  kind: gate\n  act: x.y\n  requires: {guard: x.z}\n")).plan
    ranks = ranks_of(plan, {"severity": ("x", "y"), "tier": ("T1", "T2")})
    assert ranks["severity"] == {"minor": 0, "major": 1}
    assert ranks["tier"] == {"T1": 0, "T2": 1}


NAMES = st.sampled_from(["severity", "vip", "amount", "on"])
VALUES = st.one_of(
    st.sampled_from(["L0", "L1", "L2", "L3", "", "2026-03-01", "2026-03-01T10:00:00+00:00", "2026-99-99"]),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.dates(),
    st.none(),
)
FACTS = st.dictionaries(NAMES, VALUES)
SPANS = st.sampled_from(
    [Duration("days", 1), Duration("months", 1), Duration("years", 120), Duration("hours", 2)]
)
REFERENCES = st.builds(FactRef, NAMES, st.booleans(), st.one_of(st.none(), SPANS), st.booleans())
OPERANDS = st.one_of(
    VALUES.filter(lambda value: value is not None), REFERENCES, SPANS, st.builds(Share, st.floats(0, 100))
)
ORDERINGS = st.sampled_from(["is", "in", "not_in", "at_least", "above", "at_most", "below"])
TESTS = st.builds(lambda fact, how, one: Test(fact, how, (one,)), NAMES, ORDERINGS, OPERANDS)
MATCHES = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: All(tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)
SCENES = st.builds(Circumstances, st.one_of(st.none(), FACTS), st.just(RANKS))


@given(MATCHES, FACTS, SCENES)
def test_logic_laws(match: object, facts: dict[str, object], around: Circumstances):
    held = matches(match, facts, around)
    assert matches(Not(match), facts, around) is not held
    assert matches(All((match, match)), facts, around) is held
    assert matches(AnyOf((match, Not(match))), facts, around) is True


@given(MATCHES, FACTS, FACTS, SCENES)
def test_only_the_facts_named_matter(match: object, facts: dict, other: dict, around: Circumstances):
    named = match_facts(match)
    mixed = {name: value for name, value in facts.items() if name in named}
    mixed |= {name: value for name, value in other.items() if name not in named}
    assert matches(match, mixed, around) == matches(match, facts, around)


@given(NAMES, OPERANDS, FACTS, SCENES)
def test_orderings_exclude_and_complete_each_other(
    fact: str, operand: object, facts: dict, around: Circumstances
):
    at_least, above, at_most, below = (
        matches(Test(fact, how, (operand,)), facts, around)
        for how in ("at_least", "above", "at_most", "below")
    )
    assert not (above and at_most)
    assert not (below and at_least)
    assert (at_least or at_most) == (at_least or below) == (above or at_most)


@given(st.sampled_from(sorted(RANKS["severity"])), st.sampled_from(sorted(RANKS["severity"])))
def test_ranks_order_like_numbers(left: str, right: str):
    scale = RANKS["severity"]
    assert matches(Test("severity", "above", (right,)), {"severity": left}, AROUND) is (
        scale[left] > scale[right]
    )


@given(
    st.dictionaries(
        st.sampled_from(["severity", "channel_group"]), st.sampled_from(["L0", "L3", "phone", "x"])
    )
)
def test_choice_never_depends_on_unnamed_facts(facts: dict[str, str]):
    assert choose(TABLE, facts) == choose(TABLE, {**facts, "vip": True})
