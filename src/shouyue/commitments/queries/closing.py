"""Reads of closed periods: what was frozen, what was corrected since, what is due to be closed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from shouyue.commitments.calendar_models import Contribution
from shouyue.commitments.closing_models import Adjustment, Closing, Reopening
from shouyue.commitments.rules.closing import Period, before, period_at, period_of
from shouyue.commitments.rules.figures import is_duration
from shouyue.commitments.rules.scoring import Counted, Sheet, sheet_of
from shouyue.commitments.rules.standing import Figures
from shouyue.contracts.access import sees_provider_side
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Quota
from shouyue.contracts.queries import compiled
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.kernel.models import Event

from .board import Board, Month, board_of
from .objections import objections_visible_to
from .people import who_acted

LOOK_BACK = 18
"""How many periods back the job looks for what was left open."""
FREEZES_AFTER = timedelta(days=5)


def is_quarterly(contract_id: int) -> bool:
    """Whether the contract's periods are quarters; months otherwise."""
    scores = compiled(contract_id).plan.scores
    return scores is not None and scores.period == "quarter"


def freezes_after(contract_id: int) -> timedelta:
    """How long after its end a period stays open for what is told late."""
    scores = compiled(contract_id).plan.scores
    return FREEZES_AFTER if scores is None else timedelta(days=scores.freezes_after_days)


def chosen_period(contract: Contract, key: str = "") -> Period:
    """A period of the contract by its key; without, the one that runs. Raises: Invalid."""
    if not key:
        return period_at(clock.now(), contract.time_zone, quarterly=is_quarterly(contract.pk))
    try:
        return period_of(key, contract.time_zone)
    except ValueError as error:
        raise Invalid(fields={"period": [_("A period looks like 2026-10 or 2026-Q4.")]}) from error


def has_sheet(contract_id: int, period: Period) -> bool:
    """Whether the plan has score sheets as long as the period: three months' points against one base are no score."""
    return compiled(contract_id).plan.scores is not None and period.is_quarter == is_quarterly(contract_id)


def closings_visible_to(actor: Actor) -> QuerySet[Closing]:
    """Closed periods of the contracts an actor may read, without their frozen text."""
    return Closing.objects.visible_to(actor).select_related("contract").defer("snapshot")


def closing_of(actor: Actor, closing_id: int) -> Closing:
    """One closing with its frozen text. Raises: NotFound."""
    found: Closing | None = (
        Closing.objects.visible_to(actor).select_related("contract").filter(pk=closing_id).first()
    )
    if found is None:
        raise NotFound
    return found


def closing_in_force(actor: Actor, contract_id: int, since: datetime, until: datetime) -> Closing | None:
    """The closing that covers this span. Queries: one."""
    found: Closing | None = (
        Closing.objects.visible_to(actor)
        .filter(contract_id=contract_id, reopened_at=None, since__lte=since, until__gte=until)
        .first()
    )
    return found


def overlapping(contract_id: int, period: Period) -> QuerySet[Closing]:
    """Closings in force that share time with a period."""
    return Closing.objects.filter(
        contract_id=contract_id, reopened_at=None, since__lt=period.until, until__gt=period.since
    )


def closings_of(actor: Actor, contract_id: int) -> list[tuple[Closing, int]]:
    """Every closing of a contract, newest first, with how many corrections of it the actor may read. Queries: one."""
    readable = (
        None if sees_provider_side(actor, contract_id) else Q(adjustments__commitment__is_internal=False)
    )
    rows = closings_visible_to(actor).filter(contract_id=contract_id)
    return [
        (row, row.corrections) for row in rows.annotate(corrections=Count("adjustments", filter=readable))
    ]


def reopenings_of(closing: Closing) -> list[Reopening]:
    """What was asked and answered about opening it again, oldest first. Queries: one."""
    return list(Reopening.objects.filter(closing=closing).order_by("id"))


def open_request(closing: Closing) -> Reopening | None:
    """The request to open it again that nobody has answered. Queries: one."""
    steps = reopenings_of(closing)
    return steps[-1] if steps and steps[-1].step == "asked" else None


def due_periods(contract: Contract, now: datetime) -> list[Period]:
    """Periods of a contract that are over, not closed, and old enough to be frozen; oldest first. Queries: one."""
    zone = contract.time_zone
    closed = list(
        Closing.objects.filter(contract_id=contract.pk, reopened_at=None).values_list("since", "until")
    )
    opened_again = set(
        Closing.objects.filter(contract_id=contract.pk, reopened_at__isnull=False).values_list(
            "period", flat=True
        )
    )
    grace = freezes_after(contract.pk)
    period = period_at(now, zone, quarterly=is_quarterly(contract.pk))
    found: list[Period] = []
    for _step in range(LOOK_BACK):
        period = before(period, zone)
        if period.until.date() <= contract.starts_on:
            break
        if period.until + grace > now or period.key in opened_again:
            continue
        if not any(since < period.until and until > period.since for since, until in closed):
            found.append(period)
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Correction:
    """An adjustment as people read it.

    why: the reason of the objection, or of a figure corrected by hand; empty for an event that came late.
    """

    adjustment: Adjustment
    who: str
    why: str
    is_objection: bool = False


def adjustments_of(actor: Actor, closing: Closing) -> list[Correction]:
    """What changed after a period was frozen: who, when, why. Queries: four at most."""
    rows = Adjustment.objects.visible_to(actor).filter(closing=closing)
    return read_adjustments(actor, closing.contract_id, rows)


def read_adjustments(actor: Actor, contract_id: int, rows: QuerySet[Adjustment]) -> list[Correction]:
    """Adjustments of one contract as people read them. Queries: four at most."""
    rows = rows.select_related("commitment", "obligation")
    if not sees_provider_side(actor, contract_id):
        rows = rows.filter(commitment__is_internal=False)
    found = list(rows)
    names = who_acted(actor, (row.who for row in found))
    wanted = {row.objection_id for row in found if row.objection_id}
    objections = {one.pk: one for one in objections_visible_to(actor).filter(pk__in=wanted)} if wanted else {}
    told = [row.event_id for row in found if row.event_id]
    reasons = dict(
        Contribution.objects.visible_to(actor)
        .filter(contract_id=contract_id, event_id__in=told)
        .exclude(reason="")
        .values_list("event_id", "reason")
    )
    return [
        Correction(
            row,
            names[row.who],
            str(objections[row.objection_id].get_reason_display())
            if row.objection_id in objections
            else reasons.get(row.event_id or 0, ""),
            row.objection_id in objections,
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class ByHand:
    """A correction somebody made by hand. amount: hours where time is counted."""

    obligation_id: int
    title: str
    amount: float
    is_time: bool
    reason: str
    who: str
    at: datetime


def corrected_by_hand(actor: Actor, closing: Closing) -> list[ByHand]:
    """Figures of a closed period that were corrected by hand after it was frozen. Queries: four at most."""
    rows = (
        Contribution.objects.visible_to(actor)
        .filter(
            contract_id=closing.contract_id,
            obligation__falls_at__gte=closing.since,
            obligation__falls_at__lt=closing.until,
        )
        .exclude(reason="")
        .select_related("obligation__commitment")
        .order_by("id")
    )
    if not sees_provider_side(actor, closing.contract_id):
        rows = rows.filter(obligation__commitment__is_internal=False)
    found = list(rows[:500])
    told = {
        event.pk: event
        for event in Event.objects.filter(
            pk__in=[row.event_id for row in found], recorded_at__gt=closing.closed_at
        )
    }
    names = who_acted(actor, (event.actor for event in told.values()))
    plan = {one.name: one for one in compiled(closing.contract_id).plan.commitments}
    made = []
    for row in found:
        event = told.get(row.event_id)
        if event is None:
            continue
        promise = plan.get(row.obligation.commitment.name)
        is_time = isinstance(promise, Quota) and is_duration(promise.bounds)
        made.append(
            ByHand(
                row.obligation_id,
                row.obligation.commitment.title(actor.language),
                float(row.amount) / (3600 if is_time else 1),
                is_time,
                row.reason,
                names[event.actor],
                event.recorded_at,
            )
        )
    return made


@dataclass(frozen=True)
class Frozen:
    """A closed period as it was frozen."""

    closing: Closing

    @cached_property
    def snapshot(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.closing.snapshot)
        return found

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """Row of the snapshot by commitment."""
        return {row["name"]: row for row in self.snapshot["commitments"]}

    def figures(self, name: str, month: str = "") -> Figures | None:
        """Figures of a commitment, in one month of the period or in all of it; None when it was not there."""
        row = self.rows.get(name)
        if row is None:
            return None
        found = row["months"].get(month) if month else row["figures"]
        return None if found is None else Figures(**found)


@dataclass(frozen=True, slots=True)
class FrozenBoard:
    """A board with the figures of its closed period. now: figures today, of commitments that were corrected."""

    board: Board
    closing: Closing | None = None
    now: Mapping[str, Figures] | None = None
    late_comers: int = 0

    def corrected(self, name: str) -> Figures | None:
        """Today's figures when they differ from the frozen ones."""
        return (self.now or {}).get(name)


def with_frozen(actor: Actor, board: Board) -> FrozenBoard:
    """Put the frozen figures on a board whose month is closed, and keep today's where they differ. Queries: one."""
    month: Month = board.month
    closing = closing_in_force(actor, board.contract.pk, month.since, month.until)
    if closing is None:
        return FrozenBoard(board)
    frozen = Frozen(closing)
    lines, now, late = [], {}, 0
    for line in board.lines:
        figures = frozen.figures(line.commitment.name, month.key if month.length == 1 else "")
        if figures is None:
            lines.append(line)
            late += 1
            continue
        if _settled(figures) != _settled(line.figures):
            now[line.commitment.name] = line.figures
        row = frozen.rows[line.commitment.name]
        standing = row["standings"].get(month.key, line.standing)
        lines.append(replace(line, figures=figures, standing=type(line.standing)(standing)))
    return FrozenBoard(replace(board, lines=tuple(lines)), closing, now, late)


def _settled(figures: Figures) -> tuple[int, ...]:
    return (figures.kept, figures.late, figures.missed, figures.waived)


def live_figures(actor: Actor, contract: Contract, period: Period) -> dict[str, Figures]:
    """Today's figures of each commitment over a period. Queries: two for each month, and those of targets."""
    found: dict[str, Figures] = {}
    for key in period.month_keys:
        for line in board_of(actor, contract, key).lines:
            known = found.get(line.commitment.name)
            values = line.figures.values
            added = zip(known.values, values, strict=True) if known else None
            found[line.commitment.name] = (
                Figures(*(one + two for one, two in added)) if added else line.figures
            )
    return found


def counted(figures: Mapping[str, Figures]) -> dict[str, Counted]:
    """Figures as score sheets take them."""
    return {name: Counted(one.kept, one.late, one.missed, one.waived) for name, one in figures.items()}


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a contract and a period. frozen: as it was closed; sheet: as it is today, corrections included."""

    contract: Contract
    period: Period
    sheet: Sheet
    closing: Closing | None = None
    frozen: Mapping[str, Any] | None = None

    @property
    def is_corrected(self) -> bool:
        """Whether today's total differs from the frozen one."""
        return self.frozen is not None and str(self.sheet.total) != self.frozen["total"]


def score_of(actor: Actor, contract: Contract, key: str = "") -> Score | None:
    """The score sheet of a contract and a period, the running one without a key; None when its plan has none.

    None too for a period of another length than the plan's sheets.
    Queries: those of `live_figures`, one for the closing.
    """
    period = chosen_period(contract, key)
    plan = compiled(contract.pk).plan
    if not has_sheet(contract.pk, period):
        return None
    sheet = sheet_of(plan, counted(live_figures(SYSTEM, contract, period)))
    if sheet is None:
        return None
    closing = closing_in_force(actor, contract.pk, period.since, period.until)
    frozen = Frozen(closing).snapshot.get("scores") if closing else None
    return Score(contract, period, sheet, closing, frozen)
