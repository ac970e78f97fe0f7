"""The due sweep: so many obligations run, a thousand of them fall due every second; when is the notice there?"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from . import traffic
from .load import connect
from .stack import Stack

LEAD_SECONDS = 10
"""Before the first falls due, and a second more for each thousand: moving them must be over by then."""


@dataclass
class Swept:
    """running: obligations that run; due: how many fell due; notices: how many of them told somebody.

    Times in seconds from due to the notice written. CPU in milliseconds per obligation, of the worker and PostgreSQL.
    """

    running: int
    due: int
    per_second: int
    notices: int
    p50: float
    p99: float
    longest: float
    left: int
    cpu_app: float = 0.0
    cpu_postgres: float = 0.0
    load_average: float = 0.0


_PULL = """
WITH chosen AS (
    SELECT id, next_at, row_number() OVER (ORDER BY next_at, id) AS place FROM commitments_obligation
    WHERE state = 'running' AND next_at > clock_timestamp() + interval '1 day' ORDER BY next_at, id LIMIT %(due)s
), moved AS (
    SELECT id, next_at - (clock_timestamp() + make_interval(secs => %(lead)s + place / %(rate)s::float)) AS back
    FROM chosen
)
UPDATE commitments_obligation o SET next_at = o.next_at - back, due_at = o.due_at - back, warn_at = o.warn_at - back,
    opened_at = o.opened_at - back, trigger_at = o.trigger_at - back, falls_at = o.falls_at - back
FROM moved WHERE moved.id = o.id RETURNING o.id, o.next_at
"""
_FOUND = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY s), percentile_cont(0.99) WITHIN GROUP (ORDER BY s), max(s)
FROM (SELECT extract(epoch FROM min(n.created_at) - d.next_at) AS s FROM bench_due d
      JOIN notifications_notice n ON n.about_type = 'obligation' AND n.about_id = d.id AND n.created_at >= d.next_at
      GROUP BY d.id, d.next_at) x
"""


def measure(url: str, *, due: int, per_second: int, stack: Stack) -> Swept:
    """Let obligations fall due while `shouyue up` runs, and look when their notices were written."""
    with connect(url) as connection:
        running = _value(connection, "SELECT count(*) FROM commitments_obligation WHERE state = 'running'")
        connection.execute("CREATE TEMP TABLE bench_due (id bigint PRIMARY KEY, next_at timestamptz)")
        rows = connection.execute(
            _PULL, {"due": due, "rate": per_second, "lead": LEAD_SECONDS + due / 1000}
        ).fetchall()
        if rows and min(at for _id, at in rows) < datetime.now(UTC):
            raise RuntimeError(
                "the first obligations fell due while they were being moved: give them more time"
            )
        with connection.cursor() as cursor, cursor.copy("COPY bench_due FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        waiting = (
            "SELECT count(*) FROM commitments_obligation o JOIN bench_due d USING (id) "
            "WHERE o.next_at = d.next_at"
        )
        before = _cpu(stack)
        give_up = time.monotonic() + LEAD_SECONDS + due / 1000 + due / per_second * 3 + 20
        while (left := _value(connection, waiting)) and time.monotonic() < give_up:
            time.sleep(2)
        spent = [(after - at) * 1000 / due for after, at in zip(_cpu(stack), before, strict=True)]
        notices, p50, p99, longest = connection.execute(_FOUND).fetchone() or (0, None, None, None)
        times = [float(x or 0) for x in (p50, p99, longest)]
        return Swept(running, len(rows), per_second, notices, *times, left, *spent, os.getloadavg()[0])


def _cpu(stack: Stack) -> tuple[float, float]:
    """Seconds so far, of the worker and of PostgreSQL."""
    worker = {process.pid for process in stack.part("worker")}
    return traffic.cpu_seconds(worker), traffic.cpu_seconds(stack.groups["postgres"])


def _value(connection: psycopg.Connection[Any], query: Any) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
