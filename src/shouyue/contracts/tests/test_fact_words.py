"""Facts of events in words: every declared one has a name, and values say what the plan says."""

import pytest
from django.utils import timezone, translation

from shouyue.contracts import fact_words
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.tests.factories import PLAN
from shouyue.kernel import events


def test_every_fact_of_every_event_has_a_name():
    names = set(events.common_facts()).union(*(verb.facts for verb in events.declared_verbs().values()))
    assert [name for name in sorted(names) if fact_words.name_said(name, "zh-hans").isascii()] == []
    assert [name for name in sorted(names) if "_" in fact_words.name_said(name, "en")] == []


@pytest.mark.parametrize(
    ("verb", "name", "value", "said"),
    [
        ("gate.passed", "breach", False, "否"),
        ("ticket.reported", "status", "accepted", "处理中"),
        ("ticket.reported", "equipment_type", "unheard-of", "unheard-of"),
        ("gate.passed", "act", "ticket.close", "关闭工单"),
        ("gate.passed", "commitment", "respond", "响应"),
        ("gate.passed", "stage", "after-sales", "质保期售后"),
        ("consent.asked", "expires_at", "2026-03-02T01:00:00+00:00", "2026-03-02 09:00:00"),
        ("ticket.assigned", "to", "user:7", "赵敏"),
        ("ticket.assigned", "to", "user:8", "user:8"),
        ("ticket.tier_raised", "to_tier", "T2", "T2 工程师"),
        ("ticket.reported", "severity", "of-long-ago", "of-long-ago"),
    ],
)
def test_values_are_said_in_words(verb, name, value, said):
    plan = parse_text(PLAN).plan
    with translation.override("zh-hans"), timezone.override("Asia/Shanghai"):
        told = fact_words.value_said(verb, name, value, "zh-hans", plan=plan, people={"user:7": "赵敏"})
    assert told == said


def test_whom_a_ticket_goes_to_is_its_recipient():
    with translation.override("zh-hans"):
        assert fact_words.name_said("to", "zh-hans", "ticket.assigned") == "接收人"
        assert fact_words.name_said("to", "zh-hans", "ticket.called_back") != "接收人"
