"""The live register: events open, keep, pause, aim and end obligations in their own transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.commitments.models import CaseClock, Obligation
from shouyue.commitments.services.sweep import sweep_all
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event

from .factories import beijing, contract_under, happens, new_case, states

pytestmark = pytest.mark.django_db

START = beijing("2026-03-02 09:00")  # a Monday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def only(contract, name):
    return Obligation.objects.exclude(state="void").get(contract=contract, commitment__name=name)


def test_an_event_opens_and_another_keeps():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
    row = only(contract, "respond")
    assert (row.state, row.due_at, row.warn_at) == ("running", START + 10 * MINUTE, START + 8 * MINUTE)
    with clock.at(START + 5 * MINUTE):
        happens(contract, case, "ticket.responded", severity="major")
    row.refresh_from_db()
    assert (row.state, row.kept_at, row.next_at) == ("kept", START + 5 * MINUTE, None)


def test_ten_minutes_are_ten_minutes_to_the_microsecond():
    contract, case = contract_under(), new_case()
    start = START + timedelta(microseconds=700_000)
    with clock.at(start):
        happens(contract, case, "ticket.reported")
    assert only(contract, "respond").due_at == start + 10 * MINUTE


def test_kept_after_its_time_is_late_and_told():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported")
    with clock.at(START + 11 * MINUTE):
        happens(contract, case, "ticket.responded")
    assert only(contract, "respond").state == "late"
    verbs = list(
        Event.objects.filter(case_type="ticket", case_id=case).order_by("id").values_list("verb", flat=True)
    )
    assert verbs == ["ticket.reported", "ticket.responded", "obligation.missed", "obligation.late"]


def own_statements(captured):
    """Statements of the register itself; those about the contract belong to `contracts`."""
    return [
        query["sql"]
        for query in captured.captured_queries
        if "commitments_" in query["sql"] or "advisory" in query["sql"]
    ]


def test_no_statement_when_no_promise_cares():
    contract, case = contract_under(), new_case()
    happens(contract, case, "ticket.reported")
    with CaptureQueriesContext(connection) as captured:
        happens(contract, case, "ticket.commented")
    assert own_statements(captured) == []


def test_a_new_case_costs_one_statement():
    contract = contract_under()
    happens(contract, new_case(), "ticket.reported")
    with CaptureQueriesContext(connection) as captured:
        happens(contract, new_case(), "ticket.reported", severity="minor")
    assert len(own_statements(captured)) == 1


def test_a_later_event_costs_three_statements():
    contract, case = contract_under(), new_case()
    happens(contract, case, "ticket.reported", severity="minor")
    with CaptureQueriesContext(connection) as captured:
        happens(contract, case, "ticket.responded", severity="minor")
    assert len(own_statements(captured)) == 3


def test_grading_aims_anew_from_the_start():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="minor")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.graded", severity="major")
    old, new = Obligation.objects.filter(contract=contract, commitment__name="repair").order_by("id")
    assert (old.state, old.ending, old.due_at) == ("void", "rebound", START + 8 * HOUR)
    assert (new.state, new.opened_at, new.due_at, new.occurrence) == ("running", START, START + 2 * HOUR, 2)


def test_a_fact_known_late_gives_the_due_time_from_the_start():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported")
    assert only(contract, "repair").due_at is None
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.graded", severity="major")
    row = only(contract, "repair")
    assert (row.due_at, row.occurrence) == (START + 2 * HOUR, 1)


def test_a_wait_stops_the_clock_and_its_end_starts_it():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.waiting_started", reason="customer")
    row = only(contract, "repair")
    assert (row.state, row.due_at, row.next_at) == ("paused", None, None)
    with clock.at(START + 3 * HOUR):
        happens(contract, case, "ticket.waiting_ended", reason="customer")
    row.refresh_from_db()
    assert (row.state, row.due_at) == ("running", START + 4 * HOUR)


def test_only_waits_the_plan_names_stop_a_clock():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
        happens(contract, case, "ticket.waiting_started", reason="part")
    assert only(contract, "repair").state == "running"
    assert only(contract, "respond").state == "running"


def test_pauses_survive_a_new_aim():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="minor")
        happens(contract, case, "ticket.waiting_started", reason="customer")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.waiting_ended", reason="customer")
        happens(contract, case, "ticket.graded", severity="major")
    assert only(contract, "repair").due_at == START + 3 * HOUR


def test_rejection_takes_the_keeping_back():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.resolved")
    with clock.at(START + HOUR + MINUTE):
        happens(contract, case, "ticket.rejected")
    row = only(contract, "repair")
    assert (row.state, row.kept_at, row.due_at) == ("running", None, START + 2 * HOUR)


def test_closing_makes_what_still_runs_void():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
        happens(contract, case, "ticket.closed")
    assert states(contract, "repair") == ["void"]
    assert states(contract, "respond") == ["running"]


def test_the_clock_of_a_case_shows_its_strictest_obligation():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
    row = CaseClock.objects.get(case_type="ticket", case_id=case)
    assert (row.due_at, row.obligation_id) == (START + 10 * MINUTE, only(contract, "respond").pk)
    with clock.at(START + MINUTE):
        happens(contract, case, "ticket.responded")
    row.refresh_from_db()
    assert (row.due_at, row.is_overdue) == (START + 2 * HOUR, False)


def test_a_contract_set_later_opens_from_the_past():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        events.record(
            "ticket.reported",
            actor=SYSTEM,
            subject=("ticket", case),
            customer_id=contract.customer_id,
            facts={},
        )
    with clock.at(START + 4 * MINUTE):
        events.record(
            "ticket.responded",
            actor=SYSTEM,
            subject=("ticket", case),
            customer_id=contract.customer_id,
            facts={},
        )
    assert not Obligation.objects.filter(case_id=case).exists()
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.contract_set", severity="major")
    respond, repair = only(contract, "respond"), only(contract, "repair")
    assert (respond.state, respond.opened_at, respond.kept_at) == ("kept", START, START + 4 * MINUTE)
    assert (repair.state, repair.due_at) == ("running", START + 2 * HOUR)


def test_moving_a_case_to_another_contract_voids_what_ran():
    first, case = contract_under(), new_case()
    second = contract_under(customer=first.customer)
    with clock.at(START):
        happens(first, case, "ticket.reported", severity="major")
    with clock.at(START + MINUTE):
        happens(second, case, "ticket.contract_set", severity="major")
    assert states(first, "respond") == ["void"]
    row = only(second, "respond")
    assert (row.state, row.opened_at) == ("running", START)


def test_an_event_told_late_counts_when_it_happened():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported")
    with clock.at(START + HOUR):
        sweep_all()
        assert only(contract, "respond").state == "missed"
        happens(contract, case, "ticket.responded", at=START + 9 * MINUTE)
    row = only(contract, "respond")
    assert (row.state, row.kept_at, row.missed_at) == ("kept", START + 9 * MINUTE, None)


FOLLOWING = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 1 h
  once: true
on-site:
  kind: deadline
  from: {missed: respond}
  kept_by: visit.arrived
  within: 1 day
higher:
  kind: deadline
  from: visit.arrived
  after: 2 h
  unless: ticket.resolved
  kept_by: {event: ticket.tier_raised, when: {tier: {above: {opening: tier}}}}
  within: 30 min
promised:
  kind: deadline
  from: ticket.answer_promised
  kept_by: ticket.answer_given
  due: {fact: promised_at}
"""


def visit(contract, case, verb, **facts):
    return events.record(
        verb,
        actor=SYSTEM,
        subject=("visit", case),
        case=("ticket", case),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts=facts,
    )


def test_a_miss_opens_another_promise_from_the_due_time():
    contract, case = contract_under(FOLLOWING), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported")
    with clock.at(START + 5 * HOUR):
        sweep_all()
    row = only(contract, "on-site")
    assert (row.opened_at, row.due_at) == (START + HOUR, START + HOUR + timedelta(days=1))
    with clock.at(START + 6 * HOUR):
        visit(contract, case, "visit.arrived")
    assert only(contract, "on-site").state == "kept"


def test_after_two_hours_a_higher_engineer_is_owed():
    contract, case = contract_under(FOLLOWING), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", tier="T1")
        visit(contract, case, "visit.arrived", tier="T1")
    assert states(contract, "higher") == ["waiting"]
    with clock.at(START + 2 * HOUR):
        sweep_all()
    row = only(contract, "higher")
    assert (row.state, row.opened_at, row.due_at) == (
        "running",
        START + 2 * HOUR,
        START + 2 * HOUR + 30 * MINUTE,
    )
    with clock.at(START + 2 * HOUR + MINUTE):
        happens(contract, case, "ticket.tier_raised", tier="T1")
        assert only(contract, "higher").state == "running"
        happens(contract, case, "ticket.tier_raised", tier="T2")
    assert only(contract, "higher").state == "kept"


def test_solved_within_two_hours_nothing_is_owed():
    contract, case = contract_under(FOLLOWING), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", tier="T1")
        visit(contract, case, "visit.arrived", tier="T1")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.resolved")
    assert Obligation.objects.get(contract=contract, commitment__name="higher").ending == "unless"


def test_a_promised_time_is_the_due_time():
    contract, case = contract_under(FOLLOWING), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported")
        happens(contract, case, "ticket.answer_promised", promised_at=START + 3 * HOUR)
    assert only(contract, "promised").due_at == START + 3 * HOUR
    with clock.at(START + 3 * HOUR):
        happens(contract, case, "ticket.answer_given")
    assert only(contract, "promised").state == "kept"


LATE_CONDITION = """
major-on-site:
  kind: deadline
  when: {severity: major}
  from: ticket.reported
  kept_by: visit.arrived
  within: 2 h
"""


def test_a_condition_that_comes_true_later_opens_from_the_start():
    contract, case = contract_under(LATE_CONDITION), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="minor")
    with clock.at(START + MINUTE):
        visit(contract, case, "visit.arrived")
    assert states(contract, "major-on-site") == []
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.graded", severity="major")
    row = only(contract, "major-on-site")
    assert (row.state, row.opened_at, row.kept_at) == ("kept", START, START + MINUTE)
    with clock.at(START + 2 * HOUR):
        happens(contract, case, "ticket.graded", severity="minor")
    assert states(contract, "major-on-site") == ["kept"]


def test_a_condition_that_no_longer_holds_voids():
    contract, case = contract_under(LATE_CONDITION), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
        happens(contract, case, "ticket.graded", severity="minor")
    assert Obligation.objects.get(contract=contract).ending == "not_meant"


def test_a_condition_that_comes_true_again_opens_again():
    contract, case = contract_under(LATE_CONDITION), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="major")
        happens(contract, case, "ticket.graded", severity="minor")
    with clock.at(START + HOUR):
        happens(contract, case, "ticket.graded", severity="major")
    assert states(contract, "major-on-site") == ["void", "running"]
    assert only(contract, "major-on-site").due_at == START + 2 * HOUR
