"""What proves a verdict: the clause, the reckoning, every event with its fingerprint, files, sign-offs, notices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from shouyue.commitments.calendar_models import Attestation
from shouyue.commitments.closing_models import Adjustment, Objection
from shouyue.commitments.models import Commitment, Obligation
from shouyue.contracts import fact_words, loading, plan_page, vocabulary
from shouyue.contracts.models import PlanVersion
from shouyue.contracts.plan_language.model import Plan
from shouyue.files.models import StoredFile
from shouyue.kernel.actor import Actor
from shouyue.kernel.events import declared_verbs
from shouyue.notifications.models import Notice
from shouyue.signoff import queries as signoffs
from shouyue.signoff.models import Signoff

from . import explaining
from .calendar import contributions_of
from .closing import Correction, read_adjustments
from .objections import OPEN_VERBS, objections_to
from .people import who_acted

MOST_EVENTS = 400
MOST_NOTICES = 100


@dataclass(frozen=True, slots=True)
class Clause:
    """What the contract said under the plan version an obligation began with. number: of the version."""

    promise: plan_page.Promise | None
    plan: str
    number: int
    digest: str
    in_force_id: int


@dataclass(frozen=True, slots=True)
class Proof:
    """An event as evidence.

    part: opened, kept or ended where it made the verdict; is_sound: its fingerprint agrees; news: the facts that the
    event before it, about the same subject, did not tell so.
    """

    id: int
    verb: str
    title: str
    subject: str
    seq: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    facts: tuple[tuple[str, str], ...]
    digest: str
    is_sound: bool
    part: str = ""
    news: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one obligation that its reader may see. is_cut: there are more events than are shown."""

    clause: Clause
    explained: explaining.Explained
    events: Sequence[Proof]
    is_cut: bool
    files: Sequence[StoredFile]
    signoffs: Sequence[Signoff]
    notices: Sequence[Notice]
    objections: Sequence[Objection]
    adjustments: Sequence[Correction]

    @property
    def is_sound(self) -> bool:
        """Whether the fingerprint of every event shown agrees with its content."""
        return all(event.is_sound for event in self.events)


def evidence_of(actor: Actor, obligation: Obligation) -> Evidence:
    """The evidence of an obligation the actor may read. Queries: about sixteen, whatever its size."""
    objections = objections_to(actor, obligation.pk)
    asked = _signoffs(actor, obligation, objections)
    events, is_cut = _events(actor, obligation, objections, asked)
    return Evidence(
        clause=clause_of(obligation.plan_version_id, obligation.commitment, actor.language),
        explained=explaining.explain(actor, obligation),
        events=events,
        is_cut=is_cut,
        files=_files(actor, obligation, events, objections, asked),
        signoffs=asked,
        notices=_notices(actor, obligation),
        objections=objections,
        adjustments=read_adjustments(
            actor,
            obligation.contract_id,
            Adjustment.objects.visible_to(actor).filter(obligation_id=obligation.pk),
        ),
    )


def clause_of(plan_version_id: int, commitment: Commitment, language: str) -> Clause:
    """A promise in the words of a plan version. Queries: one, and those of `plan_of`."""
    version = PlanVersion.objects.defer("text", "compiled").filter(pk=plan_version_id).first()
    if version is None:
        return Clause(None, "", 0, "", commitment.plan_version_id)
    plan = loading.plan_of(plan_version_id)
    try:
        promise = plan_page.promise_of(plan.commitment(commitment.name), plan, vocabulary.current(), language)
    except KeyError:
        promise = None
    return Clause(promise, version.plan, version.number, version.digest, commitment.plan_version_id)


_EVENTS = """
WITH wanted AS (
    SELECT unnest(%(ids)s::bigint[]) AS id
    UNION SELECT id FROM kernel_event WHERE subject_type = 'obligation' AND subject_id = %(obligation)s
    UNION SELECT id FROM kernel_event WHERE %(whole)s AND case_type = %(case_type)s AND case_id = %(case_id)s
)
SELECT e.id, e.verb, e.subject_type, e.subject_id, e.seq, e.actor, e.occurred_at, e.recorded_at, e.facts,
    encode(e.digest, 'hex'),
    kernel_event_digest(e.prev_digest, e.id, e.seq, e.verb, e.subject_type, e.subject_id, e.case_type, e.case_id,
        e.customer_id, e.contract_id, e.actor, e.occurred_at, e.recorded_at, e.device_at, e.facts) = e.digest
FROM kernel_event e JOIN wanted USING (id)
ORDER BY e.occurred_at, e.id LIMIT %(limit)s
"""


def _events(
    actor: Actor, row: Obligation, objections: Sequence[Objection], asked: Sequence[Signoff]
) -> tuple[list[Proof], bool]:
    """What happened in its case, or, where the case is the whole contract, what made the verdict."""
    parts = {row.ended_event_id: "ended", row.kept_event_id: "kept", row.opened_event_id: "opened"}
    ids = {number for number in parts if number}
    ids |= {one.event_id for one in contributions_of(actor, row.pk)[:MOST_EVENTS] if one.event_id}
    ids |= {number for one in objections for number in one.evidence}
    with connection.cursor() as cursor:
        cursor.execute(
            _EVENTS,
            {
                "ids": sorted(ids),
                "obligation": row.pk,
                "whole": row.case_type not in ("contract", ""),
                "case_type": row.case_type,
                "case_id": row.case_id,
                "limit": MOST_EVENTS + 1,
            },
        )
        found = cursor.fetchall()
    rows = [
        one for one in found[:MOST_EVENTS] if one[0] in ids or _is_told(actor, row, one, objections, asked)
    ]
    spoken_of = {str(value) for one in rows for value in _table(one[8]).values()}
    names = who_acted(actor, {one[5] for one in rows} | {ref for ref in spoken_of if ref.startswith("user:")})
    plan = loading.plan_of(row.plan_version_id)
    told = [_proof(one, names, parts.get(one[0], ""), actor.language, plan) for one in rows]
    return _with_news(told), len(found) > MOST_EVENTS


def _with_news(events: list[Proof]) -> list[Proof]:
    """Each event with what it told anew."""
    known: dict[str, set[tuple[str, str]]] = {}
    shown = []
    for event in events:
        before = known.get(event.subject, set())
        shown.append(replace(event, news=tuple(fact for fact in event.facts if fact not in before)))
        known[event.subject] = set(event.facts)
    return shown


def _is_told(
    actor: Actor,
    row: Obligation,
    event: tuple[Any, ...],
    objections: Sequence[Objection],
    asked: Sequence[Signoff],
) -> bool:
    """Whether this reader may see an event of the case; the provider's own matters stay on its side."""
    _id, verb, subject_type, subject_id, *_rest = event
    if subject_type == "obligation" and subject_id != row.pk:
        return False  # another promise's story
    if actor.is_staff:
        return True
    facts = _table(event[8])
    if subject_type == "obligation":
        about = str(facts.get("objection", "")).partition(":")[2]
        return not about or about in {str(one.pk) for one in objections}
    if told := str(facts.get("signoff", "")).partition(":")[2]:
        return told in {str(one.pk) for one in asked}
    return verb.startswith(OPEN_VERBS) and facts.get("public") is not False


def _proof(row: tuple[Any, ...], names: dict[str, str], part: str, language: str, plan: Plan) -> Proof:
    number, verb, kind, subject, seq, who, occurred, recorded, facts, digest, is_sound = row
    verbs = declared_verbs()
    return Proof(
        id=number,
        verb=verb,
        title=str(verbs[verb].label) if verb in verbs else verb,
        subject=f"{kind}:{subject}",
        seq=seq,
        actor=names.get(who, ""),
        occurred_at=occurred,
        recorded_at=recorded,
        facts=tuple(
            (
                fact_words.name_said(name, language, verb),
                fact_words.value_said(verb, name, value, language, plan=plan, people=names),
            )
            for name, value in sorted(_table(facts).items())
        ),
        digest=digest,
        is_sound=is_sound,
        part=part,
    )


def _table(facts: Any) -> dict[str, Any]:
    found = json.loads(facts) if isinstance(facts, str) else facts
    return found if isinstance(found, dict) else {}


def _signoffs(actor: Actor, row: Obligation, objections: Sequence[Objection]) -> list[Signoff]:
    """Sign-offs of the case and of the objections. Queries: up to two and two per objection."""
    found = {} if row.case_type in ("contract", "") else signoffs.about(actor, (row.case_type, row.case_id))
    rows = {one.pk: one for one in found}
    for objection in objections:
        rows.update({one.pk: one for one in signoffs.about(actor, ("objection", objection.pk))})
    return sorted(rows.values(), key=lambda one: one.pk)


def _files(
    actor: Actor,
    row: Obligation,
    events: Sequence[Proof],
    objections: Sequence[Objection],
    asked: Sequence[Signoff],
) -> list[StoredFile]:
    """Files that hang on what the events are about. Queries: two."""
    wanted = {event.subject for event in events if not event.subject.startswith(("contract:", "obligation:"))}
    wanted |= {f"objection:{one.pk}" for one in objections} | {f"signoff:{one.pk}" for one in asked}
    if row.case_type not in ("contract", ""):
        wanted.add(f"{row.case_type}:{row.case_id}")
    vouched = Attestation.objects.visible_to(actor).filter(obligation_id=row.pk).values_list("pk", flat=True)
    wanted |= {f"attestation:{number}" for number in vouched}
    attached = Q(pk__in=[])
    for subject in sorted(wanted):
        kind, _colon, number = subject.partition(":")
        attached |= Q(attached_type=kind, attached_id=int(number))
    rows = StoredFile.objects.visible_to(actor).filter(attached, customer_id=row.customer_id).order_by("id")
    return [stored for stored in rows[:200] if stored.is_public or actor.is_staff]


def _notices(actor: Actor, row: Obligation) -> list[Notice]:
    """The notices about it with what became of them; people outside see those sent to the customer. Queries: one."""
    rows = Notice.objects.filter(about_type="obligation", about_id=row.pk)
    if not actor.is_staff:
        rows = rows.filter(customer_id=row.customer_id)
    return list(rows.select_related("user", "contact", "gateway").order_by("id")[:MOST_NOTICES])


# One promise in a period


def adjustments_in(
    actor: Actor, commitment: Commitment, since: datetime, until: datetime
) -> list[Correction]:
    """Corrections after closing of what fell into the span; readable commitments only. Queries: four at most."""
    rows = Adjustment.objects.visible_to(actor).filter(
        commitment_id=commitment.pk, obligation__falls_at__gte=since, obligation__falls_at__lt=until
    )
    return read_adjustments(actor, commitment.contract_id, rows)
