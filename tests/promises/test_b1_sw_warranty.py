"""SW-WARRANTY: each executable row kept once and broken once. Limits differ by grade, channel and window."""

from __future__ import annotations

import pytest

from .story import BREAKS, DAY, HOUR, MINUTE, Story, beijing

pytestmark = pytest.mark.django_db

FRIDAY_EVENING = beijing("2026-03-06 16:30")


def software(severity="L1", start=None, **changes):
    story = Story("sw-warranty", start) if start else Story("sw-warranty")
    return story.report(severity=severity, **changes)


def test_b1_03_system_fault_by_remote_support_kept():
    assert software("L0").take(MINUTE).resolve(2 * HOUR).state("remote-repair") == "kept"


def test_b1_03_system_fault_by_remote_support_broken():
    assert software("L0").take(MINUTE).resolve(2 * HOUR + MINUTE).state("remote-repair") == "late"


def test_b1_06_higher_engineer_after_two_hours_on_site_kept():
    story = software("L0").take(MINUTE).arrive(HOUR)
    assert story.wait(2 * HOUR).state("higher-engineer") == "none"
    assert story.wait(3 * HOUR + MINUTE).due("higher-engineer") == 3 * HOUR + 30 * MINUTE
    assert story.raise_tier(3 * HOUR + 10 * MINUTE, "T2").state("higher-engineer") == "kept"


def test_b1_06_higher_engineer_after_two_hours_on_site_broken():
    story = software("L0").take(MINUTE).arrive(HOUR).wait(3 * HOUR + 31 * MINUTE)
    assert story.state("higher-engineer") == "missed"


def test_b1_06_solved_within_two_hours_nobody_higher_is_owed():
    story = software("L0").take(MINUTE).arrive(HOUR).resolve(2 * HOUR).wait(5 * HOUR)
    assert story.state("higher-engineer") == "none"


def test_b1_07_grade_zero_kept():
    story = software("L0", FRIDAY_EVENING).take(MINUTE).respond(HOUR).resolve(4 * HOUR)
    assert (story.state("respond-l0"), story.state("resolve-l0")) == ("kept", "kept")


def test_b1_07_grade_zero_broken():
    story = software("L0", FRIDAY_EVENING).wait(5 * HOUR)
    assert (story.state("respond-l0"), story.state("resolve-l0")) == ("missed", "missed")


def test_b1_08_grade_one_kept():
    story = software("L1").take(MINUTE).respond(2 * HOUR).resolve(8 * HOUR)
    assert (story.state("respond-l1"), story.state("resolve-l1")) == ("kept", "kept")
    assert software("L1", channel="email").take(MINUTE).respond(4 * HOUR).state("respond-l1") == "kept"


def test_b1_08_grade_one_broken():
    assert software("L1").take(MINUTE).respond(3 * HOUR).state("respond-l1") == "late"
    assert software("L1", channel="email").take(MINUTE).respond(5 * HOUR).state("respond-l1") == "late"
    assert software("L1").wait(8 * HOUR + MINUTE).state("resolve-l1") == "missed"


def test_b1_08_runs_on_the_weekend_by_day():
    story = software("L1", FRIDAY_EVENING)  # half an hour on Friday, the rest on Saturday from nine
    assert story.due("respond-l1") == beijing("2026-03-07 10:30") - FRIDAY_EVENING


def test_b1_09_grade_two_kept():
    story = software("L2").take(MINUTE).respond(4 * HOUR).resolve(3 * DAY)
    assert (story.state("respond-l2"), story.state("resolve-l2")) == ("kept", "kept")
    mail = software("L2", FRIDAY_EVENING, channel="email")
    assert mail.due("respond-l2") == beijing("2026-03-09 17:00") - FRIDAY_EVENING
    assert mail.take(MINUTE).respond(2 * DAY + 20 * HOUR).state("respond-l2") == "kept"


def test_b1_09_grade_two_broken():
    assert software("L2").wait(6 * HOUR).state("respond-l2") == "missed"
    assert software("L2").wait(3 * DAY + MINUTE).state("resolve-l2") == "missed"


def test_b1_10_grade_three_kept():
    story = software("L3", FRIDAY_EVENING).take(MINUTE).respond(2 * DAY + 20 * HOUR).resolve(7 * DAY)
    assert (story.state("respond-l3"), story.state("resolve-l3")) == ("kept", "kept")


def test_b1_10_grade_three_broken():
    story = software("L3", FRIDAY_EVENING).wait(8 * DAY)
    assert (story.state("respond-l3"), story.state("resolve-l3")) == ("missed", "missed")


def test_b1_12_not_responded_in_an_hour_on_site_within_a_day_kept():
    story = software().wait(2 * HOUR)
    assert story.state("silent-hour") == "missed"
    assert story.due("silent-on-site") == HOUR + DAY
    assert story.take(3 * HOUR).arrive(DAY).state("silent-on-site") == "kept"


def test_b1_12_not_responded_in_an_hour_on_site_within_a_day_broken():
    assert software().wait(2 * HOUR).wait(2 * DAY).state("silent-on-site") == "missed"


def test_b1_12_answered_within_the_hour_nobody_must_come():
    assert software().take(MINUTE).respond(HOUR).wait(3 * DAY).state("silent-on-site") == "none"


def test_b1_13_functional_patch_proposal_kept():
    story = software("L2", request_class="functional-patch")
    assert story.take(MINUTE).propose(DAY).state("patch-proposal") == "kept"


def test_b1_13_functional_patch_proposal_broken():
    assert (
        software("L2", request_class="functional-patch").wait(DAY + MINUTE).state("patch-proposal")
        == "missed"
    )


def test_b1_14_paralysing_fault_proposal_kept():
    assert software("L0").take(MINUTE).propose(2 * HOUR).state("paralysing-proposal") == "kept"


def test_b1_14_paralysing_fault_proposal_broken():
    assert software("L0").take(MINUTE).propose(2 * HOUR + MINUTE).state("paralysing-proposal") == "late"


def test_b1_15_usage_question_advice_kept():
    story = software("", request_type="consultation")
    assert story.take(MINUTE).propose(2 * DAY).state("usage-advice") == "kept"


def test_b1_15_usage_question_advice_broken():
    assert software("", request_type="consultation").wait(2 * DAY + MINUTE).state("usage-advice") == "missed"


def test_b1_16_major_abnormal_fault_on_site_kept():
    assert software("L1").arrive(DAY).state("major-on-site") == "kept"


def test_b1_16_major_abnormal_fault_on_site_broken():
    assert software("L1").wait(DAY + MINUTE).state("major-on-site") in BREAKS


def test_b1_16_graded_up_later_counts_from_the_report():
    story = software("L3").grade(HOUR, severity="L0")
    assert story.due("major-on-site") == DAY
    assert story.due("resolve-l0") == 4 * HOUR
