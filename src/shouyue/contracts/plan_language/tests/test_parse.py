import pytest

from shouyue.contracts.plan_language import model
from shouyue.contracts.plan_language.parse import DEFAULT_STEPS, parse_text
from shouyue.contracts.plan_language.tests.examples import complete, plan_text
from shouyue.servicetime.durations import Duration

DEADLINE = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
"""


def commitment(text: str) -> model.Commitment:
    parsed = parse_text(plan_text(text))
    assert parsed.problems == ()
    return parsed.plan.commitments[0]


def codes(text: str) -> list[str]:
    return [problem.code for problem in parse_text(text).problems]


def test_deadline_with_everything_left_out_follows_the_documented_defaults():
    one = commitment(DEADLINE + "  within: 10 min\n")
    assert one.within == Duration("minutes", 10)
    assert (one.window, one.by, one.owner, one.points) == ("always", "provider", "project_manager", 0)
    assert (one.pauses, one.bind, one.same, one.day_rule) == ((), "late", "case", "close")
    assert one.escalate == DEFAULT_STEPS


def test_table_by_two_facts():
    one = commitment(
        DEADLINE
        + "  within: {by: [severity, channel_group], major: {phone: 1 h, electronic: none}, "
        + "minor: unset, otherwise: 1 working day}\n"
    )
    assert one.within == model.Table(
        ("severity", "channel_group"),
        (
            (
                "major",
                model.Table(
                    ("channel_group",), (("phone", Duration("hours", 1)), ("electronic", model.Nothing()))
                ),
            ),
            ("minor", model.Unset()),
        ),
        Duration("working_days", 1),
    )


def test_day_rule_reaches_working_days_of_defaults_and_own():
    text = DEADLINE + "  within: 2 working days\n  day_rule: same time\n"
    assert commitment(text).within == Duration("working_days", 2, rule="same_time")
    both = parse_text(plan_text(text + "other" + DEADLINE[8:] + "  within: 2 working days\n"))
    assert both.plan.commitment("other").within.rule == "close"


def test_defaults_are_inherited_and_can_be_switched_off():
    head = "defaults: {owner: trainer, points: 3, pauses: customer, escalate: none, window: office}\n"
    text = plan_text(DEADLINE + "  within: 1 h\nother" + DEADLINE[8:] + "  within: 1 h\n  pauses: none\n")
    plan = parse_text(head + text).plan
    first, second = plan.commitments
    assert (first.owner, first.points, first.pauses, first.escalate, first.window) == (
        "trainer",
        3,
        ("customer",),
        (),
        "office",
    )
    assert second.pauses == ()


def test_unset_with_question_and_provisional_value():
    one = commitment(DEADLINE + "  within: {unset: {zh: 待定, en: Open}, provisional: 2 h}\n")
    assert one.within == model.Unset(model.Text("待定", "Open"), Duration("hours", 2))


def test_missed_promise_as_trigger():
    one = commitment(
        "later:\n  kind: deadline\n  from: {missed: respond}\n  kept_by: visit.arrived\n  within: 1 day\n"
    )
    assert one.opened_by == (model.Verdict("missed", "respond"),)
    assert one.opened_by[0].verb == "obligation.missed"


def test_chosen_and_derived_classes():
    head = "classes: {patch: {}, question: {when: {request_type: consultation}}}\n"
    text = plan_text(DEADLINE + "  within: 1 h\n  when: {class: [patch, question]}\n")
    scene = text.replace("classes: {usage-question: {when: {request_type: consultation}}}\n", "")
    match = parse_text(head + scene).plan.commitments[0].when
    patch, question = match.parts
    assert patch.match == model.Test("request_class", "is", ("patch",))
    assert question.match == model.Test("request_type", "is", ("consultation",))


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("friday", model.Anchor("weekday", 4, text="friday")),
        ("friday window closes", model.Anchor("weekday", 4, at="window closes", text="friday window closes")),
        ("last open day 17:30", model.Anchor("last_open_day", at="17:30", text="last open day 17:30")),
        ("first open day", model.Anchor("open_day", 1, text="first open day")),
        ("day 31", model.Anchor("day", 31, text="day 31")),
        ("12-31", model.Anchor("yearly", name="12-31", text="12-31")),
        (
            "10 min before window opens",
            model.Anchor(
                "window_opens", shift=Duration("minutes", 10), back=True, text="10 min before window opens"
            ),
        ),
        (
            "3 months before warranty.end:hardware",
            model.Anchor(
                "date",
                name="warranty.end:hardware",
                shift=Duration("months", 3),
                back=True,
                text="3 months before warranty.end:hardware",
            ),
        ),
    ],
)
def test_anchors(text: str, anchor: model.Anchor):
    one = commitment(
        f'again:\n  kind: recurring\n  every: month\n  kept_by: report.delivered\n  due: "{text}"\n'
    )
    assert one.due == anchor


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("within: 10 parsecs", "bad_span"),
        ("within: 10", "bad_span"),
        ("within: 1 day 3 months", "bad_span"),
        ("within: 9000 years", "bad_span"),
        ("within: -5 min", "bad_span"),
        ("within: {by: severity}", "empty_table"),
        ("within: {major: 1 h}", "bad_span"),
        ("within: [1 h]", "bad_span"),
        ("due: some day maybe", "bad_anchor"),
        ("due: day 32", "bad_anchor"),
        ('due: "02-30"', "bad_anchor"),
        ("due: friday 25:00", "bad_anchor"),
        ("within: 1 h\n  due: friday", "one_of_two"),
        ("points: 2", "one_of_two"),
        ("within: 1 h\n  witin: 2 h", "unknown_key"),
        ("within: 1 h\n  silence: consent", "silence_of_customer"),
        ("within: 1 h\n  unless: ticket.resolved", "unless_without_after"),
        ("within: 1 h\n  escalate: [{at: soon, to: agent}]", "bad_step_time"),
        ("within: 1 h\n  escalate: [{at: 80%}]", "missing_key"),
        ("within: 1 h\n  points: many", "expected_number"),
        ("within: 1 h\n  once: maybe", "expected_truth"),
        ("within: 1 h\n  evidence: photoo", "bad_evidence"),
        ("within: 1 h\n  when: {}", "empty_table"),
        ("within: 1 h\n  when: {severity: {atleast: major}}", "unknown_comparison"),
        ("within: 1 h\n  when: {class: nothing}", "unknown_class"),
        ("within: 1 h\n  when: {starts_at: {after: {fact: x, plus: 2 working days}}}", "no_working_days"),
        ("within: 1 h\n  when: {day: 1066-10-14}", "date_out_of_range"),
        ("within: 1 h\n  when: {day: 9999-12-31}", "date_out_of_range"),
        ("within: 1 h\n  source: S-99", "row_out_of_range"),
        ("within: 1 h\n  source: first row", "bad_row"),
        ("within: 1 h\n  title: Answer", "expected_two_languages"),
        ("within: 1 h\n  title: {zh: 响应}", "missing_language"),
        ("within: 1 h\n  text: {zh: 响应, en: Answer, then act}", "unquoted_comma"),
    ],
)
def test_bad_deadlines_are_refused(line: str, code: str):
    found = codes(plan_text(DEADLINE + f"  {line}\n"))
    assert found == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("every: once", "once_without_due"),
        ("every: fortnight", "bad_period"),
        ("every: month\n  max_gap: 1 h", "one_of_two"),
        ("every: month\n  sample: {item: asset}", "one_of_two"),
        ("every: month\n  sample: {item: asset, share: 130%}", "bad_share"),
        ("every: month\n  covers: {asset_class: camera}", "missing_key"),
        ("every: month\n  times: 1.5", "expected_count"),
    ],
)
def test_bad_recurrences_are_refused(text: str, code: str):
    assert codes(plan_text(f"a:\n  kind: recurring\n  kept_by: report.delivered\n  {text}\n")) == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kind: quota\n  every: year\n  amount: {sum: training.held}\n  at_least: 40 h", "verb_and_fact"),
        ("kind: quota\n  every: year\n  amount: {count: a.b, sum: a.b.c}\n  at_least: 1", "one_way"),
        ("kind: quota\n  every: year\n  amount: {count: a.b}", "no_bound"),
        ("kind: quota\n  every: year\n  amount: {count: a.b}\n  between: 2..1", "bad_range"),
        ("kind: target\n  every: year\n  measure: a.b\n  at_least: 3\n  at_most: 2", "bounds_crossed"),
        ("kind: gate\n  act: a.b\n  requires: {gard: c.d}", "unknown_requirement"),
        ("kind: gate\n  act: a.b\n  requires: {min: 1 month}", "missing_key"),
        ("kind: entitlement\n  decides: a.b\n  grants: {charge: cheap}", "not_one_of"),
        ("kind: promise", "not_one_of"),
    ],
)
def test_bad_promises_of_other_kinds_are_refused(text: str, code: str):
    assert codes(plan_text(f"a:\n  {text}\n")) == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('windows: {w: {weekly: {mon-fry: ["09:00-17:00"]}}}', "bad_weekly"),
        ('windows: {w: {weekly: {mon: ["09:00-17:00"], mon-tue: ["10:00-11:00"]}}}', "bad_weekly"),
        ('windows: {w: {weekly: {mon: ["9 to 5"]}}}', "bad_hours"),
        ("windows: {w: {holidays: CN}}", "one_of_two"),
        ('windows: {w: {weekly: {mon: ["09:00-17:00"]}, extra_workdays: [2026-13-01]}}', "bad_date"),
        ("windows: {Office: 7x24}", "bad_name"),
        ("zone: Asia/Shanghia", "unknown_zone"),
        ("scales: {severity: [low, low]}", "twice"),
        ("scales: {severity: []}", "empty_list"),
        ("settles: [{id: X1, decision: {zh: 定, en: So}}]", "bad_settlement"),
        (
            "settles: [{id: X-1.1, decision: {zh: 定, en: So}}, {id: X-1.1, decision: {zh: 定, en: So}}]",
            "twice",
        ),
        ("promises: some", "expected_count"),
        ("comitments: {}", "unknown_key"),
    ],
)
def test_bad_heads_are_refused(text: str, code: str):
    assert codes(complete("part", text))[0] == code


def test_all_problems_are_reported_with_place_and_nearest_word():
    text = plan_text(DEADLINE + "  witin: 1 h\n  within: 10 parsecs\n  poins: 2\n")
    problems = parse_text(text, file="p.yaml").problems
    assert [(problem.code, problem.hint) for problem in problems] == [
        ("unknown_key", "within"),
        ("bad_span", ""),
        ("unknown_key", "points"),
    ]
    lines = text.splitlines()
    assert [lines[problem.line - 1].split(":")[0].strip() for problem in problems] == [
        "witin",
        "within",
        "poins",
    ]
    assert problems[0].path == "commitments.respond.witin"
    said = problems[0].line_of_text("zh")
    assert said.startswith(f"p.yaml:{problems[0].line}:5: 错误: commitments.respond.witin: 未知的键“witin”。")
    assert str(problems[0]).endswith("Unknown key “witin”. Did you mean “within”?")


def test_hundred_kilobytes_of_text_are_refused_by_name():
    text = plan_text(DEADLINE + f"  within: 1 h\n  note: {{zh: {'长' * 100_000}, en: long}}\n")
    assert codes(text) == ["text_too_long"]


def test_nothing_but_a_word_is_no_plan():
    assert codes("hello") == ["expected_table"]
