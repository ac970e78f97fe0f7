"""Who works in a contract, in which role, and who does what in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.models import User
from shouyue.accounts.services import bump_access
from shouyue.contracts import access
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, Membership, Responsibility
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound

from . import steps


@transaction.atomic
def add_member(
    *,
    actor: Actor,
    contract_id: int,
    user_id: int,
    role: str,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Give a person a role in a contract, or change its days. Holds from the person's next request.

    Raises: NotAllowed, NotFound; Invalid when the role belongs to the other side, or decides more than the actor may.
    Locks: the contract.
    """
    contract = steps.staffed(actor, contract_id)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    steps.refuse_bad(
        user=None if user else _("No such person."),
        role=_bad_role(actor, role, user, contract) if user else None,
        ends_on=steps.ends_too_early(starts_on, ends_on),
    )
    days = {"starts_on": starts_on, "ends_on": ends_on}
    membership, _created = Membership.objects.update_or_create(
        contract=contract,
        user_id=user_id,
        role=role,
        defaults=days,
        create_defaults={"customer_id": contract.customer_id, **days},
    )
    bump_access([user_id])
    steps.record("contract.member_added", actor, contract, member=f"user:{user_id}", role=role, **days)
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, contract_id: int, user_id: int, role: str) -> None:
    """Take a role in a contract from a person, from its next request on.

    Raises: NotAllowed, NotFound. Locks: the contract.
    """
    contract = steps.staffed(actor, contract_id)
    if not access.may_give(actor, contract_id, role):
        raise NotAllowed
    gone, _rows = Membership.objects.filter(contract=contract, user_id=user_id, role=role).delete()
    if not gone:
        raise NotFound
    bump_access([user_id])
    steps.record("contract.member_removed", actor, contract, member=f"user:{user_id}", role=role)


def _bad_role(actor: Actor, role: str, user: User, contract: Contract) -> Any:
    if role not in Role.values:
        return _("No such role.")
    if not access.may_give(actor, contract.pk, role):
        return _("Only somebody who may decide as much gives this role.")
    if Role(role).is_outside:
        if user.customer_id != contract.customer_id:
            return _("This role is for people of the contract's customer.")
    elif user.customer_id != 0:
        return _("This role is for the provider's own people.")
    return None


@transaction.atomic
def set_responsibility(
    *,
    actor: Actor,
    contract_id: int,
    activity: str,
    provider_duty: str = "",
    customer_duty: str = "",
    provider_role: str = "",
    customer_role: str = "",
    position: int | None = None,
) -> Responsibility:
    """Say who does what in an activity; a line that exists is changed.

    Raises: NotAllowed, NotFound, Invalid. Locks: the contract.
    """
    contract = steps.managed(actor, contract_id)
    activity = activity.strip()
    steps.refuse_bad(
        activity=None if 0 < len(activity) <= 200 else _("Between 1 and 200 characters."),
        provider_role=_("No such role.")
        if provider_role and not _is_role(provider_role, outside=False)
        else None,
        customer_role=_("No such role.")
        if customer_role and not _is_role(customer_role, outside=True)
        else None,
    )
    if position is None:
        last = Responsibility.objects.filter(contract=contract).aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
    values = {
        "provider_duty": provider_duty.strip(),
        "customer_duty": customer_duty.strip(),
        "provider_role": provider_role,
        "customer_role": customer_role,
    }
    row, _created = Responsibility.objects.update_or_create(
        contract=contract,
        activity=activity,
        defaults=values,
        create_defaults={"customer_id": contract.customer_id, "position": position, **values},
    )
    steps.record("contract.responsibility_set", actor, contract, responsibility=f"responsibility:{row.pk}")
    return row


@transaction.atomic
def remove_responsibility(*, actor: Actor, contract_id: int, responsibility_id: int) -> None:
    """Strike a line of the matrix. Raises: NotAllowed, NotFound. Locks: the contract."""
    contract = steps.managed(actor, contract_id)
    gone, _rows = Responsibility.objects.filter(contract=contract, pk=responsibility_id).delete()
    if not gone:
        raise NotFound
    steps.record(
        "contract.responsibility_removed",
        actor,
        contract,
        responsibility=f"responsibility:{responsibility_id}",
    )


def _is_role(role: str, *, outside: bool) -> bool:
    return role in Role.values and Role(role).is_outside is outside
