"""What the answer to a sign-off does to a waiver, in the same transaction: approve, agree, refuse, let lapse."""

from __future__ import annotations

from typing import Final

from shouyue.commitments.choices import ObjectionState
from shouyue.commitments.closing_models import Objection
from shouyue.kernel import locks
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.events import RecordedEvent
from shouyue.kernel.scope import Scope
from shouyue.signoff.models import Answer, Signoff

from . import waiver_signoffs, waiving
from .waiving import Said

WATCHED: Final = frozenset({"approval.given", "approval.refused", "approval.withdrawn", "approval.expired"})


def consume(event: RecordedEvent) -> None:
    """Follow the sign-off of a waiver. Queries: none for any other event. Locks: the objection."""
    if event.subject_type != "objection" or event.verb not in WATCHED:
        return
    made: Objection = locks.lock_row(Objection.objects.all(), pk=event.subject_id)
    if not made.is_open or event.facts.get("purpose") != waiver_signoffs.PURPOSE:
        return
    if event.verb == "approval.expired":
        waiving.let_lapse(made)
        return
    said = _said(event, made)
    if event.verb != "approval.given":
        waiving.take_refusal(made, said)
    elif made.state == ObjectionState.PROPOSED:
        waiving.take_approval(made, said)
    else:
        waiving.take_agreement(made, said)


def _said(event: RecordedEvent, made: Objection) -> Said:
    """Who answered, in which role, with which words: the newest answer of the sign-off."""
    number = str(event.facts.get("signoff", "")).partition(":")[2]
    answer = Answer.objects.filter(signoff_id=int(number)).select_related("step").order_by("-id").first()
    signoff = Signoff.objects.get(pk=int(number))
    if answer is None:
        return Said(SYSTEM, signoff.closing_words, "")
    kind, _colon, of = event.actor.partition(":")
    actor = Actor(
        kind=kind,  # type: ignore[arg-type]
        id=int(of),
        name=answer.name,
        scope=Scope(customers=frozenset({made.customer_id})),
        user_id=answer.user_id,
        customer_id=made.customer_id if answer.step.side == "customer" else 0,
    )
    return Said(actor, answer.words, waiver_signoffs.role_of(answer.capacity, answer.step.side))
