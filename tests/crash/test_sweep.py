"""kill -9 of worker and PostgreSQL in the middle of a sweep: nothing is lost, nobody is told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from running_stack import Stack

from shouyue.runtime import embedded

from .blows import PATIENCE_SECONDS, kill_database, kill_worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("crash"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CASES = 3000

DUE_AT_ONCE = """
plan: at-once
title: {zh: 同时, en: At once}
windows: {always: 7x24}
defaults: {owner: service_manager}
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 二十秒内答复。, en: An answer within twenty seconds.}
    internal: true
    from: ticket.reported
    kept_by: ticket.responded
    within: 20 s
    escalate: [{at: due, to: project_manager, by: app}]
  explain:
    kind: deadline
    title: {zh: 说明, en: Explanation}
    text: {zh: 超时后两秒内说明。, en: An explanation within two seconds of the miss.}
    internal: true
    from: {missed: respond}
    kept_by: ticket.commented
    within: 2 s
    escalate: [{at: due, to: project_manager, by: app}]
"""

PREPARE = f"""
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import events
from shouyue.kernel.actor import SYSTEM
contract = make_contract(text={DUE_AT_ONCE!r}, code="AO")
make_member(contract, "project_manager")
for case in range(1, {CASES} + 1):
    events.record("ticket.reported", actor=SYSTEM, subject=("ticket", 10_000_000 + case),
                  customer_id=contract.customer_id, contract_id=contract.pk)
print(json.dumps(contract.pk))
"""

LOOK = """
from collections import Counter
from django.db.models import Count
from shouyue.commitments.models import CaseClock, Obligation
from shouyue.kernel import clock, jobs
from shouyue.kernel.models import Event
from shouyue.kernel.verification import verify
from shouyue.notifications.models import Notice
obligations = Obligation.objects.filter(contract__code="AO")
told = Notice.objects.filter(about_type="obligation", about_id__in=obligations.values("id"))
told_twice = told.values("about_id", "step", "user_id", "channel").annotate(n=Count("id")).filter(n__gt=1)
verdicts = Event.objects.filter(verb="obligation.missed", subject_id__in=obligations.values("id"))
digests = {one.pk: one.parts for one in Notice.objects.filter(parts__gt=0)}
print(json.dumps({
    "states": dict(Counter(" ".join(row) for row in obligations.values_list("commitment__name", "state"))),
    "left": obligations.filter(next_at__lte=clock.now()).count(),
    "verdicts": verdicts.count(),
    "judged": verdicts.values("subject_id").distinct().count(),
    "notices": told.count(),
    "doubled": told_twice.count(),
    "overdue": CaseClock.objects.filter(case_id__gt=10_000_000, is_overdue=True).count(),
    "digests_wrong": sum(Notice.objects.filter(digest_id=pk).count() != parts for pk, parts in digests.items()),
    "findings": [finding.detail for finding in verify().findings],
    "dead_jobs": len(jobs.dead()),
}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


BLOWS: list[Callable[[Stack], None]] = [kill_worker, kill_database, kill_worker, kill_database]


def test_a_sweep_that_is_killed_loses_and_doubles_nothing(stack):
    stack.python(PREPARE)
    hit = []
    seen = 0
    for blow in BLOWS:
        seen = _more_than(stack, seen)
        blow(stack)
        hit.append(seen)
    assert 0 < hit[0] < 2 * CASES, f"nothing was in work when the first blow came: {hit}"

    found = _settled(stack)
    assert found["states"] == {"respond missed": CASES, "explain missed": CASES}
    assert found["left"] == 0
    assert (found["verdicts"], found["judged"]) == (2 * CASES, 2 * CASES)
    assert (found["notices"], found["doubled"], found["digests_wrong"]) == (2 * CASES, 0, 0)
    assert found["overdue"] == CASES
    assert found["findings"] == []
    assert found["dead_jobs"] == 0


def _more_than(stack: Stack, before: int) -> int:
    """How many verdicts are there, as soon as there are more: then the next batch is in work."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        try:
            with psycopg.connect(embedded.locate(stack.home).url("postgres"), autocommit=True) as connection:
                while time.monotonic() < give_up:
                    row = connection.execute(
                        "SELECT count(*) FROM commitments_obligation WHERE missed_at IS NOT NULL"
                    ).fetchone()
                    if row is not None and (row[0] > before or row[0] >= 2 * CASES):
                        return int(row[0])
                    time.sleep(0.01)
        except (psycopg.Error, OSError):  # it is being started again
            time.sleep(0.1)
    raise AssertionError(stack.log())


def _settled(stack: Stack) -> dict[str, Any]:
    """What the database holds when every promise has its verdict, or after a long wait."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        _more_than(stack, -1)
        found: dict[str, Any] = stack.python(LOOK)
        if found["notices"] >= 2 * CASES or time.monotonic() > give_up:
            return found
        time.sleep(1)
