"""Jobs of the register."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import OperationalError

from shouyue.kernel import clock, jobs

from . import closing_tasks  # noqa: F401 -- the queue looks for tasks here
from .services import bypassing, calling, sweep, tending

TURN_SECONDS = 5

_log = logging.getLogger(__name__)


@jobs.task(
    "commitments.sweep",
    cron="* * * * * */5",
    purpose="warn, escalate and give verdicts on what has fallen due",
    retry=False,
    in_transaction=False,
)
def sweep_due() -> None:
    """Sweep for five seconds; the next turn follows at once. Short turns let a worker stop quickly."""
    try:
        sweep.sweep_for(TURN_SECONDS)
    except OperationalError as error:
        _log.warning("The database went away during a sweep; the next turn takes it up: %s", error)


@jobs.task(
    "commitments.tend",
    cron="* * * * * */15",
    purpose="open what the calendar asks for, weigh figures, look at standing conditions",
    retry=False,
)
def tend_due() -> None:
    """Look after the promises whose time has come."""
    tending.tend_once()


@jobs.task(
    "commitments.bypassed",
    cron="41 * * * *",
    purpose="note acts that were recorded without asking their gates",
    lock="commitments.bypassed",
)
def note_bypassed() -> None:
    """What the last week holds and nobody has noted yet; `shouyue verify` looks at all times."""
    bypassing.note(clock.now() - timedelta(days=7))


@jobs.task(
    "commitments.calls",
    cron="* * * * *",
    purpose="take back calls about promises that are over",
    lock="commitments.calls",
)
def stop_moot_calls() -> None:
    """The desk calls nobody about what has been done meanwhile."""
    calling.stop_moot_calls()
