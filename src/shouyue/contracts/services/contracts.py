"""Contracts themselves, and the plan version they run by."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import access, loading
from shouyue.contracts.models import Contract, PlanVersion
from shouyue.contracts.rules import milestone_dates
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, NotAllowed, NotFound
from shouyue.kernel.locks import hold
from shouyue.parties.models import Customer, Vendor

from . import stages, steps

CODE = re.compile(r"[A-Z][A-Z0-9-]{0,14}[A-Z0-9]|[A-Z]")
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
CHANGEABLE = frozenset(
    {
        "name",
        "starts_on",
        "ends_on",
        "time_zone",
        "service_level",
        "unit_id",
        "supervision_firm_id",
        "desk_phone",
        "is_active",
    }
)


@transaction.atomic
def create_contract(
    *,
    actor: Actor,
    customer_id: int,
    code: str,
    name: str,
    starts_on: date,
    ends_on: date,
    plan_version_id: int,
    time_zone: str = "Asia/Shanghai",
    service_level: str = "",
    unit_id: int | None = None,
    supervision_firm_id: int | None = None,
    desk_phone: str = "",
) -> Contract:
    """Set up a contract under a plan version. ends_on: the last day of the term.

    Raises: NotAllowed; Invalid; Conflict when the code is taken. Events: contract.created, contract.plan_applied,
    contract.stage_entered for each stage already begun.
    """
    if not access.can_set_up(actor):
        raise NotAllowed
    code = code.strip().upper()
    plan_version = PlanVersion.objects.filter(pk=plan_version_id).first()
    steps.refuse_bad(
        code=None
        if CODE.fullmatch(code)
        else _("Up to 16 letters, digits and dashes, beginning with a letter."),
        customer=None
        if customer_id > 0 and Customer.objects.filter(pk=customer_id).exists()
        else _("No such customer."),
        plan_version=None if plan_version else _("No such plan version."),
        **_bad_fields(name, starts_on, ends_on, time_zone, unit_id, supervision_firm_id),
    )
    plan = loading.plan_of(plan_version_id)
    steps.refuse_bad(starts_on=steps.clashing(plan, starts_on=starts_on, ends_on=ends_on, milestones={}))
    hold(f"contract:{code}")
    if Contract.objects.filter(code=code).exists():
        raise Conflict(
            _("The short code %(code)s is taken.") % {"code": code}, fields={"code": [_("Taken.")]}
        )
    contract = Contract.objects.create(
        customer_id=customer_id,
        code=code,
        name=name.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=time_zone,
        service_level=service_level,
        plan_version_id=plan_version_id,
        unit_id=unit_id,
        supervision_firm_id=supervision_firm_id,
        desk_phone=desk_phone,
        created_at=clock.now(),
    )
    contract.version = loading.mark_changed(contract.pk)
    steps.record("contract.created", actor, contract, starts_on=starts_on, ends_on=ends_on)
    _record_plan(actor, contract, None)
    stages.renew_stages(actor, contract)
    return contract


@transaction.atomic
def change_contract(
    *, actor: Actor, contract_id: int, version: int | None = None, **changes: Any
) -> Contract:
    """Change a contract's own fields (`CHANGEABLE`). version: as read; None skips the comparison.

    Raises: NotAllowed, NotFound, Invalid; Conflict when it was changed since. Locks: the contract.
    """
    contract = steps.managed(actor, contract_id, version)
    if unknown := changes.keys() - CHANGEABLE:
        raise ValueError(f"cannot change {sorted(unknown)}")
    changed = sorted(key for key, value in changes.items() if getattr(contract, key) != value)
    if not changed:
        return contract
    for key in changed:
        setattr(contract, key, changes[key])
    steps.refuse_bad(
        **_bad_fields(
            contract.name,
            contract.starts_on,
            contract.ends_on,
            contract.time_zone,
            contract.unit_id,
            contract.supervision_firm_id,
        )
    )
    steps.refuse_bad(**_clash(contract, changed))
    contract.save(update_fields=changed)
    contract.version = loading.mark_changed(contract.pk)
    for key in changed:
        steps.record("contract.changed", actor, contract, field=key)
    stages.renew_stages(actor, contract)
    return contract


@transaction.atomic
def pin_plan_version(
    *, actor: Actor, contract_id: int, plan_version_id: int, version: int | None = None
) -> Contract:
    """Let a contract run by another plan version, without asking both sides: for those who set contracts up.

    Others propose it (`planning.services`). Raises: NotAllowed, NotFound; Conflict when the contract was changed since.
    Locks: the contract.
    """
    contract = steps.managed(actor, contract_id, version)
    if not access.can_apply_plan(actor):
        raise NotAllowed
    if not PlanVersion.objects.filter(pk=plan_version_id).exists():
        raise NotFound
    steps.refuse_bad(plan_version=steps.clashing_plan(contract, plan_version_id))
    return put_in_force(actor=actor, contract=contract, plan_version_id=plan_version_id)


def put_in_force(*, actor: Actor, contract: Contract, plan_version_id: int) -> Contract:
    """Let a contract run by a plan version from now on; obligations already open keep theirs.

    contract: locked by the caller, who has checked access. Event: contract.plan_applied, which the commitment
    register follows in the same transaction.
    """
    if contract.plan_version_id == plan_version_id:
        return contract
    before = contract.plan_version_id
    contract.plan_version_id = plan_version_id
    contract.save(update_fields=["plan_version"])
    contract.version = loading.mark_changed(contract.pk)
    _record_plan(actor, contract, before)
    stages.renew_stages(actor, contract)
    return contract


def _record_plan(actor: Actor, contract: Contract, before: int | None) -> None:
    version = PlanVersion.objects.defer("text", "compiled").get(pk=contract.plan_version_id)
    steps.record(
        "contract.plan_applied",
        actor,
        contract,
        plan=version.plan,
        number=version.number,
        plan_version=f"plan:{version.pk}",
        previous=f"plan:{before}" if before else None,
        digest=version.digest,
    )


def _clash(contract: Contract, changed: Collection[str]) -> dict[str, Any]:
    """Stages that the changed days would let run at once, by the field that was changed. Queries: none."""
    days = [name for name in ("starts_on", "ends_on") if name in changed]
    if not days:
        return {}
    rules = loading.compiled(contract.pk)
    said = steps.clashing(
        rules.plan,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        milestones=milestone_dates(rules.plan, rules.dates),
    )
    return {days[0]: said}


def _out_of_range(day: date) -> Any:
    if EARLIEST <= day <= LATEST:
        return None
    return _("%(day)s is out of range; give a day from %(first)s to %(last)s.") % {
        "day": day.isoformat(),
        "first": EARLIEST.isoformat(),
        "last": LATEST.isoformat(),
    }


def _bad_fields(
    name: str,
    starts_on: date,
    ends_on: date,
    time_zone: str,
    unit_id: int | None,
    supervision_firm_id: int | None,
) -> dict[str, Any]:
    try:
        ZoneInfo(time_zone)
        bad_zone = None
    except (KeyError, ValueError, OSError):
        bad_zone = _("No such time zone.")
    firm = (
        supervision_firm_id is None
        or Vendor.objects.filter(pk=supervision_firm_id, kind="supervision_firm").exists()
    )
    return {
        "name": None if 0 < len(name.strip()) <= 200 else _("Between 1 and 200 characters."),
        "starts_on": _out_of_range(starts_on),
        "ends_on": steps.ends_too_early(starts_on, ends_on) or _out_of_range(ends_on),
        "time_zone": bad_zone,
        "unit": steps.no_unit(unit_id),
        "supervision_firm": None if firm else _("No such supervision firm."),
    }
