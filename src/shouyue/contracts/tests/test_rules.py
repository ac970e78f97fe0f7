"""Stages, warranty terms and charges follow from plan and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from shouyue.contracts import rules
from shouyue.contracts.loading import build_rules, remember_plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.phrases import read_anchor, read_span
from shouyue.contracts.rules import ContractRules
from shouyue.contracts.tests.factories import PLAN

ACCEPTED = {"final-acceptance": "2025-03-01"}
RIGHTS = """
  hotline-free:
    kind: entitlement
    title: {zh: 热线免费, en: Hotline free}
    text: {zh: 热线长期免费。, en: The hotline stays free.}
    internal: true
    decides: ticket.charge
    when: {request_type: consultation}
    grants: {charge: free}
    outlives: forever
  moves:
    kind: entitlement
    title: {zh: 搬迁, en: Moves}
    text: {zh: 每年三次免费搬迁。, en: Three moves a year are free.}
    internal: true
    decides: ticket.charge
    when: {request_type: move}
    grants: {charge: free}
    limit: {amount: 3, every: year}
  discount:
    kind: entitlement
    title: {zh: 优惠, en: Discount}
    text: {zh: 配件八折。, en: Parts at twenty percent off.}
    internal: true
    decides: ticket.charge
    when: {request_type: part}
    grants: {charge: {discount: 20%}}
    until: 1 year after contract.end
  hardware-warranty:
    kind: entitlement
    title: {zh: 硬件保修, en: Hardware warranty}
    text: {zh: 质保期内硬件免费。, en: Hardware is free under warranty.}
    internal: true
    decides: ticket.charge
    when: {request_type: hardware}
    grants: {charge: free, warranty: hardware}
    outlives: forever
"""


def contract(text: str = PLAN, milestones: dict[str, str] | None = None, **changes: Any) -> ContractRules:
    parsed = parse_text(text)
    assert parsed.plan is not None, parsed.problems
    remember_plan(-1, parsed.plan)
    head = (1, 1, "GB", 1, -1, "Asia/Shanghai", "", date(2024, 1, 1), date(2026, 12, 31), True)
    return replace(build_rules(head, milestones or {}, ("7=urban=resident",)), **changes)


def test_stages_wait_for_the_milestone():
    found = contract()
    assert [(stage.name, stage.starts_on, stage.ends_on) for stage in found.stages] == [
        ("technical-support", date(2024, 1, 1), None),
        ("after-sales", None, None),
        ("post-warranty", None, None),
    ]
    assert found.stage_on(date(2023, 12, 31)) == ""
    assert found.stage_on(date(2030, 1, 1)) == "technical-support"


def test_stages_follow_each_other_without_gap_or_overlap():
    found = contract(milestones=ACCEPTED)
    assert [(stage.starts_on, stage.ends_on) for stage in found.stages] == [
        (date(2024, 1, 1), date(2025, 2, 28)),
        (date(2025, 3, 1), date(2028, 2, 29)),
        (date(2028, 3, 1), None),
    ]
    days = (date(2025, 2, 28), date(2025, 3, 1), date(2028, 2, 29), date(2028, 3, 1))
    assert [found.stage_on(day) for day in days] == [
        "technical-support",
        "after-sales",
        "after-sales",
        "post-warranty",
    ]


def test_warranty_lasts_by_asset_class():
    found = contract(milestones=ACCEPTED)
    assert {term.name: (term.starts_on, term.ends_on) for term in found.warranty} == {
        "hardware": (date(2025, 3, 1), date(2028, 2, 29)),
        "system-software": (date(2025, 3, 1), date(2026, 2, 28)),
    }
    assert found.dates["warranty.end"] == date(2028, 2, 29)
    assert found.dates["warranty.end:system-software"] == date(2026, 2, 28)


def test_warranty_has_no_dates_before_its_start():
    found = contract()
    assert [(term.starts_on, term.ends_on) for term in found.warranty] == [(None, None)] * 2
    assert "warranty.end" not in found.dates


def test_class_may_start_at_another_date():
    text = PLAN.replace("lasts: 1 year}", "lasts: 1 year, starts: contract.start}")
    found = contract(text)
    assert found.warranty[1].ends_on == date(2024, 12, 31)
    assert "warranty.end" not in found.dates


def test_a_stage_may_begin_with_the_warranty_of_a_class():
    text = PLAN.replace("from: final-acceptance, until: warranty.end", "from: warranty.start:hardware")
    found = contract(text, ACCEPTED)
    assert found.stages[1].starts_on == found.dates["warranty.start:hardware"] == date(2025, 3, 1)


def test_another_plan_reckons_with_its_own_warranty_and_stages():
    other = parse_text(PLAN.replace("lasts: 3 years", "lasts: 2 years")).plan
    assert other is not None
    found = rules.under(contract(milestones=ACCEPTED), other)
    assert found.dates["warranty.end"] == date(2027, 2, 28)
    assert found.stages[1].ends_on == found.warranty[0].ends_on == date(2027, 2, 28)
    assert (found.code, found.plan) == ("GB", other)


def test_length_not_agreed_leaves_the_end_open():
    found = contract(PLAN.replace("lasts: 1 year}", "lasts: unset}"), ACCEPTED)
    assert (found.warranty[1].starts_on, found.warranty[1].ends_on) == (date(2025, 3, 1), None)
    assert "warranty.end" not in found.dates


@pytest.mark.parametrize(
    ("day", "span", "back", "expected"),
    [
        (date(2024, 1, 31), "1 month", False, date(2024, 2, 29)),
        (date(2024, 2, 29), "1 year", False, date(2025, 2, 28)),
        (date(2024, 3, 31), "1 month", True, date(2024, 2, 29)),
        (date(2024, 1, 15), "2 weeks", False, date(2024, 1, 29)),
        (date(2024, 1, 5), "1 working day", False, date(2024, 1, 8)),
        (date(2024, 1, 8), "1 working day", True, date(2024, 1, 5)),
        (date(2024, 1, 8), "4 h", False, date(2024, 1, 8)),
    ],
)
def test_days_are_moved_by_the_calendar(day, span, back, expected):
    assert rules.shift_day(day, read_span(span), back=back) == expected


def test_anchors_on_dates():
    dates = {"contract.end": date(2026, 12, 31), "final-acceptance": date(2025, 3, 1)}
    before_end = read_anchor("3 months before contract.end")
    assert rules.anchor_day(before_end, dates) == date(2026, 9, 30)
    assert rules.first_day(read_anchor("contract.end"), dates) == date(2027, 1, 1)
    assert rules.last_day(read_anchor("contract.end"), dates) == date(2026, 12, 31)
    assert rules.last_day(read_anchor("final-acceptance"), dates) == date(2025, 2, 28)
    assert rules.anchor_day(read_anchor("friday"), dates) is None
    assert rules.anchor_day(read_anchor("warranty.end"), dates) is None


def test_scale_and_sites():
    found = contract()
    assert found.scale("severity") == ("minor", "major")
    assert found.scale("nonsense") == ()
    assert (found.sites[7].area, found.sites[7].mode) == ("urban", "resident")


def charged(facts: dict[str, str], day: date, **options: Any) -> tuple[str, str, str, float]:
    found = rules.charge_of(contract(PLAN + RIGHTS.lstrip("\n"), ACCEPTED), facts, day, **options)
    return (found.kind, found.source, found.name, found.discount)


IN_WARRANTY, LATER, AFTER_TERM = date(2025, 6, 1), date(2028, 6, 1), date(2035, 1, 1)


@pytest.mark.parametrize(
    ("facts", "day", "options", "expected"),
    [
        ({"request_type": "consultation"}, AFTER_TERM, {}, ("free", "entitlement", "hotline-free", 0)),
        ({"request_type": "move"}, IN_WARRANTY, {"used": {"moves": 2}}, ("free", "entitlement", "moves", 0)),
        ({"request_type": "move"}, IN_WARRANTY, {"used": {"moves": 3}}, ("free", "term", "", 0)),
        ({"request_type": "move"}, AFTER_TERM, {}, ("quoted", "term", "", 0)),
        ({"request_type": "part"}, date(2027, 12, 31), {}, ("quoted", "entitlement", "discount", 20)),
        ({"request_type": "part"}, date(2028, 1, 1), {}, ("quoted", "term", "", 0)),
        ({"request_type": "hardware"}, IN_WARRANTY, {}, ("free", "entitlement", "hardware-warranty", 0)),
        ({"request_type": "hardware"}, LATER, {}, ("quoted", "term", "", 0)),
        ({"request_type": "incident"}, IN_WARRANTY, {}, ("free", "warranty", "hardware-repair", 0)),
        (
            {"request_type": "incident"},
            date(2026, 6, 1),
            {"warranty_class": "system-software"},
            ("quoted", "warranty", "system-software", 0),
        ),
        ({}, IN_WARRANTY, {"item": "upgrade"}, ("free", "catalogue", "upgrade", 0)),
        ({}, LATER, {"item": "upgrade"}, ("quoted", "catalogue", "upgrade", 0)),
        ({}, IN_WARRANTY, {"warranty_class": "hardware"}, ("free", "warranty", "hardware", 0)),
        ({}, LATER, {"warranty_class": "hardware"}, ("quoted", "warranty", "hardware", 0)),
    ],
)
def test_charges(facts, day, options, expected):
    assert charged(facts, day, **options) == expected


def test_rules_are_frozen():
    found = contract()
    assert isinstance(found.dates, MappingProxyType)
    with pytest.raises(AttributeError):
        found.code = "X"  # type: ignore[misc]
