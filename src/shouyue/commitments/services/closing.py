"""Closing a period: its figures are frozen once and for all; opening it again needs two people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from shouyue.commitments import access
from shouyue.commitments.choices import ClosingStep
from shouyue.commitments.closing_models import Closing, Reopening
from shouyue.commitments.queries import closing as closings
from shouyue.commitments.queries.board import Line, board_of
from shouyue.commitments.rules.closing import Period, digest_of, frozen_text
from shouyue.commitments.rules.scoring import as_json, sheet_of
from shouyue.commitments.rules.standing import Figures
from shouyue.contracts.models import Contract
from shouyue.contracts.queries import compiled, contract_with_id
from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in


@transaction.atomic
def close_period(*, actor: Actor, contract_id: int, period: str) -> Closing:
    """Freeze the figures of a month or quarter; what is closed already is given back as it is.

    One of another length than the plan's score sheets has no score. Raises: NotAllowed; Invalid for a period nobody
    knows; Conflict when it is not over, or shares time with one that is closed. Locks: the contract's closings.
    Queries: some for each month, none for an obligation.
    """
    contract = contract_with_id(actor, contract_id)
    access.require(access.can_close(actor, contract_id))
    wanted = closings.chosen_period(contract, period)
    locks.hold(f"closing:{contract_id}")
    known = list(closings.overlapping(contract_id, wanted))
    for closing in known:
        if closing.period == wanted.key:
            return closing
    if known:
        said = _("%(wanted)s shares time with %(period)s, which is closed; open that again first.") % {
            "wanted": wanted.key,
            "period": known[0].period,
        }
        raise Conflict(said, fields={"period": [said]})
    now = clock.now()
    if wanted.until > now:
        raise Conflict(_("The period is not over yet."))
    return _freeze(actor, contract, wanted, now)


def _freeze(actor: Actor, contract: Contract, period: Period, now: datetime) -> Closing:
    number = Closing.objects.filter(contract_id=contract.pk, period=period.key).count() + 1
    text = frozen_text(_snapshot(contract, period, now, number))
    made: Closing = Closing.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        period=period.key,
        number=number,
        since=period.since,
        until=period.until,
        snapshot=text,
        digest=digest_of(text),
        closed_by_id=actor.user_id,
        closed_by_name=actor.name,
        closed_at=now,
    )
    _record("period.closed", actor, made, {"digest": made.digest})
    return made


def _snapshot(contract: Contract, period: Period, now: datetime, number: int) -> dict[str, Any]:
    """Everything that is frozen, as plain values."""
    rules = compiled(contract.pk)
    rows: dict[str, dict[str, Any]] = {}
    totals: dict[str, Figures] = {}
    for key in period.month_keys:
        for line in board_of(SYSTEM, contract, key).lines:
            name = line.commitment.name
            row = rows.setdefault(name, _row(line, rules.plan))
            row["months"][key] = asdict(line.figures)
            row["standings"][key] = str(line.standing)
            if line.measured is not None:
                row["measured"][key] = {
                    "amount": line.measured.amount,
                    "counted": line.measured.counted,
                    "good": line.measured.good,
                }
            totals[name] = _plus(totals.get(name, Figures()), line.figures)
    for name, figures in totals.items():
        rows[name]["figures"] = asdict(figures)
    scored = closings.has_sheet(contract.pk, period)
    sheet = sheet_of(rules.plan, closings.counted(totals)) if scored else None
    everything = Figures()
    for figures in totals.values():
        everything = _plus(everything, figures)
    return {
        "format": 1,
        "contract": contract.code,
        "contract_name": contract.name,
        "zone": contract.time_zone,
        "period": period.key,
        "number": number,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "closed_at": now.isoformat(),
        "plan": rules.plan.name,
        "plan_version_id": rules.plan_version_id,
        "commitments": list(rows.values()),
        "totals": asdict(everything),
        "scores": as_json(sheet) if sheet else None,
    }


def _row(line: Line, plan: Any) -> dict[str, Any]:
    one = line.commitment
    try:
        points = plan.commitment(one.name).points
    except KeyError:
        points = 0
    return {
        "name": one.name,
        "kind": one.kind,
        "source": list(one.source),
        "title_zh": one.title_zh,
        "title_en": one.title_en,
        "is_internal": one.is_internal,
        "points": str(points) if isinstance(points, int | float) else "unset",
        "months": {},
        "standings": {},
        "measured": {},
        "figures": {},
    }


def _plus(one: Figures, two: Figures) -> Figures:
    return Figures(*(first + second for first, second in zip(one.values, two.values, strict=True)))


@transaction.atomic
def ask_reopening(*, actor: Actor, closing_id: int, why: str) -> Reopening:
    """Ask that a closed period be opened again; somebody else has to agree. Raises: NotAllowed; Invalid; Conflict."""
    closing = _held(actor, closing_id)
    if not why.strip():
        raise Invalid(fields={"why": [_("Please say why.")]})
    steps = closings.reopenings_of(closing)
    if steps and steps[-1].step == ClosingStep.ASKED:
        raise Conflict(_("Somebody has asked for it already."))
    return _step(actor, closing, ClosingStep.ASKED, why, steps[-1].round + 1 if steps else 1)


@transaction.atomic
def agree_reopening(*, actor: Actor, closing_id: int, why: str = "") -> Reopening:
    """The second person agrees: the period is open again. Raises: NotAllowed for who asked; Conflict."""
    closing, asked = _asked(actor, closing_id)
    if asked.user_id == actor.user_id:
        raise NotAllowed(_("A second person has to agree."))
    step = _step(actor, closing, ClosingStep.AGREED, why, asked.round)
    closing.reopened_at = clock.now()
    closing.save(update_fields=["reopened_at"])
    return step


@transaction.atomic
def refuse_reopening(*, actor: Actor, closing_id: int, why: str) -> Reopening:
    """The second person does not agree; the period stays closed. Who asked may take it back so. Raises: Conflict."""
    closing, asked = _asked(actor, closing_id)
    if not why.strip():
        raise Invalid(fields={"why": [_("Please say why.")]})
    return _step(actor, closing, ClosingStep.REFUSED, why, asked.round)


def _held(actor: Actor, closing_id: int) -> Closing:
    """A closing in force, locked. Raises: NotFound; NotAllowed; Conflict. Locks: the contract's closings, the row."""
    found = closings.closing_of(actor, closing_id)
    access.require(access.can_close(actor, found.contract_id) and actor.user_id is not None)
    locks.hold(f"closing:{found.contract_id}")
    closing: Closing = locks.lock_row(Closing.objects.all(), pk=closing_id)
    if closing.reopened_at is not None:
        raise Conflict(_("The period is open again already."))
    return closing


def _asked(actor: Actor, closing_id: int) -> tuple[Closing, Reopening]:
    closing = _held(actor, closing_id)
    asked = closings.open_request(closing)
    if asked is None:
        raise Conflict(_("Nobody has asked to open it again."))
    return closing, asked


def _step(actor: Actor, closing: Closing, step: ClosingStep, why: str, number: int) -> Reopening:
    made: Reopening = Reopening.objects.create(
        customer_id=closing.customer_id,
        contract_id=closing.contract_id,
        closing=closing,
        round=number,
        step=step,
        user_id=actor.user_id,
        name=actor.name,
        why=why.strip(),
        at=clock.now(),
    )
    verb = {
        ClosingStep.ASKED: "period.reopening_asked",
        ClosingStep.AGREED: "period.reopened",
        ClosingStep.REFUSED: "period.reopening_refused",
    }[step]
    _record(verb, actor, closing, {})
    return made


def _record(verb: str, actor: Actor, closing: Closing, facts: dict[str, Any]) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("closing", closing.pk),
        case=("contract", closing.contract_id),
        customer_id=closing.customer_id,
        contract_id=closing.contract_id,
        facts={"period": closing.period, "number": closing.number, **facts},
    )


def close_due(*, actor: Actor = SYSTEM, tell: Callable[[str], None] = lambda text: None) -> tuple[int, int]:
    """Close every period of every contract that is over long enough. Returns how many were closed, and how many failed.

    Each contract in a transaction of its own: a killed run has closed some, the next closes the rest.
    A period that was opened again waits for a person to close it.
    """
    with acting_in(EVERYTHING):
        contracts = list(Contract.objects.filter(is_active=True).order_by("pk"))
    done = failed = 0
    for contract in contracts:
        try:
            with acting_in(EVERYTHING):
                for period in closings.due_periods(contract, clock.now()):
                    close_period(actor=actor, contract_id=contract.pk, period=period.key)
                    done += 1
        except (ShouyueError, DatabaseError) as error:
            failed += 1
            tell(f"{contract.code}: {error}")
    return done, failed
