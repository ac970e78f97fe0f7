"""Several acts at once, each in a thread and on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.db import connections

from shouyue.kernel.scope import Scope, acting_in

WAIT = 60
"""Seconds until a thread counts as stuck, on a machine with much else to do."""


def at_once(*acts: Callable[[], Any], scope: Scope | None = None) -> list[Any]:
    """Run the acts, all released together; in their order, what each gave back or the exception it raised.

    scope: each act in a transaction of this scope, begun before the release; None when acts begin their own.
    """
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            with acting_in(scope) if scope is not None else nullcontext():
                barrier.wait(WAIT)
                outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in threads), "an act waits without end"
    return outcomes


def errors_of(outcomes: list[Any]) -> list[Exception]:
    """The exceptions among the outcomes."""
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]
