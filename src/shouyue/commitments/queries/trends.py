"""Shares kept over time: contracts against promises in a month, one contract over months, one promise over a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.standing import share_tone
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor

from . import commitments_of, commitments_visible_to
from .board import Month, month_of

MONTHS = 12
WIDTH = 12
"""Contracts side by side on one page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Verdicts of a promise, or of several, in a month."""

    kept: int = 0
    broken: int = 0

    @property
    def due(self) -> int:
        """How many have a verdict."""
        return self.kept + self.broken

    @property
    def share(self) -> float | None:
        """Share kept, 0 … 1; None, never 1, when nothing fell due."""
        return self.kept / self.due if self.due else None

    @property
    def tone(self) -> str:
        """The colour of the share."""
        return share_tone(self.share)


NOTHING = Cell()

_BY_MONTH = """
SELECT commitment_id, extract(year FROM falls_at AT TIME ZONE %(zone)s)::int * 12
        + extract(month FROM falls_at AT TIME ZONE %(zone)s)::int - 1,
    count(*) FILTER (WHERE state = 'kept'), count(*) FILTER (WHERE state IN ('late', 'missed'))
FROM commitments_obligation
WHERE contract_id = %(contract)s AND falls_at >= %(since)s AND falls_at < %(until)s
    AND state IN ('kept', 'late', 'missed') AND (%(commitment)s::bigint IS NULL OR commitment_id = %(commitment)s)
GROUP BY 1, 2
"""

_BY_CONTRACT = """
SELECT commitment_id, count(*) FILTER (WHERE state = 'kept'), count(*) FILTER (WHERE state IN ('late', 'missed'))
FROM commitments_obligation
WHERE contract_id = ANY(%s) AND falls_at >= %s AND falls_at < %s AND state IN ('kept', 'late', 'missed')
GROUP BY 1
"""


def last_months(zone: str, count: int = MONTHS) -> list[Month]:
    """The running month and those before it, oldest first."""
    today = clock.now().astimezone(ZoneInfo(zone))
    last = today.year * 12 + today.month - 1
    return [month_of(zone, f"{n // 12:04}-{n % 12 + 1:02}") for n in range(last - count + 1, last + 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """One promise with its cells, in the order of the columns; None where a contract does not make it."""

    commitment: Commitment
    cells: tuple[Cell | None, ...]


def over_months(actor: Actor, contract: Contract) -> tuple[list[Month], list[Row]]:
    """The promises of a contract that had verdicts, against the last twelve months. Queries: two."""
    months = last_months(contract.time_zone)
    cells = _by_month(contract, months, None)
    rows = [
        Row(one, tuple(cells[one.pk].get(_number(month), NOTHING) for month in months))
        for one in commitments_of(actor, contract.pk)
        if one.pk in cells
    ]
    return months, rows


def of_commitment(contract: Contract, commitment: Commitment) -> list[tuple[Month, Cell]]:
    """One promise over the last twelve months, oldest first. Queries: one."""
    months = last_months(contract.time_zone)
    cells = _by_month(contract, months, commitment.pk).get(commitment.pk, {})
    return [(month, cells.get(_number(month), NOTHING)) for month in months]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Contracts under the same plan against its promises. total: all promises of a contract together."""

    contracts: tuple[Contract, ...]
    rows: tuple[Row, ...]
    total: tuple[Cell, ...]


def side_by_side(actor: Actor, contracts: Sequence[Contract], month: Month) -> list[Sheet]:
    """Contracts against promises in a month, a sheet per plan; rows without any verdict are left out. Queries: two."""
    ids = [contract.pk for contract in contracts]
    with connection.cursor() as cursor:
        cursor.execute(_BY_CONTRACT, [ids, month.since, month.until])
        cells = {row[0]: Cell(row[1], row[2]) for row in cursor.fetchall()}
    promises = [
        one
        for one in commitments_visible_to(actor).filter(contract_id__in=ids, is_active=True)
        if one.pk in cells
    ]
    plans: dict[str, list[Contract]] = {}
    for contract in contracts:
        plans.setdefault(contract.plan_version.plan, []).append(contract)
    return [sheet for group in plans.values() if (sheet := _sheet(group, promises, cells)).rows]


def _sheet(group: Sequence[Contract], promises: Sequence[Commitment], cells: Mapping[int, Cell]) -> Sheet:
    places = {contract.pk: place for place, contract in enumerate(group)}
    rows: dict[str, tuple[Commitment, list[Cell | None]]] = {}
    total = [[0, 0] for _ in group]
    for one in sorted(promises, key=lambda one: one.position):
        if one.contract_id not in places:
            continue
        cell, place = cells[one.pk], places[one.contract_id]
        rows.setdefault(one.name, (one, [None] * len(group)))[1][place] = cell
        total[place][0] += cell.kept
        total[place][1] += cell.broken
    return Sheet(
        tuple(group),
        tuple(Row(one, tuple(line)) for one, line in rows.values()),
        tuple(Cell(kept, broken) for kept, broken in total),
    )


def _by_month(
    contract: Contract, months: Sequence[Month], commitment_id: int | None
) -> dict[int, dict[int, Cell]]:
    since: datetime = months[0].since
    until: datetime = months[-1].until
    values: dict[str, str | int | datetime | None] = {
        "zone": contract.time_zone,
        "contract": contract.pk,
        "since": since,
        "until": until,
        "commitment": commitment_id,
    }
    found: dict[int, dict[int, Cell]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_MONTH, values)
        for promise, month, kept, broken in cursor.fetchall():
            found.setdefault(promise, {})[month] = Cell(kept, broken)
    return found


def _number(month: Month) -> int:
    return month.year * 12 + month.month - 1
