"""The sweep: every step once, verdicts on time, whoever sweeps and whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections

from shouyue.commitments.models import CaseClock, Obligation
from shouyue.commitments.services import sweep
from shouyue.commitments.services.sweep import sweep_all, sweep_once
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import WAIT
from shouyue.notifications.models import Notice

from .factories import beijing, contract_under, happens, make_member, new_case, states

START = beijing("2026-03-02 09:00")
MINUTE = timedelta(minutes=1)


def reported(contract, *cases, at=START):
    with clock.at(at):
        for case in cases:
            happens(contract, case, "ticket.reported", severity="major")


class Hands:
    """A clock that only waiting and working move: two seconds until the turn before ends, one second a batch."""

    def __init__(self):
        self.seconds, self.batches = 0.0, 0

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds

    def acquire(self, timeout):
        self.seconds += min(timeout, 2)
        return timeout >= 2

    def release(self):
        self.released = self.seconds

    def batch(self, limit, *, gives_way):
        self.seconds += 1
        self.batches += 1
        return limit


def test_a_turn_that_waited_for_the_one_before_ends_no_later(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(sweep, "time", hands)
    monkeypatch.setattr(sweep, "_sweeping", hands)
    monkeypatch.setattr(sweep, "sweep_once", hands.batch)
    assert sweep.sweep_for(5) == 3 * sweep.BATCH
    assert (hands.batches, hands.released) == (3, 5)


@pytest.mark.django_db
def test_a_warning_tells_each_member_once():
    contract, case = contract_under(), new_case()
    agent = make_member(contract, "agent")
    reported(contract, case)
    with clock.at(START + 8 * MINUTE - timedelta(microseconds=1)):
        sweep_all()
    assert not Notice.objects.exists()
    for minutes in (8, 8, 9):
        with clock.at(START + minutes * MINUTE):
            sweep_all()
    notice = Notice.objects.get()
    assert (notice.user_id, notice.step, notice.level) == (agent.pk, "80%", "warning")


@pytest.mark.django_db
def test_the_due_time_gives_the_verdict_and_escalates():
    contract, case = contract_under(), new_case()
    agent, manager = make_member(contract, "agent"), make_member(contract, "project_manager")
    reported(contract, case)
    with clock.at(START + 10 * MINUTE):
        sweep_all()
    assert states(contract, "respond") == ["running"]
    with clock.at(START + 10 * MINUTE + timedelta(microseconds=1)):
        sweep_all()
    row = Obligation.objects.get(contract=contract, commitment__name="respond")
    assert (row.state, row.missed_at, row.settled_at) == ("missed", START + 10 * MINUTE, None)
    assert Event.objects.get(verb="obligation.missed").occurred_at == START + 10 * MINUTE
    told = Notice.objects.filter(step="due").values_list("user_id", flat=True)
    assert sorted(told) == sorted([agent.pk, manager.pk])
    assert CaseClock.objects.get(case_id=case).is_overdue


@pytest.mark.django_db
def test_after_a_long_stop_no_step_is_lost_or_doubled():
    contract, case = contract_under(), new_case()
    make_member(contract, "agent")
    reported(contract, case)
    for hours in (24, 24, 1, 30):  # the clock is set back in between
        with clock.at(START + timedelta(hours=hours)):
            sweep_all()
    assert sorted(Notice.objects.values_list("step", flat=True)) == ["80%", "due"]
    assert Event.objects.filter(verb="obligation.missed", case_id=case).count() == 2  # respond and repair


@pytest.mark.django_db
def test_what_is_kept_in_time_is_never_told():
    contract, case = contract_under(), new_case()
    make_member(contract, "agent")
    reported(contract, case)
    with clock.at(START + MINUTE):
        happens(contract, case, "ticket.responded")
    with clock.at(START + timedelta(hours=1)):
        sweep_all()
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_a_paused_obligation_is_not_missed():
    contract, case = contract_under(), new_case()
    reported(contract, case)
    with clock.at(START + MINUTE):
        happens(contract, case, "ticket.waiting_started", reason="customer")
    with clock.at(START + timedelta(days=3)):
        sweep_all()
    assert states(contract, "repair") == ["paused"]


REPEATING = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
  escalate:
    - {at: 5 min before, to: agent, by: app}
    - {at: 30 min after, to: project_manager, by: app, repeat: 30 min, times: 3}
"""


@pytest.mark.django_db
def test_steps_repeat_until_it_is_kept():
    contract, case = contract_under(REPEATING), new_case()
    make_member(contract, "project_manager")
    reported(contract, case)
    for minutes in range(0, 80, 5):
        with clock.at(START + minutes * MINUTE):
            sweep_all()
    assert Notice.objects.count() == 2
    with clock.at(START + 76 * MINUTE):
        happens(contract, case, "ticket.responded")
    with clock.at(START + timedelta(days=1)):
        sweep_all()
    assert Notice.objects.count() == 2


ALL_TOLD = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
  escalate: [{at: 80%, to: agent}, {at: due, to: agent}]
told:
  kind: deadline
  from: [obligation.warned, obligation.missed]
  same: subject
  kept_by: {event: notice.sent, when: {outcome: delivered}}
  within: 5 min
  escalate: none
"""


@pytest.mark.django_db(transaction=True)
def test_every_warning_is_a_promise_of_its_own():
    from shouyue.notifications.services import deliver_batch

    with acting_in(EVERYTHING):
        contract, case = contract_under(ALL_TOLD), new_case()
        make_member(contract, "agent")
        reported(contract, case)
    with clock.at(START + 9 * MINUTE):
        sweep_all()
        while deliver_batch():
            pass
    with clock.at(START + 11 * MINUTE):
        sweep_all()
    with clock.at(START + timedelta(hours=1)):
        sweep_all()
    with acting_in(EVERYTHING):
        assert states(contract, "told") == ["kept", "missed"]


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_share_the_work():
    with acting_in(EVERYTHING):
        contract = contract_under()
        make_member(contract, "agent")
        reported(contract, *[new_case() for _ in range(60)])

    def sweep():
        with clock.at(START + timedelta(minutes=15)):
            while sweep_once(7):
                pass
        connections.close_all()

    workers = [threading.Thread(target=sweep) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    with acting_in(EVERYTHING):
        with clock.at(START + timedelta(minutes=15)):
            sweep_all()
        assert Notice.objects.filter(parts=0).count() == 120
        assert Event.objects.filter(verb="obligation.missed").count() == 60
        assert states(contract, "respond") == ["missed"] * 60


@pytest.mark.django_db(transaction=True)
def test_a_case_in_work_is_left_for_the_next_turn():
    with acting_in(EVERYTHING):
        contract, case = contract_under(), new_case()
        reported(contract, case)
    late = START + timedelta(minutes=15)
    swept = []

    def sweep():
        with clock.at(late):
            swept.append(sweep_once())
        connections.close_all()

    with acting_in(EVERYTHING), clock.at(START + 9 * MINUTE):
        happens(contract, case, "ticket.responded")  # not committed yet
        worker = threading.Thread(target=sweep)
        worker.start()
        worker.join(30)
        assert not worker.is_alive()
    assert swept == [0]
    with acting_in(EVERYTHING):
        assert states(contract, "respond") == ["kept"]


SWEEPER = """
import os, sys
from datetime import datetime
import django
from django.conf import settings
import shouyue.config.settings
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from shouyue.commitments.services import sweep
from shouyue.kernel import clock
with clock.at(datetime.fromisoformat(sys.argv[2])):
    print("ready", flush=True)
    while sweep.sweep_once(5):
        print("batch", flush=True)
print("done", flush=True)
"""


def wait_until_alone():
    """The server gives up a killed client's locks only when it notices; a sweep would leave what they hold."""
    give_up = time.monotonic() + WAIT
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE usename = session_user AND datname = current_database()"
    )
    while time.monotonic() < give_up:
        with connection.cursor() as cursor:
            cursor.execute(f"{others} AND pid <> pg_backend_pid()")
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)
    raise AssertionError("a killed process still has its connection")


@pytest.mark.django_db(transaction=True)
def test_a_killed_sweeper_loses_and_doubles_nothing():
    with acting_in(EVERYTHING):
        contract = contract_under()
        make_member(contract, "agent")
        reported(contract, *[new_case() for _ in range(80)])
    late = START + timedelta(minutes=15)
    arguments = [sys.executable, "-c", SWEEPER, connection.settings_dict["NAME"], late.isoformat()]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "shouyue.config.settings"}
    for batches in (2, 3):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(batches + 1):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
        process.stdout.close()
    wait_until_alone()
    with clock.at(late):
        sweep_all()
    with acting_in(EVERYTHING):
        assert Notice.objects.filter(parts=0).count() == 160
        assert Event.objects.filter(verb="obligation.missed").count() == 80
        assert states(contract, "respond") == ["missed"] * 80
