"""Deputies: for a time, somebody lets a colleague answer for him."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.accounts.models import User
from shouyue.contracts import queries as contracts
from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed
from shouyue.signoff import rules
from shouyue.signoff.models import Delegation

from . import telling


@transaction.atomic
def delegate(
    *,
    actor: Actor,
    to_id: int,
    ends_at: datetime,
    starts_at: datetime | None = None,
    contract_id: int | None = None,
    note: str = "",
) -> Delegation:
    """Let a colleague of the same organisation answer for the actor, in one contract or in all.

    Raises: NotAllowed for jobs and links, NotFound, Invalid. Events: delegation.made.
    """
    if actor.user_id is None or actor.kind not in ("user", "token"):
        raise NotAllowed
    now = clock.now()
    starts_at = starts_at or now
    deputy = User.objects.filter(pk=to_id, customer_id=actor.customer_id, is_active=True).first()
    if deputy is None or deputy.pk == actor.user_id:
        raise Invalid(fields={"to": [_("Choose a colleague.")]})
    if ends_at <= max(starts_at, now):
        raise Invalid(fields={"ends_at": [_("The end lies before the beginning, or is over.")]})
    if ends_at - starts_at > rules.LONGEST_DELEGATION:
        raise Invalid(fields={"ends_at": [_("At most one year.")]})
    if contract_id is not None:
        contracts.contract_with_id(actor, contract_id)
    made: Delegation = Delegation.objects.create(
        customer_id=actor.customer_id,
        user_id=actor.user_id,
        to=deputy,
        contract_id=contract_id,
        starts_at=starts_at,
        ends_at=ends_at,
        note=telling.checked_text("note", note, limit=200),
        created_at=now,
    )
    _record(actor, made, "delegation.made", to=f"user:{to_id}", starts_at=starts_at, ends_at=ends_at)
    return made


@transaction.atomic
def end_delegation(*, actor: Actor, delegation_id: int) -> Delegation:
    """End a delegation, by who made it. Raises: NotFound, NotAllowed. Events: delegation.ended. Locks: the row."""
    found: Delegation = locks.lock_row(Delegation.objects.visible_to(actor), pk=delegation_id)
    if found.user_id != actor.user_id:
        raise NotAllowed
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        found.save(update_fields=["revoked_at"])
        _record(actor, found, "delegation.ended", to=f"user:{found.to_id}")
    return found


def _record(actor: Actor, made: Delegation, verb: str, **facts: datetime | str) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("delegation", made.pk),
        customer_id=made.customer_id,
        contract_id=made.contract_id,
        facts=facts,
    )
