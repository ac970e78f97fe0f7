"""The register under load: five thousand contracts, a million obligations that run, three million that are settled.

Contracts are copies of the cast's with all their promises; obligations are copies of those the cast's tickets led to,
spread over the contracts and over nine months behind. Loaded in steps, so that each figure is seen to grow or not.

    python -m bench --home … --reuse --only-register
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from .load import connect

STEPS = ((10_000, 10_000), (100_000, 100_000), (1_000_000, 3_000_000))
"""Running and settled obligations at each step."""
CONTRACTS, FEW_CONTRACTS = 5_000, 5
CLOSED = 1_000
BOARDS, CREATES = 300, 300
CASES_FROM = 1 << 40
"""Case ids of copied obligations: no ticket has them."""
QUARTER = "3 months"


@dataclass
class Measured:
    """What one step showed; times in milliseconds, CPU of this process and of its server process together."""

    running: int
    settled: int
    load_average: float = 0.0
    board: dict[str, float] = field(default_factory=dict)
    close: dict[str, float] = field(default_factory=dict)
    quarter: dict[str, float] = field(default_factory=dict)
    opening: dict[str, float] = field(default_factory=dict)


def measure(url: str, contracts: list[list[int]], actor: Any) -> dict[str, Any]:
    """Grow the register in steps and measure at each. Django must be set up."""
    with connect(url) as connection:
        begun = time.monotonic()
        copied = _copy_contracts(connection, [row[0] for row in contracts])
        found = []
        seconds = time.monotonic() - begun
        for running, settled in STEPS:
            begun = time.monotonic()
            _fill(connection, running, settled)
            seconds += time.monotonic() - begun
            found.append(_measure(connection, contracts, copied, running, settled, actor))
            print(found[-1], file=sys.stderr, flush=True)
        counts = _counts(connection)
    return {
        "steps": [vars(one) for one in found],
        "contracts": len(copied) + len(contracts),
        "load_seconds": seconds,
        "counts": counts,
    }


# --- loading -----------------------------------------------------------------------------------------------------

_SPREAD = """
CREATE TABLE IF NOT EXISTS bench_contract (
    place int PRIMARY KEY, original bigint NOT NULL, copy bigint NOT NULL UNIQUE, customer bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS bench_promise (
    original bigint NOT NULL, contract bigint NOT NULL, copy bigint NOT NULL, PRIMARY KEY (contract, original)
);
CREATE TABLE IF NOT EXISTS bench_image (
    contract bigint NOT NULL, runs boolean NOT NULL, place int NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (contract, runs, place)
);
"""


def _copy_contracts(connection: psycopg.Connection[Any], originals: list[int]) -> list[int]:
    """Copies of contracts with members, sites, milestones and promises. Returns their ids, one of each plan in turn."""
    connection.execute(_SPREAD)
    known = connection.execute("SELECT count(*) FROM bench_contract").fetchone()
    missing = CONTRACTS - len(originals) - (known[0] if known else 0)
    if missing > 0:
        columns = _columns(connection, "contracts_contract", "id", "code", "version")
        connection.execute(
            "INSERT INTO bench_contract SELECT g, c.id, nextval('contracts_contract_id_seq'), c.customer_id "
            "FROM generate_series(0, %s - 1) g JOIN contracts_contract c ON c.id = (%s::bigint[])[g %% %s + 1]",
            [missing, originals, len(originals)],
        )
        connection.execute(
            f"INSERT INTO contracts_contract (id, code, version, {columns}) "
            f"SELECT b.copy, 'L' || b.place, nextval('contracts_version_seq'), {_of('c', columns)} "
            "FROM bench_contract b JOIN contracts_contract c ON c.id = b.original"
        )
        for table in (
            "contracts_membership",
            "contracts_contractsite",
            "contracts_milestone",
            "commitments_commitment",
        ):
            columns = _columns(connection, table, "id", "contract_id", "next_at")
            connection.execute(
                f"INSERT INTO {table} (contract_id, {columns}) SELECT b.copy, {_of('t', columns)} "
                f"FROM bench_contract b JOIN {table} t ON t.contract_id = b.original"
            )
        connection.execute(
            "INSERT INTO bench_promise SELECT o.id, b.copy, c.id FROM bench_contract b "
            "JOIN commitments_commitment o ON o.contract_id = b.original "
            "JOIN commitments_commitment c ON c.contract_id = b.copy AND c.name = o.name"
        )
        connection.execute(
            "INSERT INTO bench_image SELECT contract_id, settled_at IS NULL, "
            "row_number() OVER (PARTITION BY contract_id, settled_at IS NULL ORDER BY id) - 1, id "
            "FROM commitments_obligation WHERE contract_id = ANY(%s) AND case_type = 'ticket' AND state <> 'void' "
            "AND (state = 'running' OR settled_at IS NOT NULL) AND case_id < %s",
            [originals, CASES_FROM],
        )
        for table in ("contracts_contract", "contracts_membership", "commitments_commitment"):
            connection.execute(f"VACUUM (ANALYZE) {table}")
        connection.execute("ANALYZE bench_contract, bench_promise, bench_image")
    rows = connection.execute("SELECT copy FROM bench_contract ORDER BY place").fetchall()
    return [row[0] for row in rows]


def _columns(connection: psycopg.Connection[Any], table: str, *without: str) -> str:
    rows = connection.execute(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attname <> ALL(%s) ORDER BY attnum",
        [table, ["id", *without]],
    ).fetchall()
    return ", ".join(row[0] for row in rows)


def _of(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns.split(", "))


_FILL = """
WITH holders AS MATERIALIZED (
    SELECT b.copy, b.original, row_number() OVER (ORDER BY b.place) - 1 AS place, count(*) OVER () AS several, n.size
    FROM bench_contract b
    JOIN (SELECT contract, count(*) AS size FROM bench_image WHERE runs = %(runs)s GROUP BY contract) n
        ON n.contract = b.original
)
INSERT INTO commitments_obligation ({columns}, contract_id, commitment_id, subject_id, case_id,
    trigger_at, opened_at, falls_at, due_at, warn_at, next_at, missed_at, kept_at, settled_at)
SELECT {originals}, b.copy, p.copy, %(base)s + g, %(base)s + g,
    o.trigger_at + s.by, o.opened_at + s.by, o.falls_at + s.by, o.due_at + s.by, o.warn_at + s.by, o.next_at + s.by,
    o.missed_at + s.by, o.kept_at + s.by, o.settled_at + s.by
FROM generate_series(%(first)s::bigint, %(last)s::bigint) g
JOIN holders b ON b.place = g %% (SELECT max(several) FROM holders)
JOIN bench_image i ON i.contract = b.original AND i.runs = %(runs)s AND i.place = (g / b.several) %% b.size
JOIN commitments_obligation o ON o.id = i.id
JOIN bench_promise p ON p.contract = b.copy AND p.original = o.commitment_id
CROSS JOIN LATERAL (SELECT {shift} AS by) s
"""
_AHEAD = "now() + interval '2 days' + random() * interval '20 days' - o.next_at"
_BEHIND = "now() - interval '1 day' - random() * interval '270 days' - o.falls_at"


def _fill(connection: psycopg.Connection[Any], running: int, settled: int) -> None:
    """Load until so many copies run and so many are settled."""
    own = (
        *("contract_id", "commitment_id", "subject_id", "case_id", "trigger_at", "opened_at", "falls_at"),
        *("due_at", "warn_at", "next_at", "missed_at", "kept_at", "settled_at"),
    )
    columns = _columns(connection, "commitments_obligation", *own)
    for runs, wanted, base in ((True, running, CASES_FROM), (False, settled, 2 * CASES_FROM)):
        row = connection.execute(
            "SELECT coalesce(max(case_id) - %(base)s, 0) FROM commitments_obligation WHERE case_type = 'ticket' "
            "AND case_id BETWEEN %(base)s + 1 AND %(base)s + %(most)s",
            {"base": base, "most": CASES_FROM - 1},
        ).fetchone()
        have = int(row[0]) if row else 0
        query = _FILL.format(columns=columns, originals=_of("o", columns), shift=_AHEAD if runs else _BEHIND)
        for first in range(have + 1, wanted + 1, 200_000):
            last = min(first + 199_999, wanted)
            connection.execute(query, {"base": base, "first": first, "last": last, "runs": runs})
    connection.execute("VACUUM (ANALYZE) commitments_obligation")
    connection.execute("CHECKPOINT")


def _counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT state, count(*) FROM commitments_obligation GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {state: int(count) for state, count in rows}


# --- measuring ---------------------------------------------------------------------------------------------------


class Cpu:
    """CPU of this process and of the server process behind Django's connection, to the nanosecond."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._path = f"/proc/{cursor.fetchone()[0]}/schedstat"

    def now(self) -> tuple[float, float]:
        """Milliseconds so far, of the program and of PostgreSQL."""
        with open(self._path) as file:
            server = int(file.read().split()[0])
        return time.process_time_ns() / 1e6, server / 1e6


def _each(cpu: Cpu, work: Callable[[int], Any], times: int) -> dict[str, float]:
    """Wall p50 and p99, CPU p50, of work done so many times."""
    wall, app, server = [], [], []
    for number in range(times):
        before, begun = cpu.now(), time.perf_counter()
        work(number)
        wall.append((time.perf_counter() - begun) * 1000)
        after = cpu.now()
        app.append(after[0] - before[0])
        server.append(after[1] - before[1])
    ordered = sorted(wall)
    return {
        "p50": statistics.median(wall),
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        "cpu_app": statistics.median(app),
        "cpu_postgres": statistics.median(server),
        "cpu_p99": sorted(a + s for a, s in zip(app, server, strict=True))[min(times - 1, times * 99 // 100)],
    }


def _measure(
    connection: psycopg.Connection[Any],
    contracts: list[list[int]],
    copied: list[int],
    running: int,
    settled: int,
    actor: Any,
) -> Measured:
    found = Measured(running, settled)
    cpu = Cpu()
    chosen = random.Random(1)
    found.board = _board(cpu, [chosen.choice(copied) for _ in range(BOARDS)])
    found.quarter = _quarter(cpu)
    found.close = _close(connection, cpu, copied[:CLOSED])
    found.opening = _opening(cpu, contracts, copied, actor)
    found.load_average = os.getloadavg()[0]
    return found


def _board(cpu: Cpu, ids: list[int]) -> dict[str, float]:
    from shouyue.commitments.queries.board import board_of
    from shouyue.contracts.models import Contract
    from shouyue.kernel.actor import SYSTEM
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        contracts = {one.pk: one for one in Contract.objects.filter(pk__in=ids)}
        for number in sorted(set(ids))[:20]:
            board_of(SYSTEM, contracts[number])

        def look(place: int) -> None:
            with acting_in(EVERYTHING):
                board_of(SYSTEM, contracts[ids[place]])

        return _each(cpu, look, len(ids))


def _quarter(cpu: Cpu) -> dict[str, float]:
    """Compliance of every contract over the three months behind, as the overview counts it."""
    from django.db import connection

    from shouyue.commitments.queries import board
    from shouyue.contracts.models import Contract
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING), connection.cursor() as cursor:
        ids = list(Contract.objects.values_list("pk", flat=True))
        cursor.execute(f"SELECT now() - interval '{QUARTER}', now()")
        since, until = cursor.fetchone()

        def count(_place: int) -> None:
            board.figures_by_contract(ids, since, until)

        count(0)
        found = _each(cpu, count, 5)
        cursor.execute(
            "SELECT count(*) FROM commitments_obligation WHERE falls_at >= %s AND falls_at < %s AND "
            "state NOT IN ('void', 'waiting')",
            [since, until],
        )
        return {**found, "rows": cursor.fetchone()[0]}


def _close(connection: psycopg.Connection[Any], cpu: Cpu, ids: list[int]) -> dict[str, float]:
    """Freeze last month of a thousand contracts, each in a transaction of its own, as the nightly job does."""
    from shouyue.commitments.queries import closing as closings
    from shouyue.commitments.rules.closing import before, period_at
    from shouyue.commitments.services.closing import close_period
    from shouyue.contracts.models import Contract
    from shouyue.kernel import clock
    from shouyue.kernel.actor import SYSTEM
    from shouyue.kernel.scope import EVERYTHING, acting_in

    connection.execute("DELETE FROM commitments_closing WHERE contract_id = ANY(%s)", [ids])
    with acting_in(EVERYTHING):
        contracts = list(Contract.objects.filter(pk__in=ids).order_by("pk"))
    wall = time.perf_counter()

    def close(place: int) -> None:
        contract = contracts[place]
        with acting_in(EVERYTHING):
            quarterly = closings.is_quarterly(contract.pk)
            period = before(
                period_at(clock.now(), contract.time_zone, quarterly=quarterly), contract.time_zone
            )
            close_period(actor=SYSTEM, contract_id=contract.pk, period=period.key)

    found = _each(cpu, close, len(contracts))
    return {**found, "seconds": time.perf_counter() - wall}


@contextmanager
def _without_register() -> Any:
    from shouyue.kernel import events

    kept, events._consumers[:] = list(events._consumers), []
    try:
        yield
    finally:
        events._consumers[:] = kept


def _opening(cpu: Cpu, contracts: list[list[int]], copied: list[int], actor: Any) -> dict[str, float]:
    """CPU of reporting a ticket with and without the register, for tickets of few contracts and of all of them."""
    from shouyue.commitments import books
    from shouyue.commitments.services.names import names_of
    from shouyue.kernel.scope import EVERYTHING, acting_in
    from shouyue.tickets import services

    with acting_in(EVERYTHING):
        for number in copied:  # a process that has run for some days knows them all
            books.current(number)
            names_of(number)
    chosen = random.Random(2)
    places = {row[0]: row for row in contracts}
    found: dict[str, float] = {}

    def reporter(pool: list[tuple[int, list[int]]]) -> Callable[[int], None]:
        def report(number: int) -> None:
            contract, original = pool[number % len(pool)]
            with acting_in(EVERYTHING):
                services.report_ticket(
                    actor=actor,
                    contract_id=contract,
                    site_id=original[2],
                    requester_id=original[3],
                    channel="phone",
                    request_type="incident",
                    title="路口监控画面中断",
                    description="值班员反映设备异常。",
                )

        return report

    of_copy = [(copy, places[contracts[place % len(contracts)][0]]) for place, copy in enumerate(copied)]
    for name, pool in (("few", of_copy[:FEW_CONTRACTS]), ("all", chosen.sample(of_copy, len(of_copy)))):
        report = reporter(pool)
        for number in range(20):
            report(number)
        taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for number in range(2 * CREATES):  # in turn, so that both see the same load
            watched = number % 4 in (0, 3)  # and each is as often the first to touch its contract
            before = cpu.now()
            if watched:
                report(number // 2)
            else:
                with _without_register():
                    report(number // 2)
            after = cpu.now()
            taken[watched].append((after[0] - before[0], after[1] - before[1]))
        for place, part in enumerate(("cpu_app", "cpu_postgres")):
            median = {
                watched: statistics.median(row[place] for row in rows) for watched, rows in taken.items()
            }
            found[f"{name}_{part}"] = median[True] - median[False]
        found[f"{name}_whole"] = statistics.median(sum(row) for row in taken[True])
    return found
