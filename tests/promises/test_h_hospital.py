"""A hospital's medical equipment: each executable row kept once and broken, refused or ended once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.commitments.services.gating import record_refusals
from shouyue.kernel.errors import GateRefused

from . import seasons
from .seasons import MONDAY
from .story import DAY, HOUR, MINUTE, Story, beijing
from .test_calendar_rows import kept_then_broken

pytestmark = pytest.mark.django_db

PLAN = "hospital-equipment"
HANDLED = {"handling": "更换电池组", "result": "放电测试合格"}


def device(severity="life-support", start=MONDAY):
    return Story(f"examples/{PLAN}", start).report(severity=severity)


def test_h_01_answer_kept():
    assert device().respond(5 * MINUTE).state("answer") == "kept"
    assert device("deferrable").respond(HOUR).state("answer") == "kept"


def test_h_01_answer_broken():
    assert device().respond(6 * MINUTE).state("answer") == "late"


def test_h_02_engineer_there_kept():
    assert device().take(MINUTE).arrive(30 * MINUTE).state("engineer-there") == "kept"


def test_h_02_engineer_there_broken():
    assert device("stopped").wait(2 * HOUR + MINUTE).state("engineer-there") == "missed"


def test_h_02_a_restricted_device_counts_clinic_hours():
    story = device("restricted", beijing("2026-03-02 16:30"))  # an hour today, three from half past seven
    assert story.due("engineer-there") == beijing("2026-03-03 10:30") - story.start


def test_h_02_a_device_solved_before_needs_nobody():
    assert (
        device()
        .take(MINUTE)
        .resolve(20 * MINUTE, texts=HANDLED, cause="line_hardware")
        .wait(HOUR)
        .state("engineer-there")
        == "none"
    )


def test_h_03_repaired_kept_without_the_wait_for_the_maker():
    story = device().take(MINUTE).arrive(20 * MINUTE)
    assert story.due("repaired") == 20 * MINUTE + 4 * HOUR
    story.hold(HOUR, "part").go_on(HOUR + DAY)
    assert story.due("repaired") == 20 * MINUTE + 4 * HOUR + DAY
    story.resolve(4 * HOUR + DAY, texts=HANDLED, cause="line_hardware")
    assert story.state("repaired") == "kept"


def test_h_03_repaired_broken():
    story = device().take(MINUTE).arrive(20 * MINUTE)
    assert story.wait(20 * MINUTE + 4 * HOUR + MINUTE).state("repaired") == "missed"


def test_h_05_maker_called_kept():
    story = device().take(MINUTE).wait(31 * MINUTE)
    assert story.state("engineer-there") == "missed"
    assert story.due("maker-called") == 45 * MINUTE
    assert story.raise_tier(44 * MINUTE, "T3").state("maker-called") == "kept"


def test_h_05_maker_called_broken():
    assert device().take(MINUTE).wait(31 * MINUTE).wait(46 * MINUTE).state("maker-called") == "missed"


def test_h_17_clean_hands_kept_and_broken():
    kept_then_broken(f"examples/{PLAN}", "clean-hands", "project_manager", timedelta(days=31))


def test_h_20_solved_on_record_kept():
    story = device().take(MINUTE).resolve(HOUR, texts=HANDLED, cause="line_hardware")
    assert story.state("solved-on-record") == "kept"


def test_h_20_solved_on_record_broken():
    story = device().take(MINUTE)
    with pytest.raises(GateRefused):
        story.resolve(HOUR)
    record_refusals()
    assert story.state("solved-on-record") == "refused"


def test_h_22_kept_in_time_kept_and_broken():
    story = device().respond(MINUTE)
    seasons.pass_to(beijing("2026-04-01 00:05"))
    march, *_rest = seasons.states(story.contract, "kept-in-time")
    assert march == "missed"  # nobody came
    story = device().respond(MINUTE).take(2 * MINUTE).arrive(9 * MINUTE)
    story.resolve(HOUR, texts=HANDLED, cause="line_hardware")
    seasons.pass_to(beijing("2026-04-01 00:05"))
    assert seasons.states(story.contract, "kept-in-time")[0] == "kept"


def test_h_24_tubes_included_kept_twice_a_year():
    contract = seasons.contract_under(PLAN)
    found = [seasons.charged(contract, "tube", MONDAY + day * DAY)[1] for day in (1, 2)]
    assert found == ["tubes-included", "tubes-included"]


def test_h_24_the_third_tube_is_not_included():
    contract = seasons.contract_under(PLAN)
    third = [seasons.charged(contract, "tube", MONDAY + day * DAY) for day in (1, 2, 3)][-1]
    assert third[1] != "tubes-included"
    assert third[0]["charge"] == "quoted"


def test_h_25_ward_rounds_kept_and_broken():
    contract = seasons.contract_under(PLAN, areas=["urban"])
    site = contract.sites.get().site_id
    seasons.happened(
        contract, MONDAY + DAY, "visit.left", request_type="inspection", outcome="solved", site=f"site:{site}"
    )
    seasons.pass_to(MONDAY + 30 * DAY)
    assert seasons.states(contract, "ward-rounds")[:2] == ["kept", "missed"]


def test_h_26_departments_called_kept_and_broken():
    contract = seasons.contract_under(PLAN)
    seasons.happened(contract, MONDAY + DAY, "ticket.called_back", 10, request_type="incident")
    seasons.pass_to(beijing("2026-05-01 09:00"))
    assert seasons.states(contract, "departments-called")[:2] == ["kept", "missed"]
