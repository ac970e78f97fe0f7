"""Promises the calendar runs, with a database: planning, keeping, covered things, silence."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.queries import actor_of
from shouyue.calendars.services import refresh_statutory, set_days
from shouyue.commitments.calendar_models import Draw
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.queries import outlook
from shouyue.commitments.queries.explaining import explain
from shouyue.commitments.services import figures, tending
from shouyue.contracts import services as contracts
from shouyue.contracts.tests.factories import make_contract_site, make_member
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.models import Notice

from .factories import beijing, contract_under, happens, new_case, states
from .seasons import (
    DAY,
    MONDAY,
    PER_SITE,
    QUOTA,
    WEEKLY,
    contract_at,
    keys,
    pass_to,
    rows,
)

pytestmark = pytest.mark.django_db

# Planning


def test_obligations_exist_sixty_days_ahead():
    contract = contract_at(WEEKLY)
    found = rows(contract)
    assert found[0].period == "2026-W10"
    assert found[0].due_at == beijing("2026-03-06 18:00")
    assert found[0].state == "running"
    assert {row.state for row in found[1:]} == {"waiting"}
    assert found[-1].due_at >= MONDAY + 55 * DAY


def test_planning_twice_changes_nothing():
    contract = contract_at(WEEKLY)
    before = list(Obligation.objects.filter(contract=contract).order_by("id").values())
    with clock.at(MONDAY):
        Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
        assert tending.tend_all() == 1
        assert tending.tend_all() == 0
    assert list(Obligation.objects.filter(contract=contract).order_by("id").values()) == before


def test_an_event_keeps_the_running_week():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY + DAY):
        happens(contract, new_case(), "ticket.responded")
    assert (rows(contract)[0].state, rows(contract)[1].state) == ("kept", "waiting")
    pass_to(MONDAY + 12 * DAY)
    assert [row.state for row in rows(contract)[:3]] == ["kept", "missed", "waiting"]


def test_what_comes_late_counts_for_the_running_week_first():
    contract = contract_at(WEEKLY)
    pass_to(MONDAY + 7 * DAY)
    assert [row.state for row in rows(contract)[:2]] == ["missed", "running"]
    with clock.at(MONDAY + 8 * DAY):
        happens(contract, new_case(), "ticket.responded")
    assert [row.state for row in rows(contract)[:2]] == ["missed", "kept"]
    with clock.at(MONDAY + 9 * DAY):
        happens(contract, new_case(), "ticket.responded")
    assert [row.state for row in rows(contract)[:2]] == ["late", "kept"]


def test_catching_up_after_a_stop_judges_by_when_it_happened():
    contract = contract_at(WEEKLY)
    Obligation.objects.filter(contract=contract, state="waiting").delete()
    with clock.at(MONDAY + 9 * DAY):
        happens(contract, new_case(), "ticket.responded")
    pass_to(MONDAY + 30 * DAY)
    assert [row.state for row in rows(contract)[:4]] == ["late", "kept", "missed", "missed"]


def test_a_new_holiday_moves_what_has_not_come_due():
    text = WEEKLY.replace("friday window closes", "last open day")
    contract = contract_at(text.replace("every: week", "every: month"))
    assert rows(contract)[0].due_at == beijing("2026-03-31 18:00")
    with clock.at(MONDAY + DAY):
        refresh_statutory(actor=SYSTEM)
        set_days(
            actor=SYSTEM, table="CN", first=date(2026, 3, 31), kind="holiday", name="停电", reason="临时调休"
        )
        tending.tend_all()
    assert rows(contract)[0].due_at == beijing("2026-03-30 18:00")


ANSWER = """
answer:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 8 h
  window: office
"""


def test_what_was_judged_is_explained_by_the_calendar_it_was_judged_by():
    """Reported on Monday at ten, due on Tuesday at ten; that Monday was a holiday is entered on Friday."""
    contract = contract_at(ANSWER)
    with clock.at(beijing("2026-03-02 10:00")):
        happens(contract, new_case(), "ticket.reported")
    pass_to(beijing("2026-03-04 09:00"))
    (row,) = rows(contract, "answer")
    with clock.at(beijing("2026-03-06 09:00")):
        before = explain(SYSTEM, row)
        refresh_statutory(actor=SYSTEM)
        set_days(
            actor=SYSTEM, table="CN", first=date(2026, 3, 2), kind="holiday", name="停电", reason="事后更正"
        )
        after = explain(SYSTEM, row)
    assert (row.state, row.due_at) == ("missed", beijing("2026-03-03 10:00"))
    assert (after.stretches, after.bar) == (before.stretches, before.bar)
    assert after.stretches[-1].end == row.due_at


def test_a_look_that_fails_is_made_up_for(monkeypatch):
    """The first look after a long stop goes wrong: the months before it are opened by the next one all the same."""
    contract = contract_at(QUOTA)

    def broken(*_of):
        raise ValueError("no figure")

    with monkeypatch.context() as patch:
        patch.setattr(figures, "refresh", broken)
        pass_to(beijing("2026-05-02 09:00"))
    assert keys(contract, "answers") == ["2026-03"]
    pass_to(beijing("2026-05-02 09:30"))
    assert keys(contract, "answers") == ["2026-03", "2026-04", "2026-05"]


def test_a_long_stop_costs_a_daily_duty_no_more_queries_than_a_short_one():
    counts = []
    for days in (5, 40):
        contract = contract_at("rounds:\n  kind: recurring\n  every: day\n  kept_by: ticket.responded\n")
        Obligation.objects.filter(contract=contract).delete()
        with clock.at(MONDAY + days * DAY), CaptureQueriesContext(connection) as seen:
            tending.tend_all()
        assert len(rows(contract, "rounds", due_at__lt=MONDAY + days * DAY)) == days
        Commitment.objects.filter(contract=contract).update(next_at=None)
        # the contract was made in this very transaction, so that its version is read anew each time
        counts.append(
            sum("contracts_contract.version" not in query["sql"] for query in seen.captured_queries)
        )
    assert counts[0] == counts[1]


def test_a_plan_given_up_leaves_nothing_running():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY + DAY):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, is_active=False)
        tending.tend_all()
    assert {row.state for row in rows(contract)} == {"void"}
    assert {row.ending for row in rows(contract)} == {"stopped"}


def test_the_task_is_handed_to_the_owner_in_time():
    contract = contract_at(WEEKLY + "  lead: 2 days\n  owner: project_manager\n  escalate: none\n")
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    pass_to(beijing("2026-03-04 17:00"))
    assert Notice.objects.count() == 0
    pass_to(beijing("2026-03-04 19:00"))
    assert [notice.user_id for notice in Notice.objects.filter(channel="in_app")] == [manager.pk]
    with clock.at(beijing("2026-03-04 19:00")):
        assert [row.period for row in outlook.owed_by_roles(actor_of(manager.pk))] == ["2026-W10"]


# Covered things


def test_each_covered_site_has_its_own():
    contract = contract_at(PER_SITE)
    with clock.at(MONDAY):
        outer = make_contract_site(contract, area="outer")
        make_contract_site(contract, area="urban")
        tending.tend_all()
    assert keys(contract, "visits") == [f"2026-03:site:{outer.site_id}", f"2026-04:site:{outer.site_id}"]
    with clock.at(MONDAY + DAY):
        contracts.set_site_zone(
            actor=SYSTEM, contract_id=contract.pk, site_id=outer.site_id, area="outer", mode="resident"
        )
    assert rows(contract, "visits")[0].state == "kept"


def test_a_site_that_leaves_and_comes_back_within_the_month():
    contract = contract_at(PER_SITE)
    with clock.at(MONDAY):
        site = make_contract_site(contract, area="outer")
        tending.tend_all()
    with clock.at(MONDAY + DAY):
        contracts.remove_site(actor=SYSTEM, contract_id=contract.pk, site_id=site.site_id)
        tending.tend_all()
    assert [row.state for row in rows(contract, "visits")] == ["void", "void"]
    with clock.at(MONDAY + 2 * DAY):
        make_contract_site(contract, site=site.site, area="outer")
        tending.tend_all()
    again = rows(contract, "visits", occurrence=2)
    assert [row.state for row in again] == ["running", "waiting"]
    assert again[0].opened_at >= MONDAY + DAY


SAMPLE = """
look:
  kind: recurring
  every: week
  sample: {item: site, share: 50%, at_least: 1, drawn: at random, seed: recorded, not_again_for: 2 weeks}
  kept_by: contract.site_set
"""


def test_a_sample_is_drawn_once_with_its_seed_and_rests():
    contract = contract_at(SAMPLE)
    with clock.at(MONDAY):
        for _ in range(4):
            make_contract_site(contract)
        Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
        Obligation.objects.filter(contract=contract).delete()
    pass_to(MONDAY + 7 * DAY)
    pass_to(MONDAY + 13 * DAY)
    pass_to(MONDAY + 14 * DAY)
    draws = list(Draw.objects.filter(contract=contract).order_by("drawn_at"))
    assert [(draw.period, len(draw.drawn)) for draw in draws[-2:]] == [("2026-W11", 2), ("2026-W12", 2)]
    assert set(draws[-1].drawn).isdisjoint(draws[-2].drawn)
    from shouyue.commitments.rules.drawing import draw as again

    one = draws[-2]
    assert again(one.population, one.size, one.seed, dict.fromkeys(one.resting, 0)) == one.drawn


# Silence


def test_a_short_silence_slides_and_a_long_one_is_missed_once():
    contract = contract_at("beat:\n  kind: recurring\n  max_gap: 5 min\n  kept_by: ticket.responded\n")
    for minute in (4, 8, 12):
        with clock.at(MONDAY + timedelta(minutes=minute)):
            happens(contract, new_case(), "ticket.responded")
    assert states(contract, "beat") == ["running"]
    pass_to(MONDAY + timedelta(minutes=20))
    assert states(contract, "beat") == ["missed"]
    with clock.at(MONDAY + timedelta(minutes=21)):
        happens(contract, new_case(), "ticket.responded")
    assert states(contract, "beat") == ["late", "running"]


def test_the_term_bounds_what_is_asked():
    contract = contract_at(WEEKLY, starts_on=date(2026, 3, 5), ends_on=date(2026, 3, 20))
    assert keys(contract) == ["2026-W10", "2026-W11", "2026-W12"]


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_planners_at_once_double_nothing():
    with acting_in(EVERYTHING), clock.at(MONDAY):
        contract = contract_under(
            WEEKLY + PER_SITE + QUOTA, starts_on=date(2026, 1, 1), ends_on=date(2028, 12, 31)
        )
        for _ in range(5):
            make_contract_site(contract, area="outer")

    def plan():
        try:
            with acting_in(EVERYTHING), clock.at(MONDAY):
                Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
            with acting_in(EVERYTHING), clock.at(MONDAY):
                tending.tend_all()
        finally:
            connection.close()

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with acting_in(EVERYTHING):
        found = list(
            Obligation.objects.filter(contract=contract).values_list("commitment", "period", "occurrence")
        )
        assert len(found) == len(set(found))
        assert {occurrence for _commitment, _period, occurrence in found} == {1}
        assert len([period for _c, period, _o in found if ":site:" in period]) == 10
