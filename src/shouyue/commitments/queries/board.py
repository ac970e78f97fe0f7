"""The promise board: every commitment of a contract with its figures of one month, from one grouped statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q

from shouyue.commitments.choices import Kind, Readiness, Standing
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.standing import Figures, share_tone, standing_of
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Target
from shouyue.contracts.queries import compiled
from shouyue.contracts.vocabulary import Measured
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid

from . import commitments_of, measuring
from .details import Detail, details_of

_FIGURES = """
SELECT commitment_id,
    count(*) FILTER (WHERE state = 'kept'), count(*) FILTER (WHERE state = 'late'),
    count(*) FILTER (WHERE state = 'missed'), count(*) FILTER (WHERE state = 'missed' AND settled_at IS NULL),
    count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'paused'),
    count(*) FILTER (WHERE state = 'running' AND warn_at <= %(now)s), count(*) FILTER (WHERE state = 'refused'),
    count(*) FILTER (WHERE state = 'waived')
FROM commitments_obligation
WHERE contract_id = %(contract)s AND falls_at >= %(since)s AND falls_at < %(until)s AND state NOT IN ('void', 'waiting')
GROUP BY commitment_id
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One commitment on the board. measured: a target's measure over the month shown."""

    commitment: Commitment
    figures: Figures
    standing: Standing
    measured: Measured | None = None
    detail: Detail | None = None

    @property
    def words(self) -> str:
        """The promise's own figure in the running language: done 41 of 69, 31 h of 40 h, held since …"""
        return self.detail.words() if self.detail else ""

    @property
    def value(self) -> str:
        """The measured amount with its unit; empty without one."""
        if self.detail is None or self.measured is None or self.measured.amount is None:
            return ""
        return self.detail.said(self.measured.amount)

    @property
    def share(self) -> float | None:
        """Share kept of those that fell due, 0 … 1; None when nothing fell due."""
        return self.figures.share


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in the contract's zone, or a quarter or year. length: months."""

    year: int
    month: int
    since: datetime
    until: datetime
    length: int = 1

    @property
    def key(self) -> str:
        """`2026-11`, `2026-Q4` or `2026`, as in addresses."""
        match self.length:
            case 12:
                return f"{self.year:04}"
            case 3:
                return f"{self.year:04}-Q{self.month // 3 + 1}"
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Board:
    """The promise board of a contract and a month."""

    contract: Contract
    month: Month
    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many commitments stand how."""
        found = dict.fromkeys(Standing.values, 0)
        for line in self.lines:
            found[line.standing] += 1
        return found

    @property
    def total(self) -> Figures:
        """The figures of all commitments together."""
        columns = zip(*(line.figures.values for line in self.lines), strict=True)
        return Figures(*(sum(values) for values in columns))


_KEY = re.compile(
    r"(?P<year>20\d\d|21\d\d|2200)(?:-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?", re.ASCII
)


def month_of(zone: str, key: str = "") -> Month:
    """A month, quarter or year by its key, the running month without. Raises: Invalid."""
    place = ZoneInfo(zone)
    today = clock.now().astimezone(place)
    found = _KEY.fullmatch(key or f"{today:%Y-%m}")
    if found is None:
        raise Invalid(fields={"month": ["YYYY-MM"]})
    length = 1 if found["month"] else 3 if found["quarter"] else 12
    month = int(found["month"] or 3 * int(found["quarter"] or 1) - 2)
    first = int(found["year"]) * 12 + month - 1
    since, until = (datetime(n // 12, n % 12 + 1, 1, tzinfo=place) for n in (first, first + length))
    return Month(first // 12, month, since, until, length)


def board_of(actor: Actor, contract: Contract, month: str = "") -> Board:
    """The board of a contract the actor may read. Queries: five, and one per measured target."""
    period = month_of(contract.time_zone, month)
    commitments = list(commitments_of(actor, contract.pk))
    figures = figures_of(contract.pk, period)
    details = details_of(contract.pk, commitments, figures, period.since, period.until)
    lines = tuple(
        _line(contract.pk, one, figures.get(one.pk, Figures()), period, details[one.pk])
        for one in commitments
    )
    return Board(contract, period, lines)


def line_of(contract_id: int, commitment: Commitment, period: Month) -> Line:
    """One line of a board; the caller has checked that it may be read. Queries: up to six."""
    figures = figures_of(contract_id, period)
    details = details_of(contract_id, [commitment], figures, period.since, period.until)
    found = figures.get(commitment.pk, Figures())
    return _line(contract_id, commitment, found, period, details[commitment.pk])


def figures_of(contract_id: int, period: Month) -> Mapping[int, Figures]:
    """Figures per commitment. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FIGURES,
            {"now": clock.now(), "contract": contract_id, "since": period.since, "until": period.until},
        )
        return {row[0]: Figures(*row[1:]) for row in cursor.fetchall()}


def _line(contract_id: int, commitment: Commitment, figures: Figures, period: Month, detail: Detail) -> Line:
    found: Measured | None = None
    reached: bool | None = None
    if commitment.kind == Kind.TARGET and commitment.readiness == Readiness.READY:
        promise = compiled(contract_id).plan.commitment(commitment.name)
        if isinstance(promise, Target):
            until = min(period.until, clock.now())
            found = measuring.measured(contract_id, promise, period.since, until)
            reached = measuring.reached(contract_id, promise.bounds, found.amount, period.since, until)
            detail = detail.measured_now(period.key, found.amount)
    standing = standing_of(
        Readiness(commitment.readiness), figures, reached, is_over=period.until <= clock.now()
    )
    return Line(commitment, figures, detail.standing(standing), found, detail)


@dataclass(frozen=True, slots=True)
class Overview:
    """A contract in the list of boards."""

    contract: Contract
    figures: Figures
    promises: int
    ready: int

    @property
    def tone(self) -> str:
        """The colour of its share."""
        return share_tone(self.figures.share)


_OVERVIEW = """
SELECT contract_id, count(*) FILTER (WHERE state = 'kept'), count(*) FILTER (WHERE state = 'late'),
    count(*) FILTER (WHERE state = 'missed'), count(*) FILTER (WHERE state = 'missed' AND settled_at IS NULL),
    count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'paused'),
    count(*) FILTER (WHERE state = 'running' AND warn_at <= %s), count(*) FILTER (WHERE state = 'refused'),
    count(*) FILTER (WHERE state = 'waived')
FROM commitments_obligation
WHERE contract_id = ANY(%s) AND falls_at >= %s AND falls_at < %s AND state NOT IN ('void', 'waiting')
GROUP BY contract_id
"""


def figures_by_contract(
    contract_ids: Sequence[int], since: datetime, until: datetime
) -> Mapping[int, Figures]:
    """Figures of contracts over a span of time. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERVIEW, [clock.now(), list(contract_ids), since, until])
        return {row[0]: Figures(*row[1:]) for row in cursor.fetchall()}


def overview(actor: Actor, month: str = "") -> list[Overview]:
    """The contracts the actor may read with their figures of a month. Queries: three."""
    found = list(
        Contract.objects.visible_to(actor)
        .filter(is_active=True)
        .select_related("customer")
        .order_by("code")[:500]
    )
    period = month_of("Asia/Shanghai", month)
    ids = [contract.pk for contract in found]
    counts = {
        row["contract_id"]: row
        for row in Commitment.objects.visible_to(actor)
        .filter(contract_id__in=ids, is_active=True)
        .values("contract_id")
        .order_by("contract_id")
        .annotate(promises=Count("id"), ready=Count("id", filter=Q(readiness=Readiness.READY)))
    }
    figures = figures_by_contract(ids, period.since, period.until)
    return [
        Overview(
            contract,
            figures.get(contract.pk, Figures()),
            counts.get(contract.pk, {}).get("promises", 0),
            counts.get(contract.pk, {}).get("ready", 0),
        )
        for contract in found
    ]


def months(zone: str, chosen: str = "") -> list[str]:
    """The periods to choose from: fourteen months, five quarters, two years, newest first; the chosen one always."""
    today = clock.now().astimezone(ZoneInfo(zone))
    number = today.year * 12 + today.month - 1
    keys = [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(number, number - 14, -1)]
    keys += [f"{n // 4:04}-Q{n % 4 + 1}" for n in range(number // 3, number // 3 - 5, -1)]
    keys += [f"{today.year - n:04}" for n in range(2)]
    return keys if not chosen or chosen in keys else [chosen, *keys]
