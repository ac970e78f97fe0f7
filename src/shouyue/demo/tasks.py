"""The simulated life's schedule; only an installation started with the demo has it."""

from __future__ import annotations

from shouyue.kernel import jobs
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import queries
from .services import playing


@jobs.task(
    "demo.play",
    cron="* * * * * */10" if queries.is_ordered() else None,
    purpose="let the people of the demo go on with what they do",
    lock="demo.play",
    retry=False,
    in_transaction=False,
)
def play() -> None:
    """One turn, if there is a demo."""
    with acting_in(EVERYTHING):
        if not playing.is_active():
            return
    playing.play_turn()
