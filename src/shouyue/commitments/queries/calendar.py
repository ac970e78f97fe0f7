"""Reads of what the calendar runs: my promises, coming obligations, attestations, contributions, spans, draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from shouyue.commitments.calendar_models import Attestation, ConditionSpan, Contribution, Draw
from shouyue.commitments.choices import Condition
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor


def attestations_of(actor: Actor, commitment_id: int) -> QuerySet[Attestation]:
    """What people vouched for, newest first."""
    rows = Attestation.objects.visible_to(actor).filter(commitment_id=commitment_id)
    return rows.select_related("attested_by")


def attestation_exists(actor: Actor, number: int) -> bool:
    """Whether the actor may read this attestation."""
    rows = Attestation.objects.visible_to(actor).filter(pk=number)
    if not actor.is_staff:
        rows = rows.filter(commitment__is_internal=False)
    return bool(rows.exists())


def contributions_of(actor: Actor, obligation_id: int) -> QuerySet[Contribution]:
    """What added up to a quota's figure, in order."""
    return Contribution.objects.visible_to(actor).filter(obligation_id=obligation_id)


def draw_of(actor: Actor, commitment_id: int, period: str) -> Draw | None:
    """How the sample of a period was drawn."""
    found: Draw | None = (
        Draw.objects.visible_to(actor)
        .filter(commitment_id=commitment_id, period=period.split(":")[0])
        .first()
    )
    return found


def spans_of(actor: Actor, commitment_id: int) -> QuerySet[ConditionSpan]:
    """Held and broken spans of a standing promise, newest first."""
    rows = ConditionSpan.objects.visible_to(actor).filter(commitment_id=commitment_id)
    return rows.order_by("-since", "-id")


@dataclass(frozen=True, slots=True)
class Held:
    """How long a condition was held in a period. since: of the last span that began before its end."""

    condition: Condition
    since: datetime
    held_seconds: float
    broken_seconds: float

    @property
    def share(self) -> float | None:
        """Part of the looked-at time in which it held."""
        total = self.held_seconds + self.broken_seconds
        return self.held_seconds / total if total else None


_HELD = """
SELECT commitment_id,
    (array_agg(condition ORDER BY since DESC, id DESC))[1], (array_agg(since ORDER BY since DESC, id DESC))[1],
    coalesce(sum(extract(epoch FROM least(coalesce(until, %(now)s), %(until)s) - greatest(since, %(since)s)))
        FILTER (WHERE condition = 'held'), 0),
    coalesce(sum(extract(epoch FROM least(coalesce(until, %(now)s), %(until)s) - greatest(since, %(since)s)))
        FILTER (WHERE condition = 'broken'), 0)
FROM commitments_conditionspan
WHERE contract_id = %(contract)s AND since < %(until)s AND coalesce(until, %(now)s) >= %(since)s
GROUP BY commitment_id
"""


def held_in(contract_id: int, since: datetime, until: datetime) -> Mapping[int, Held]:
    """How the conditions of a contract held in a span of time, by commitment. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HELD,
            {"contract": contract_id, "since": since, "until": min(until, clock.now()), "now": clock.now()},
        )
        return {
            row[0]: Held(Condition(row[1]), row[2], max(float(row[3]), 0), max(float(row[4]), 0))
            for row in cursor.fetchall()
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure of a quota or target in its period. amount None: no data."""

    obligation_id: int
    period: str
    state: str
    amount: float | None
    low: float | None
    high: float | None
    forecast: float | None
    counted: int
    good: int
    due_at: datetime


_FIGURES = """
SELECT DISTINCT ON (o.commitment_id, o.tie) o.commitment_id, o.id, o.period, o.state, o.facts->'amount',
    o.facts->'low', o.facts->'high', o.facts->'forecast', o.facts->'counted', o.facts->'good', o.due_at
FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE o.contract_id = %s AND c.kind IN ('quota', 'target') AND o.period <> '' AND o.opened_at < %s AND o.due_at > %s
  AND NOT (o.state = 'void' AND o.ending IN ('not_meant', 'stopped'))
ORDER BY o.commitment_id, o.tie, o.opened_at DESC
"""


def figures_in(contract_id: int, since: datetime, until: datetime) -> Mapping[int, Sequence[Figure]]:
    """The figures of the periods that reach into a span of time, the last of each, by commitment. Queries: one."""
    found: dict[int, list[Figure]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [contract_id, until, since])
        for row in cursor.fetchall():
            amount, low, high, expected, counted, good = (_number(value) for value in row[4:10])
            found.setdefault(row[0], []).append(
                Figure(
                    row[1],
                    row[2],
                    row[3],
                    amount,
                    low,
                    high,
                    expected,
                    int(counted or 0),
                    int(good or 0),
                    row[10],
                )
            )
    return found


def _number(value: object) -> float | None:
    return None if value in (None, "null") else float(str(value))
