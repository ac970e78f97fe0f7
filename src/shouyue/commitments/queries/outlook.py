"""What comes: what somebody must keep next, the calendar of what falls due, and the feed of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from shouyue.commitments import cases
from shouyue.commitments.choices import Kind
from shouyue.commitments.feed_models import CalendarFeed
from shouyue.commitments.models import Commitment, Obligation
from shouyue.contracts.models import Contract
from shouyue.contracts.queries import contracts_visible_to
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor

from . import OPEN_STATES, obligations_visible_to, readable

MOST = 200
"""How many obligations one page lists at most."""
MOST_IN_FEED = 1000
DESK_ROLES: Mapping[str, str] = {"desk_agent": "agent", "desk_admin": "agent"}
"""Plans say who owes a promise in the words of contracts; the desk's people hold theirs everywhere."""
OWN_TYPES = ("ticket",)


def owed_by_person(actor: Actor, contract_id: int | None = None) -> list[Obligation]:
    """What is open in the cases somebody works on or about the person, soonest due first. Queries: two."""
    if actor.user_id is None:
        return []
    mine = [Q(subject_type="person", subject_id=actor.user_id)]
    mine += [
        Q(case_type=kind, case_id__in=ids)
        for kind in OWN_TYPES
        if (ids := cases.worked_on_by(kind, actor.user_id))
    ]
    return _soonest(actor, reduce(or_, mine), contract_id)


def owed_by_roles(actor: Actor, contract_id: int | None = None) -> list[Obligation]:
    """What the roles owe that somebody holds, soonest due first. Queries: two."""
    owed = Commitment.objects.visible_to(actor).filter(is_active=True).exclude(kind=Kind.GATE)
    everywhere = {DESK_ROLES.get(role, role) for role in actor.roles}
    parts = [Q(owner__in=everywhere)] if everywhere else []
    parts += [
        Q(contract_id=contract, owner__in=sorted(roles)) for contract, roles in actor.contract_roles.items()
    ]
    if not parts:
        return []
    ids = list(owed.filter(reduce(or_, parts)).order_by().values_list("id", flat=True))
    return _soonest(actor, Q(commitment_id__in=ids), contract_id) if ids else []


def of_promises(
    actor: Actor, commitment_ids: Iterable[int], contract_id: int | None = None
) -> list[Obligation]:
    """What is open of these promises, soonest due first. Queries: one."""
    return _soonest(actor, Q(commitment_id__in=list(commitment_ids)), contract_id)


def _soonest(actor: Actor, wanted: Q, contract_id: int | None) -> list[Obligation]:
    rows = (
        obligations_visible_to(actor)
        .filter(readable(actor), wanted, settled_at__isnull=True, state__in=OPEN_STATES)
        .select_related("contract", "commitment")
    )
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    return list(rows.order_by("falls_at", "id")[:MOST])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the calendar is narrowed to; empty means all. days: since … until, in the reader's zone."""

    since: datetime
    until: datetime
    contract_id: int | None = None
    kind: str = ""
    commitment: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What falls due on a day for one promise. count: obligations; kept, broken, open: of them."""

    day: date
    commitment: Commitment
    contract: Contract
    count: int
    kept: int
    broken: int

    @property
    def open(self) -> int:
        """How many are not decided yet."""
        return self.count - self.kept - self.broken

    @property
    def tone(self) -> str:
        """The worst colour among them."""
        return "bad" if self.broken else "info" if self.open else "good"


def entries(actor: Actor, contracts: Collection[Contract], wanted: Wanted) -> list[Entry]:
    """The calendar's entries, a line per day and promise. Queries: two."""
    by_id = {contract.pk: contract for contract in contracts}
    rows = (
        _falling(actor, by_id, wanted)
        .annotate(day=TruncDate("falls_at", tzinfo=ZoneInfo(actor.time_zone)))
        .values("day", "commitment_id")
        .order_by("day", "commitment_id")
        .annotate(
            count=Count("id"),
            kept=Count("id", filter=Q(state__in=("kept", "waived"))),
            broken=Count("id", filter=Q(state__in=("missed", "late"))),
        )
    )
    found = list(rows)
    promises = Commitment.objects.visible_to(actor).in_bulk({row["commitment_id"] for row in found})
    return [
        Entry(
            row["day"],
            promises[row["commitment_id"]],
            by_id[promises[row["commitment_id"]].contract_id],
            row["count"],
            row["kept"],
            row["broken"],
        )
        for row in found
        if row["commitment_id"] in promises
    ]


def agenda(actor: Actor, contracts: Collection[Contract], wanted: Wanted) -> list[Obligation]:
    """The obligations of a span one by one, soonest first, `MOST` of them. Queries: one."""
    rows = _falling(actor, {one.pk: one for one in contracts}, wanted)
    return list(rows.select_related("contract", "commitment").order_by("falls_at", "id")[:MOST])


def _falling(actor: Actor, contract_ids: Iterable[int], wanted: Wanted) -> QuerySet[Obligation]:
    ids = [wanted.contract_id] if wanted.contract_id is not None else list(contract_ids)
    rows = obligations_visible_to(actor).filter(
        readable(actor),
        contract_id__in=ids,
        falls_at__gte=wanted.since,
        falls_at__lt=wanted.until,
        due_at__isnull=False,
    )
    rows = rows.exclude(state__in=("void", "refused"))
    if wanted.kind:
        rows = rows.filter(commitment__kind=wanted.kind)
    if wanted.commitment:
        rows = rows.filter(commitment__name=wanted.commitment)
    return rows


def feed(actor: Actor, contract: str = "", kind: str = "") -> Sequence[Obligation]:
    """What a calendar program shows: what falls due in the coming quarter and what is still open of the past week.

    Deadlines of single cases are minutes and hours away and would drown the rest: they come only when asked for.
    Queries: two.
    """
    now = clock.now()
    contracts = list(contracts_visible_to(actor).only("id", "code"))
    chosen = [one.pk for one in contracts if not contract or one.code == contract]
    wanted = Wanted(
        now - timedelta(days=7), now + timedelta(days=92), kind=kind if kind in Kind.values else ""
    )
    rows = _falling(actor, chosen, wanted).filter(settled_at__isnull=True)
    if not wanted.kind:
        rows = rows.exclude(commitment__kind=Kind.DEADLINE)
    return list(rows.select_related("contract", "commitment").order_by("falls_at", "id")[:MOST_IN_FEED])


def feed_since(actor: Actor) -> datetime | None:
    """Since when somebody has a secret address; None without one. Queries: one."""
    rows = CalendarFeed.objects.filter(user_id=actor.user_id or 0, revoked_at__isnull=True)
    return rows.values_list("created_at", flat=True).first()
