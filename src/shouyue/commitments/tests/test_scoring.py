"""Score sheets: points, weights, caps, bands; what is open stays marked; every number leads to its obligations."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from shouyue.commitments.queries import closing as closings
from shouyue.commitments.rules.scoring import Counted, sheet_of
from shouyue.commitments.services import closing, waiving
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.tests.factories import make_plan_version
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM

from .factories import PLAN, beijing, contract_under, make_member, promised
from .scenes import START, Scene, client_of, client_of_actor, lived

SCORED = PLAN.replace("  within: 10 min\n", "  within: 10 min\n  points: 5\n").replace(
    "  pauses: customer\n", "  pauses: customer\n  points: 2\n"
)
SHEET = """scores:
  base: 100
  late: 50%
  areas:
    response: {{title: {{zh: 响应, en: Response}}, weight: 60, cap: {cap}, covers: respond}}
    rest: {{title: {{zh: 其他, en: Other}}, weight: 40}}
  bands:
    - {{at_least: 90, payment: 100%, title: {{zh: 优秀, en: Excellent}}}}
    - {{at_least: 0, credit: 10%}}
"""


def plan(cap="50", text=SCORED, sheet=SHEET):
    parsed = parse_text(promised(text, sheet.format(cap=cap)))
    assert parsed.plan is not None, parsed.problems
    return parsed.plan


def test_misses_and_late_keepings_cost_points():
    sheet = sheet_of(
        plan(), {"respond": Counted(kept=7, late=1, missed=2, waived=3), "repair": Counted(missed=1)}
    )
    response, rest = sheet.areas
    assert (response.asked, response.deducted, response.score) == (
        Decimal("12.50"),
        Decimal("12.50"),
        Decimal("87.50"),
    )
    assert (rest.score, [line.name for line in rest.lines]) == (Decimal("98.00"), ["repair"])
    assert sheet.total == Decimal("91.70")  # (60 × 87.5 + 40 × 98) / 100
    assert (sheet.band.payment, sheet.is_provisional) == (Decimal(100), False)


def test_an_area_loses_at_most_its_cap_and_never_falls_below_nothing():
    many = {"respond": Counted(missed=1000), "repair": Counted(missed=1000)}
    response, rest = sheet_of(plan(cap="30"), many).areas
    assert (response.asked, response.deducted, response.score) == (
        Decimal("5000.00"),
        Decimal(30),
        Decimal("70.00"),
    )
    assert rest.score == Decimal("0.00")
    assert sheet_of(plan(cap="30"), many).band.credit == Decimal(10)


def test_nothing_that_fell_due_costs_nothing():
    sheet = sheet_of(plan(), {})
    assert sheet.total == Decimal("100.00")


def test_provisional_numbers_mark_the_sheet():
    sheet = sheet_of(plan(cap="{unset: true, provisional: 10}"), {"respond": Counted(missed=4)})
    assert (sheet.areas[0].score, sheet.areas[0].is_provisional, sheet.is_provisional) == (
        Decimal("90.00"),
        True,
        True,
    )
    assert not sheet.areas[1].is_provisional


def test_points_that_are_not_agreed_cost_nothing_and_say_so():
    text = SCORED.replace("points: 5", "points: unset")
    sheet = sheet_of(plan(text=text), {"respond": Counted(missed=4)})
    assert (sheet.areas[0].deducted, sheet.areas[0].lines[0].is_provisional) == (Decimal("0.00"), True)


def test_a_plan_without_scores_has_no_sheet():
    assert sheet_of(parse_text(promised()).plan, {}) is None


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        made = Scene()
        version = make_plan_version(promised(SCORED, SHEET.format(cap="50")))
        made.contract = contract_under(
            plan_version_id=version.pk, starts_on=date(2026, 3, 1), ends_on=date(2027, 12, 31)
        )
        lived(made.contract)
        made.supervisor = made.person("service_supervisor")
        made.manager, made.leader = made.person("project_manager"), made.person("customer.leader")
    with clock.at(beijing("2026-04-08 09:00")):
        yield made


def test_the_score_of_a_period_counts_its_obligations(scene):
    found = closings.score_of(SYSTEM, scene.contract, "2026-03")
    assert found.sheet.areas[0].asked == Decimal("7.50")  # one missed, one late
    assert (found.sheet.total, found.closing) == (Decimal("95.50"), None)
    assert closings.score_of(SYSTEM, scene.contract, "2026-02").sheet.total == Decimal("100.00")


def test_a_waiver_after_closing_changes_todays_total_not_the_frozen_one(scene):
    closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period="2026-03")
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    waiving.agree_waiver(actor=scene.leader, objection_id=made.pk)
    found = closings.score_of(scene.leader, scene.contract, "2026-03")
    assert (found.frozen["total"], found.sheet.total, found.is_corrected) == ("95.50", Decimal("98.50"), True)


def test_the_sheet_leads_to_the_obligations(scene):
    browser = client_of_actor(scene.leader)
    page = browser.get(reverse("commitments:score", args=[scene.contract.code]), {"period": "2026-03"})
    line = page.context["areas"][0]["lines"][0]
    rows = browser.get(f"{line['url']}&month=2026-03").context["list"].rows
    assert len(rows) == line["line"].counted.missed + line["line"].counted.late == 2


def test_page_csv_and_api_agree(scene):
    browser = client_of_actor(scene.leader)
    address = {"period": "2026-03"}
    api = browser.get(f"/api/contracts/{scene.contract.code}/score", address).json()
    csv = browser.get(reverse("commitments:export_score", args=[scene.contract.code]), address)
    text = b"".join(csv.streaming_content).decode("utf-8-sig")
    assert (api["total"], api["areas"][0]["lines"][0]["missed"]) == ("95.50", 1)
    assert text.splitlines()[-1].split(",")[8] == "95.50"
    assert (
        browser.get(reverse("commitments:score", args=[scene.contract.code]), {"period": "x"}).status_code
        == 422
    )


def test_strangers_read_no_sheet(scene):
    other = Scene()
    for url in (
        reverse("commitments:score", args=[scene.contract.code]),
        reverse("commitments:export_score", args=[scene.contract.code]),
        f"/api/contracts/{scene.contract.code}/score",
    ):
        assert client_of_actor(other.leader).get(url).status_code == 404


def test_the_providers_own_promises_stand_on_no_customers_sheet(db):
    text = promised(SCORED, SHEET.format(cap="50"))
    text = text.replace("promises: 2", "promises: 1").replace("source: S-02", "internal: true")
    contract = contract_under(plan_version_id=make_plan_version(text).pk)
    shown = {}
    for role in ("customer.leader", "project_manager"):
        browser = client_of(make_member(contract, role))
        areas = browser.get(f"/api/contracts/{contract.code}/score").json()["areas"]
        shown[role] = [line["commitment"] for area in areas for line in area["lines"]]
    assert shown == {"customer.leader": ["respond"], "project_manager": ["respond", "repair"]}


def test_a_sheet_is_as_long_as_the_plan_says(scene):
    browser = client_of_actor(scene.leader)
    address = f"/api/contracts/{scene.contract.code}/score"
    assert browser.get(address, {"period": "2026-03"}).status_code == 200
    assert browser.get(address, {"period": "2026-Q1"}).json() is None
    assert closings.score_of(SYSTEM, scene.contract, "2026-Q1") is None
    made = closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period="2026-Q1")
    assert json.loads(made.snapshot)["scores"] is None


def test_no_sheet_is_offered_of_before_the_contract(scene):
    page = client_of_actor(scene.leader).get(reverse("commitments:score", args=[scene.contract.code]))
    assert page.context["periods"] == ["2026-04", "2026-03"]
