"""The promises of one case as pages show them: read in one plain statement, without what explains them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection

from shouyue.commitments.choices import shown_state
from shouyue.commitments.models import Obligation
from shouyue.contracts.plan_language.speaking import span_said
from shouyue.kernel.actor import Actor
from shouyue.servicetime.durations import parse_duration


@dataclass(frozen=True, slots=True)
class CasePromise:
    """One obligation of a case with its promise in the reader's language."""

    id: int
    state: str
    due_at: datetime | None
    warn_at: datetime | None
    settled_at: datetime | None
    kind: str
    title: str
    number: str
    is_aimed: bool = True
    is_done: bool = False

    @property
    def shown_state(self) -> str:
        """As `Obligation.shown_state`."""
        return shown_state(self.state, is_aimed=self.is_aimed, is_done=self.is_done)


_PROMISES = """
SELECT o.id, o.state, o.due_at, o.warn_at, o.settled_at, c.kind, c.title_{language}, c.number_{language},
    o.contract_id, o.customer_id, o.within, o.is_aimed, o.kept_event_id IS NOT NULL AND o.settled_at IS NULL
FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE o.case_type = %s AND o.case_id = %s AND o.state NOT IN ('waiting', 'void') AND (%s OR NOT c.is_internal)
"""
_CHINESE, _ENGLISH = _PROMISES.format(language="zh"), _PROMISES.format(language="en")
_FAR = datetime.max.replace(tzinfo=UTC)


def promises_of(actor: Actor, case: tuple[str, int]) -> list[CasePromise]:
    """The promises of a case that have begun: what is open first, soonest due first; then what is settled.

    Queries: one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHINESE if actor.language.startswith("zh") else _ENGLISH, [*case, actor.is_staff])
        rows = cursor.fetchall()
    contracts, customers = actor.contracts, actor.scope.customers
    found = [
        CasePromise(*(*row[:7], limit_of(row[10], row[7], actor.language), *row[11:]))
        for row in rows
        if actor.scope.everything or (row[9] in customers and (contracts is None or row[8] in contracts))
    ]
    found.sort(
        key=lambda one: (one.settled_at is not None, one.state == "paused", one.due_at or _FAR, one.id)
    )
    return found


def limit_of(within: str, number: str, language: str) -> str:
    """The limit as it was found for this obligation; `number` is the promise's whole table of limits."""
    return _said(within, language.startswith("zh")) if within else number


@lru_cache(maxsize=512)
def _said(within: str, chinese: bool) -> str:
    return span_said(parse_duration(within), chinese=chinese)


def shown(one: Obligation, language: str) -> CasePromise:
    """An obligation read elsewhere, with its commitment."""
    promise = one.commitment
    return CasePromise(
        one.pk,
        one.state,
        one.due_at,
        one.warn_at,
        one.settled_at,
        promise.kind,
        promise.title(language),
        limit_of(one.within, promise.number(language), language),
        one.is_aimed,
        one.is_unjudged,
    )
