"""The sweep: what has fallen due is warned about, escalated, missed; each step once, whoever sweeps.

A batch is claimed (`SKIP LOCKED`, and the lock of its case), worked out in memory and written with its notices and
events in one transaction: a worker killed in between has done nothing, and the next one does it all.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connection
from psycopg.errors import DeadlockDetected, LockNotAvailable

from shouyue.commitments import books
from shouyue.commitments.rules.aiming import entries, pending
from shouyue.commitments.rules.book import TASK, Book
from shouyue.commitments.rules.happenings import Obligation
from shouyue.commitments.rules.reducer import Verdict, begin, miss
from shouyue.commitments.rules.timing import VERDICT
from shouyue.kernel import clock, events, locks
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.services import post

from . import clocks, escalating, figures, storage
from .telling import Taken, drafts_for
from .verdicts import event_of, is_told

BATCH = 500
FEWEST = 10
IDLE_SECONDS = 0.2
WAIT = "SET LOCAL lock_timeout = '300ms'"
"""A sweep gives way before the server looks for a deadlock and ends whoever it finds, maybe somebody's request."""

_log = logging.getLogger(__name__)
_sweeping = threading.Lock()


def sweep_once(limit: int = BATCH, *, gives_way: bool = False) -> int:
    """Work on what is due now, one batch. Returns how many obligations were taken up.

    gives_way: raise DatabaseError rather than wait long for others, for a transaction of its own.
    Queries: some twenty, whatever the size of the batch, and those of figures that are to be weighed. Locks: the
    claimed rows and their cases, none of which it waits for; then the digests of those who are told, to the end.
    """
    with acting_in(EVERYTHING):
        if not locks.is_real_time():
            return 0
        now = clock.now()
        if gives_way:
            with connection.cursor() as cursor:
                cursor.execute(WAIT)
        obligations = storage.claim_due(now, limit)
        if obligations:
            _work(obligations, now)
        return len(obligations)


def sweep_all(limit: int = BATCH) -> int:
    """Work until nothing is due. Returns how many obligations were taken up in all."""
    total = 0
    while (done := sweep_once(limit)) > 0:
        total += done
    return total


def sweep_for(seconds: float) -> int:
    """Sweep again and again until some seconds have passed; a second sweeper in this process gives way.

    Waiting for the turn before counts: else each turn would end later than the last, until the next gave up waiting.
    """
    ends = time.monotonic() + seconds
    if not _sweeping.acquire(timeout=seconds / 2):
        return 0
    total, limit = 0, BATCH
    try:
        while time.monotonic() < ends:
            try:
                done = sweep_once(limit, gives_way=True)
            except (
                DatabaseError
            ) as error:  # somebody else was at it, or the server is gone: the next turn does it
                limit, done = _gave_way(error, limit), 0
            else:
                limit = min(limit * 2, BATCH)
            total += done
            if done < BATCH // 2:
                time.sleep(IDLE_SECONDS)
    finally:
        _sweeping.release()
    return total


def _gave_way(error: DatabaseError, limit: int) -> int:
    """How many to take up next, after a batch that came to nothing: fewer stand in fewer people's way."""
    if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
        _log.info("sweep gave way: %s", error)
    else:
        _log.warning("sweep interrupted", exc_info=error)
    if not connection.is_usable():
        connection.close()
    return max(limit // 4, FEWEST)


@dataclass(slots=True)
class _Turn:
    """What one batch leads to. stepped: obligations that only took steps; changed: those of which more has changed."""

    now: datetime
    stepped: list[Obligation] = field(default_factory=list)
    changed: list[Obligation] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    verdicts: list[tuple[Verdict, Book, str]] = field(default_factory=list)


def _work(obligations: list[Obligation], now: datetime) -> None:
    turn = _Turn(now)
    known: dict[tuple[int, int], Book | None] = {}
    for obligation in obligations:
        key = obligation.contract_id, obligation.plan_version_id
        if key not in known:
            known[key] = books.readable(*key)
        book = known[key]
        if book is None or obligation.commitment not in book.deadlines:
            obligation.next_at = None
            turn.stepped.append(obligation)
        else:
            _advance(book, obligation, turn)
    storage.write_steps(turn.stepped)
    storage.write(turn.changed)
    events.record_many(
        [
            event_of(verdict, **({"step": step[:64]} if step else {}))
            for verdict, book, step in turn.verdicts
            if is_told(verdict, book)
        ]
    )
    silent = escalating.silences(turn.verdicts)
    escalating.record(turn.taken, silent)
    clocks.refresh(verdict.obligation.case for verdict, _, _ in turn.verdicts if verdict.outcome != "warned")
    told = [item for item in turn.taken if item.entry.step is not None and item.entry.step.to]
    post(drafts_for([*told, *silent]))  # last: it holds the readers' digests until the end


def _advance(book: Book, obligation: Obligation, turn: _Turn) -> None:
    """Take every step that has come, in order."""
    promise = book.deadlines[obligation.commitment]
    is_measured = obligation.commitment in book.measured
    begins = obligation.state == "waiting"
    (turn.changed if begins or is_measured else turn.stepped).append(obligation)
    obligation.dirty = True
    if begins:
        begin(book, promise, obligation)
        turn.verdicts.append((Verdict("opened", obligation, obligation.opened_at), book, ""))
    records = "notice.sent" in book.interests
    steps = entries(book, promise, obligation)
    for entry in pending(steps, obligation):
        if entry.at > turn.now:
            break
        if entry.index == VERDICT:
            if is_measured:
                turn.verdicts += [
                    (verdict, book, "") for verdict in figures.weigh(book, obligation, turn.now)
                ]
                if obligation.settled_at is not None and obligation.state != "missed":
                    break
                continue
            turn.verdicts.append((miss(book, promise, obligation, steps), book, ""))
            continue
        obligation.steps_done |= 1 << entry.index
        if is_measured and not _concerns(book, obligation, turn.now):
            continue
        turn.taken.append(Taken(obligation, promise, entry, records))
        is_task = entry.step is not None and entry.step.at.text == TASK
        if not is_task and (obligation.due_at is None or entry.at <= obligation.due_at):
            turn.verdicts.append((Verdict("warned", obligation, entry.at), book, entry.key))
    waits = obligation.settled_at is None and obligation.state in ("running", "missed")
    obligation.next_at = min((one.at for one in pending(steps, obligation)), default=None) if waits else None


def _concerns(book: Book, obligation: Obligation, now: datetime) -> bool:
    """Whether a step about a figure is to be told: only while it is not reached."""
    if obligation.state != "running":
        return True
    figures.weigh(book, obligation, now)
    return obligation.warn_at is not None
