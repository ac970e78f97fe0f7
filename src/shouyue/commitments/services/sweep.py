"""The sweep: what has fallen due is warned about, escalated, missed; each step once, whoever sweeps.

A batch is claimed (`SKIP LOCKED`, and the lock of its case), worked out in memory and written with its notices and
events in one transaction: a worker killed in between has done nothing, and the next one does it all.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from django.db import DatabaseError, connection

from shouyue.commitments import books
from shouyue.commitments.rules.aiming import entries, pending
from shouyue.commitments.rules.book import TASK, Book
from shouyue.commitments.rules.happenings import Obligation
from shouyue.commitments.rules.reducer import Verdict, begin, miss
from shouyue.commitments.rules.timing import VERDICT, Entry
from shouyue.kernel import clock, events, locks
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.services import post

from . import escalating, figures, register, storage
from .telling import Taken, drafts_for
from .verdicts import event_of, is_heard

BATCH = 500
IDLE_SECONDS = 0.25

_log = logging.getLogger(__name__)
_sweeping = threading.Lock()

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id, CASE WHEN tie <> '' THEN tie ELSE case_type || ':' || case_id END AS key
    FROM commitments_obligation WHERE next_at <= %s ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED
)
SELECT id FROM due WHERE pg_try_advisory_xact_lock(hashtextextended(key, 7))
"""


def sweep_once(limit: int = BATCH) -> int:
    """Work on what is due now, one batch. Returns how many obligations were taken up.

    Queries: claim, load, write, notices, clocks, verdicts, and a few per verdict that something listens to. Locks: the
    claimed rows and their cases, none of which it waits for.
    """
    with acting_in(EVERYTHING):
        if not locks.is_real_time():
            return 0
        now = clock.now()
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now, limit])
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        _work(storage.load_ids(ids), now)
        return len(ids)


def sweep_all(limit: int = BATCH) -> int:
    """Work until nothing is due. Returns how many obligations were taken up in all."""
    total = 0
    while (done := sweep_once(limit)) > 0:
        total += done
    return total


def sweep_for(seconds: float) -> int:
    """Sweep again and again for some seconds; a second sweeper in this process gives way."""
    if not _sweeping.acquire(timeout=seconds / 4):
        return 0
    total = 0
    try:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                done = sweep_once()
            except DatabaseError:  # a deadlock or a lost server: the next turn does it
                _log.warning("sweep interrupted", exc_info=True)
                connection.close()
                done = 0
            total += done
            if done < BATCH:
                time.sleep(IDLE_SECONDS)
    finally:
        _sweeping.release()
    return total


def _work(obligations: list[Obligation], now: datetime) -> None:
    taken: list[Taken] = []
    verdicts: list[tuple[Verdict, Book, str]] = []
    for obligation in obligations:
        try:
            book = books.pinned(obligation.contract_id, obligation.plan_version_id)
        except ShouyueError:
            _rest(obligation)
            continue
        if obligation.commitment not in book.deadlines:
            _rest(obligation)
            continue
        _advance(book, obligation, now, taken, verdicts)
    storage.write(obligations)
    silent = escalating.silences(verdicts)
    told = [item for item in taken if item.entry.step is not None and item.entry.step.to]
    post(drafts_for([*told, *silent]))
    storage.refresh_clocks(
        verdict.obligation.case for verdict, _, _ in verdicts if verdict.outcome != "warned"
    )
    _tell(verdicts)
    escalating.record(taken, silent)


def _rest(obligation: Obligation) -> None:
    """Nothing more can be done about it by itself: its plan cannot be read any more."""
    obligation.next_at = None
    obligation.dirty = True


def _advance(
    book: Book,
    obligation: Obligation,
    now: datetime,
    taken: list[Taken],
    verdicts: list[tuple[Verdict, Book, str]],
) -> None:
    """Take every step that has come, in order."""
    promise = book.deadlines[obligation.commitment]
    obligation.dirty = True
    if obligation.state == "waiting":
        begin(book, promise, obligation)
        verdicts.append((Verdict("opened", obligation, obligation.opened_at), book, ""))
    records = "notice.sent" in book.interests
    left = pending(entries(book, promise, obligation), obligation)
    for entry in left:
        if entry.at > now:
            break
        if entry.index == VERDICT:
            if obligation.commitment in book.measured:
                verdicts += [(verdict, book, "") for verdict in figures.weigh(book, obligation, now)]
                if obligation.settled_at is not None and obligation.state != "missed":
                    break
                continue
            verdicts.append((miss(book, promise, obligation), book, ""))
            continue
        obligation.steps_done |= 1 << entry.index
        if not _concerns(book, obligation, entry, now):
            continue
        taken.append(Taken(obligation, promise, entry, records))
        is_task = entry.step is not None and entry.step.at.text == TASK
        if not is_task and (obligation.due_at is None or entry.at <= obligation.due_at):
            verdicts.append((Verdict("warned", obligation, entry.at), book, entry.key))
    left = pending(entries(book, promise, obligation), obligation)
    waits = obligation.settled_at is None and obligation.state in ("running", "missed")
    obligation.next_at = min((entry.at for entry in left), default=None) if waits else None


def _concerns(book: Book, obligation: Obligation, entry: Entry, now: datetime) -> bool:
    """Whether a step is to be told: of a figure only while it is not reached."""
    if obligation.commitment not in book.measured or obligation.state != "running":
        return True
    figures.weigh(book, obligation, now)
    return obligation.warn_at is not None


def _tell(verdicts: list[tuple[Verdict, Book, str]]) -> None:
    """Events of the verdicts: cases of which nobody listens to any in one statement, the others one by one."""
    told = [
        (verdict, step)
        for verdict, book, step in verdicts
        if verdict.outcome in register.ALWAYS_TOLD or f"obligation.{verdict.outcome}" in book.outcomes
    ]
    heard = {verdict.obligation.case for verdict, _ in told if is_heard(verdict)}
    made = [
        (verdict.obligation.case in heard, event_of(verdict, **({"step": step[:64]} if step else {})))
        for verdict, step in told
    ]
    events.record_many([event for alone, event in made if not alone])
    for alone, event in made:
        if alone:
            events.record_many([event])
