"""What has happened in a case so far, read from the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from shouyue.commitments.rules.happenings import Happening, Ref
from shouyue.kernel import arrays

from .storage import table_of

COLUMNS = (
    "e.id, e.verb, e.subject_type, e.subject_id, e.case_type, e.case_id, e.occurred_at, e.facts, e.recorded_at, "
    "e.contract_id, e.customer_id"
)
_HISTORY = f"""
SELECT {COLUMNS} FROM kernel_event e WHERE e.case_type = %s AND e.case_id = %s ORDER BY e.id
"""  # noqa: S608 - constants
_LATER = f"""
SELECT k.id, {COLUMNS} FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
    AS k (id, case_type, case_id, at)
JOIN kernel_event e ON e.case_type = k.case_type AND e.case_id = k.case_id AND e.id < k.id AND e.occurred_at > k.at
WHERE e.recorded_at > %s AND e.recorded_at <= %s ORDER BY e.id
"""  # noqa: S608 - constants
FORETOLD = timedelta(days=1)
"""No event is recorded longer than this before it happens."""


def history(case: Ref) -> list[Happening]:
    """Every event of a case so far, oldest first. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [*case])
        return [happening(row) for row in cursor.fetchall()]


class Later:
    """What happened after each of some events and was recorded before it, in its case. Queries: one, when asked."""

    def __init__(self, events: Sequence[Happening]) -> None:
        self._events = events
        self._found: dict[int, list[Happening]] | None = None

    def of(self, event: Happening) -> Sequence[Happening]:
        """Oldest first."""
        if self._found is None:
            self._found = self._read()
        return self._found.get(event.id, ())

    def _read(self) -> dict[int, list[Happening]]:
        found: dict[int, list[Happening]] = defaultdict(list)
        rows = [(event.id, *event.case, event.at) for event in self._events]
        since = min(event.at for event in self._events) - FORETOLD
        # the clock may have been set back
        until = max(event.recorded_at for event in self._events) + FORETOLD
        with connection.cursor() as cursor:
            cursor.execute(_LATER, [*arrays.literals(rows), since, until])
            for number, *row in cursor.fetchall():
                found[number].append(happening(row))
        return found


def happening(row: Sequence[Any]) -> Happening:
    """A stored event as the rules see it. row: its `COLUMNS`."""
    return Happening(
        id=row[0],
        verb=row[1],
        subject=(row[2], row[3]),
        case=(row[4], row[5]),
        at=row[6],
        facts={**table_of(row[7]), "occurred_at": row[6].isoformat(), "verb": row[1]},
        recorded_at=row[8],
        contract_id=row[9],
        customer_id=row[10],
    )
