"""Figures put right by hand: visible, with who and why; also after the period was frozen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.commitments import access
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import obligation_of
from shouyue.commitments.rules.figures import is_duration
from shouyue.contracts.plan_language.model import Quota
from shouyue.contracts.queries import plan_of
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound

from . import figures

MOST = Decimal(10) ** 9
LONGEST_REASON = 300


@transaction.atomic
def correct_figure(*, actor: Actor, obligation_id: int, amount: Decimal, reason: str) -> Obligation:
    """Add a correction, mostly negative, to the amount a quota counted in a period; hours where time is counted.

    The verdict is given anew; where the period is frozen the database writes an adjustment down. Raises: NotFound;
    NotAllowed; Conflict for what counts no amounts; Invalid. Event: quota.corrected. Locks: the obligation.
    """
    row = obligation_of(actor, obligation_id)
    if not can_correct(actor, row):
        raise NotAllowed
    promise = quota_of(row)
    if promise is None:
        raise Conflict(_("This figure adds up no amounts; correct what it is measured from."))
    wrong: dict[str, list[str]] = {}
    if not amount.is_finite() or amount == 0 or abs(amount) > MOST:
        wrong["amount"] = [_("Say how much is to be added or, with a minus, taken off.")]
    if not reason.strip():
        wrong["reason"] = [_("Please say why.")]
    elif len(reason.strip()) > LONGEST_REASON:
        wrong["reason"] = [_("At most %(limit)d characters.") % {"limit": LONGEST_REASON}]
    if wrong:
        raise Invalid(fields=wrong)
    event = events.record(
        "quota.corrected",
        actor=actor,
        subject=("obligation", row.pk),
        case=(row.case_type, row.case_id),
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        facts={"commitment": row.commitment.name[:64]},
    )
    last = (row.due_at or clock.now()) - timedelta(microseconds=1)
    figures.correct(
        obligation_id=row.pk,
        event_id=event.id,
        amount=float(amount) * (3600 if is_duration(promise.bounds) else 1),
        at=max(min(clock.now(), last), row.opened_at),
        reason=reason.strip(),
    )
    row.refresh_from_db()
    return row


def can_correct(actor: Actor, row: Obligation) -> bool:
    """Whether the actor may put the figure behind an obligation right, should it have one."""
    return actor.user_id is not None and access.can_close(actor, row.contract_id)


def quota_of(row: Obligation) -> Quota | None:
    """The quota whose amount an obligation counts, by its own plan version; None for any other."""
    try:
        promise = plan_of(row.plan_version_id).commitment(row.commitment.name)
    except (NotFound, KeyError):
        return None
    return promise if isinstance(promise, Quota) and promise.amount.how != "distinct" else None
