"""Phone calls: what a plan wants to be told by voice is a task for somebody at the desk."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.notifications import access, queries
from shouyue.notifications.choices import CallOutcome, Channel, State
from shouyue.notifications.models import Notice
from shouyue.notifications.rules.pace import CALL_AGAIN, TRIES_OF_A_CALL

from .delivery import record_sent


@transaction.atomic
def settle_call(*, actor: Actor, notice_ids: Collection[int], outcome: str) -> list[Notice]:
    """Say how a call ended that was about all of these. Not reached: again in ten minutes, three times in all, then it
    has failed. What needs no call any more stays so.

    Raises: NotAllowed, NotFound, Invalid, Conflict (nothing of it waits any more: somebody else was
    quicker). Locks: the notices.
    """
    if not access.can_call(actor):
        raise NotAllowed
    if outcome not in CallOutcome.values:
        raise Invalid(fields={"outcome": [_("Reached or not reached?")]})
    notices: list[Notice] = locks.lock_rows(queries.calls_ever(actor).filter(pk__in=notice_ids))
    if not notices or len(notices) < len(set(notice_ids)):
        raise NotFound
    if len({(notice.user_id, notice.contact_id) for notice in notices}) > 1:
        raise Invalid(_("A call is to one person."))
    waiting = [notice for notice in notices if notice.state in (State.QUEUED, State.HELD)]
    if not waiting:
        raise Conflict(_("This call has been settled meanwhile."), code="settled")
    for notice in waiting:
        _settle(actor, notice, outcome)
    return waiting


def stop_calls(about_type: str, about_ids: Collection[int]) -> int:
    """Nobody need be called about these any more. Returns how many calls that were."""
    waiting = Notice.objects.filter(channel=Channel.PHONE, state__in=[State.QUEUED, State.HELD])
    return waiting.filter(about_type=about_type, about_id__in=about_ids).update(
        state=State.STOPPED, retry_at=None
    )


def _settle(actor: Actor, notice: Notice, outcome: str) -> None:
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
