"""Work done later, in PostgreSQL's own queue; the sole import of the queue library.

A job is enqueued inside the transaction of the change it belongs to, so both commit or neither does. It runs
at least once: bodies must be safe to run twice. Failed jobs are retried with growing pauses; those of a killed
worker are found by its missing heartbeat and taken up again; what still fails is listed and an operator may
retry it (`dead`, `retry_dead`).
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import clock, gates
from .errors import NotFound, ShouyueError
from .scope import EVERYTHING, acting_in

DEFAULT_RETRY = RetryStrategy(max_attempts=6, exponential_wait=4)
"""4 s, 16 s, 64 s, 4 min, 17 min, then dead."""

STALLED_AFTER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task that runs by itself: its name, cron expression (UTC) and purpose."""

    name: str
    cron: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of background work; call `enqueue` in the transaction that wants it done."""

    name: str
    body: Callable[..., None]
    _queued: Any

    def enqueue(self, *, at: datetime | None = None, once: str | None = None, **arguments: Any) -> bool:
        """Ask for the work. at: not before; once: skip when a job with this key still waits.

        arguments: JSON values only. Returns False when skipped. Queries: one.
        """
        options: dict[str, Any] = {}
        if at is not None:
            options["schedule_at"] = at
        if once is None:
            self._queued.configure(**options).defer(**arguments)
            return True
        if _is_waiting(once):
            return False
        self._queued.configure(queueing_lock=once, **options).defer(**arguments)
        return True

    def run(self, **arguments: Any) -> None:
        """Do the work here and now (tests, commands)."""
        self.body(**arguments)


_schedules: dict[str, Schedule] = {}


FAULTS = (ShouyueError, Error, ArithmeticError, ValueError)
"""What one record may do to the work on many: refused, refused by the database, or not to be reckoned."""


@contextmanager
def one_of_many(log: logging.Logger, said: str, *names: object) -> Iterator[None]:
    """Work on one record in a savepoint of its own: when it fails it holds up no other, and is written to the log."""
    try:
        with transaction.atomic():
            yield
    except FAULTS:
        log.exception(said, *names)


def task(
    name: str,
    *,
    queue: str = "default",
    retry: RetryStrategy | bool = DEFAULT_RETRY,
    lock: str | None = None,
    cron: str | None = None,
    purpose: str = "",
    in_transaction: bool = True,
) -> Callable[[Callable[..., None]], Task]:
    """Declare a task; with `cron` (UTC) it also runs by schedule.

    lock: at most one job with this lock runs at a time. in_transaction: run the body in one transaction that
    sees every customer; say False for work that talks to the network, which opens its own.
    """

    def declare(body: Callable[..., None]) -> Task:
        @functools.wraps(body)
        def run(**arguments: Any) -> None:
            arguments.pop("timestamp", None)
            with gates.unit_of_work():
                if in_transaction:
                    with acting_in(EVERYTHING):
                        body(**arguments)
                else:
                    body(**arguments)

        queued = app.task(name=name, queue=queue, retry=retry, lock=lock)(run)
        if cron is not None:
            app.periodic(cron=cron)(queued)  # type: ignore[arg-type]
            _schedules[name] = Schedule(name, cron, purpose)
        return Task(name=name, body=run, _queued=queued)

    return declare


def schedules() -> list[Schedule]:
    """All scheduled tasks, by name."""
    return sorted(_schedules.values(), key=lambda schedule: schedule.name)


def _is_waiting(key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo')",
            [key],
        )
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as operators see it."""

    id: int
    task: str
    queue: str
    status: str
    attempts: int
    arguments: dict[str, Any]
    scheduled_at: datetime | None
    last_at: datetime | None


_JOBS = """
SELECT j.id, j.task_name, j.queue_name, j.status::text, j.attempts, j.args, j.scheduled_at,
       (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id)
FROM procrastinate_jobs j WHERE j.status = ANY(%s::procrastinate_job_status[]) ORDER BY j.id DESC LIMIT %s
"""


def listed(*statuses: str, limit: int = 200) -> list[JobRow]:
    """The newest jobs in the given states (todo, doing, succeeded, failed, cancelled, aborted)."""
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, [list(statuses), limit])
        return [
            JobRow(row[0], row[1], row[2], row[3], row[4], _json(row[5]), row[6], row[7])
            for row in cursor.fetchall()
        ]


def dead(limit: int = 200) -> list[JobRow]:
    """Jobs that failed for good and wait for an operator."""
    return listed("failed", limit=limit)


def retry_dead(job_id: int) -> None:
    """Put a dead job back into the queue. Raises: NotFound when no failed job has this id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM procrastinate_jobs WHERE id = %s AND status = 'failed'", [job_id])
        if cursor.fetchone() is None:
            raise NotFound
    app.job_manager.retry_job_by_id(job_id, retry_at=clock.now())


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """waiting: due jobs not taken yet; oldest_seconds: how long the oldest of them waits; workers: alive."""

    waiting: int
    oldest_seconds: float
    running: int
    failed: int
    workers: int


_HEALTH = """
SELECT count(*) FILTER (WHERE j.status = 'todo' AND coalesce(j.scheduled_at, %(now)s) <= %(now)s),
       coalesce(extract(epoch FROM %(now)s - min(coalesce(j.scheduled_at, e.at))
                FILTER (WHERE j.status = 'todo' AND coalesce(j.scheduled_at, %(now)s) <= %(now)s)), 0),
       count(*) FILTER (WHERE j.status = 'doing'), count(*) FILTER (WHERE j.status = 'failed'),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %(alive)s)
FROM procrastinate_jobs j
LEFT JOIN LATERAL (SELECT min(at) AS at FROM procrastinate_events WHERE job_id = j.id) e ON true
WHERE j.status IN ('todo', 'doing', 'failed')
"""


def health() -> QueueHealth:
    """How the queue does, for `shouyue check` and the operator's page."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, {"now": now, "alive": now - timedelta(seconds=STALLED_AFTER_SECONDS)})
        row = cursor.fetchone()
    return QueueHealth(row[0], float(row[1]), row[2], row[3], row[4])


_STALLED = """
SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < %s) ORDER BY j.id
"""


def sweep_stalled() -> int:
    """Take up jobs whose worker died. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_STALLED, [clock.now() - timedelta(seconds=STALLED_AFTER_SECONDS)])
        stalled = [row[0] for row in cursor.fetchall()]
    for job_id in stalled:
        app.job_manager.retry_job_by_id(job_id, retry_at=clock.now())
    return len(stalled)


def forget_finished(older_than: timedelta) -> int:
    """Delete succeeded jobs that ended longer ago than `older_than`; failed ones stay. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE j.status = 'succeeded' AND NOT EXISTS "
            "(SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > %s)",
            [clock.now() - older_than],
        )
        return int(cursor.rowcount)


def _json(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)
