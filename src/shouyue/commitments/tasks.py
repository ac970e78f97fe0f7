"""Jobs of the register."""

from __future__ import annotations

from shouyue.kernel import jobs

from .services import sweep

TURN_SECONDS = 5


@jobs.task(
    "commitments.sweep",
    cron="* * * * * */5",
    purpose="warn, escalate and give verdicts on what has fallen due",
    retry=False,
    in_transaction=False,
)
def sweep_due() -> None:
    """Sweep for five seconds; the next turn follows at once. Short turns let a worker stop quickly."""
    sweep.sweep_for(TURN_SECONDS)
