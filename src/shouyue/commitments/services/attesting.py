"""Attesting: a person in the named role vouches, with evidence, for what no system can see."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shouyue.commitments import books
from shouyue.commitments.calendar_models import Attestation
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.queries import commitments_visible_to
from shouyue.commitments.rules.attested import attested_parts
from shouyue.contracts.plan_language.model import Attested
from shouyue.files import services as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import QuerySet

HANDED_IN = frozenset({"report", "form", "signature"})
"""Evidence whose handing in is what was promised: its time counts, not when it was written."""
NEED_A_FILE = frozenset({"photo", "signature", "form", "report", "file"})
LONGEST_NOTE = 4000


@transaction.atomic
def attest(
    *,
    actor: Actor,
    commitment_id: int,
    note: str,
    obligation_id: int | None = None,
    case: tuple[str, int] | None = None,
    uploads: Sequence[UploadedFile[bytes]] = (),
    happened_at: datetime | None = None,
) -> Attestation:
    """Vouch for a promise: keeps the obligation named, else the one that runs and is due next.

    case: for a gate, the thread of the act. happened_at: when it was done, if that is told later; a report counts from
    when it is handed in. Raises: NotFound; Conflict when nothing about the promise is attested; NotAllowed
    without the role; Invalid without note or the evidence asked for, or with a time that cannot be. Event:
    obligation.attested.
    Locks: the commitment's row.
    """
    if actor.user_id is None:
        raise NotAllowed
    visible = commitments_visible_to(actor).filter(pk=commitment_id, is_active=True)
    row = Commitment.objects.select_for_update().filter(pk__in=visible.values("pk")).first()
    if row is None:
        raise NotFound
    wanted = _role_held(actor, row)
    text = note.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise Invalid(fields={"note": [_("Say in a few words what you vouch for.")]})
    obligation = _obligation_of(actor, row, obligation_id)
    _check_time(wanted, obligation, happened_at)
    number = _next_id()
    stored = [
        files.store(
            actor=actor,
            customer_id=row.customer_id,
            contract_id=row.contract_id,
            upload=upload,
            attached_to=("attestation", number),
        )
        for upload in uploads
    ]
    _check_evidence(wanted, stored)
    subject = ("obligation", obligation.pk) if obligation else ("commitment", row.pk)
    thread = (
        (obligation.case_type, obligation.case_id) if obligation else case or ("contract", row.contract_id)
    )
    event = events.record(
        "obligation.attested",
        actor=actor,
        subject=subject,
        case=thread,
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        facts={
            "commitment": row.name[:64],
            "role": wanted.role,
            "files": len(stored),
            "digest": hashlib.sha256(text.encode()).hexdigest(),
        },
        occurred_at=happened_at,
    )
    attestation: Attestation = Attestation.objects.create(
        pk=number,
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        commitment_id=row.pk,
        obligation_id=obligation.pk if obligation else None,
        case_type=thread[0],
        case_id=thread[1],
        role=wanted.role,
        note=text,
        files=[item.pk for item in stored],
        event_id=event.id,
        attested_by_id=actor.user_id,
        attested_at=event.occurred_at,
    )
    if row.next_at is not None:
        Commitment.objects.filter(pk=row.pk).update(next_at=clock.now())
    return attestation


def _role_held(actor: Actor, row: Commitment) -> Attested:
    try:
        promise = books.current(row.contract_id).plan.commitment(row.name)
    except KeyError:
        raise NotFound from None
    parts = attested_parts(promise)
    if not parts:
        raise Conflict(_("Events keep this promise; nobody has to vouch for it."))
    for part in parts:
        if actor.has_role(part.role, contract_id=row.contract_id):
            return part
    raise NotAllowed


def _obligation_of(actor: Actor, row: Commitment, obligation_id: int | None) -> Obligation | None:
    rows = Obligation.objects.visible_to(actor).filter(commitment_id=row.pk)
    if obligation_id is not None:
        found: Obligation | None = rows.filter(pk=obligation_id).first()
        if found is None:
            raise NotFound
        if found.settled_at is not None or found.opened_at > clock.now():
            raise Conflict(_("This obligation is settled, or has not begun."))
        return found
    now = clock.now()
    open_now = rows.filter(settled_at__isnull=True, opened_at__lte=now).exclude(state="void")
    ahead: Obligation | None = open_now.filter(due_at__gte=now).order_by("due_at", "id").first()
    return ahead if ahead is not None else _last(open_now)


def _last(rows: QuerySet[Obligation]) -> Obligation | None:
    return rows.order_by("-due_at", "-id").first()


def _check_time(wanted: Attested, obligation: Obligation | None, at: datetime | None) -> None:
    if at is None:
        return
    if HANDED_IN.intersection(word for word in wanted.evidence if isinstance(word, str)):
        raise Invalid(fields={"happened_at": [_("What is handed in counts from now.")]})
    if at > clock.now():
        raise Invalid(fields={"happened_at": [_("This time has not come yet.")]})
    if obligation is None or at < obligation.opened_at:
        raise Invalid(fields={"happened_at": [_("This lies before the time the promise began to run.")]})


def _check_evidence(wanted: Attested, stored: Sequence[StoredFile]) -> None:
    words = {word for word in wanted.evidence if isinstance(word, str)} & NEED_A_FILE
    if words and not stored:
        raise Invalid(fields={"files": [_("The contract asks for evidence: attach at least one file.")]})
    if "photo" in words and not any(item.media_type.startswith("image/") for item in stored):
        raise Invalid(fields={"files": [_("The contract asks for a photo.")]})


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('commitments_attestation', 'id'))")
        return int(cursor.fetchone()[0])
