"""Rows that what happens on a ticket keeps, beyond answering and solving it: each kept once and broken once."""

from __future__ import annotations

from datetime import date

import pytest

from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.services import tending
from shouyue.contracts.tests.factories import make_contract_site

from .duty import reached
from .story import DAY, HOUR, MINUTE, Story

pytestmark = pytest.mark.django_db


def told(plan, **changes):
    return Story(plan).report(**changes).take(MINUTE)


def solved(plan, **changes):
    return told(plan, **changes).resolve(HOUR)


# A report after the solution, handed in by whoever knows


REPORT = ("row", "plan", "name", "role", "changes", "good", "bad")
REPORTS = [
    ("b0_06", "gov-build", "fault-report", "field_engineer", {}, 13 * HOUR, 14 * HOUR),
    ("b1_29", "sw-warranty", "report-after-fault", "field_engineer", {}, 2 * DAY, 5 * DAY),
    ("b4_18", "field-video", "major-fault-report", "field_engineer", {"severity": "major"}, 2 * DAY, 5 * DAY),
    (
        "b4_14",
        "field-video",
        "documents-updated",
        "document_keeper",
        {"request_type": "change"},
        2 * DAY,
        5 * DAY,
    ),
]


def graded(plan, changes):
    story = told(plan, **{key: value for key, value in changes.items() if key != "severity"})
    if "severity" in changes:
        story.grade(2 * MINUTE, severity=changes["severity"])
    return story.resolve(HOUR)


@pytest.mark.parametrize(REPORT, REPORTS, ids=[f"{row[0]}_kept" for row in REPORTS])
def test_a_report_follows_in_time(row, plan, name, role, changes, good, bad):
    story = graded(plan, changes)
    assert story.state(name) == "running", row
    assert story.attest(good, name, role).state(name) == "kept"


@pytest.mark.parametrize(REPORT, REPORTS, ids=[f"{row[0]}_broken" for row in REPORTS])
def test_a_report_comes_too_late(row, plan, name, role, changes, good, bad):
    story = graded(plan, changes).wait(bad)
    assert story.state(name) == "missed", row
    assert story.attest(bad + HOUR, name, role).state(name) == "late"


# Complaints


def complaint(plan, **changes):
    return told(plan, request_type="complaint", title="投诉态度", **changes)


def test_b0_32_complaint_answered_within_a_working_day_kept():
    assert complaint("gov-build").promise(2 * MINUTE, DAY).answer(DAY).state("complaint-answer") == "kept"


def test_b0_32_complaint_answered_within_a_working_day_broken():
    assert complaint("gov-build").wait(2 * DAY).state("complaint-answer") == "missed"


def test_b0_33_senior_staff_goes_when_a_complaint_stays_unsolved_kept():
    story = complaint("gov-build").resolve(HOUR).reject(2 * HOUR).raise_tier(3 * HOUR, "T2")
    assert story.arrive(5 * HOUR).state("senior-staff") == "kept"


def test_b0_33_senior_staff_goes_when_a_complaint_stays_unsolved_broken():
    story = complaint("gov-build").resolve(HOUR).reject(2 * HOUR).arrive(5 * HOUR)  # the same tier again
    assert story.state("senior-staff") == "running"
    assert story.wait(2 * DAY).state("senior-staff") == "missed"


def test_b4_47_major_complaint_analysed_and_revisited_kept():
    story = complaint("field-video").grade(2 * MINUTE, severity="major")
    story.resolve(HOUR, texts={"handling": "查明原因并道歉", "result": "用户接受"}, cause="operation")
    assert story.state("complaint-analysis") == "running"
    assert story.call_back(2 * HOUR).state("complaint-analysis") == "kept"


def test_b4_47_major_complaint_analysed_and_revisited_broken():
    story = complaint("field-video").grade(2 * MINUTE, severity="major").resolve(HOUR).call_back(2 * HOUR)
    assert story.wait(9 * DAY).state("complaint-analysis") == "missed"


def line(story, name, after, month="2026-03"):
    with story.at(after):
        tending.tend_all()
        found = board.board_of(story.agent, story.contract, month)
        return next(one for one in found.lines if one.commitment.name == name)


def test_b1_25_every_complaint_answered_kept():
    story = complaint("sw-warranty").respond(HOUR)
    found = line(story, "complaints-answered", DAY)
    assert (found.measured.amount, found.measured.counted) == (100.0, 1)


def test_b1_25_every_complaint_answered_broken():
    found = line(complaint("sw-warranty"), "complaints-answered", 40 * DAY)
    assert (found.measured.amount, found.standing) == (0.0, "broken")


def test_b3_07_no_complaints_kept():
    found = line(told("desktop"), "complaints", 40 * DAY)
    assert (found.measured.amount, found.standing) == (0.0, "kept")


def test_b3_07_no_complaints_broken():
    found = line(complaint("desktop"), "complaints", 40 * DAY)
    assert (found.measured.amount, found.standing) == (1.0, "broken")


# Experts, telephone, classes the desk chooses


def test_b0_24_experts_for_major_faults_kept():
    story = told("gov-build").grade(2 * MINUTE, severity="major").raise_tier(50 * MINUTE, "T3")
    assert story.state("expert-consultation") == "kept"


def test_b0_24_experts_for_major_faults_broken():
    story = told("gov-build").grade(2 * MINUTE, severity="major").raise_tier(50 * MINUTE, "T2")
    assert story.wait(2 * HOUR).state("expert-consultation") == "missed"


def test_b0_46_crashes_are_phoned_at_once_kept():
    story = told("gov-build").grade(2 * MINUTE, severity="major")
    assert story.attest(20 * MINUTE, "direct-call", "service_manager").state("direct-call") == "kept"


def test_b0_46_crashes_are_phoned_at_once_broken():
    story = told("gov-build").grade(2 * MINUTE, severity="major")
    assert story.wait(40 * MINUTE).state("direct-call") == "missed"


def test_b1_02_advice_in_real_time_kept():
    story = told("sw-warranty", request_type="consultation")
    assert story.respond(5 * MINUTE).state("consultation-real-time") == "kept"


def test_b1_02_advice_in_real_time_broken():
    story = told("sw-warranty", request_type="consultation")
    assert story.respond(6 * MINUTE).state("consultation-real-time") == "late"


def test_b3_28_deviation_answered_by_a_plan_kept():
    story = told("desktop", request_type="problem_report").triage(HOUR, request_class="service-deviation")
    assert story.propose(6 * DAY).state("deviation-answer") == "kept"


def test_b3_28_deviation_answered_by_a_plan_broken():
    story = told("desktop", request_type="problem_report").triage(HOUR, request_class="service-deviation")
    assert story.wait(8 * DAY).state("deviation-answer") == "missed"


def test_b4_22_special_note_on_request_kept():
    story = told("field-video", request_type="service_request").triage(HOUR, request_class="special-note")
    assert story.attest(2 * DAY, "special-notes", "project_manager").state("special-notes") == "kept"


def test_b4_22_special_note_on_request_broken():
    story = told("field-video", request_type="service_request").triage(HOUR, request_class="special-note")
    assert story.wait(6 * DAY).state("special-notes") == "missed"


def test_b4_53_application_faults_taken_up_at_once_kept():
    assert (
        told("field-video", equipment_type="software").respond(10 * MINUTE).state("application-faults")
        == "kept"
    )


def test_b4_53_application_faults_taken_up_at_once_broken():
    assert (
        told("field-video", equipment_type="software").respond(11 * MINUTE).state("application-faults")
        == "late"
    )


@pytest.mark.parametrize(
    ("grade", "good"),
    [("simple", 4 * HOUR), ("complex", 6 * HOUR), ("", 6 * HOUR)],
    ids=["simple", "complex", "none"],
)
def test_b4_53_application_fault_cleared_by_its_grade_kept_and_broken(grade, good):
    """X-4.12: four hours if simple, six if complex or not graded yet."""
    for after, state in ((good, "kept"), (good + MINUTE, "late")):
        story = told("field-video", equipment_type="software")
        story = story.grade(2 * MINUTE, complexity=grade) if grade else story
        assert story.resolve(after).state("application-repair") == state


def test_b4_53_on_site_the_limits_from_arrival_take_over():
    story = told("field-video", equipment_type="software")
    assert story.state("application-repair") == "running"
    assert story.arrive(20 * MINUTE).state("application-repair") == "none"


# Call-backs


def test_b3_20_called_on_the_second_day_kept():
    story = solved("desktop").call_back(2 * HOUR)
    assert story.state("follow-up") == "running"  # the same day does not count
    assert story.call_back(HOUR + DAY + HOUR).state("follow-up") == "kept"


def test_b3_20_called_next_morning_kept():
    assert solved("desktop").call_back(23 * HOUR + 30 * MINUTE).state("follow-up") == "kept"


def test_b3_20_called_on_the_second_day_broken():
    assert solved("desktop").wait(3 * DAY).state("follow-up") == "missed"


@pytest.mark.parametrize(
    ("plan", "name"),
    [("platform-equip", "survey-each-service"), ("field-video", "follow-up")],
    ids=["b2_24_kept", "b4_54_kept"],
)
def test_called_after_the_confirmation(plan, name):
    assert solved(plan).confirm(2 * HOUR).call_back(3 * HOUR).state(name) == "kept"


@pytest.mark.parametrize(
    ("plan", "name"),
    [("platform-equip", "survey-each-service"), ("field-video", "follow-up")],
    ids=["b2_24_broken", "b4_54_broken"],
)
def test_not_called_after_the_confirmation(plan, name):
    assert solved(plan).confirm(2 * HOUR).wait(6 * DAY).state(name) == "missed"


# Visits


def patrol(plan, **changes):
    return Story(plan).report(request_type="inspection", title="月度巡查", **changes)


def test_b1_27_booked_inspection_kept():
    story = patrol("sw-warranty").arrive(DAY).leave(DAY + HOUR, diagnosed_with="李工")
    assert story.state("booked-inspection") == "kept"


def test_b1_27_booked_inspection_broken():
    assert patrol("sw-warranty").wait(5 * DAY).state("booked-inspection") == "missed"


@pytest.mark.parametrize(
    ("plan", "name"),
    [("gov-build", "findings-coordinated"), ("field-video", "patrol-issues")],
    ids=["b0_19_kept", "b4_59_kept"],
)
def test_what_a_patrol_finds_is_coordinated(plan, name):
    story = patrol(plan).arrive(HOUR).leave(2 * HOUR, "temporary", backups="none")
    assert story.state(name) == "running"
    assert story.link(3 * HOUR).state(name) == "kept"


@pytest.mark.parametrize(
    ("plan", "name"),
    [("gov-build", "findings-coordinated"), ("field-video", "patrol-issues")],
    ids=["b0_19_broken", "b4_59_broken"],
)
def test_what_a_patrol_finds_is_left_alone(plan, name):
    story = patrol(plan).arrive(HOUR).leave(2 * HOUR, "unsolved", backups="none")
    assert story.wait(4 * DAY).state(name) == "missed"


def test_b3_04_arrival_on_site_kept():
    story = (
        Story("desktop").report_in_full().dispatch(HOUR).receive(2 * HOUR).depart(3 * HOUR).arrive(6 * HOUR)
    )
    assert story.state("on-site-arrival") == "kept"


def test_b3_04_arrival_on_site_broken():
    story = Story("desktop").report_in_full().dispatch(HOUR).receive(2 * HOUR).wait(7 * HOUR)
    assert story.state("on-site-arrival") == "missed"


def tended(story, after):
    with story.at(after):
        tending.tend_all()
    return story.wait(after)


def test_b4_07_each_site_patrolled_every_month_kept_and_broken():
    story = Story("field-video")
    with story.at(-HOUR):
        here, there = make_contract_site(story.contract), make_contract_site(story.contract)
    tended(story, MINUTE)
    story.report(request_type="inspection", title="月度巡查", site_id=here.site_id)
    story.arrive(DAY).leave(DAY + HOUR, report="线路完好，箱体清洁")
    tended(story, 40 * DAY)
    rows = Obligation.objects.filter(
        contract=story.contract, commitment__name="patrol-lines", period__startswith="2026-03"
    )
    assert {row.subject_id: row.state for row in rows} == {here.site_id: "kept", there.site_id: "missed"}


def test_b2_11_proactive_visit_with_its_report_kept_and_broken():
    story = Story("platform-equip")
    tended(story, MINUTE)
    story.report(request_type="inspection", title="主动走访").arrive(DAY).leave(DAY + HOUR)
    rows = Obligation.objects.filter(contract=story.contract, commitment__name="proactive-visit")
    assert rows.order_by("due_at")[0].state == "running"  # the report is still missing
    story.attest(2 * DAY, "proactive-visit", "project_manager")
    tended(story, 65 * DAY)
    assert [row.state for row in rows.order_by("due_at")[:2]] == ["kept", "missed"]


def test_b0_18_results_of_an_inspection_reported_kept_and_broken():
    story = Story("gov-build")
    tended(story, MINUTE)
    story.attest(DAY, "half-yearly-inspection", "service_manager")
    assert story.states("inspection-results") == ["running"]
    story.attest(3 * DAY, "inspection-results", "service_manager")
    assert story.states("inspection-results") == ["kept"]
    tended(story, 130 * DAY)
    story.attest(140 * DAY, "half-yearly-inspection", "service_manager")
    story.wait(160 * DAY)
    assert story.states("inspection-results") == ["kept", "missed"]


# Trial run, quality after the warranty


def test_b0_25_no_major_accident_in_the_trial_run_kept_and_broken():
    story = told("gov-build")
    assert line(story, "trial-run", 40 * DAY).standing == "kept"
    story = told("gov-build").grade(2 * MINUTE, severity="major")
    found = line(story, "trial-run", 40 * DAY)
    assert (found.measured.amount, found.standing) == (1.0, "broken")


def after_warranty(*, late):
    """An answer in time in the after-sales stage; one in the stage after it, in time or late."""
    story = Story("gov-build", names=("respond", "same-quality-later"))
    with story.at(-HOUR):
        for milestone in ("preliminary-acceptance", "qualified-acceptance", "final-acceptance"):
            reached(story.contract, milestone, date(2023, 4, 1))
    story.report().take(MINUTE).respond(30 * MINUTE).resolve(HOUR)
    story.start = story.start + 60 * DAY  # the warranty ended on the first of April
    story.report().take(MINUTE).respond(2 * HOUR if late else 30 * MINUTE)
    return story


@pytest.mark.parametrize(
    ("late", "state"), [(False, "kept"), (True, "missed")], ids=["b0_28_kept", "b0_28_broken"]
)
def test_the_quality_after_the_warranty_is_what_it_was(late, state):
    story = after_warranty(late=late)
    story.resolve(3 * HOUR)
    tended(tended(story, DAY), 80 * DAY)
    rows = Obligation.objects.filter(contract=story.contract, commitment__name="same-quality-later")
    assert list(rows.exclude(state__in=("void", "waiting", "running")).values_list("state", flat=True))[
        :1
    ] == [state]
