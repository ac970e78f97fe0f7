"""Tending: whatever the calendar runs is looked after when its time has come, each promise on its own."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection, transaction

from shouyue.commitments import books
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.reducer import Verdict
from shouyue.kernel import clock, jobs, locks

from . import figures, planning, watching
from . import verdicts as verdicts_of

BATCH = 100
AGAIN_AFTER = timedelta(minutes=15)
"""When a promise could not be looked after, it is tried again."""

_log = logging.getLogger(__name__)

_CLAIM = """
SELECT id FROM commitments_commitment WHERE next_at <= %s ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""


def tend_once(limit: int = BATCH) -> int:
    """Look after what is due, one batch. Returns how many promises.

    Locks: their rows, none of which it waits for; several workers share the work.
    """
    if not locks.is_real_time():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [clock.now(), limit])
        ids = [row[0] for row in cursor.fetchall()]
    for row in Commitment.objects.filter(pk__in=ids).order_by("contract_id", "id"):
        _tend(row)
    return len(ids)


def tend_all() -> int:
    """Look after everything that is due. Returns how many promises."""
    total = 0
    while (done := tend_once()) > 0:
        total += done
    return total


def _tend(row: Commitment) -> None:
    verdicts: list[Verdict] = []
    try:
        with transaction.atomic():
            match row.kind:
                case "recurring":
                    row.next_at = planning.plan_ahead(row)
                case "quota" | "target":
                    row.next_at = figures.open_periods(row)
                case "standing" if row.name in books.current(row.contract_id).duties:
                    row.next_at = planning.plan_ahead(row)
                case "standing":
                    row.next_at, verdicts = watching.check(row)
                case _:
                    row.next_at = None
            verdicts_of.tell(verdicts, books.current(row.contract_id))
    except jobs.FAULTS:
        _log.exception("promise %s of contract %s could not be looked after", row.name, row.contract_id)
        # nothing was done: how far it has been planned stays, so that the next look makes up for it
        Commitment.objects.filter(pk=row.pk).update(next_at=clock.now() + AGAIN_AFTER)
        return
    Commitment.objects.filter(pk=row.pk).update(
        next_at=row.next_at, planned_until=row.planned_until, began_at=row.began_at
    )
