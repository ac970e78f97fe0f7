"""DESKTOP: each executable row kept once and broken, or refused, once."""

from __future__ import annotations

import pytest

from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.services.gating import record_refusals
from shouyue.kernel.errors import GateRefused

from .story import DAY, HOUR, MINUTE, Story

pytestmark = pytest.mark.django_db


def desktop(**changes):
    return Story("desktop").report(**changes)


def test_b3_02_phone_response_within_thirty_minutes_kept():
    assert desktop().take(MINUTE).respond(30 * MINUTE).state("phone-response") == "kept"


def test_b3_02_phone_response_within_thirty_minutes_broken():
    assert desktop().take(MINUTE).respond(31 * MINUTE).state("phone-response") == "late"


def test_b3_05_clock_from_receipt_of_the_dispatch_to_arrival_kept():
    story = Story("desktop").report_in_full().take(MINUTE).dispatch(HOUR).receive(2 * HOUR)
    assert story.due("arrival-clock") == 6 * HOUR
    assert story.depart(3 * HOUR).arrive(6 * HOUR).state("arrival-clock") == "kept"


def test_b3_05_clock_from_receipt_of_the_dispatch_to_arrival_broken():
    story = (
        Story("desktop")
        .report_in_full()
        .take(MINUTE)
        .dispatch(HOUR)
        .receive(2 * HOUR)
        .depart(3 * HOUR)
        .arrive(7 * HOUR)
    )
    assert story.state("arrival-clock") == "late"


def line(story, name, after):
    with story.at(after):
        found = board.board_of(story.agent, story.contract, "2026-03")
        return next(one for one in found.lines if one.commitment.name == name)


def closed(story):
    return story.resolve(3 * HOUR).confirm(4 * HOUR).close(5 * HOUR)


def test_b3_59_stage_times_stored_for_each_request_kept():
    story = closed(desktop().take(MINUTE).respond(2 * MINUTE))
    found = line(story, "stage-times", DAY)
    assert (found.measured.amount, found.standing) == (100.0, "kept")


def test_b3_59_stage_times_stored_for_each_request_broken():
    story = closed(desktop().take(MINUTE))  # nobody wrote down when it was answered
    found = line(story, "stage-times", 40 * DAY)
    assert found.measured.counted == 1
    assert (found.measured.good, found.standing) == (0, "broken")


def test_b3_59_without_requests_there_is_no_data():
    story = Story("desktop")
    found = line(story, "stage-times", 40 * DAY)
    assert (found.measured.amount, found.standing) == (None, "nothing_due")


def test_b3_60_user_confirms_before_closing_kept():
    story = closed(desktop().take(MINUTE))
    rows = Obligation.objects.filter(contract=story.contract, commitment__name="confirmed-before-closing")
    assert [row.state for row in rows] == ["kept"]


def test_b3_60_user_confirms_before_closing_broken():
    story = desktop().take(MINUTE).resolve(HOUR)
    with pytest.raises(GateRefused):
        story.close(2 * HOUR)
    story.ticket.refresh_from_db()
    assert story.ticket.closed_at is None
    with story.at(2 * HOUR):
        record_refusals()
    rows = Obligation.objects.filter(contract=story.contract, commitment__name="confirmed-before-closing")
    assert [row.state for row in rows] == ["refused"]
