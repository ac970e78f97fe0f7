"""A clock set back between events, sweeps and plannings: no verdict is lost, doubled or given without its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.commitments.models import Obligation
from shouyue.kernel import clock
from shouyue.kernel.models import Event

from .factories import beijing, contract_under, happens, new_case, states
from .seasons import DAY, MONDAY, PER_SITE, QUOTA, STANDING, WEEKLY, contract_at, pass_to

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
RESPOND = (
    "respond:\n  kind: deadline\n  from: ticket.reported\n  kept_by: ticket.responded\n  within: 10 min\n"
)


def told(contract):
    found = Event.objects.filter(contract_id=contract.pk, verb__startswith="obligation.").order_by("id")
    return list(found.values_list("verb", "subject_id"))


def rows(contract):
    return list(
        Obligation.objects.filter(contract=contract).order_by("id").values_list("id", "state", "due_at")
    )


@pytest.mark.parametrize("took", [timedelta(), timedelta(milliseconds=40)])
def test_an_answer_given_after_the_clock_was_set_back_counts(took):
    """Reported at nine, the clock set back by an hour, answered at once: the answer came after the report.

    took: what the service needs from reading the clock to recording the event.
    """
    contract = contract_at(RESPOND)
    case = new_case()
    with clock.at(MONDAY):
        happens(contract, case, "ticket.reported")
    with clock.at(MONDAY - 59 * MINUTE):
        happens(contract, case, "ticket.responded", at=clock.now() - took)
    pass_to(MONDAY + DAY)
    (row,) = Obligation.objects.filter(contract=contract)
    assert (row.state, row.kept_at) == ("kept", MONDAY)


def test_an_answer_told_of_a_time_before_the_report_still_keeps_nothing():
    contract = contract_at(RESPOND)
    case = new_case()
    with clock.at(MONDAY):
        happens(contract, case, "ticket.reported")
    with clock.at(MONDAY + MINUTE):
        happens(contract, case, "ticket.responded", at=MONDAY - 5 * MINUTE)
    assert states(contract, "respond") == ["running"]


def test_what_is_reported_after_the_clock_was_set_back_is_due_by_its_own_time():
    contract = contract_at(RESPOND)
    pass_to(MONDAY + 15 * DAY)
    with clock.at(MONDAY + 3 * DAY):
        happens(contract, new_case(), "ticket.reported")
    (row,) = Obligation.objects.filter(contract=contract)
    assert (row.state, row.due_at) == ("running", MONDAY + 3 * DAY + 10 * MINUTE)


def test_a_miss_is_told_once_however_often_the_clock_goes_back():
    contract = contract_at(RESPOND)
    case = new_case()
    with clock.at(MONDAY):
        happens(contract, case, "ticket.reported")
    pass_to(MONDAY + 11 * MINUTE)
    before = (rows(contract), told(contract))
    assert states(contract, "respond") == ["missed"]
    for back in (9, 1, -60):
        pass_to(MONDAY + back * MINUTE)
    pass_to(MONDAY + 12 * MINUTE)
    assert (rows(contract), told(contract)) == before


def test_set_back_behind_the_end_of_a_period_its_verdicts_stay():
    contract = contract_at(QUOTA)
    pass_to(beijing("2026-04-01 00:05"))
    assert states(contract, "answers")[0] == "missed"
    with clock.at(beijing("2026-03-31 23:00")):
        happens(contract, new_case(), "ticket.responded", channel="phone")
    assert states(contract, "answers")[0] == "missed"
    before = told(contract)
    pass_to(beijing("2026-04-01 00:06"))
    assert states(contract, "answers")[0] == "missed"
    assert told(contract) == before


def test_what_is_told_late_still_makes_a_missed_quota_good():
    contract = contract_at(QUOTA)
    pass_to(beijing("2026-04-01 00:05"))
    for _ in range(2):
        with clock.at(beijing("2026-04-01 08:00")):
            happens(contract, new_case(), "ticket.responded", at=beijing("2026-03-31 12:00"), channel="phone")
    assert states(contract, "answers")[0] == "kept"


def test_planning_with_a_clock_set_back_makes_and_moves_nothing():
    contract = contract_at(WEEKLY + PER_SITE + QUOTA + STANDING)
    pass_to(MONDAY + 20 * DAY)
    before = (rows(contract), told(contract))
    for days in (13, 6, 1, -30):
        pass_to(MONDAY + days * DAY)
    pass_to(MONDAY + 20 * DAY)
    assert (rows(contract), told(contract)) == before


def test_a_contract_set_up_before_the_clock_went_back_begins_when_it_began():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY - 14 * DAY):
        other = contract_under(WEEKLY)
    pass_to(MONDAY - 14 * DAY)
    pass_to(MONDAY + 5 * DAY)
    assert states(contract, "weekly")[0] == "missed"
    assert Obligation.objects.filter(contract=other, due_at__lt=MONDAY - 14 * DAY).count() == 0
