"""By when the customer owes a reply: as his own promises of the plan say, such as quotes answered in five days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shouyue.commitments import books
from shouyue.commitments.rules.timing import due_of, limit_of
from shouyue.contracts.enricher import enrich
from shouyue.kernel.errors import NotFound


def reply_due(
    subject_type: str, contract_id: int, verb: str, facts: Mapping[str, Any], now: datetime
) -> datetime | None:
    """When the first promise of the customer falls due that an event would open now; None when it opens none.

    A limit that facts must tell first says nothing. Queries: see `compiled`.
    """
    try:
        book = books.current(contract_id)
    except NotFound:
        return None
    known = {**enrich(subject_type, contract_id, facts), **facts}
    found = []
    for promise in book.deadlines.values():
        if promise.by != "customer" or promise.after is not None:
            continue
        if not book.applies(promise, known) or not book.opens(promise, verb, "", known):
            continue
        limit = limit_of(promise, known)
        if limit.span is not None:
            found.append(due_of(book.calendar(limit.window), now, limit.span, ()))
    return min((due for due in found if due is not None), default=None)
