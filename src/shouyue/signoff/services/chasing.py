"""What the clock does: remind those who are asked, escalate what is overdue, end what has expired."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.signoff import rules
from shouyue.signoff.choices import Kind, State, StepState
from shouyue.signoff.models import Signoff, Step

from . import sending, telling

BATCH = 200


@transaction.atomic
def remind_due(*, actor: Actor, limit: int = BATCH) -> int:
    """Remind of answers still awaited; an overdue one goes to who asked and to the project managers, once.

    Returns how many steps were due. Events: <kind>.escalated. Locks: the steps, skipping those held elsewhere.
    """
    now = clock.now()
    steps = list(
        Step.objects.filter(state=StepState.ASKED, remind_at__lte=now, signoff__state=State.ASKED)
        .select_related("signoff__asked_by")
        .order_by("remind_at", "pk")
        .select_for_update(of=("self",), skip_locked=True)[:limit]
    )
    for step in steps:
        step.reminders += 1
        telling.tell_asked(step.signoff, step, turn=step.reminders)
        sending.tell_contacts(step.signoff, again=True)
        due = step.reply_due_at or now
        if due <= now and step.escalated_at is None:
            step.escalated_at = now
            telling.tell_overdue(step.signoff, step)
            telling.record(actor, step.signoff, "escalated", step=step, reply_due_at=due)
        step.remind_at = rules.next_reminder(now, due, step.reminders)
        step.save(update_fields=["reminders", "escalated_at", "remind_at"])
    return len(steps)


@transaction.atomic
def expire_due(*, actor: Actor, limit: int = BATCH) -> int:
    """End what has expired: questions nobody answered, consents and approvals whose time is over.

    Returns how many. Events: <kind>.expired. Locks: the sign-offs, skipping those held elsewhere.
    """
    over = Q(state=State.ASKED) | Q(state=State.GIVEN) & ~Q(kind=Kind.SIGNATURE)
    rows = list(
        Signoff.objects.filter(over, expires_at__lte=clock.now())
        .select_related("asked_by")
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)[:limit]
    )
    for signoff in rows:
        was_given = signoff.state == State.GIVEN
        telling.settle(signoff, State.EXPIRED)
        telling.record(actor, signoff, "expired", was_given=was_given, expires_at=signoff.expires_at)
        telling.tell_outcome(signoff)
    return len(rows)
