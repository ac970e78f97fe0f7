"""GOV-BUILD: each executable row kept once and broken once."""

from __future__ import annotations

import pytest

from .story import DAY, HOUR, MINUTE, Story

pytestmark = pytest.mark.django_db


def build(**changes):
    return Story("gov-build").report(**changes)


def test_b0_02_response_within_an_hour_kept():
    assert build().take(MINUTE).respond(HOUR).state("respond") == "kept"


def test_b0_02_response_within_an_hour_broken():
    assert build().take(MINUTE).respond(HOUR + MINUTE).state("respond") == "late"


def test_b0_03_engineer_on_site_within_two_hours_kept():
    assert build().arrive(2 * HOUR).state("arrive") == "kept"


def test_b0_03_engineer_on_site_within_two_hours_broken():
    assert build().wait(3 * HOUR).state("arrive") == "missed"


def test_b0_04_solved_within_four_hours_kept():
    assert build().take(MINUTE).resolve(4 * HOUR).state("solve") == "kept"


def test_b0_04_solved_within_four_hours_broken():
    assert build().take(MINUTE).resolve(4 * HOUR + MINUTE).state("solve") == "late"


def test_b0_54_definite_answer_time_kept():
    story = build().take(MINUTE).promise(2 * MINUTE, DAY)
    assert story.due("promised-answer") == DAY
    assert story.answer(DAY).state("promised-answer") == "kept"


def test_b0_54_definite_answer_time_broken():
    assert (
        build().take(MINUTE).promise(2 * MINUTE, DAY).wait(DAY + MINUTE).state("promised-answer") == "missed"
    )
