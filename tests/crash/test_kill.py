"""kill -9 of web, worker and PostgreSQL in turn, while four clients report a thousand tickets."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from running_stack import Stack

from .blows import PATIENCE_SECONDS, kill_database, kill_web, kill_web_process, kill_worker, part

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("crash"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CREATES = 1000
CLIENTS = 4
STEPS = 2
"""Steps of the promise below that somebody is told of."""

QUICK = """
plan: quick
title: {zh: 快, en: Quick}
windows: {always: 7x24}
defaults: {owner: service_manager}
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 五秒内答复。, en: An answer within five seconds.}
    internal: true
    from: ticket.reported
    kept_by: ticket.responded
    within: 5 s
    escalate: [{at: 50%, to: project_manager, by: app}, {at: due, to: project_manager, by: app}]
  repair:
    kind: deadline
    title: {zh: 修复, en: Repair}
    text: {zh: 八小时内修复。, en: Repaired within eight hours.}
    internal: true
    from: ticket.reported
    kept_by: ticket.resolved
    within: 8 h
"""

PREPARE = f"""
from shouyue.contracts.tests.factories import make_contract, make_member
contract = make_contract(text={QUICK!r}, code="QK")
make_member(contract, "project_manager")
print(json.dumps(contract.pk))
"""

LOOK = """
from collections import Counter
from django.db.models import Count
from shouyue.commitments.models import Obligation
from shouyue.kernel import clock, jobs
from shouyue.kernel.models import Event
from shouyue.kernel.verification import verify
from shouyue.notifications.models import Notice
from shouyue.tickets.models import Ticket
tickets = dict(Ticket.objects.filter(contract__code="QK").values_list("number", "title"))
ids = set(Ticket.objects.filter(contract__code="QK").values_list("id", flat=True))
obligations = Obligation.objects.filter(contract__code="QK")
told = Notice.objects.filter(about_type="obligation", about_id__in=obligations.values("id"))
print(json.dumps({
    "tickets": tickets,
    "reported": Event.objects.filter(verb="ticket.reported", subject_id__in=ids).count(),
    "obligations": dict(Counter(Counter(obligations.values_list("case_id", flat=True)).values())),
    "missed": obligations.filter(commitment__name="respond", state="missed").count(),
    "notices": dict(Counter(told.values_list("step", flat=True))),
    "doubled": told.values("about_id", "step", "user_id", "channel").annotate(n=Count("id")).filter(n__gt=1).count(),
    "findings": [finding.detail for finding in verify().findings],
    "dead_jobs": len(jobs.dead()),
}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


class Crowd:
    """Clients that report tickets until all are acknowledged, asking again with the same key after a failure."""

    def __init__(self, stack: Stack, contract_id: int) -> None:
        self.stack, self.contract_id = stack, contract_id
        self.waiting = [f"crash-{n:04d}" for n in range(CREATES)]
        self.acknowledged: dict[str, str] = {}
        self.failures: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]

    def _work(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while True:
            with self.lock:
                if not self.waiting:
                    return
                key = self.waiting.pop()
            give_up = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < give_up:
                try:
                    connection = connection or http.client.HTTPConnection(
                        "127.0.0.1", self.stack.port, timeout=15
                    )
                    number = self._create(connection, key)
                    with self.lock:
                        self.acknowledged[key] = number
                    break
                except (OSError, http.client.HTTPException, Refused) as error:
                    with self.lock:
                        self.failures[type(error).__name__] += 1
                    if connection is not None:
                        connection.close()
                    connection = None
                    time.sleep(0.1)

    def _create(self, connection: http.client.HTTPConnection, key: str) -> str:
        body = {"contract_id": self.contract_id, "title": key, "description": "连不上网"}
        headers = {
            "Authorization": f"Bearer {self.stack.cast['token']}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        connection.request("POST", "/api/tickets/", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise Refused(f"{answer.status} {text[:200]!r}")
        return str(json.loads(text)["number"])


class Refused(Exception):
    """The server answered, but did not create."""


BLOWS: list[Callable[[Stack], None]] = [kill_web_process, kill_worker, kill_database, kill_web, kill_database]


def test_no_acknowledged_ticket_is_lost_or_doubled_whatever_is_killed(stack):
    contract_id = stack.python(PREPARE)
    crowd = Crowd(stack, contract_id)
    for thread in crowd.threads:
        thread.start()
    for turn, blow in enumerate(BLOWS, 1):
        _until(lambda turn=turn: len(crowd.acknowledged) >= CREATES * turn // (len(BLOWS) + 1))
        blow(stack)
    for thread in crowd.threads:
        thread.join(timeout=PATIENCE_SECONDS * 2)
    assert len(crowd.acknowledged) == CREATES, (crowd.failures, stack.log())
    assert sum(crowd.failures.values()) > 0, "nothing was hit"

    seen = _settled(stack)
    assert {number: key for key, number in crowd.acknowledged.items()} == seen["tickets"]
    assert seen["reported"] == CREATES
    assert seen["obligations"] == {"2": CREATES}
    assert seen["missed"] == CREATES
    assert seen["notices"] == {"50%": CREATES, "due": CREATES}
    assert seen["doubled"] == 0
    assert seen["findings"] == []
    assert seen["dead_jobs"] == 0


def test_everything_is_up_again(stack):
    assert stack.process is not None
    assert stack.process.poll() is None
    assert stack.postmaster() is not None
    for name in ("web", "worker"):
        os.kill(part(stack, name), 0)
    address = urllib.parse.urlsplit(stack.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.request("GET", "/sign-in/")
    assert connection.getresponse().status == 200
    connection.close()


def _until(reached: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS * 2
    while not reached():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def _settled(stack: Stack) -> dict[str, Any]:
    """What the database holds when every step was taken, or after a long wait."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen: dict[str, Any] = stack.python(LOOK)
        if sum(seen["notices"].values()) >= CREATES * STEPS or time.monotonic() > give_up:
            return seen
        time.sleep(1)
