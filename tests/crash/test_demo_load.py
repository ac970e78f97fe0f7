"""kill -9 and Ctrl-C of a loading of the demo: the next one begins anew and says so."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest
from running_stack import OURSELVES, Stack

from shouyue.runtime import embedded

from .blows import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("crash"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TICKETS = 60
LOAD = (*OURSELVES, "demo", "load", "--days", "3", "--tickets", str(TICKETS))

LOOK = """
from shouyue.demo.models import DemoProgress
from shouyue.kernel.verification import verify
from shouyue.tickets.models import Ticket
row = DemoProgress.objects.first()
print(json.dumps({
    "state": row and row.state,
    "percent": row and row.percent,
    "tickets": Ticket.objects.count(),
    "findings": [finding.detail for finding in verify().findings],
}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(inhabited=False) as prepared:
        yield prepared


@pytest.fixture(autouse=True)
def _hears_ctrl_c() -> Iterator[None]:
    """Who runs in the background of a shell is deaf to Ctrl-C, and so is what he starts; here it must be heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_load_leaves_a_demo_that_can_be_loaded_again(
    stack: Stack, blow: signal.Signals
) -> None:
    said = _hit(stack, blow)
    assert "Traceback" not in said
    assert ("Stopped: `shouyue demo load` begins anew" in said) is (blow is signal.SIGINT)
    left = stack.python(LOOK)
    assert left["state"] == "loading"
    assert 0 < left["percent"] < 100
    assert left["findings"] == []
    assert stack.run(*OURSELVES, "demo", "reset", "--yes") == "The demo is erased.\n"
    assert stack.python(LOOK)["state"] is None


def test_the_next_load_begins_anew(stack: Stack) -> None:
    _hit(stack, signal.SIGKILL)
    said = stack.run(*LOAD)
    assert "What an interrupted load has left is erased; it begins anew." in said
    assert "The demo is ready" in said
    assert stack.python(LOOK) == {"state": "ready", "percent": 100, "tickets": TICKETS, "findings": []}
    again = subprocess.run(LOAD, env=stack.environment, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr == "shouyue: The demo is loaded already; `shouyue demo reset` erases it.\n"
    stack.run(*OURSELVES, "demo", "reset", "--yes")


def _hit(stack: Stack, blow: signal.Signals) -> str:
    """Begin to load, strike in the middle of life; what was said."""
    loading = subprocess.Popen(
        LOAD, env=stack.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _percent(stack) < 20:
        assert loading.poll() is None, loading.communicate()[0]
        assert time.monotonic() < give_up
        time.sleep(0.2)
    os.kill(loading.pid, blow)
    said, _ = loading.communicate(timeout=PATIENCE_SECONDS)
    assert loading.returncode in (-signal.SIGKILL, 130)
    return said


def _percent(stack: Stack) -> int:
    try:
        with psycopg.connect(embedded.locate(stack.home).url("postgres"), autocommit=True) as connection:
            row = connection.execute("SELECT percent FROM demo_progress").fetchone()
    except psycopg.OperationalError:  # the load has not started the server yet
        return 0
    return int(row[0]) if row is not None else 0
