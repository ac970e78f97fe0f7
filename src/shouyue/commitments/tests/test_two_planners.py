"""Two planners at work on two real connections, as two workers would: nothing twice, nothing lost, nobody waits."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections

from shouyue.commitments.calendar_models import Draw
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import planning, tending
from shouyue.contracts.tests.factories import make_contract_site
from shouyue.kernel import clock
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import WAIT, at_once, errors_of

from .factories import contract_under
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
    outcomes: list[Any] = []

    def first() -> None:
        try:
            outcomes.append(tend(MONDAY)())
        finally:
            connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(WAIT)
    try:
        second = tend(MONDAY)()
        assert second[1] == 0
        with acting_in(EVERYTHING):
            assert not Obligation.objects.filter(contract=contract).exists()
    finally:
        go_on.set()
        thread.join(WAIT)
    assert outcomes[0][1] > 0
    assert outcomes[0][0] != second[0]
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
