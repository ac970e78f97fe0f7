"""Row-level security by size of scope: the queue's statement under one role that sees all, and under lists of ids."""

from __future__ import annotations

import statistics
import time

import psycopg

SIZES = (1, 10, 100, 1000, 5000)
ROUNDS = 15

_QUEUE = """
WITH k AS MATERIALIZED (SELECT k.case_id, k.due_at FROM commitments_caseclock k
  WHERE k.case_type = 'ticket' AND k.due_at IS NOT NULL ORDER BY k.due_at, k.case_id LIMIT 50)
SELECT t.id, t.number, t.title, c.name, k.due_at FROM k JOIN tickets_ticket t ON t.id = k.case_id
JOIN parties_customer c ON c.id = t.customer_id ORDER BY k.due_at, k.case_id
"""
_POINT = "SELECT id, number, title FROM tickets_ticket WHERE id = %s"
_COUNT = "SELECT count(*) FROM tickets_ticket WHERE id BETWEEN %s AND %s + 20000"


def measure(url: str, customers: list[int]) -> list[dict[str, float | str]]:
    """Milliseconds by scope: queue page, one ticket by id, a range of 20,000 tickets. Ids that own nothing fill up."""
    found: list[dict[str, float | str]] = []
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM tickets_ticket")
        (middle,) = row.fetchone() or (0,)
        for size in (0, *SIZES):
            ids = [*customers, *range(10_000_000, 10_000_000 + size)][:size]
            role = "shouyue_scoped" if size else "shouyue_all"
            line: dict[str, float | str] = {"scope": f"{size} ids" if size else "role that sees all"}
            for name, query, values in (
                ("queue", _QUEUE, ()),
                ("ticket", _POINT, (middle,)),
                ("range", _COUNT, (middle, middle)),
            ):
                line[name] = _milliseconds(connection, role, ids, query, values)
            found.append(line)
    return found


def _milliseconds(
    connection: psycopg.Connection[tuple[object, ...]],
    role: str,
    ids: list[int],
    query: str,
    values: tuple[int, ...],
) -> float:
    """The median of some transactions, setting the scope included."""
    taken = []
    scope = ",".join(map(str, ids))
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with connection.transaction():
            connection.execute(
                "SELECT set_config('role', %s, true), set_config('app.customers', %s, true)", [role, scope]
            )
            connection.execute(query, values, prepare=True).fetchall()  # type: ignore[arg-type]
        taken.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(taken), 2)
