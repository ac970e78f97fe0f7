"""Samples: who is drawn at random from what a recurring promise covers, and the draw kept so that all can repeat it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection

from shouyue.commitments.calendar_models import Draw
from shouyue.commitments.items import Item
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules import drawing
from shouyue.commitments.rules.recurrence import Occurrence, agreed
from shouyue.contracts.plan_language.match import shift
from shouyue.contracts.plan_language.model import Sample, Share
from shouyue.contracts.rules import ContractRules
from shouyue.kernel import clock

_DRAWN = "SELECT period, drawn, drawn_at FROM commitments_draw WHERE commitment_id = %s AND drawn_at >= %s"


def sampled(
    row: Commitment,
    sample: Sample,
    sort: str,
    found: list[Occurrence],
    covered: list[Item],
    rules: ContractRules,
    now: datetime,
) -> dict[str, tuple[Item | None, Occurrence]]:
    """Draw for periods that have begun; nobody knows a sample ahead of its time."""
    with connection.cursor() as cursor:
        cursor.execute(_DRAWN, [row.pk, _rested_since(sample, rules, now)])
        earlier = cursor.fetchall()
    drawn = {period: list(ids) for period, ids, _ in earlier}
    by_id = {item.id: item for item in covered}
    wanted: dict[str, tuple[Item | None, Occurrence]] = {}
    for occurrence in found:
        if occurrence.opens_at > now:
            continue
        if occurrence.key not in drawn:
            resting: dict[int, int] = {}
            for _period, ids, at in earlier:
                for number in by_id.keys() & ids:
                    age = int((now - at).total_seconds())
                    resting[number] = min(age, resting.get(number, age))
            drawn[occurrence.key] = _draw(row, sample, occurrence.key, list(by_id), resting, now)
            earlier.append((occurrence.key, drawn[occurrence.key], now))
        for number in drawn[occurrence.key]:
            if number in by_id:
                wanted[f"{occurrence.key}:{sort}:{number}"] = (by_id[number], replace(occurrence))
    return wanted


def _rested_since(sample: Sample, rules: ContractRules, now: datetime) -> datetime:
    """Draws further back neither bar anything nor belong to a period still open."""
    rested = shift(now, sample.not_again_for, rules.zone, back=True) if sample.not_again_for else now
    return min(rested or now, now - timedelta(days=400))


def _draw(
    row: Commitment,
    sample: Sample,
    period: str,
    population: list[int],
    resting: dict[int, int],
    now: datetime,
) -> list[int]:
    share, count = agreed(sample.share), agreed(sample.count)
    size = drawing.sample_size(
        len(population),
        percent=share.percent if isinstance(share, Share) else None,
        count=count if isinstance(count, int) else None,
        at_least=sample.at_least,
    )
    barred = {number: age for number, age in resting.items() if _rests(sample, age)}
    seed = secrets.token_hex(16)
    drawn = drawing.draw(population, size, seed, barred)
    Draw.objects.create(
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        commitment_id=row.pk,
        period=period,
        seed=seed,
        population=sorted(population),
        resting=sorted(barred),
        size=size,
        drawn=drawn,
        drawn_at=now,
    )
    return drawn


def _rests(sample: Sample, age: int) -> bool:
    if sample.not_again_for is None:
        return False
    now = clock.now()
    since = shift(now, sample.not_again_for, "UTC", back=True)
    return since is not None and now - timedelta(seconds=age) > since
