"""People look at what they have to vouch for under a contract, and do so where it is time: mostly in time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max

from shouyue.accounts.queries import actor_from
from shouyue.commitments import books
from shouyue.commitments.calendar_models import Attestation
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import attesting
from shouyue.contracts.models import Membership
from shouyue.contracts.plan_language.match import shift
from shouyue.contracts.plan_language.model import Attested, Deadline, Recurring, Standing
from shouyue.demo.rules import pictures
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor

FORGOTTEN = 0.08
NEXT_LOOK = timedelta(hours=18)
NOTES = (
    "已逐项核对“{title}”，记录齐全，附件为证。",
    "本期“{title}”已按约定完成，现场查看无异常。",
    "已完成并归档：{title}。相关记录可随时查验。",
)


@dataclass(frozen=True, slots=True)
class Due:
    """A promise somebody has to vouch for now."""

    row: Commitment
    part: Attested
    title: str
    obligation_id: int | None


def vouch(*, actor: Actor, contract_id: int) -> None:
    """Give every word for which it is time now. actor: whose look it is; each word is given by who has the role."""
    people: dict[str, Actor] = {}
    for due in list(_due(contract_id)):
        if due.part.role not in people:
            member = (
                Membership.objects.filter(contract_id=contract_id, role=due.part.role)
                .select_related("user")
                .first()
            )
            if member is None:
                continue
            people[due.part.role] = actor_from(member.user)
        attesting.attest(
            actor=people[due.part.role],
            commitment_id=due.row.pk,
            obligation_id=due.obligation_id,
            note=random.Random(f"{due.row.name}{clock.now():%m%d}").choice(NOTES).format(title=due.title),
            uploads=_evidence(due),
        )


def _due(contract_id: int) -> Iterator[Due]:
    plan = books.current(contract_id).plan
    wanted: dict[str, tuple[Attested, str]] = {}
    standing: dict[str, Attested] = {}
    for promise in plan.commitments:
        parts = attesting.attested_parts(promise)
        if isinstance(promise, Deadline | Recurring | Standing) and parts:
            wanted[promise.name] = (parts[0], promise.title.zh)
            if isinstance(promise, Standing):
                standing[promise.name] = parts[0]
    rows = {
        row.pk: row
        for row in Commitment.objects.filter(contract_id=contract_id, is_active=True, name__in=wanted)
    }
    yield from _standing(rows, wanted, standing, plan.zone)
    now = clock.now()
    found = Obligation.objects.filter(
        commitment_id__in=[pk for pk, row in rows.items() if row.name not in standing],
        settled_at__isnull=True,
        opened_at__lte=now,
        state__in=("running", "missed"),
    ).order_by("commitment_id", "id")
    for one in found:
        row = rows[one.commitment_id]
        if _planned(one, row.name) <= now:
            part, title = wanted[row.name]
            yield Due(row, part, title, one.pk)


def _planned(one: Obligation, name: str) -> datetime:
    """When somebody gets round to it: mostly before it is due, now and then a day or two after."""
    rng = random.Random(f"{name}:{one.opened_at.isoformat()}:{one.occurrence}")
    if one.due_at is None:
        return one.opened_at
    if rng.random() < FORGOTTEN:
        return one.due_at + timedelta(days=1 + rng.random())
    planned = one.opened_at + (one.due_at - one.opened_at) * rng.uniform(0.15, 0.8)
    return min(planned, max(one.due_at - NEXT_LOOK, one.opened_at))


def _standing(
    rows: dict[int, Commitment],
    wanted: dict[str, tuple[Attested, str]],
    standing: dict[str, Attested],
    zone: str,
) -> Iterator[Due]:
    mine = [row for row in rows.values() if row.name in standing]
    last = dict(
        Attestation.objects.filter(commitment_id__in=[row.pk for row in mine])
        .values("commitment_id")
        .annotate(at=Max("attested_at"))
        .values_list("commitment_id", "at")
    )
    now = clock.now()
    for row in sorted(mine, key=lambda row: row.pk):
        part, title = wanted[row.name]
        at = last.get(row.pk)
        if at is not None and part.every is not None:
            until = shift(at, part.every, zone)
            rng = random.Random(f"{row.name}:{at:%Y%m%d}")
            slack = timedelta(days=3) if rng.random() < 2 * FORGOTTEN else -timedelta(days=rng.uniform(1, 4))
            if until is None or now < until + slack:
                continue
        elif at is not None:
            continue
        yield Due(row, part, title, None)


def _evidence(due: Due) -> list[SimpleUploadedFile]:
    words = {word for word in due.part.evidence if isinstance(word, str)}
    day = f"{clock.now():%m%d}"
    if "photo" in words:
        return [SimpleUploadedFile(f"现场{day}.png", pictures.rack(f"{due.row.name}{day}"), "image/png")]
    if words:
        text = f"{due.title}\n{clock.now():%Y-%m-%d}\n逐项核对，结果合格。\n"
        return [SimpleUploadedFile(f"记录{day}.txt", text.encode(), "text/plain")]
    return []
