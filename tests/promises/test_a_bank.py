"""A bank's cash machines: each executable row kept once and broken, refused or ended once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.commitments.models import Obligation
from shouyue.commitments.services.gating import record_refusals
from shouyue.contracts.tests.factories import make_member, reach
from shouyue.kernel import clock
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.services import deliver_batch
from shouyue.signoff import services as signoffs
from shouyue.signoff.queries import steps_of
from shouyue.signoff.services import Asked

from . import seasons
from .seasons import MONDAY
from .story import DAY, HOUR, MINUTE, Story, beijing
from .test_calendar_rows import kept_then_broken

pytestmark = pytest.mark.django_db

PLAN = "bank-atm"


def machine(severity="out-of-service", zone="city", start=MONDAY, **changes):
    return Story(f"examples/{PLAN}", start).report(severity=severity, zone=zone, **changes)


def test_a_01_answer_kept():
    assert machine("cash-risk").respond(5 * MINUTE).state("answer") == "kept"


def test_a_01_answer_broken():
    assert machine().respond(11 * MINUTE).state("answer") == "late"


@pytest.mark.parametrize(("zone", "hours"), [("city", 1), ("town", 2), ("village", 4)])
def test_a_02_at_the_machine_kept_by_class_of_branch(zone, hours):
    story = machine(zone=zone).take(MINUTE)
    assert story.due("at-the-machine") == hours * HOUR
    assert story.arrive(hours * HOUR).state("at-the-machine") == "kept"


def test_a_02_at_the_machine_broken():
    assert machine(zone="village").wait(4 * HOUR + MINUTE).state("at-the-machine") == "missed"


def test_a_03_in_service_again_kept_without_the_wait_for_two_people():
    story = machine().take(MINUTE).arrive(HOUR).hold(2 * HOUR, "customer").go_on(3 * HOUR)
    assert story.due("in-service-again") == 5 * HOUR
    assert story.resolve(5 * HOUR).state("in-service-again") == "kept"


def test_a_03_in_service_again_broken():
    assert machine().take(MINUTE).arrive(HOUR).wait(4 * HOUR + MINUTE).state("in-service-again") == "missed"


def reopened():
    story = machine().take(MINUTE).arrive(HOUR).resolve(2 * HOUR).confirm(3 * HOUR).close(4 * HOUR)
    return story.reopen(DAY)


def test_a_04_third_failure_kept():
    assert reopened().raise_tier(2 * DAY, "T2").state("third-failure") == "kept"


def test_a_04_third_failure_broken():
    assert reopened().wait(2 * DAY + MINUTE).state("third-failure") == "missed"


def test_a_07_bank_opens_kept():
    story = machine().take(MINUTE).arrive(HOUR).hold(2 * HOUR, "customer").go_on(3 * HOUR)
    assert story.state("bank-opens") == "kept"


def test_a_07_bank_opens_broken():
    story = machine().take(MINUTE).arrive(HOUR).hold(2 * HOUR, "customer").wait(3 * HOUR + MINUTE)
    assert story.state("bank-opens") == "missed"


@pytest.mark.django_db(transaction=True)
def test_a_09_warnings_reach_somebody_kept_and_broken():
    with acting_in(EVERYTHING):
        story = machine().take(MINUTE)
    story.wait(37 * MINUTE)  # past 60 % of the hour to the machine
    with story.at(37 * MINUTE):
        while deliver_batch():
            pass
    story.wait(HOUR + MINUTE)  # the miss is told to nobody in time
    story.wait(HOUR + 10 * MINUTE)
    with acting_in(EVERYTHING):
        rows = Obligation.objects.filter(contract=story.contract, commitment__name="warnings-reach")
        assert {"kept", "missed"} <= {row.state for row in rows}


def test_a_15_regional_trips_kept_and_broken():
    contract = seasons.contract_under(PLAN, areas=["village"])
    site = contract.sites.get().site_id
    seasons.happened(contract, MONDAY + DAY, "visit.arrived", request_type="inspection", site=f"site:{site}")
    seasons.pass_to(beijing("2026-07-01 09:00"))
    assert seasons.states(contract, "regional-trips")[:2] == ["kept", "missed"]


def test_a_15_a_fourth_visit_in_a_quarter_is_one_too_many():
    contract = seasons.contract_under(PLAN, areas=["village"])
    site = contract.sites.get().site_id
    seasons.happened(
        contract, MONDAY + DAY, "visit.arrived", 4, request_type="inspection", site=f"site:{site}"
    )
    assert seasons.states(contract, "regional-trips")[0] == "missed"


FACTS = {"request_type": "incident", "severity": "out-of-service"}


def worked(contract, at, count, *, takes):
    """So many faults, each answered, reached and solved after as long."""
    cases = [seasons.new_case() for _ in range(count)]
    for verb, when in (
        ("ticket.reported", at),
        ("ticket.responded", at + takes),
        ("visit.arrived", at + takes),
        ("ticket.resolved", at + takes),
    ):
        with clock.at(when):
            for case in cases:
                seasons.happens(contract, case, verb, **FACTS)
    seasons.pass_to(at + DAY)


def month(*, count, takes):
    contract = seasons.contract_under(PLAN)
    worked(contract, MONDAY + DAY, count, takes=takes)
    seasons.pass_to(beijing("2026-04-01 00:05"))
    return seasons.states(contract, "kept-in-time")[0]


def test_a_18_kept_in_time_kept():
    assert month(count=40, takes=MINUTE) == "kept"


def test_a_18_kept_in_time_broken():
    assert month(count=2, takes=5 * HOUR) == "missed"


def second_quarter(*, count, takes):
    """A little work during take-over, then a quarter of operation."""
    contract = seasons.contract_under(PLAN, starts_on=date(2026, 1, 1))
    worked(contract, MONDAY + DAY, 2, takes=MINUTE)
    with clock.at(beijing("2026-04-01 09:00")):
        reach(contract, "fleet-accepted", date(2026, 4, 1))
    worked(contract, MONDAY + 40 * DAY, count, takes=takes)
    seasons.pass_to(beijing("2026-07-01 00:05"))
    return seasons.states(contract, "no-worse-than-before")[0]


def test_a_19_no_worse_than_before_kept():
    assert second_quarter(count=20, takes=MINUTE) == "kept"


def test_a_19_no_worse_than_before_broken():
    assert second_quarter(count=2, takes=5 * HOUR) == "missed"


def test_a_24_vandalism_shared_kept_five_times_a_year():
    contract = seasons.contract_under(PLAN)
    found = [seasons.charged(contract, "vandalism", MONDAY + day * DAY) for day in range(6)]
    assert [name for _outcome, name in found[:5]] == ["vandalism-shared"] * 5
    assert found[0][0]["discount"] == 30
    assert found[5][1] != "vandalism-shared"


def test_a_25_city_rounds_kept_and_broken():
    contract = seasons.contract_under(PLAN, areas=["city", "village"])
    city = contract.sites.get(area="city").site_id
    seasons.happened(
        contract, MONDAY + DAY, "visit.left", request_type="inspection", outcome="solved", site=f"site:{city}"
    )
    seasons.pass_to(beijing("2026-05-01 09:00"))
    assert seasons.states(contract, "city-rounds")[:2] == ["kept", "missed"]


def test_a_26_keys_in_custody_kept_and_broken():
    kept_then_broken(f"examples/{PLAN}", "keys-in-custody", "project_manager", timedelta(days=31))


def at_risk():
    return machine("cash-risk").take(MINUTE).arrive(HOUR).resolve(2 * HOUR).confirm(3 * HOUR)


def test_a_27_cash_signed_for_broken_then_kept():
    story = at_risk()
    with pytest.raises(GateRefused):
        story.close(4 * HOUR)
    record_refusals()
    assert story.state("cash-signed-for") == "refused"
    with story.at(5 * HOUR):
        leader = actor_of(make_member(story.contract, "customer.leader").pk)
        signoff = signoffs.ask(
            actor=story.agent,
            kind="signature",
            purpose="cash-settlement",
            subject=("ticket", story.ticket.pk),
            customer_id=story.contract.customer_id,
            contract_id=story.contract.pk,
            scope="当面清点，账实相符",
            steps=[Asked(capacity="leader")],
        )
        signoffs.give(actor=leader, step_id=steps_of(signoff)[0].pk, typed_name=leader.name)
    story.close(6 * HOUR)
    rows = Obligation.objects.filter(contract=story.contract, commitment__name="cash-signed-for")
    assert [row.state for row in rows.order_by("id")] == ["refused", "kept"]
