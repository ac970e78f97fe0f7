"""Standing promises: their condition is looked at on events and on schedule; held and broken spans are kept."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from shouyue.commitments import books
from shouyue.commitments.calendar_models import ConditionSpan
from shouyue.commitments.choices import Condition
from shouyue.commitments.models import Commitment
from shouyue.commitments.queries import measuring
from shouyue.commitments.rules.aiming import plan_steps
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.recurrence import agreed
from shouyue.commitments.rules.reducer import Verdict
from shouyue.contracts.plan_language.model import MeasureHolds, Span, Standing
from shouyue.contracts.queries import compiled
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.gates import Request

from . import gating, planning, storage


def check(row: Commitment) -> tuple[datetime | None, list[Verdict]]:
    """Look at a standing promise by schedule. Returns when to look again, and what is to be told.

    The caller holds the commitment's row. Queries: those of the condition, three more when it changed.
    """
    now = clock.now()
    rules = compiled(row.contract_id)
    book = books.current(row.contract_id)
    promise = book.standings.get(row.name)
    spans = planning.spans_of(promise, rules, row.began_at) if promise and row.began_at else []
    today = now.astimezone(ZoneInfo(rules.zone)).date()
    is_on = row.is_active and rules.is_active
    if promise is None or not is_on or not any(start <= today < end for start, end in spans):
        _end(row, book, now, is_off=not rules.is_active)
        ahead = promise is not None and is_on and any(today < end for _start, end in spans)
        return (planning.next_look(rules, now) if ahead else None), []
    verdicts = _look(row, book, promise, now, None)
    following = book.calendar("always").due(now.replace(microsecond=0), promise.check)
    return following, verdicts


def on_event(book: Book, event: Happening) -> list[Verdict]:
    """Look at the standing promises an event may have broken or mended. Locks: their rows. Queries: as `check`."""
    rules = compiled(book.contract_id)
    if not rules.is_active:
        return []
    names = [promise.name for promise in book.watched.get(event.verb, ())]
    rows = (
        Commitment.objects.select_for_update()
        .filter(contract_id=book.contract_id, name__in=names, is_active=True, began_at__isnull=False)
        .order_by("id")
    )
    verdicts: list[Verdict] = []
    today = clock.today(rules.zone)
    for row in rows:
        promise = book.standings[row.name]
        assert row.began_at is not None
        if any(start <= today < end for start, end in planning.spans_of(promise, rules, row.began_at)):
            verdicts += _look(row, book, promise, event.at, event)
    return verdicts


def _look(
    row: Commitment, book: Book, promise: Standing, at: datetime, event: Happening | None
) -> list[Verdict]:
    request = Request(
        act="standing",
        subject=("contract", row.contract_id),
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        actor=SYSTEM,
        facts={"commitment": row.name},
    )
    if isinstance(promise.holds, MeasureHolds) and not measuring.has_data(row.contract_id, promise.holds):
        return []  # nothing was there to measure: neither held nor broken
    missing = gating.unmet(promise.holds, request, book)
    condition = Condition.HELD if missing is None else Condition.BROKEN
    latest = ConditionSpan.objects.filter(commitment_id=row.pk, until__isnull=True).first()
    if latest is not None and latest.condition == condition:
        return []
    verdicts: list[Verdict] = []
    obligation: Obligation | None = None
    if latest is not None:
        at = max(at, latest.since)
        if latest.condition == Condition.BROKEN and latest.obligation_id:
            verdicts = _mend(latest.obligation_id, at, event)
        ConditionSpan.objects.filter(pk=latest.pk).update(until=at)
    if condition == Condition.BROKEN:
        obligation = _breach(row, book, promise, at, event)
    ConditionSpan.objects.create(
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        commitment_id=row.pk,
        condition=condition,
        since=at,
        reason="" if missing is None else str(missing.guard)[:300],
        event_id=event.id if event else None,
        obligation_id=obligation.id if obligation else None,
    )
    return verdicts


def _breach(
    row: Commitment, book: Book, promise: Standing, at: datetime, event: Happening | None
) -> Obligation:
    """An obligation to mend it: due at once, or when the grace is over."""
    grace = agreed(promise.grace)
    due = book.calendar("always").due(at.replace(microsecond=0), grace) if isinstance(grace, Span) else at
    obligation = Obligation(
        commitment=row.name,
        plan_version_id=book.plan_version_id,
        contract_id=row.contract_id,
        customer_id=row.customer_id,
        subject=("contract", row.contract_id),
        case=("contract", row.contract_id),
        opened_event_id=event.id if event else 0,
        trigger_at=at,
        opened_at=at,
        period=f"since {at.isoformat(timespec='microseconds')}",
        within=str(grace) if isinstance(grace, Span) else "",
        window="always",
        aimed=True,
        due_at=due,
    )
    plan_steps(book, book.deadlines[row.name], obligation)
    storage.write([obligation])
    return obligation


def _mend(obligation_id: int, at: datetime, event: Happening | None) -> list[Verdict]:
    (obligation,) = storage.hold_ids([obligation_id])  # a sweep may be about to say that it was missed
    if obligation.settled_at is not None:
        return []
    late = obligation.due_at is None or at > obligation.due_at
    obligation.state = "late" if late else "kept"
    obligation.kept_at = obligation.settled_at = at
    obligation.kept_event_id = event.id if event else None
    obligation.next_at = None
    obligation.dirty = True
    verdicts = [Verdict(obligation.state, obligation, at)]
    if late and obligation.missed_at is None:
        obligation.missed_at = obligation.due_at
        verdicts.insert(0, Verdict("missed", obligation, obligation.due_at or at))
    storage.write([obligation])
    return verdicts


def _end(row: Commitment, book: Book, now: datetime, *, is_off: bool) -> None:
    """The promise holds no more: its open span ends, and nothing is left to mend."""
    for span in ConditionSpan.objects.filter(commitment_id=row.pk, until__isnull=True):
        ConditionSpan.objects.filter(pk=span.pk).update(until=max(now, span.since))
    planning.withdraw(row, book, is_off=is_off)
