"""Phone calls: what a plan wants to be told by voice is a task for somebody at the desk."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.notifications import access, queries
from shouyue.notifications.choices import CallOutcome, State
from shouyue.notifications.models import Notice
from shouyue.notifications.rules.pace import CALL_AGAIN, TRIES_OF_A_CALL

from .delivery import record_sent


@transaction.atomic
def settle_call(*, actor: Actor, notice_id: int, outcome: str) -> Notice:
    """Say how a call ended. Not reached: again in ten minutes, three times in all, then it has failed.

    Raises: NotAllowed, NotFound, Invalid, Conflict (somebody else was quicker). Locks: the notice.
    """
    if not access.can_call(actor):
        raise NotAllowed
    if outcome not in CallOutcome.values:
        raise Invalid(fields={"outcome": [_("Reached or not reached?")]})
    notice: Notice = locks.lock_row(queries.calls_ever(actor), pk=notice_id)
    if notice.state not in (State.QUEUED, State.HELD):
        raise Conflict(_("This call has been settled meanwhile."), code="settled")
    now = clock.now()
    notice.attempts += 1
    notice.tried_at = now
    notice.answer = f"{CallOutcome(outcome).value}: {actor.name}"[:300]
    reached = outcome == CallOutcome.REACHED
    over = reached or notice.attempts >= TRIES_OF_A_CALL
    notice.state = State.SENT if reached else State.FAILED if over else State.QUEUED
    notice.sent_at = now if reached else None
    notice.retry_at = None if over else now + CALL_AGAIN
    notice.save(update_fields=["attempts", "tried_at", "answer", "state", "sent_at", "retry_at"])
    if notice.about_type:
        events.record(
            "notice.called",
            actor=actor,
            subject=(notice.about_type, notice.about_id),
            case=(notice.case_type, notice.case_id) if notice.case_type else None,
            customer_id=notice.about_customer_id,
            contract_id=notice.contract_id,
            facts={"outcome": outcome, "notice": f"notice:{notice.pk}", "step": notice.step or None},
        )
    if notice.records and over:
        record_sent(notice, "delivered" if reached else "failed")
    return notice
