"""Deciding: a right of the contract, or its lack, applied to something; the line that says so is kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shouyue.commitments.calendar_models import Decision
from shouyue.commitments.rules.periods import plus_months, term_of
from shouyue.contracts.plan_language.model import Entitlement, Period
from shouyue.contracts.queries import compiled, plan_of
from shouyue.contracts.rules import Charge, ContractRules, charge_of, right_applies
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor

from . import storage
from .names import names_of

CHARGE = "ticket.charge"

_USED = """
SELECT c.name, count(*) FROM commitments_decision d JOIN commitments_commitment c ON c.id = d.commitment_id
WHERE d.contract_id = %s AND d.is_current AND c.name = %s AND d.decided_at >= %s AND d.decided_at < %s
  AND NOT (d.subject_type = %s AND d.subject_id = %s) GROUP BY c.name
"""


@transaction.atomic
def decide(
    *,
    actor: Actor,
    decision: str,
    contract_id: int,
    subject: tuple[str, int],
    facts: Mapping[str, Any],
    item: str = "",
    warranty_class: str = "",
) -> Decision:
    """What the contract gives in a decision, and why; replaces what was decided before about the same subject.

    item, warranty_class: for charges. The caller has checked that the actor may act on the subject. Event:
    decision.taken. Locks: the contract's rights, while one with a limited amount is counted.
    """
    rules = compiled(contract_id)
    today = clock.today(rules.zone)
    known = {name: value for name, value in facts.items() if value not in (None, "")}
    storage.hold_cases([f"decisions:{contract_id}"])
    used = _used(rules, decision, subject, today)
    if decision == CHARGE:
        charge = charge_of(rules, known, today, item=item, warranty_class=warranty_class, used=used)
        source, name, outcome = str(charge.source), charge.name, _outcome(rules, charge)
    else:
        source, name, outcome = _grant(rules, decision, known, today, used)
    commitment = names_of(contract_id).ids.get(name) if source == "entitlement" else None
    event = events.record(
        "decision.taken",
        actor=actor,
        subject=subject,
        customer_id=rules.customer_id,
        contract_id=contract_id,
        facts={
            "decision": decision[:64],
            "commitment": name[:64],
            "source": source,
            "outcome": str(outcome.get("charge", "granted" if outcome else "none"))[:64],
        },
    )
    Decision.objects.filter(
        decision=decision, subject_type=subject[0], subject_id=subject[1], is_current=True
    ).update(is_current=False)
    made: Decision = Decision.objects.create(
        customer_id=rules.customer_id,
        contract_id=contract_id,
        decision=decision,
        subject_type=subject[0],
        subject_id=subject[1],
        commitment_id=commitment,
        source=source,
        name=name,
        outcome=outcome,
        facts={"stage": rules.stage_on(today), "item": item, "warranty_class": warranty_class}
        | _plain(known),
        event_id=event.id,
        decided_at=event.occurred_at,
    )
    return made


def _outcome(rules: ContractRules, charge: Charge) -> dict[str, Any]:
    outcome: dict[str, Any] = {"charge": charge.kind}
    if charge.discount:
        outcome["discount"] = charge.discount
    if charge.source == "entitlement":
        right = next((one for one in rules.plan.commitments if one.name == charge.name), None)
        if isinstance(right, Entitlement):
            outcome |= {
                word: str(value)
                for word, value in right.grants
                if word != "charge" and isinstance(value, str)
            }
    return outcome


def _grant(
    rules: ContractRules, decision: str, facts: Mapping[str, Any], day: date, used: Mapping[str, int]
) -> tuple[str, str, dict[str, Any]]:
    """The first right about a decision that applies and is not used up."""
    for right in rules.plan.commitments:
        if not isinstance(right, Entitlement) or decision not in right.decides or right.awaits:
            continue
        limit = right.limit.amount if right.limit and isinstance(right.limit.amount, int) else None
        if limit is not None and used.get(right.name, 0) >= limit:
            continue
        known = {"stage": rules.stage_on(day), **facts}
        if right_applies(rules, right, known, day):
            return "entitlement", right.name, {word: str(value) for word, value in right.grants}
    return "term", "", {}


def _used(rules: ContractRules, decision: str, subject: tuple[str, int], today: date) -> dict[str, int]:
    """How often limited rights were applied in their running period, this subject left out. Queries: one per right."""
    found: dict[str, int] = {}
    for right in rules.plan.commitments:
        if not isinstance(right, Entitlement) or decision not in right.decides or right.limit is None:
            continue
        since, until = _period(rules, right.limit.every, today)
        with connection.cursor() as cursor:
            cursor.execute(_USED, [rules.contract_id, right.name, since, until, *subject])
            found.update(dict(cursor.fetchall()))
    return found


def _period(rules: ContractRules, every: Period, today: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(rules.zone)
    if every.unit in ("once", "gap"):
        first, last = rules.starts_on, plus_months(rules.ends_on, 1200)
    else:
        term = term_of(every, today, rules.starts_on)
        first, last = term.starts_on, term.ends_on
    return (
        datetime.combine(first, time(), zone),
        datetime.combine(last, time(), zone),
    )


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if isinstance(value, str | int | float | bool)}


def reason_of(decision: Decision, language: str) -> str:
    """Why it was decided so, in words. Queries: those of `plan_of`."""
    rules = compiled(decision.contract_id)
    plan = plan_of(rules.plan_version_id)
    match decision.source:
        case "entitlement":
            title = next((one.title for one in plan.commitments if one.name == decision.name), None)
            return _("By the promise “%(name)s”.") % {
                "name": title.pick(language) if title else decision.name
            }
        case "catalogue":
            found = next((one.title for one in plan.catalogue if one.name == decision.name), None)
            return _("By the service catalogue: “%(name)s”.") % {
                "name": found.pick(language) if found else decision.name
            }
        case "warranty":
            term = next((one for one in rules.warranty if one.name == decision.name), None)
            name = term.title.pick(language) if term else decision.name
            if decision.outcome.get("charge") == "free":
                return _("Under warranty: “%(name)s”.") % {"name": name or _("all classes")}
            return _("Out of warranty: “%(name)s”.") % {"name": name or _("not every class is covered")}
    if decision.outcome.get("charge") == "free":
        return _("Within the contract's term; nothing says otherwise.")
    return _("No right of the contract covers it.")
