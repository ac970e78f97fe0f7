"""People look at what they have to vouch for under a contract, and do so where it is time: mostly in time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.commitments import books
from shouyue.commitments.calendar_models import Attestation
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.rules.attested import attested_parts
from shouyue.commitments.services import attesting
from shouyue.contracts.models import Membership
from shouyue.contracts.plan_language.match import shift
from shouyue.contracts.plan_language.model import Attested, Deadline, Recurring, Standing
from shouyue.contracts.plan_language.model import Commitment as Promise
from shouyue.demo.rules import pictures
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor

FORGOTTEN = 0.06
NEXT_LOOK = timedelta(hours=26)
NOTES = (
    "已逐项核对“{title}”，记录齐全，附件为证。",
    "本期“{title}”已按约定完成，现场查看无异常。",
    "已完成并归档：{title}。相关记录可随时查验。",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A promise people vouch for: any one of these may."""

    parts: tuple[Attested, ...]
    title: str
    is_standing: bool


def vouch(*, actor: Actor, contract_id: int) -> None:
    """Give every word for which it is time now. actor: whose look it is; each word is given by who has the role."""
    plan = books.current(contract_id).plan
    wanted = _wanted(plan.commitments)
    rows = {
        row.pk: row
        for row in Commitment.objects.filter(contract_id=contract_id, is_active=True, name__in=wanted)
    }
    due = [*_standing(rows, wanted, plan.zone), *_obligations(rows, wanted)]
    people = _people(contract_id) if due else {}
    actors: dict[str, Actor] = {}
    for row, obligation_id in due:
        role = next((part.role for part in wanted[row.name].parts if part.role in people), None)
        if role is not None:
            if role not in actors:
                actors[role] = actor_from(people[role])
            give_word(actors[role], row, obligation_id)


def give_word(actor: Actor, row: Commitment, obligation_id: int | None) -> None:
    """Attest now, with a picture or a sheet where the contract asks for evidence. Raises: what attesting raises."""
    found = _wanted(books.current(row.contract_id).plan.commitments)[row.name]
    words = {word for part in found.parts for word in part.evidence if isinstance(word, str)}
    attesting.attest(
        actor=actor,
        commitment_id=row.pk,
        obligation_id=obligation_id,
        note=random.Random(f"{row.name}{clock.now():%m%d}").choice(NOTES).format(title=found.title),
        uploads=_evidence(row, found.title, words),
    )


def _wanted(promises: Iterable[Promise]) -> dict[str, Wanted]:
    found = {}
    for promise in promises:
        parts = attested_parts(promise)
        if isinstance(promise, Deadline | Recurring | Standing) and parts:
            is_standing = isinstance(promise, Standing)
            found[promise.name] = Wanted(tuple(parts), promise.title.zh, is_standing)
    return found


def _people(contract_id: int) -> dict[str, User]:
    """Who has which role, the first of each."""
    rows = Membership.objects.filter(contract_id=contract_id).select_related("user").order_by("-id")
    return {row.role: row.user for row in rows}


def _obligations(
    rows: dict[int, Commitment], wanted: dict[str, Wanted]
) -> Iterator[tuple[Commitment, int | None]]:
    now = clock.now()
    found = Obligation.objects.filter(
        commitment_id__in=[pk for pk, row in rows.items() if not wanted[row.name].is_standing],
        settled_at__isnull=True,
        opened_at__lte=now,
        state__in=("running", "missed"),
    ).order_by("commitment_id", "id")
    for one in found:
        if _planned(one, rows[one.commitment_id].name) <= now:
            yield rows[one.commitment_id], one.pk


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
    rows: dict[int, Commitment], wanted: dict[str, Wanted], zone: str
) -> Iterator[tuple[Commitment, int | None]]:
    mine = [row for row in rows.values() if wanted[row.name].is_standing]
    last = dict(
        Attestation.objects.filter(commitment_id__in=[row.pk for row in mine])
        .values("commitment_id")
        .annotate(at=Max("attested_at"))
        .values_list("commitment_id", "at")
    )
    for row in sorted(mine, key=lambda row: row.pk):
        at, every = last.get(row.pk), wanted[row.name].parts[0].every
        if at is None or (every is not None and _is_time_again(row.name, at, shift(at, every, zone))):
            yield row, None


def _is_time_again(name: str, at: datetime, until: datetime | None) -> bool:
    """Some days before the word runs out; now and then some days after."""
    rng = random.Random(f"{name}:{at:%Y%m%d}")
    slack = timedelta(days=3) if rng.random() < 2 * FORGOTTEN else -timedelta(days=rng.uniform(1, 4))
    return until is not None and clock.now() >= until + slack


def _evidence(row: Commitment, title: str, words: set[str]) -> list[SimpleUploadedFile]:
    day = f"{clock.now():%m%d}"
    if "photo" in words:
        return [SimpleUploadedFile(f"现场{day}.png", pictures.rack(f"{row.name}{day}"), "image/png")]
    if words:
        text = f"{title}\n{clock.now():%Y-%m-%d}\n逐项核对，结果合格。\n"
        return [SimpleUploadedFile(f"记录{day}.txt", text.encode(), "text/plain")]
    return []
