"""Measures of the register itself."""

from __future__ import annotations

from django.db import connection

from shouyue.contracts.vocabulary import Measured, MeasureRequest
from shouyue.kernel import clock

_KEPT = """
SELECT count(*) FILTER (WHERE o.state = 'kept'), count(*)
FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE o.contract_id = %s AND o.falls_at >= %s AND o.falls_at < %s
  AND (o.state IN ('kept', 'late', 'missed') OR o.state = 'running' AND o.due_at < %s
       AND c.kind IN ('deadline', 'recurring'))
  AND c.kind <> 'gate' AND (%s = '' OR c.name = %s)
"""


def kept_share(request: MeasureRequest) -> Measured:
    """Of the obligations that fell due, those kept in time, in percent. Queries: one.

    What still runs though its time is over counts as broken: after a stop, figures and misses come in one sweep.

    A stage is a span of time here: whoever asks for one has narrowed `since` and `until` to it.
    """
    name = str(request.arguments.get("commitment", ""))
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [request.contract_id, request.since, request.until, clock.now(), name, name])
        good, counted = cursor.fetchone()
    return Measured(good * 100 / counted if counted else None, counted, good)
