import dataclasses

import pytest

from shouyue.contracts.plan_language.explain import explain, limit_in_words
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import plan_text, release_vocabulary
from shouyue.contracts.plan_language.texts import Text

VOCABULARY = dataclasses.replace(
    release_vocabulary(),
    titles={
        "ticket.reported": Text("接到申告", "a report"),
        "ticket.responded": Text("有效答复", "a qualified answer"),
        "severity": Text("级别", "severity"),
        "zone:urban": Text("市区", "urban area"),
        "zone": Text("区域", "the zone"),
    },
)
RESPOND = "a:\n  kind: deadline\n  from: ticket.reported\n  kept_by: ticket.responded\n"


def said(text: str, language: str) -> list[str]:
    plan = parse_text(plan_text(text)).plan
    return explain(plan.commitments[0], plan, VOCABULARY, language)


def test_deadline_in_both_languages():
    text = RESPOND + "  within: 10 min\n  when: {zone: urban}\n  pauses: customer\n  points: 2\n"
    assert said(text, "en") == [
        "After “a report, if the zone is urban area”, within 10 minutes: a qualified answer.",
        "The clock stops while: waiting for customer.",
        "Escalation: at 80% of the time whoever works on it; at the due time whoever works on it, the owner.",
        "Each miss costs 2 points.",
    ]
    assert said(text, "zh-hans")[0] == "自“接到申告，且区域为市区”起，应在10分钟内完成：有效答复。"


def test_table_says_upon_what_it_depends():
    text = (
        RESPOND
        + "  within: {by: severity, minor: 1 working day, major: unset}\n  escalate: none\n  window: office\n"
    )
    assert said(text, "en") == [
        "After “a report”, within the limit by severity (minor: 1 working day; major: (to be agreed)): "
        "a qualified answer.",
        "Time counts on: Mon–Fri 09:00–12:00, 13:00–18:00.",
    ]
    assert "按级别确定的时限（minor：1个工作日；major：（待约定））" in said(text, "zh")[0]


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("kind: recurring\n  every: 2 weeks\n  kept_by: a.b", "每2周", "every 2 weeks"),
        (
            "kind: quota\n  every: contract-year\n  amount: {sum: a.b.hours}\n  at_least: 40 h",
            "不少于40小时，每合同年",
            "at least 40 hours, every contract year",
        ),
        (
            "kind: target\n  every: month\n  measure: a.b\n  at_least: 95%",
            "不少于95%，每月",
            "at least 95%, every month",
        ),
        ("kind: gate\n  act: a.b\n  requires: {guard: c.d}", "每次", "each time"),
        ("kind: standing\n  holds: {guard: c.d}", "始终", "always"),
        (
            "kind: entitlement\n  decides: a.b\n  grants: {charge: free}",
            "charge＝免费",
            "charge = free of charge",
        ),
        (
            "kind: deadline\n  from: a.b\n  kept_by: c.d\n  due: {fact: promised_at, plus: 1 day}",
            "promised_at后1天",
            "1 day after promised_at",
        ),
    ],
)
def test_number_alone(text: str, zh: str, en: str):
    plan = parse_text(plan_text(f"a:\n  {text}\n")).plan
    found = [limit_in_words(plan.commitments[0], plan, VOCABULARY, language) for language in ("zh", "en")]
    assert found == [zh, en]


def test_gate_that_reality_may_overrule():
    text = "a:\n  kind: gate\n  act: a.b\n  requires: {all: [{guard: c.d}, {any: [{guard: e.f}, {guard: g.h}]}]}\n"
    assert said(text + "  otherwise: record breach\n", "en")[0] == (
        "A.b: only when c.d and (e.f or g.h). If it has to be done all the same, that is a recorded breach."
    )


def test_a_beginning_moved_by_days_is_said_as_the_whole_day():
    text = RESPOND + "  within: 2 days\n  not_before: {fact: occurred_at, plus: %s}\n  escalate: none\n"
    assert said(text % "1 day", "zh-hans")[-1].endswith("后1天的当日零时。")
    assert said(text % "1 day", "en")[-1].startswith("Not before the beginning of the day 1 day after ")
    assert said(text % "2 h", "en")[-1].startswith("Not before 2 hours after ")
