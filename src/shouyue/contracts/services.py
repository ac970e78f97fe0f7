"""Writes of contracts: one function per verb. Every change gives the contract a new `version` (see `loading`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.models import User
from shouyue.accounts.services import bump_access
from shouyue.contracts import access, loading, queries, vocabulary
from shouyue.contracts.choices import Area, Role, SiteMode
from shouyue.contracts.models import (
    Contract,
    ContractSite,
    ContractStage,
    Membership,
    Milestone,
    PlanVersion,
    Responsibility,
)
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.compiled import to_json
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.rules import ContractRules
from shouyue.kernel import clock, events, gates
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.locks import hold, lock_row
from shouyue.parties.models import Customer, ProviderUnit, Site, Vendor

CODE = re.compile(r"[A-Z][A-Z0-9-]{0,14}[A-Z0-9]|[A-Z]")
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


# Plan versions


@transaction.atomic
def store_plan_version(*, actor: Actor, text: str, plan: str = "") -> PlanVersion:
    """Keep a plan's text as a new version; a text already kept is that version. plan: the name it must have.

    Raises: Invalid with every problem of the text; NotAllowed. Locks: the plan's name.
    """
    if not access.can_set_up(actor) and not actor.has_role(*access.MANAGES):
        raise NotAllowed
    parsed = parse_text(text, file="plan.yaml")
    problems = [one for one in check_plan(parsed, vocabulary.current()) if one.severity == "error"]
    if problems or parsed.plan is None:
        raise Invalid(
            "\n".join(one.line_of_text(get_language() or "en") for one in problems),
            fields={"text": [_("The plan has errors.")]},
        )
    if plan and parsed.plan.name != plan:
        wrong = _("This is the plan %(given)s, not %(plan)s.") % {"given": parsed.plan.name, "plan": plan}
        raise Invalid(fields={"text": [wrong]})
    if not access.can_set_up(actor) and not _manages_plan(actor, parsed.plan.name):
        raise NotAllowed
    return _keep(actor, parsed.plan, text)


def _manages_plan(actor: Actor, plan: str) -> bool:
    """Whether a contract the actor manages runs by this plan."""
    running = Contract.objects.visible_to(actor).filter(plan_version__plan=plan)
    return any(access.can_manage(actor, contract_id) for contract_id in running.values_list("pk", flat=True))


def _keep(actor: Actor, plan: Plan, text: str) -> PlanVersion:
    digest = hashlib.sha256(text.encode()).hexdigest()
    hold(f"plan:{plan.name}")
    kept = PlanVersion.objects.filter(plan=plan.name, digest=digest).first()
    if kept is not None:
        return kept
    last = PlanVersion.objects.filter(plan=plan.name).aggregate(last=Max("number"))["last"] or 0
    version = PlanVersion.objects.create(
        plan=plan.name,
        number=last + 1,
        text=text,
        compiled=to_json(plan),
        digest=digest,
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    events.record(
        "plan.stored",
        actor=actor,
        subject=("plan", version.pk),
        facts={"plan": plan.name, "number": version.number, "digest": digest},
    )
    return version


# Contracts


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
    _refuse_bad(
        code=None
        if CODE.fullmatch(code)
        else _("Up to 16 letters, digits and dashes, beginning with a letter."),
        customer=None
        if customer_id > 0 and Customer.objects.filter(pk=customer_id).exists()
        else _("No such customer."),
        plan_version=None if plan_version else _("No such plan version."),
        **_bad_fields(name, starts_on, ends_on, time_zone, unit_id, supervision_firm_id),
    )
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
    _record("contract.created", actor, contract, starts_on=starts_on, ends_on=ends_on)
    _record_plan(actor, contract, None)
    _renew_stages(actor, contract)
    return contract


@transaction.atomic
def change_contract(
    *, actor: Actor, contract_id: int, version: int | None = None, **changes: Any
) -> Contract:
    """Change a contract's own fields (`CHANGEABLE`). version: as read; None skips the comparison.

    Raises: NotAllowed, NotFound, Invalid; Conflict when it was changed since. Locks: the contract.
    """
    contract = _managed(actor, contract_id, version)
    if unknown := changes.keys() - CHANGEABLE:
        raise ValueError(f"cannot change {sorted(unknown)}")
    changed = sorted(key for key, value in changes.items() if getattr(contract, key) != value)
    if not changed:
        return contract
    for key in changed:
        setattr(contract, key, changes[key])
    _refuse_bad(
        **_bad_fields(
            contract.name,
            contract.starts_on,
            contract.ends_on,
            contract.time_zone,
            contract.unit_id,
            contract.supervision_firm_id,
        )
    )
    contract.save(update_fields=changed)
    contract.version = loading.mark_changed(contract.pk)
    for key in changed:
        _record("contract.changed", actor, contract, field=key)
    _renew_stages(actor, contract)
    return contract


@transaction.atomic
def pin_plan_version(
    *, actor: Actor, contract_id: int, plan_version_id: int, version: int | None = None
) -> Contract:
    """Let a contract run by another plan version, without asking both sides: for those who set contracts up.

    Others propose it (`planning.services`). Raises: NotAllowed, NotFound; Conflict when the contract was changed since.
    Locks: the contract.
    """
    contract = _managed(actor, contract_id, version)
    if not access.can_apply_plan(actor):
        raise NotAllowed
    if not PlanVersion.objects.filter(pk=plan_version_id).exists():
        raise NotFound
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
    _renew_stages(actor, contract)
    return contract


# Sites


@transaction.atomic
def set_site_zone(
    *,
    actor: Actor,
    contract_id: int,
    site_id: int,
    mode: str = SiteMode.CALL_OUT,
    area: str = Area.URBAN,
    unit_id: int | None = None,
) -> ContractSite:
    """Take a site under the contract, or change how it is served.

    Raises: NotAllowed, NotFound; Invalid for a site of another customer. Locks: the contract.
    """
    contract = _managed(actor, contract_id)
    _refuse_bad(
        site=None
        if Site.objects.filter(pk=site_id, customer_id=contract.customer_id).exists()
        else _("No such site."),
        mode=None if mode in SiteMode.values else _("No such mode."),
        area=None if area in _areas(contract.pk) else _("No such area."),
        unit=_no_unit(unit_id),
    )
    values = {"mode": str(mode), "area": str(area), "unit_id": unit_id}
    row, created = ContractSite.objects.get_or_create(
        contract=contract, site_id=site_id, defaults={"customer_id": contract.customer_id, **values}
    )
    if not created:
        if all(getattr(row, key) == value for key, value in values.items()):
            return row
        ContractSite.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
    loading.mark_changed(contract.pk)
    _record("contract.site_set", actor, contract, site=f"site:{site_id}", zone=str(area), zone_mode=str(mode))
    return row


@transaction.atomic
def set_site_zones(*, actor: Actor, contract_id: int, sites: Sequence[tuple[int, str, str]]) -> int:
    """Take many sites under the contract at once: (site id, mode, area). Sites already there are left alone.

    Raises: as `set_site_zone`. Returns how many are new.
    """
    contract = _managed(actor, contract_id)
    own = set(Site.objects.filter(customer_id=contract.customer_id).values_list("id", flat=True))
    there = set(ContractSite.objects.filter(contract=contract).values_list("site_id", flat=True))
    areas = _areas(contract.pk)
    if any(site not in own or mode not in SiteMode.values or area not in areas for site, mode, area in sites):
        raise Invalid(_("A site of another customer, or an unknown mode or area."))
    fresh = [
        ContractSite(customer_id=contract.customer_id, contract=contract, site_id=site, mode=mode, area=area)
        for site, mode, area in sites
        if site not in there
    ]
    ContractSite.objects.bulk_create(fresh)
    loading.mark_changed(contract.pk)
    for row in fresh:
        _record(
            "contract.site_set",
            actor,
            contract,
            site=f"site:{row.site_id}",
            zone=row.area,
            zone_mode=row.mode,
        )
    return len(fresh)


def _areas(contract_id: int) -> frozenset[str]:
    """A plan with its own scale `zone` says which areas there are; words longer than the column are none."""
    return frozenset(word for word, _label in queries.areas(contract_id, "en") if len(word) <= 20)


@transaction.atomic
def remove_site(*, actor: Actor, contract_id: int, site_id: int) -> None:
    """The contract no longer serves this site. Raises: NotAllowed, NotFound. Locks: the contract."""
    contract = _managed(actor, contract_id)
    gone, _rows = ContractSite.objects.filter(contract=contract, site_id=site_id).delete()
    if not gone:
        raise NotFound
    loading.mark_changed(contract.pk)
    _record("contract.site_removed", actor, contract, site=f"site:{site_id}")


# Milestones and stages


@transaction.atomic
def reach_milestone(
    *,
    actor: Actor,
    contract_id: int,
    name: str,
    happened_on: date,
    signed_by_provider: str = "",
    signed_by_customer: str = "",
    note: str = "",
) -> Milestone:
    """Record a date both sides agree on; stages that depend on it get their dates, and begin when they are due.

    Recording it again corrects it. Raises: NotAllowed, NotFound; Invalid for a milestone the plan does not have, a
    date to come, or a missing signature the plan demands; GateRefused. Events: contract.milestone_reached (or
    _corrected), contract.stage_entered. Locks: the contract.
    """
    contract = _managed(actor, contract_id)
    rules = loading.compiled(contract.pk)
    planned = next((entry for entry in rules.plan.milestones if entry.name == name), None)
    needs = planned.signed_by if planned else ()
    _refuse_bad(
        name=None if planned else _("The plan has no such milestone."),
        happened_on=_("This day is still to come.")
        if happened_on > clock.today(contract.time_zone)
        else None,
        signed_by_provider=_("The plan asks for this signature.")
        if "provider" in needs and not signed_by_provider.strip()
        else None,
        signed_by_customer=_("The plan asks for this signature.")
        if "customer" in needs and not signed_by_customer.strip()
        else None,
    )
    values = {
        "happened_on": happened_on,
        "signed_by_provider": signed_by_provider.strip(),
        "signed_by_customer": signed_by_customer.strip(),
        "note": note.strip(),
        "recorded_at": clock.now(),
    }
    _ask_gates(actor, contract, rules, name, happened_on)
    before = Milestone.objects.filter(contract=contract, name=name).first()
    milestone, _created = Milestone.objects.update_or_create(
        contract=contract,
        name=name,
        defaults=values,
        create_defaults={"customer_id": contract.customer_id, **values},
    )
    loading.mark_changed(contract.pk)
    verb = "contract.milestone_corrected" if before else "contract.milestone_reached"
    previous = before.happened_on if before else None
    _record(verb, actor, contract, milestone=name, happened_on=happened_on, previous=previous)
    _renew_stages(actor, contract)
    return milestone


def _ask_gates(actor: Actor, contract: Contract, rules: ContractRules, name: str, happened_on: date) -> None:
    """Promises may forbid a milestone, and the start of the warranty that comes with it. Raises: GateRefused."""
    warranty = rules.plan.warranty
    acts = ["contract.reach_milestone"]
    if warranty is not None and warranty.starts.name == name:
        acts.append("contract.start_warranty")
    for act in acts:
        gates.require(
            act,
            actor=actor,
            subject=("contract", contract.pk),
            customer_id=contract.customer_id,
            contract_id=contract.pk,
            facts={
                "milestone": name,
                "happened_on": happened_on.isoformat(),
                "stage": queries.stage_today(rules),
            },
        )


@transaction.atomic
def enter_due_stages(*, actor: Actor) -> int:
    """Begin every stage whose day has come. Returns how many began. Locks: the contracts concerned, in order."""
    latest = clock.today("Pacific/Kiritimati")
    waiting = ContractStage.objects.filter(
        entered_at__isnull=True, starts_on__lte=latest, contract__is_active=True
    )
    begun = 0
    for contract_id in sorted(set(waiting.values_list("contract_id", flat=True))):
        begun += _enter(actor, lock_row(Contract.objects.all(), pk=contract_id))
    return begun


def _renew_stages(actor: Actor, contract: Contract) -> None:
    """Write down what the dates now say about the stages, then begin those that are due."""
    rules = loading.compiled(contract.pk)
    kept = {row.name: row for row in ContractStage.objects.filter(contract=contract)}
    for position, stage in enumerate(rules.stages):
        row = kept.pop(stage.name, None) or ContractStage(
            customer_id=contract.customer_id, contract=contract, name=stage.name
        )
        if (row.position, row.starts_on, row.ends_on) == (
            position,
            stage.starts_on,
            stage.ends_on,
        ) and row.pk:
            continue
        row.position, row.starts_on, row.ends_on = position, stage.starts_on, stage.ends_on
        row.save()
    ContractStage.objects.filter(pk__in=[row.pk for row in kept.values()]).delete()
    if contract.is_active:
        _enter(actor, contract)


def _enter(actor: Actor, contract: Contract) -> int:
    today = clock.today(contract.time_zone)
    due = ContractStage.objects.filter(contract=contract, entered_at__isnull=True, starts_on__lte=today)
    rows = list(due.order_by("starts_on", "position"))
    for row in rows:
        row.entered_at = max(_midnight(row.starts_on, contract.time_zone), contract.created_at)
        row.save(update_fields=["entered_at"])
        events.record(
            "contract.stage_entered",
            actor=actor,
            subject=("contract", contract.pk),
            customer_id=contract.customer_id,
            contract_id=contract.pk,
            facts={"stage": row.name, "starts_on": row.starts_on, "ends_on": row.ends_on},
            occurred_at=min(row.entered_at, clock.now()),
        )
    return len(rows)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


# People


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

    Raises: NotAllowed, NotFound; Invalid when the role belongs to the other side. Locks: the contract.
    """
    contract = _staffed(actor, contract_id)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    _refuse_bad(
        user=None if user else _("No such person."),
        role=_bad_role(role, user, contract) if user else None,
        ends_on=_("Ends before it begins.") if starts_on and ends_on and ends_on < starts_on else None,
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
    _record("contract.member_added", actor, contract, member=f"user:{user_id}", role=role, **days)
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, contract_id: int, user_id: int, role: str) -> None:
    """Take a role in a contract from a person, from its next request on.

    Raises: NotAllowed, NotFound. Locks: the contract.
    """
    contract = _staffed(actor, contract_id)
    gone, _rows = Membership.objects.filter(contract=contract, user_id=user_id, role=role).delete()
    if not gone:
        raise NotFound
    bump_access([user_id])
    _record("contract.member_removed", actor, contract, member=f"user:{user_id}", role=role)


def _bad_role(role: str, user: User, contract: Contract) -> Any:
    if role not in Role.values:
        return _("No such role.")
    if Role(role).is_outside:
        if user.customer_id != contract.customer_id:
            return _("This role is for people of the contract's customer.")
    elif user.customer_id != 0:
        return _("This role is for the provider's own people.")
    return None


# Responsibility matrix


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
    contract = _managed(actor, contract_id)
    activity = activity.strip()
    _refuse_bad(
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
    _record("contract.responsibility_set", actor, contract, responsibility=f"responsibility:{row.pk}")
    return row


@transaction.atomic
def remove_responsibility(*, actor: Actor, contract_id: int, responsibility_id: int) -> None:
    """Strike a line of the matrix. Raises: NotAllowed, NotFound. Locks: the contract."""
    contract = _managed(actor, contract_id)
    gone, _rows = Responsibility.objects.filter(contract=contract, pk=responsibility_id).delete()
    if not gone:
        raise NotFound
    _record(
        "contract.responsibility_removed",
        actor,
        contract,
        responsibility=f"responsibility:{responsibility_id}",
    )


def _is_role(role: str, *, outside: bool) -> bool:
    return role in Role.values and Role(role).is_outside is outside


# Shared steps


def _managed(actor: Actor, contract_id: int, version: int | None = None) -> Contract:
    contract: Contract = lock_row(Contract.objects.visible_to(actor), pk=contract_id)
    if not access.can_manage(actor, contract_id):
        raise NotAllowed
    if version is not None and version != contract.version:
        raise Conflict
    return contract


def _staffed(actor: Actor, contract_id: int) -> Contract:
    contract: Contract = lock_row(Contract.objects.visible_to(actor), pk=contract_id)
    if not access.can_staff(actor, contract_id):
        raise NotAllowed
    return contract


def _record(verb: str, actor: Actor, contract: Contract, **facts: Any) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts=facts,
    )


def _record_plan(actor: Actor, contract: Contract, before: int | None) -> None:
    version = PlanVersion.objects.defer("text", "compiled").get(pk=contract.plan_version_id)
    _record(
        "contract.plan_applied",
        actor,
        contract,
        plan=version.plan,
        number=version.number,
        plan_version=f"plan:{version.pk}",
        previous=f"plan:{before}" if before else None,
        digest=version.digest,
    )


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
        "starts_on": None
        if date(1990, 1, 1) <= starts_on <= date(2200, 1, 1)
        else _("This date is out of range."),
        "ends_on": None
        if starts_on <= ends_on <= date(2200, 1, 1)
        else _("Ends before it begins, or too late."),
        "time_zone": bad_zone,
        "unit": _no_unit(unit_id),
        "supervision_firm": None if firm else _("No such supervision firm."),
    }


def _no_unit(unit_id: int | None) -> Any:
    if unit_id is None or ProviderUnit.objects.filter(pk=unit_id).exists():
        return None
    return _("No such unit.")


def _refuse_bad(**problems: Any) -> None:
    """Raises Invalid with the fields that have a problem."""
    found = {field: [problem] for field, problem in problems.items() if problem is not None}
    if found:
        raise Invalid(fields=found)
