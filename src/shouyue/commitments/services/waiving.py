"""Objections: a miss is waived, or a verdict overturned, only when both sides have said so.

A waiver is proposed by the provider, approved by a second person, and agreed by the customer; both answer a sign-off,
whose events bring it on (`waiver_answers`). For an internal promise the second person is enough. A dispute is raised
by the customer and answered by the provider. Every word stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext as _

from shouyue.commitments import access
from shouyue.commitments.choices import ObjectionAct, ObjectionKind, ObjectionState, State, WaiverReason
from shouyue.commitments.closing_models import Objection, ObjectionStep
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import obligation_of
from shouyue.commitments.queries.objections import may_name, objection_of
from shouyue.contracts.planning.services import Said
from shouyue.files import services as files
from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed

from . import clocks, storage, waiver_signoffs
from .names import names_of

WAIVABLE: Final = (State.MISSED, State.LATE)
DISPUTABLE: Final = (State.KEPT, State.VOID)


@transaction.atomic
def propose_waiver(
    *,
    actor: Actor,
    obligation_id: int,
    reason: str,
    text: str,
    evidence: Sequence[int] = (),
    uploads: Sequence[UploadedFile[bytes]] = (),
) -> Objection:
    """Ask that a missed or late obligation be waived.

    evidence: events of its case that prove it; or files do. Raises: NotAllowed; Invalid; Conflict when it is neither
    missed nor late, or an objection to it is open. Locks: the case.
    """
    row = obligation_of(actor, obligation_id)
    access.require(access.can_propose(actor, row.contract_id))
    if not evidence and not uploads:
        raise Invalid(fields={"evidence": [_("Name an event or add a file that proves it.")]})
    made = _raise(actor, row, ObjectionKind.WAIVER, reason, text, evidence, uploads, WAIVABLE)
    _record("obligation.waiver_proposed", actor, made)
    waiver_signoffs.ask_provider(actor=actor, made=made)
    return made


@transaction.atomic
def dispute_verdict(
    *,
    actor: Actor,
    obligation_id: int,
    text: str,
    evidence: Sequence[int] = (),
    uploads: Sequence[UploadedFile[bytes]] = (),
) -> Objection:
    """The customer holds that an obligation counted as kept, or void, was missed.

    Raises: NotAllowed; Invalid; Conflict for another verdict or when an objection is open. Locks: the case.
    """
    row = obligation_of(actor, obligation_id)
    access.require(access.can_dispute(actor, row.contract_id))
    made = _raise(
        actor, row, ObjectionKind.DISPUTE, WaiverReason.WRONG_DATA, text, evidence, uploads, DISPUTABLE
    )
    _record("obligation.disputed", actor, made)
    return made


@transaction.atomic
def approve_waiver(*, actor: Actor, objection_id: int, words: str = "") -> Objection:
    """The provider's second person approves; the customer is asked next. Raises: NotAllowed, also for one's own.

    What concerns the provider alone is waived with that.
    """
    made = _held(actor, objection_id, ObjectionKind.WAIVER, ObjectionState.PROPOSED)
    access.require(access.can_approve(actor, made.contract_id) and made.proposed_by_id != actor.user_id)
    if waiver_signoffs.answer(actor=actor, made=made, words=words, is_given=True):
        made.refresh_from_db()
        return made
    take_approval(made, Said(actor, words, access.role_in(actor, access.APPROVES, made.contract_id)))
    return made


def take_approval(made: Objection, said: Said) -> None:
    """The provider has approved a waiver. The caller holds the row."""
    _say(said, made, ObjectionAct.APPROVED)
    _record("obligation.waiver_approved", said.actor, made)
    if made.obligation.commitment.is_internal:
        _overturn(said.actor, made, State.WAIVED, "obligation.waived_internally")
        return
    _enter(made, ObjectionState.APPROVED)
    waiver_signoffs.ask_customer(made)


@transaction.atomic
def agree_waiver(*, actor: Actor, objection_id: int, words: str = "") -> Objection:
    """The customer agrees: the obligation is waived. Raises: NotAllowed; Conflict. Locks: the case."""
    made = _held(actor, objection_id, ObjectionKind.WAIVER, ObjectionState.APPROVED)
    access.require(access.can_agree(actor, made.contract_id))
    if waiver_signoffs.answer(actor=actor, made=made, words=words, is_given=True):
        made.refresh_from_db()
        return made
    take_agreement(made, Said(actor, words, access.role_in(actor, access.AGREES, made.contract_id)))
    return made


def take_agreement(made: Objection, said: Said) -> None:
    """The customer has agreed to a waiver. The caller holds the row."""
    _say(said, made, ObjectionAct.AGREED)
    _overturn(said.actor, made, State.WAIVED, "obligation.waived")


@transaction.atomic
def accept_dispute(*, actor: Actor, objection_id: int, words: str = "") -> Objection:
    """The provider accepts a dispute: the obligation counts as missed. Raises: NotAllowed; Conflict."""
    made = _held(actor, objection_id, ObjectionKind.DISPUTE, ObjectionState.PROPOSED)
    access.require(access.can_approve(actor, made.contract_id))
    _say(
        Said(actor, words, access.role_in(actor, access.APPROVES, made.contract_id)),
        made,
        ObjectionAct.AGREED,
    )
    _overturn(actor, made, State.MISSED, "obligation.overturned")
    return made


@transaction.atomic
def refuse_objection(*, actor: Actor, objection_id: int, words: str) -> Objection:
    """Whoever is asked does not accept it and says why; the verdict stands. Raises: NotAllowed; Invalid."""
    made = _held(actor, objection_id)
    roles = asked_roles(made)
    side = access.can_agree if made.state == ObjectionState.APPROVED else access.can_approve
    access.require(side(actor, made.contract_id) and made.proposed_by_id != actor.user_id)
    if not words.strip():
        raise Invalid(fields={"words": [_("Please say why.")]})
    if waiver_signoffs.answer(actor=actor, made=made, words=words, is_given=False):
        made.refresh_from_db()
        return made
    take_refusal(made, Said(actor, words, access.role_in(actor, roles, made.contract_id)))
    return made


def take_refusal(made: Objection, said: Said) -> None:
    """Whoever was asked has not accepted it. The caller holds the row."""
    _say(said, made, ObjectionAct.REFUSED)
    _enter(made, ObjectionState.REFUSED)
    _record("obligation.objection_refused", said.actor, made)
    waiver_signoffs.call_off(made=made, words=said.words)


def let_lapse(made: Objection) -> None:
    """Nobody has answered in time: the verdict stands. The caller holds the row."""
    _enter(made, ObjectionState.EXPIRED)
    _record("obligation.waiver_expired", SYSTEM, made)


@transaction.atomic
def withdraw_objection(*, actor: Actor, objection_id: int, words: str = "") -> Objection:
    """Whoever raised it takes it back. Raises: NotAllowed; Conflict when it is settled."""
    made = _held(actor, objection_id)
    access.require(made.proposed_by_id is not None and made.proposed_by_id == actor.user_id)
    _say(Said(actor, words, ""), made, ObjectionAct.WITHDRAWN)
    _enter(made, ObjectionState.WITHDRAWN)
    waiver_signoffs.call_off(made=made, words=words)
    _record("obligation.objection_withdrawn", actor, made)
    return made


def asked_roles(made: Objection) -> tuple[str, ...]:
    """The roles whose word an open objection waits for."""
    return access.AGREES if made.state == ObjectionState.APPROVED else access.APPROVES


def _raise(
    actor: Actor,
    row: Obligation,
    kind: ObjectionKind,
    reason: str,
    text: str,
    evidence: Sequence[int],
    uploads: Sequence[UploadedFile[bytes]],
    from_states: Sequence[State],
) -> Objection:
    if actor.user_id is None:
        raise NotAllowed
    storage.hold_cases(storage.lock_keys((row.case_type, row.case_id), row.tie))
    row.refresh_from_db(fields=("state",))
    _check(actor, row, reason, text, evidence, from_states)
    now = clock.now()
    made: Objection = Objection.objects.create(
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        obligation=row,
        kind=kind,
        reason=reason,
        text=text.strip(),
        evidence=sorted(set(evidence)),
        state=ObjectionState.PROPOSED,
        verdict_before=row.state,
        proposed_by_id=actor.user_id,
        proposed_at=now,
    )
    roles = access.PROPOSES if kind == ObjectionKind.WAIVER else access.DISPUTES
    _say(Said(actor, text, access.role_in(actor, roles, row.contract_id)), made, ObjectionAct.PROPOSED)
    for upload in uploads:
        files.store(
            actor=actor,
            customer_id=row.customer_id,
            contract_id=row.contract_id,
            upload=upload,
            attached_to=("objection", made.pk),
        )
    return made


def _check(
    actor: Actor,
    row: Obligation,
    reason: str,
    text: str,
    evidence: Sequence[int],
    from_states: Sequence[State],
) -> None:
    wrong: dict[str, list[str]] = {}
    if reason not in WaiverReason.values:
        wrong["reason"] = [_("Please choose a reason.")]
    if not text.strip():
        wrong["text"] = [_("Please explain it.")]
    if evidence and not may_name(actor, (row.case_type, row.case_id), evidence):
        wrong["evidence"] = [_("An event does not belong to this case.")]
    if wrong:
        raise Invalid(fields=wrong)
    if row.state not in from_states:
        raise Conflict(_("An obligation in this state cannot be objected to."))
    if Objection.objects.filter(obligation_id=row.pk, settled_at=None).exists():
        raise Conflict(_("An objection to it is open already."))


def _held(
    actor: Actor,
    objection_id: int,
    kind: ObjectionKind | None = None,
    state: ObjectionState | None = None,
) -> Objection:
    """The objection, locked and open. Raises: NotFound; Conflict. Locks: the row."""
    objection_of(actor, objection_id)
    made: Objection = locks.lock_row(Objection.objects.all(), pk=objection_id)
    if not made.is_open or (kind and made.kind != kind) or (state and made.state != state):
        raise Conflict
    return made


def _say(said: Said, made: Objection, act: ObjectionAct) -> None:
    ObjectionStep.objects.create(
        customer_id=made.customer_id,
        contract_id=made.contract_id,
        objection=made,
        act=act,
        user_id=said.actor.user_id,
        name=said.actor.name,
        role=said.role,
        words=said.words.strip(),
        at=clock.now(),
    )


def _enter(made: Objection, state: ObjectionState) -> None:
    made.state = state
    if state != ObjectionState.APPROVED:
        made.settled_at = clock.now()
    made.save(update_fields=["state", "settled_at", "verdict_after"])


def _overturn(actor: Actor, made: Objection, verdict: State, verb: str) -> None:
    """Give the obligation its new verdict; in a frozen period the database writes an adjustment down."""
    row = made.obligation
    case = (row.case_type, row.case_id)
    storage.hold_cases(storage.lock_keys(case, row.tie))
    (obligation,) = storage.load_ids([row.pk])
    if obligation.state != made.verdict_before:
        raise Conflict(_("The verdict has changed meanwhile; please look at it again."))
    made.verdict_after = verdict
    _enter(made, ObjectionState.AGREED)
    event = _record(verb, actor, made)
    now = clock.now()
    obligation.state = verdict
    obligation.settled_at = obligation.settled_at or now
    obligation.missed_at = obligation.missed_at or (
        (obligation.due_at or now) if verdict == State.MISSED else None
    )
    obligation.ended_event_id = event
    obligation.ending = ""  # it is void no more
    obligation.next_at = None
    obligation.dirty = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.objection', %s, true)", [str(made.pk)])
        storage.write([obligation])
        cursor.execute("SELECT set_config('app.objection', '', true)")
    clocks.refresh([case])


def _record(verb: str, actor: Actor, made: Objection) -> int:
    row = made.obligation
    name = names_of(made.contract_id).names.get(row.commitment_id, "")
    return events.record(
        verb,
        actor=actor,
        subject=("obligation", row.pk),
        case=(row.case_type, row.case_id),
        customer_id=made.customer_id,
        contract_id=made.contract_id,
        facts={
            "commitment": name[:64],
            "reason": made.reason,
            "before": made.verdict_before,
            "objection": f"objection:{made.pk}",
        },
    ).id
