"""Posting: writing notices and asking for their delivery, in the transaction of what they tell about."""

from __future__ import annotations

from collections.abc import Sequence

from .delivery import deliver_queued
from .writing import Draft, write

__all__ = ["Draft", "post"]


def post(drafts: Sequence[Draft]) -> int:
    """Write the notices in the running transaction; one job delivers what must leave the house.

    A notice in the application is delivered by being written, unless its delivery is to become an event. Many at once
    for one person become one digest there. Whoever has taken a matter on gets no more about it; who was handed it on
    does. Returns how many were new. Queries: who has taken on, one per 500, and one to enqueue.
    """
    made, waits = write(drafts)
    if waits:
        deliver_queued.enqueue()
    return made
