"""Two planners at work on two real connections, as two workers would: nothing twice, nothing lost, nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections

from shouyue.commitments.calendar_models import Draw
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import planning, sweep, tending
from shouyue.contracts import services as contracts
from shouyue.contracts.tests.factories import make_contract_site
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import WAIT, at_once, errors_of

from .factories import contract_under, happens, new_case
from .seasons import DAY, MONDAY, PER_SITE, QUOTA, STANDING, TARGET, WEEKLY

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLE = """
look:
  kind: recurring
  every: week
  sample: {item: site, count: 2, drawn: at random, seed: recorded, not_again_for: 2 weeks}
  kept_by: ticket.responded
"""
EVERY_KIND = WEEKLY + PER_SITE + QUOTA + SAMPLE + TARGET + STANDING.replace("share:", "term:")


@pytest.fixture
def contract():
    with acting_in(EVERYTHING), clock.at(MONDAY):
        made = contract_under(EVERY_KIND, starts_on=date(2026, 1, 1), ends_on=date(2028, 12, 31))
        for _ in range(5):
            make_contract_site(made, area="outer")
    return made


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def tend(at):
    """One turn of the job, its transaction included. Returns on which connection, and how many promises it saw to."""

    def turn() -> tuple[int, int]:
        with clock.at(at), acting_in(EVERYTHING):
            return backend(), tending.tend_once()

    return turn


class Aside(threading.Thread):
    """An act in a thread and on a connection of its own. outcome: what it gave back, or the exception it raised."""

    outcome: Any = None

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self.act = act
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self.act()
        except Exception as error:
            self.outcome = error
        finally:
            connections.close_all()


BLOCKED = 2
"""Seconds after which an act that has not come back counts as waiting for another."""


def standing():
    found = Obligation.objects.values_list("commitment__name", "period", "subject_id", "occurrence")
    return sorted(found)


def test_the_turns_of_two_workers_share_the_work(contract):
    for days in (0, 7, 14):
        at = MONDAY + days * DAY
        with acting_in(EVERYTHING):
            Commitment.objects.filter(contract=contract).exclude(next_at=None).update(next_at=at)
            due = Commitment.objects.filter(contract=contract, next_at__lte=at).count()
        outcomes = at_once(*[tend(at)] * 3)
        assert errors_of(outcomes) == []
        assert len({pid for pid, _done in outcomes}) == 3
        assert sum(done for _pid, done in outcomes) == due
        with acting_in(EVERYTHING):
            found = standing()
            assert len(found) == len(set(found))
            assert {occurrence for *_rest, occurrence in found} == {1}
    with acting_in(EVERYTHING):
        assert Commitment.objects.filter(contract=contract, kind="recurring").count() == 3
        draws = list(Draw.objects.values_list("period", flat=True))
        assert len(draws) == len(set(draws)) == 3
        before = standing()
        with clock.at(MONDAY + 14 * DAY):
            Commitment.objects.filter(contract=contract).exclude(next_at=None).update(next_at=clock.now())
            tending.tend_all()
        assert standing() == before


def test_a_planner_in_the_middle_of_its_work_holds_up_nobody(contract, monkeypatch):
    """The first stops within its transaction, all claimed; the second comes, finds nothing to do and leaves at once."""
    entered, go_on = threading.Event(), threading.Event()
    plain = planning.plan_ahead

    def slowly(row: Any) -> Any:
        entered.set()
        assert go_on.wait(WAIT)
        return plain(row)

    with acting_in(EVERYTHING):
        Commitment.objects.filter(contract=contract).exclude(next_at=None).update(next_at=MONDAY)
    monkeypatch.setattr(planning, "plan_ahead", slowly)
    first = Aside(tend(MONDAY))
    assert entered.wait(WAIT)
    try:
        second = tend(MONDAY)()
        assert second[1] == 0
        with acting_in(EVERYTHING):
            assert not Obligation.objects.filter(contract=contract).exists()
    finally:
        go_on.set()
        first.join(WAIT)
    assert first.outcome[1] > 0
    assert first.outcome[0] != second[0]
    with acting_in(EVERYTHING):
        assert len(standing()) == len(set(standing())) > 0


def test_the_database_itself_refuses_a_second_obligation_of_a_period(contract):
    """Whatever a planner of another release may do: one period, one thing, one occurrence, one row."""
    with clock.at(MONDAY), acting_in(EVERYTHING):
        tending.tend_all()
    with pytest.raises(IntegrityError), acting_in(EVERYTHING):
        row = Obligation.objects.filter(contract=contract, commitment__name="weekly").first()
        row.pk = None
        row.save(force_insert=True)


HOUR = timedelta(hours=1)


def test_an_answer_counted_while_a_planner_weighs_its_month_is_not_lost(contract):
    """The answer that reaches the quota is being written: the planner neither waits for it nor writes over it."""
    with clock.at(MONDAY), acting_in(EVERYTHING):
        tending.tend_all()
        happens(contract, new_case(), "ticket.responded", channel="phone")
        Commitment.objects.filter(contract=contract, name="answers").update(next_at=MONDAY)
    counted, go_on = threading.Event(), threading.Event()

    def answer() -> None:
        with clock.at(MONDAY + HOUR), acting_in(EVERYTHING):
            happens(contract, new_case(), "ticket.responded", channel="phone")
            counted.set()
            assert go_on.wait(WAIT)

    first = Aside(answer)
    assert counted.wait(WAIT)
    planner = Aside(tend(MONDAY + HOUR))
    planner.join(BLOCKED)
    is_waiting = planner.is_alive()
    go_on.set()
    for one in (first, planner):
        one.join(WAIT)
    assert (errors_of([first.outcome, planner.outcome]), is_waiting) == ([], False)
    with acting_in(EVERYTHING):
        row = Obligation.objects.get(contract=contract, commitment__name="answers")
    assert (row.state, row.facts["amount"], row.kept_at) == ("kept", 2.0, MONDAY + HOUR)


@pytest.mark.parametrize("every", ["month", "day"])
def test_what_is_being_recorded_while_its_period_opens_is_counted(every):
    """No period is there yet for the answer, and no answer yet for who opens the period: the next look has both."""
    with clock.at(MONDAY), acting_in(EVERYTHING):
        made = contract_under(QUOTA.replace("every: month", f"every: {every}"), starts_on=date(2026, 1, 1))
    told, go_on = threading.Event(), threading.Event()

    def answer() -> None:
        with clock.at(MONDAY), acting_in(EVERYTHING):
            happens(made, new_case(), "ticket.responded", channel="phone")
            told.set()
            assert go_on.wait(WAIT)

    recording = Aside(answer)
    assert told.wait(WAIT)
    planner = Aside(tend(MONDAY))
    planner.join(WAIT)
    go_on.set()
    recording.join(WAIT)
    assert errors_of([recording.outcome, planner.outcome]) == []
    with acting_in(EVERYTHING):
        opened = Obligation.objects.get(contract=made)
        again = Commitment.objects.get(contract=made, name="answers").next_at
    assert (opened.facts["amount"], again <= MONDAY + HOUR) == (0.0, True)
    for _twice in range(2):
        tend(again)()
        with acting_in(EVERYTHING):
            opened.refresh_from_db()
            Commitment.objects.filter(contract=made).update(next_at=again)
        assert (opened.facts["amount"], opened.state) == (1.0, "running")


def test_what_an_event_keeps_while_a_planner_gives_it_up_stays_kept(contract, monkeypatch):
    """The contract is switched off; before the planner has written that, somebody does what the week asked for."""
    with clock.at(MONDAY), acting_in(EVERYTHING):
        tending.tend_all()
    with clock.at(MONDAY + HOUR), acting_in(EVERYTHING):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, is_active=False)
    entered, go_on = threading.Event(), threading.Event()
    plain = planning.end

    def slowly(*of: Any) -> None:
        entered.set()
        assert go_on.wait(WAIT)
        plain(*of)

    monkeypatch.setattr(planning, "end", slowly)
    planner = Aside(tend(MONDAY + HOUR))
    assert entered.wait(WAIT)
    with clock.at(MONDAY + HOUR), acting_in(EVERYTHING):
        happens(contract, new_case(), "ticket.responded")
    go_on.set()
    planner.join(WAIT)
    assert errors_of([planner.outcome]) == []
    with acting_in(EVERYTHING):
        weeks = Obligation.objects.filter(contract=contract, commitment__name="weekly").order_by("due_at")
        assert [row.state for row in weeks[:2]] == ["kept", "void"]


def test_a_condition_mended_while_a_sweep_says_it_was_missed_is_missed_once():
    with clock.at(MONDAY), acting_in(EVERYTHING):
        made = contract_under(
            STANDING + "  grace: 3 days\n", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 1)
        )
        tending.tend_all()
    later = MONDAY + 4 * DAY
    with clock.at(later), acting_in(EVERYTHING):
        contracts.change_contract(actor=SYSTEM, contract_id=made.pk, ends_on=date(2028, 12, 31))
    swept, go_on = threading.Event(), threading.Event()

    def sweeping() -> None:
        with clock.at(later + HOUR), acting_in(EVERYTHING):
            assert sweep.sweep_once() == 1
            swept.set()
            assert go_on.wait(WAIT)

    first = Aside(sweeping)
    assert swept.wait(WAIT)
    planner = Aside(tend(later + HOUR))
    planner.join(BLOCKED)
    go_on.set()
    for one in (first, planner):
        one.join(WAIT)
    assert errors_of([first.outcome, planner.outcome]) == []
    with acting_in(EVERYTHING):
        row = Obligation.objects.get(contract=made)
        told = Event.objects.filter(subject_type="obligation", subject_id=row.pk).order_by("id")
        assert (row.state, [one.verb for one in told]) == ("late", ["obligation.missed", "obligation.late"])
