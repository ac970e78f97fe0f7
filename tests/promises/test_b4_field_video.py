"""FIELD-VIDEO: each executable row kept once and broken once."""

from __future__ import annotations

import pytest

from shouyue.commitments.models import Obligation
from shouyue.kernel.models import Event

from .story import BREAKS, HOUR, MINUTE, Story

pytestmark = pytest.mark.django_db


def video(**changes):
    return Story("field-video").report(**changes)


def test_b4_02_respond_within_ten_minutes_kept():
    assert video().take(MINUTE).respond(10 * MINUTE).state("respond") == "kept"


def test_b4_02_respond_within_ten_minutes_broken():
    story = video().wait(11 * MINUTE)
    assert story.state("respond") == "missed"
    assert story.take(12 * MINUTE).respond(12 * MINUTE).state("respond") == "late"


def test_b4_03_on_site_within_thirty_minutes_kept():
    assert video(zone="urban").arrive(30 * MINUTE).state("arrive-urban") == "kept"


def test_b4_03_on_site_within_thirty_minutes_broken():
    assert video(zone="urban").arrive(31 * MINUTE).state("arrive-urban") == "late"


def test_b4_03_thirty_minutes_are_promised_in_the_urban_area_alone():
    assert video(zone="outer").wait(HOUR).state("arrive-urban") == "none"


def test_b4_04_simple_fault_within_four_hours_of_arrival_kept():
    story = video(zone="urban").arrive(20 * MINUTE).grade(HOUR, complexity="simple")
    assert story.due("repair-simple") == 20 * MINUTE + 4 * HOUR
    story.take(HOUR).resolve(4 * HOUR + 20 * MINUTE)
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("kept", "none")


def test_b4_04_simple_fault_within_four_hours_of_arrival_broken():
    story = video(zone="urban").arrive(20 * MINUTE).grade(HOUR, complexity="simple").wait(5 * HOUR)
    assert story.state("repair-simple") == "missed"


def test_b4_05_complex_fault_within_six_hours_of_arrival_kept():
    story = (
        video(zone="urban").arrive(20 * MINUTE).grade(HOUR, complexity="complex").take(HOUR).resolve(6 * HOUR)
    )
    assert (story.state("repair-complex"), story.state("repair-simple")) == ("kept", "none")


def test_b4_05_complex_fault_within_six_hours_of_arrival_broken():
    story = (
        video(zone="urban").arrive(20 * MINUTE).grade(HOUR, complexity="complex").take(HOUR).resolve(7 * HOUR)
    )
    assert story.state("repair-complex") == "late"


def test_b4_05_a_rejected_repair_runs_on_from_the_arrival():
    story = (
        video(zone="urban").arrive(20 * MINUTE).grade(HOUR, complexity="complex").take(HOUR).resolve(2 * HOUR)
    )
    assert story.state("repair-complex") == "kept"
    story.reject(3 * HOUR)
    assert (story.state("repair-complex"), story.due("repair-complex")) == ("running", 6 * HOUR + 20 * MINUTE)


def ungraded(*names):
    story = Story("field-video", names=names).report(zone="urban")
    return story.arrive(20 * MINUTE).take(HOUR).resolve(5 * HOUR)


def test_b4_04_b4_05_what_nobody_graded_has_no_verdict_until_somebody_does():
    story = ungraded()
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("running", "running")
    story.grade(5 * HOUR + MINUTE, complexity="complex")
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("none", "kept")
    row = Obligation.objects.get(commitment__name="repair-complex")
    assert (row.kept_at, row.settled_at) == (story.start + 5 * HOUR, story.start + 5 * HOUR)
    assert row.due_at == story.start + 20 * MINUTE + 6 * HOUR


def test_b4_04_graded_after_the_repair_it_was_late_all_the_same():
    story = ungraded().grade(5 * HOUR + MINUTE, complexity="simple")
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("late", "none")
    told = Event.objects.filter(subject_type="obligation", facts__commitment="repair-simple").order_by("id")
    assert [one.verb for one in told][-2:] == ["obligation.missed", "obligation.late"]


def test_b4_04_b4_05_a_repair_closed_ungraded_is_neither_kept_nor_missed():
    story = ungraded("repair-simple", "repair-complex").confirm(6 * HOUR).close(6 * HOUR)
    rows = Obligation.objects.filter(commitment__name__startswith="repair-")
    assert {(row.state, row.ending) for row in rows} == {("void", "no_limit")}
    story.reopen(7 * HOUR)
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("running", "running")
    story.grade(7 * HOUR, complexity="complex").wait(8 * HOUR)
    assert story.state("repair-complex") == "missed"


def test_b4_04_b4_05_a_repair_graded_anew_has_one_verdict_until_it_is_rejected():
    story = ungraded().grade(5 * HOUR, complexity="simple").grade(5 * HOUR + MINUTE, complexity="complex")
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("late", "none")
    story.reject(5 * HOUR + 2 * MINUTE)
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("none", "running")
    assert story.due("repair-complex") == 6 * HOUR + 20 * MINUTE


def test_b4_04_b4_05_are_about_faults_alone():
    story = video(zone="urban", request_type="service_request").arrive(20 * MINUTE)
    assert (story.state("repair-simple"), story.state("repair-complex")) == ("none", "none")


def test_b4_06_report_back_to_the_command_centre_kept():
    assert video().take(MINUTE).resolve(HOUR).call_back(HOUR + 5 * MINUTE).state("report-back") == "kept"


def test_b4_06_report_back_to_the_command_centre_broken():
    assert video().take(MINUTE).resolve(HOUR).call_back(HOUR + 30 * MINUTE).state("report-back") in BREAKS
