from shouyue.contracts.plan_language.diff import Change, diff_plans
from shouyue.contracts.plan_language.model import Text
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import plan_text
from shouyue.servicetime.durations import parse_duration

PLAN = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: {by: severity, minor: 4 h, major: 10 min}
trained:
  kind: quota
  every: year
  amount: {count: training.held}
  at_least: 3
"""


def diff(old: str, new: str):
    return diff_plans(parse_text(plan_text(old)).plan, parse_text(plan_text(new)).plan)


def test_same_plan_has_no_difference():
    assert not diff(PLAN, PLAN)


def test_order_of_commitments_does_not_matter():
    first, second = PLAN.split("trained:")
    assert not diff(PLAN, "trained:" + second + first)


def test_changed_number_is_named_to_the_branch():
    (part,) = diff(
        PLAN, PLAN.replace("10 min", "15 min").replace("at_least: 3", "at_least: 3\n  each: site")
    ).of("commitment")[:1]
    assert (part.name, part.state) == ("respond", "changed")
    assert part.changes == (Change("within.major", parse_duration("10 min"), parse_duration("15 min")),)


def test_bounds_and_branches_that_come_and_go():
    new = PLAN.replace("major: 10 min", "otherwise: 1 h").replace("at_least: 3", "between: 3..5")
    parts = {part.name: part.changes for part in diff(PLAN, new).parts}
    assert [(change.field, change.old, change.new) for change in parts["respond"]] == [
        ("within.major", parse_duration("10 min"), None),
        ("within.otherwise", None, parse_duration("1 h")),
    ]
    assert [change.field for change in parts["trained"]] == ["bounds.at_least", "bounds.at_most"]


def test_added_removed_and_changed_kind():
    new = PLAN.replace("trained:", "taught:").replace(
        "respond:\n  kind: deadline", "respond:\n  kind: recurring"
    )
    new = new.replace("  from: ticket.reported\n", "  every: day\n").split("  within:")[0]
    found = [(part.name, part.state) for part in diff(PLAN, new).parts]
    assert found == [("respond", "changed"), ("trained", "removed")]
    changes = diff(PLAN, new).parts[0].changes
    assert changes[0] == Change("kind", "deadline", "recurring")
    assert diff(new, PLAN).parts[1].state == "added"


def test_head_of_the_plan():
    old, new = (
        plan_text(PLAN),
        plan_text(PLAN).replace("title: {zh: 文字, en: Words}", "title: {zh: 新, en: New}", 1),
    )
    result = diff_plans(
        parse_text(old).plan, parse_text(new.replace("[minor, major]", "[minor, major, fatal]")).plan
    )
    assert [(part.part, part.name) for part in result.parts] == [("plan", "example"), ("scale", "severity")]
    assert result.parts[0].changes == (Change("title", Text("文字", "Words"), Text("新", "New")),)
