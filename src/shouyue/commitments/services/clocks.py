"""Clocks of cases: of each case the strictest promise that runs, for queues and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from shouyue.commitments.rules.happenings import Happening, Obligation, Ref
from shouyue.kernel import arrays

from .names import names_of

_INSERT = """
INSERT INTO commitments_caseclock AS c (customer_id, contract_id, case_type, case_id, due_at, warn_at, obligation_id,
    commitment_id, is_overdue, is_paused, is_closed)
"""
_RENEWED = """
ON CONFLICT (case_type, case_id) DO UPDATE SET customer_id = excluded.customer_id, contract_id = excluded.contract_id,
    warn_at = excluded.warn_at, obligation_id = excluded.obligation_id, commitment_id = excluded.commitment_id,
    is_overdue = excluded.is_overdue, is_paused = excluded.is_paused
"""
_UPSERT = f"""
{_INSERT} VALUES (%s, %s, %s, %s, %s, %s, {{obligation}}, %s, %s, %s, %s)
{_RENEWED}, due_at = CASE WHEN {{closed}} THEN NULL ELSE excluded.due_at END, is_closed = {{closed}}
"""


def upsert(
    obligations: Sequence[Obligation], event: Happening, closed: bool, reopened: bool
) -> tuple[str, list[Any]]:
    """The upsert of a case's clock and its values, for a statement that writes new obligations as `ins`.

    A case once closed stays closed until an event brings it back.
    """
    mine = [
        o for o in obligations if o.case == event.case and o.is_open and not o.period and o.state != "waiting"
    ]
    due = min((o for o in mine if o.due_at is not None), key=lambda o: (o.due_at, o.id), default=None)
    commitment_id = names_of(due.contract_id).ids.get(due.commitment) if due else None
    reference = "%s::bigint"
    values: list[Any] = []
    if due is not None and due.is_new:
        reference = "(SELECT id FROM ins WHERE commitment_id = %s AND occurrence = %s LIMIT 1)"
        values = [commitment_id, due.occurrence]
    else:
        values = [due.id if due else None]
    stays = "true" if closed else "false" if reopened else "c.is_closed"
    parameters = [
        event.customer_id,
        event.contract_id,
        *event.case,
        due.due_at if due and not closed else None,
        due.warn_at if due else None,
        *values,
        commitment_id,
        due.state == "missed" if due else False,
        due is None and any(o.state == "paused" for o in mine),
        closed,
    ]
    return _UPSERT.format(obligation=reference, closed=stays), parameters


_STRICTEST = """
LEFT JOIN LATERAL (SELECT o.id, o.commitment_id, o.due_at, o.warn_at, o.state FROM commitments_obligation o
    WHERE o.case_type = k.case_type AND o.case_id = k.case_id AND o.settled_at IS NULL AND o.due_at IS NOT NULL
    AND o.period = '' AND o.state IN ('running', 'missed') ORDER BY o.due_at, o.id LIMIT 1) s ON true
"""
_PAUSED = """
s.id IS NULL AND EXISTS (SELECT 1 FROM commitments_obligation p WHERE p.case_type = k.case_type
    AND p.case_id = k.case_id AND p.period = '' AND p.state = 'paused')
"""
_REFRESH = f"""
UPDATE commitments_caseclock c SET due_at = CASE WHEN c.is_closed THEN NULL ELSE n.due_at END, warn_at = n.warn_at,
    obligation_id = n.id, commitment_id = n.commitment_id, is_overdue = n.overdue, is_paused = n.paused
FROM (SELECT k.*, s.*, coalesce(s.state = 'missed', false) AS overdue, {_PAUSED} AS paused
    FROM unnest(%s::text[], %s::bigint[]) AS k (case_type, case_id) {_STRICTEST}) n
WHERE c.case_type = n.case_type AND c.case_id = n.case_id
"""  # noqa: S608 - constants
_SET = f"""
{_INSERT} SELECT k.customer_id, k.contract_id, k.case_type, k.case_id, s.due_at, s.warn_at, s.id, s.commitment_id,
    coalesce(s.state = 'missed', false), {_PAUSED}, false
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS k (case_type, case_id, customer_id, contract_id) {_STRICTEST}
ORDER BY k.case_type, k.case_id
{_RENEWED}, due_at = CASE WHEN c.is_closed THEN NULL ELSE excluded.due_at END
"""  # noqa: S608 - constants


def refresh(cases: Iterable[Ref]) -> None:
    """Set the clocks that cases have anew from their stored obligations. Queries: one."""
    wanted = sorted(set(cases))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, [[case[0] for case in wanted], [case[1] for case in wanted]])


def set_for(events: Iterable[Happening]) -> None:
    """As `refresh`, of the events' cases; a case without a clock gets one. Queries: one."""
    rows = sorted({(*event.case, event.customer_id, event.contract_id or 0) for event in events})
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SET, arrays.literals(rows))
