"""FIELD-VIDEO: each executable row kept once and broken once."""

from __future__ import annotations

import pytest

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


def test_b4_06_report_back_to_the_command_centre_kept():
    assert video().take(MINUTE).resolve(HOUR).call_back(HOUR + 5 * MINUTE).state("report-back") == "kept"


def test_b4_06_report_back_to_the_command_centre_broken():
    assert video().take(MINUTE).resolve(HOUR).call_back(HOUR + 30 * MINUTE).state("report-back") in BREAKS
