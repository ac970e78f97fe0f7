"""Asking for a consent, an approval or a signature, and calling it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shouyue.accounts.models import User
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.files import services as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock, locks, numbering
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.kernel.scope import PROVIDER_ID
from shouyue.parties.choices import Capacity
from shouyue.parties.models import Contact, Customer
from shouyue.signoff import access, deadlines, queries, rules
from shouyue.signoff.choices import Kind, Mode, Side, State
from shouyue.signoff.models import Signoff, Step

from . import sending, telling


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to answer a step: one of capacity (of the customer), role (of the provider), contact or user.

    capacity may stand beside contact or user: then he must have it. code: the step's name in plans.
    """

    capacity: str = ""
    role: str = ""
    contact_id: int | None = None
    user_id: int | None = None
    code: str = ""
    reply_due_at: datetime | None = None


@transaction.atomic
def ask(
    *,
    actor: Actor,
    kind: str,
    purpose: str,
    subject: tuple[str, int],
    customer_id: int,
    scope: str,
    steps: Sequence[Asked],
    contract_id: int | None = None,
    label: str = "",
    case: tuple[str, int] | None = None,
    mode: str = Mode.IN_ORDER,
    reply_due_at: datetime | None = None,
    expires_at: datetime | None = None,
    document_id: int | None = None,
    upload: UploadedFile[bytes] | None = None,
    source_key: str | None = None,
) -> Signoff:
    """Ask for a consent, an approval or a signature; those whose turn it is are told.

    The caller has checked that the actor may see the subject. reply_due_at: for steps without a date of their own;
    without any, when the plan says the customer owes his reply.
    document_id: a stored file of the same customer; upload: one brought along. Raises: NotFound, NotAllowed, Invalid.
    Events: <kind>.asked. Locks: none.
    """
    contract = _contract(actor, customer_id, contract_id)
    access.require_ask(actor, contract_id)
    if source_key:
        known: Signoff | None = Signoff.objects.filter(
            customer_id=customer_id, source_key=source_key[:80]
        ).first()
        if known is not None:
            return known
    now = clock.now()
    scope = telling.checked_text("scope", scope, required=True, limit=rules.TEXT_LIMIT)
    label = telling.checked_text("label", label, limit=300) or scope.splitlines()[0][:300]
    _check(kind=kind, purpose=purpose, mode=mode, now=now, reply_due_at=reply_due_at, expires_at=expires_at)
    document = _document(customer_id, document_id)
    signoff = Signoff(
        customer_id=customer_id,
        contract=contract,
        number=_number(customer_id, contract, now),
        kind=kind,
        purpose=purpose,
        subject_type=subject[0],
        subject_id=subject[1],
        case_type=(case or subject)[0],
        case_id=(case or subject)[1],
        label=label,
        scope=scope,
        mode=mode,
        asked_by_id=actor.user_id,
        asked_by_name=actor.name,
        asked_at=now,
        reply_due_at=reply_due_at,
        expires_at=expires_at,
        source_key=source_key[:80] if source_key else None,
    )
    made = _steps(signoff, steps, now)
    signoff.is_internal = all(step.side == Side.PROVIDER for step in made)
    if reply_due_at is None and not signoff.is_internal:
        _as_promised(signoff, made, now)
    if upload is None:
        _seal(signoff, document)
    return _keep(actor, signoff, made, upload)


def _as_promised(signoff: Signoff, made: list[Step], now: datetime) -> None:
    """Give the customer's steps the date by which he has promised to reply, if he has."""
    due = deadlines.promised_reply(
        subject_type=signoff.subject_type,
        contract_id=signoff.contract_id,
        kind=signoff.kind,
        purpose=signoff.purpose,
        now=now,
    )
    if due is None:
        return
    signoff.reply_due_at = min(due, signoff.expires_at or due)
    for step in made:
        if step.side == Side.CUSTOMER and step.reply_due_at is None:
            step.reply_due_at = signoff.reply_due_at


def _keep(actor: Actor, signoff: Signoff, made: list[Step], upload: UploadedFile[bytes] | None) -> Signoff:
    try:
        with transaction.atomic():
            signoff.save()
    except IntegrityError:  # the same submission, at the same time
        known = Signoff.objects.filter(
            customer_id=signoff.customer_id, source_key=signoff.source_key or ""
        ).first()
        if known is None:
            raise
        found: Signoff = known
        return found
    if upload is not None:
        stored = files.store(
            actor=actor,
            customer_id=signoff.customer_id,
            contract_id=signoff.contract_id,
            upload=upload,
            attached_to=("signoff", signoff.pk),
            is_public=not signoff.is_internal,
        )
        _seal(signoff, stored)
        signoff.save(update_fields=["document", "document_digest", "digest"])
    for step in made:
        step.signoff = signoff
    Step.objects.bulk_create(made)
    telling.record(
        actor,
        signoff,
        "asked",
        reply_due_at=signoff.reply_due_at,
        expires_at=signoff.expires_at,
        chain=len(made),
    )
    telling.open_steps(signoff)
    sending.tell_contacts(signoff)
    return signoff


def _seal(signoff: Signoff, document: StoredFile | None) -> None:
    """Fix what is signed off by one digest."""
    signoff.document = document
    signoff.document_digest = document.digest if document else ""
    signoff.digest = rules.digest_of(
        {
            "number": signoff.number,
            "kind": signoff.kind,
            "purpose": signoff.purpose,
            "subject": f"{signoff.subject_type}:{signoff.subject_id}",
            "label": signoff.label,
            "scope": signoff.scope,
            "expires_at": signoff.expires_at.isoformat() if signoff.expires_at else None,
            "document": signoff.document_digest,
        }
    )


def _contract(actor: Actor, customer_id: int, contract_id: int | None) -> Contract | None:
    if customer_id != PROVIDER_ID and not Customer.objects.visible_to(actor).filter(pk=customer_id).exists():
        raise NotFound
    if contract_id is None:
        return None
    contract: Contract | None = (
        Contract.objects.visible_to(actor).filter(pk=contract_id, customer_id=customer_id).first()
    )
    if contract is None:
        raise NotFound
    return contract


def _document(customer_id: int, document_id: int | None) -> StoredFile | None:
    if document_id is None:
        return None
    found: StoredFile | None = StoredFile.objects.filter(pk=document_id, customer_id=customer_id).first()
    if found is None:
        raise Invalid(fields={"document": [_("There is no such file.")]})
    return found


def _number(customer_id: int, contract: Contract | None, now: datetime) -> str:
    names = Customer.objects.values_list("code", "time_zone")
    code, zone = (contract.code, contract.time_zone) if contract else names.get(pk=customer_id)
    return numbering.next_number(f"{code[:20]}-S", now.astimezone(ZoneInfo(zone)).year, series="signoff")


def _check(
    *,
    kind: str,
    purpose: str,
    mode: str,
    now: datetime,
    reply_due_at: datetime | None,
    expires_at: datetime | None,
) -> None:
    problems: dict[str, list[Any]] = {}
    if kind not in Kind.values:
        problems["kind"] = [_("Choose one of these.")]
    if mode not in Mode.values:
        problems["mode"] = [_("Choose one of these.")]
    if not rules.CODE.fullmatch(purpose):
        problems["purpose"] = [_("A purpose is a short word of small letters, digits and dashes.")]
    if reply_due_at is not None and reply_due_at <= now:
        problems["reply_due_at"] = [_("This time is over.")]
    if expires_at is not None and expires_at <= now:
        problems["expires_at"] = [_("This time is over.")]
    if reply_due_at and expires_at and reply_due_at > expires_at:
        problems["reply_due_at"] = [_("The answer is wanted before it expires.")]
    if problems:
        raise Invalid(fields=problems)


def _steps(signoff: Signoff, asked: Sequence[Asked], now: datetime) -> list[Step]:
    """The chain, checked: everybody exists, has the capacity, and is not who asks."""
    if not asked:
        raise Invalid(fields={"steps": [_("Say who is to answer.")]})
    if len(asked) > rules.MOST_STEPS:
        raise Invalid(fields={"steps": [_("At most %(limit)d steps.") % {"limit": rules.MOST_STEPS}]})
    made = [_step(signoff, place, one, now) for place, one in enumerate(asked, 1)]
    same = {(step.side, step.capacity, step.contact_id, step.user_id) for step in made}
    if len(same) < len(made):
        raise Invalid(fields={"steps": [_("The same addressee is named twice.")]})
    return made


def _step(signoff: Signoff, place: int, asked: Asked, now: datetime) -> Step:
    due = asked.reply_due_at or signoff.reply_due_at
    if due is not None and due <= now:
        raise Invalid(fields={"reply_due_at": [_("This time is over.")]})
    if asked.code and not rules.CODE.fullmatch(asked.code):
        raise Invalid(
            fields={"steps": [_("A step's name is a short word of small letters, digits and dashes.")]}
        )
    step = Step(
        customer_id=signoff.customer_id,
        contract_id=signoff.contract_id,
        place=place,
        code=asked.code,
        capacity=asked.role or asked.capacity,
        side=Side.PROVIDER if asked.role else Side.CUSTOMER,
        reply_due_at=due,
    )
    if asked.user_id is not None:
        _name_user(signoff, step, asked)
    elif asked.contact_id is not None:
        _name_contact(signoff, step, asked.contact_id)
    else:
        _name_capacity(signoff, step)
    return step


def _name_user(signoff: Signoff, step: Step, asked: Asked) -> None:
    user: User | None = User.objects.filter(pk=asked.user_id, is_active=True).first()
    if user is None or user.customer_id not in (PROVIDER_ID, signoff.customer_id):
        raise Invalid(fields={"steps": [_("There is no such person.")]})
    if user.pk == signoff.asked_by_id and signoff.kind != Kind.SIGNATURE:
        raise Invalid(fields={"steps": [_("Nobody answers what he asks for himself.")]})
    step.user = user
    step.side = Side.PROVIDER if user.customer_id == PROVIDER_ID else Side.CUSTOMER
    if step.capacity and not queries.holds_capacity(user.pk, step.side, step.capacity, signoff):
        raise Invalid(fields={"steps": [_("%(name)s does not have this capacity.") % {"name": user.name}]})


def _name_contact(signoff: Signoff, step: Step, contact_id: int) -> None:
    contact: Contact | None = Contact.objects.filter(
        pk=contact_id, customer_id=signoff.customer_id, is_active=True
    ).first()
    if contact is None:
        raise Invalid(fields={"steps": [_("There is no such person.")]})
    if step.capacity and queries.capacity_of_contact(contact, step, signoff) is None:
        raise Invalid(fields={"steps": [_("%(name)s does not have this capacity.") % {"name": contact.name}]})
    step.contact = contact


def _name_capacity(signoff: Signoff, step: Step) -> None:
    known = (
        [role.value for role in queries.PROVIDER_ROLES]
        if step.side == Side.PROVIDER
        else list(Capacity.values)
    )
    if step.side == Side.PROVIDER:
        known += ["desk_agent", "dispatcher", "desk_admin", "hq", "service_manager", "quality_manager"]
    if step.capacity not in known:
        raise Invalid(fields={"steps": [_("Choose one of these.")]})
    if not queries.somebody_holds(step.side, step.capacity, signoff.customer_id, signoff.contract_id):
        label = Role(step.capacity).label if step.capacity in Role.values else step.capacity
        if step.side == Side.CUSTOMER:
            label = Capacity(step.capacity).label
        raise Invalid(fields={"steps": [_("Nobody has the capacity “%(name)s”.") % {"name": label}]})


@transaction.atomic
def cancel(*, actor: Actor, signoff_id: int, words: str) -> Signoff:
    """Call off what is no longer needed, while it waits. Raises: NotFound, NotAllowed, Conflict, Invalid.

    Events: <kind>.cancelled. Locks: the sign-off."""
    signoff: Signoff = locks.lock_row(Signoff.objects.visible_to(actor), pk=signoff_id)
    access.require_handle(actor, signoff)
    words = telling.checked_text("words", words, required=True)
    if signoff.state == State.CANCELLED:
        return signoff
    if signoff.state != State.ASKED:
        raise Conflict(_("It is settled already."), code="wrong_state")
    telling.settle(signoff, State.CANCELLED, words=words)
    telling.record(actor, signoff, "cancelled")
    return signoff
