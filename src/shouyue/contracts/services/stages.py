"""Milestones that both sides agree on, and the stages that follow from them."""

from __future__ import annotations

import logging
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import loading, queries
from shouyue.contracts.models import Contract, ContractStage, Milestone
from shouyue.contracts.rules import ContractRules, acts_of_milestone, milestone_dates
from shouyue.kernel import clock, events, gates, jobs
from shouyue.kernel.actor import Actor
from shouyue.kernel.locks import lock_row

from . import steps

_log = logging.getLogger(__name__)


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
    contract = steps.managed(actor, contract_id)
    rules = loading.compiled(contract.pk)
    planned = next((entry for entry in rules.plan.milestones if entry.name == name), None)
    needs = planned.signed_by if planned else ()
    steps.refuse_bad(
        name=None if planned else _("The plan has no such milestone."),
        happened_on=_bad_day(rules, contract, name, happened_on) if planned else None,
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
    steps.record(verb, actor, contract, milestone=name, happened_on=happened_on, previous=previous)
    renew_stages(actor, contract)
    return milestone


def _bad_day(rules: ContractRules, contract: Contract, name: str, happened_on: date) -> Any:
    today = clock.today(contract.time_zone)
    if happened_on > today:
        return _(
            "%(day)s is still to come; a milestone is recorded once it is reached, by %(today)s today."
        ) % {
            "day": happened_on.isoformat(),
            "today": today.isoformat(),
        }
    known = milestone_dates(rules.plan, rules.dates)
    return steps.clashing(
        rules.plan,
        starts_on=rules.starts_on,
        ends_on=rules.ends_on,
        milestones={**known, name: happened_on},
    )


def _ask_gates(actor: Actor, contract: Contract, rules: ContractRules, name: str, happened_on: date) -> None:
    """Promises may forbid a milestone, and the start of the warranty that comes with it. Raises: GateRefused."""
    for act in acts_of_milestone(rules.plan, name):
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
    """Begin every stage whose day has come. Returns how many began. Locks: the contracts concerned, in order.

    A contract that fails holds up no other: it is written to the log and tried again the next time.
    """
    latest = clock.today("Pacific/Kiritimati")
    waiting = ContractStage.objects.filter(
        entered_at__isnull=True, starts_on__lte=latest, contract__is_active=True
    )
    begun = 0
    for contract_id in sorted(set(waiting.values_list("contract_id", flat=True))):
        with jobs.one_of_many(_log, "the stages of contract %s could not be begun", contract_id):
            begun += _enter(actor, lock_row(Contract.objects.all(), pk=contract_id))
    return begun


def renew_stages(actor: Actor, contract: Contract) -> None:
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
