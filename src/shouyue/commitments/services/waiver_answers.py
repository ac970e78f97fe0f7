"""What the answer to a sign-off does to a waiver, in the same transaction: approve, agree, refuse, let lapse."""

from __future__ import annotations

from shouyue.commitments.choices import ObjectionState
from shouyue.commitments.closing_models import Objection
from shouyue.kernel import locks
from shouyue.kernel.events import RecordedEvent

from . import approving, waiver_signoffs, waiving


def consume(event: RecordedEvent) -> None:
    """Follow the sign-off of a waiver. Queries: none for any other event. Locks: the objection."""
    if event.subject_type != "objection" or event.verb not in approving.ANSWERS:
        return
    made: Objection = locks.lock_row(Objection.objects.all(), pk=event.subject_id)
    if not made.is_open or event.facts.get("purpose") != waiver_signoffs.PURPOSE:
        return
    if event.verb == "approval.expired":
        waiving.let_lapse(made)
        return
    said = approving.said_in(event, made.customer_id)
    if event.verb != "approval.given":
        waiving.take_refusal(made, said)
    elif made.state == ObjectionState.PROPOSED:
        waiving.take_approval(made, said)
    else:
        waiving.take_agreement(made, said)
