"""The desk's queue and the lists of the API: plain SQL, keyset paging, the strictest running clock first.

A queue has two parts: tickets with a running clock, by due time, walked along the register's own index; then open
tickets without one, newest first. Each part starts from an index whatever the number of tickets: by contract for
people who serve some, over all for those who serve everybody.
"""

# ruff: noqa: S608 -- put together from fixed fragments; every value is a parameter
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg.pq import Format

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid
from shouyue.tickets.models import readable_contracts
from shouyue.web.lists import decode_cursor, encode_cursor

PAGE_SIZE = 50
EXPORT_LIMIT = 10_000

COLUMNS: Mapping[str, str] = {
    "id": "t.id",
    "number": "t.number",
    "title": "t.title",
    "status": "t.status",
    "wait_reason": "t.wait_reason",
    "request_type": "t.request_type",
    "channel": "t.channel",
    "severity": "t.severity",
    "complexity": "t.complexity",
    "priority": "t.priority",
    "tier": "t.tier",
    "is_vip": "t.is_vip",
    "version": "t.version",
    "reported_at": "t.reported_at",
    "updated_at": "t.updated_at",
    "resolved_at": "t.resolved_at",
    "closed_at": "t.closed_at",
    "customer_id": "t.customer_id",
    "customer": "coalesce(nullif(cu.short_name, ''), cu.name)",
    "contract_id": "t.contract_id",
    "contract": "co.code",
    "site": "s.name",
    "requester": "p.name",
    "assignee_id": "t.assignee_id",
    "assignee": "u.name",
    "due_at": "k.due_at",
    "warn_at": "k.warn_at",
    "is_overdue": "coalesce(k.is_overdue, false)",
    "is_paused": "coalesce(k.is_paused, false)",
}
_SELECT = "SELECT " + ", ".join(COLUMNS.values())
_NAMES = tuple(COLUMNS)
_JOINS = """
LEFT JOIN parties_customer cu ON cu.id = t.customer_id
LEFT JOIN contracts_contract co ON co.id = t.contract_id
LEFT JOIN parties_site s ON s.id = t.site_id
LEFT JOIN parties_contact p ON p.id = t.requester_id
LEFT JOIN accounts_user u ON u.id = t.assignee_id
"""
_CLOCK = "LEFT JOIN commitments_caseclock k ON k.case_type = 'ticket' AND k.case_id = t.id"
_OPEN = "t.status NOT IN ('closed', 'cancelled')"
# Limits and contracts stand in the text as numbers. As parameters PostgreSQL would guess at them in the plan it keeps:
# it would plan a queue anew each time, and count a member's tickets by walking everybody's.
LANES = 40
"""Up to so many contracts are walked one by one along their own index and merged."""
CLOCK_LANES = 1000
"""The same for running clocks, whose index also tells cheaply which contracts come first."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list is narrowed to; empty means all. status: one state, `open` (default) or `all`.

    contract_ids: None means all; no ids mean no tickets. assignee: `me`, `none` or a user id.
    due: `overdue` or `at_risk`. text: a number, its beginning or end, or words of the title.
    """

    contract_ids: tuple[int, ...] | None = None
    customer_id: int | None = None
    status: str = "open"
    assignee: str = ""
    channel: str = ""
    severity: str = ""
    tier: str = ""
    request_type: str = ""
    due: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Rows with the keys of `COLUMNS`; next_cursor is empty on the last page."""

    rows: list[dict[str, Any]]
    next_cursor: str = ""

    @property
    def version(self) -> str:
        """Changes whenever something in the page does."""
        parts = [f"{row['id']}.{row['version']}.{row['due_at']}.{row['is_overdue']}" for row in self.rows]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]


@dataclass(slots=True)
class _Where:
    """Conditions on tickets (`t`) with their parameters."""

    parts: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, sql: str, **values: Any) -> None:
        self.parts.append(sql)
        self.values.update(values)

    @property
    def sql(self) -> str:
        return "".join(f" AND {part}" for part in self.parts)


def page(actor: Actor, wanted: QueueFilter, *, cursor: str = "", size: int = PAGE_SIZE) -> QueuePage:
    """One page of the queue; of everything newest first when settled tickets are asked for.

    Raises: Invalid for a damaged cursor. Queries: one, two where the clocked part ends.
    """
    contracts = _contracts(actor, wanted)
    where = _where(actor, wanted)
    last_due, last_id = _place(cursor)
    with connection.cursor() as run:
        # six instants and ten numbers a row need not become text in between
        run.cursor.format = Format.BINARY
        if wanted.status not in ("", "open") and wanted.status not in _UNSETTLED:
            rows = _newest(run, where, contracts, last_id, size + 1, open_only=False)
            return _cut(rows, size, by_due=False)
        rows = []
        if last_due or not last_id:
            rows = _clocked(run, where, contracts, last_due, last_id, size + 1)
            if len(rows) > size:
                return _cut(rows, size, by_due=True)
            last_id = 0
        if wanted.due:
            return QueuePage(rows)
        rest = _newest(run, where, contracts, last_id, size + 1 - len(rows), open_only=True)
    return _cut(rows + rest, size, by_due=True)


def reported_by(actor: Actor, *, cursor: str = "", size: int = PAGE_SIZE) -> QueuePage:
    """The tickets the actor reported, newest first. Raises: Invalid. Queries: one."""
    where = _Where()
    where.add("t.reporter_id = %(reporter)s", reporter=actor.user_id or 0)
    where.add("(%(all)s OR t.customer_id = ANY(%(owners)s))", all=actor.scope.everything)
    where.values["owners"] = sorted(actor.scope.customers)
    _due, last_id = _place(cursor)
    with connection.cursor() as run:
        rows = _newest(run, where, None, last_id, size + 1, open_only=False)
    return _cut(rows, size, by_due=False)


_UNSETTLED = frozenset({"new", "triaged", "assigned", "accepted", "waiting", "resolved", "confirmed"})


def export(actor: Actor, wanted: QueueFilter) -> Iterator[dict[str, Any]]:
    """The filtered list row by row, at most 10,000."""
    cursor, left = "", EXPORT_LIMIT
    while left > 0:
        part = page(actor, wanted, cursor=cursor, size=min(500, left))
        yield from part.rows
        left -= len(part.rows)
        cursor = part.next_cursor
        if not cursor:
            return


MOST_COUNTED = 1000
FRESH_SECONDS = 5
_totals: dict[tuple[int, ...] | None, tuple[float, int, int]] = {}
"""Overdue and unassigned by the contracts counted over, kept until a moment: the same for all who serve just these."""


def counts(actor: Actor) -> dict[str, int]:
    """How many open tickets are overdue, unassigned and the actor's own, each counted up to 1,000.

    The first two are at most five seconds old. Queries: one, two when these are counted anew.
    """
    found = _contracts(actor, QueueFilter())
    contracts = None if found is None else tuple(found)
    until, overdue, unassigned = _totals.get(contracts, (0.0, 0, 0))
    if until < monotonic():
        overdue, unassigned = _count(contracts)
        if len(_totals) > 1000:
            _totals.clear()
        _totals[contracts] = monotonic() + FRESH_SECONDS, overdue, unassigned
    served = "" if contracts is None else f" AND contract_id = ANY({_array(contracts)})"
    with connection.cursor() as run:
        run.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM tickets_ticket t WHERE {_OPEN} AND assignee_id = %s"
            f"{served} LIMIT {MOST_COUNTED}) n",
            [actor.user_id or 0],
        )
        return {"overdue": overdue, "unassigned": unassigned, "mine": run.fetchone()[0]}


def forget_counts() -> None:
    """Drop what this process keeps (tests)."""
    _totals.clear()


def _count(contracts: tuple[int, ...] | None) -> tuple[int, int]:
    """Overdue and unassigned tickets of these contracts, or of all. Queries: one."""

    def counted(rows: str) -> str:
        if contracts is None:
            rows = f"SELECT 1 FROM {rows}"
        elif (
            len(contracts) <= LANES
        ):  # along each contract's own index; the inner limit keeps the planner to it
            rows = f"""SELECT 1 FROM unnest({_array(contracts)}) AS c(id),
                LATERAL (SELECT 1 FROM {rows} AND contract_id = c.id LIMIT {MOST_COUNTED}) AS lane"""
        else:
            rows = f"SELECT 1 FROM {rows} AND contract_id = ANY({_array(contracts)})"
        return f"(SELECT count(*) FROM ({rows} LIMIT {MOST_COUNTED}) AS n)"

    clocked = counted(
        "commitments_caseclock WHERE case_type = 'ticket' AND due_at IS NOT NULL AND is_overdue"
    )
    waiting = counted(f"tickets_ticket t WHERE {_OPEN} AND assignee_id IS NULL")
    with connection.cursor() as run:
        run.execute(f"SELECT {clocked}, {waiting}")
        overdue, unassigned = run.fetchone()
    return overdue, unassigned


MOST_OFFERED = 200
"""Of more contracts nobody chooses from a list: they are named by words."""
_SERVED = """
SELECT id, code, name FROM contracts_contract
WHERE is_active AND (%(all)s OR (customer_id = ANY(%(owners)s::bigint[]) AND id = ANY(%(roles)s::bigint[])))
"""


def contract_choices(actor: Actor) -> list[tuple[int, str]]:
    """The active contracts the queue can be narrowed to, by code: the first 201 at most. Queries: one."""
    found = _served(actor, f"{_SERVED} ORDER BY code LIMIT {MOST_OFFERED + 1}")
    return [(number, f"{code} {name}") for number, code, name in found]


def contracts_named(actor: Actor, text: str) -> tuple[int, ...]:
    """The active contracts meant by a text: that of this id or code, else all with it in code or name. Queries: one."""
    named = "(id = %(id)s OR code ILIKE %(part)s OR name ILIKE %(part)s)"
    found = _served(actor, f"{_SERVED} AND {named}", id=_whole(text), part=f"%{_escaped(text)}%")
    exact = tuple(number for number, code, _name in found if text.upper() in (code.upper(), str(number)))
    return exact or tuple(number for number, _code, _name in found)


def _served(actor: Actor, sql: str, **values: Any) -> list[tuple[int, str, str]]:
    scope = actor.scope
    values |= {
        "all": scope.everything,
        "owners": sorted(scope.customers),
        "roles": sorted(actor.contract_roles),
    }
    with connection.cursor() as run:
        run.execute(sql, values)
        return list(run.fetchall())


def _contracts(actor: Actor, wanted: QueueFilter) -> list[int] | None:
    """The contracts a list is limited to; None for all of them."""
    readable = None if actor.scope.everything else readable_contracts(actor)
    if wanted.contract_ids is not None:
        return sorted(set(wanted.contract_ids) if readable is None else readable & set(wanted.contract_ids))
    return None if readable is None else sorted(readable)


def _where(actor: Actor, wanted: QueueFilter) -> _Where:
    where = _Where()
    for column in ("channel", "severity", "tier", "request_type"):
        value = getattr(wanted, column)
        if value:
            where.add(f"t.{column} = %({column})s", **{column: value})
    if wanted.customer_id is not None:
        where.add("t.customer_id = %(customer)s", customer=wanted.customer_id)
    if wanted.status and wanted.status not in ("open", "all"):
        where.add("t.status = %(status)s", status=wanted.status)
    if wanted.assignee == "none":
        where.add("t.assignee_id IS NULL")
    elif wanted.assignee:
        own = actor.user_id or 0
        where.add(
            "t.assignee_id = %(assignee)s",
            assignee=own if wanted.assignee == "me" else _whole(wanted.assignee),
        )
    if wanted.due == "overdue":
        where.add("k.is_overdue")
    elif wanted.due == "at_risk":
        where.add("NOT k.is_overdue AND k.warn_at <= %(now)s", now=clock.now())
    text = wanted.text.replace("\x00", "").strip()
    if text:
        _add_text(where, text)
    return where


def _add_text(where: _Where, text: str) -> None:
    if any(character.isdigit() for character in text) and "-" in text and text.isascii():
        upper = text.upper()
        where.add("t.number >= %(number)s AND t.number < %(beyond)s", number=upper, beyond=upper + "\uffff")
        return
    escaped = _escaped(text)
    upper = escaped.upper()
    where.add(
        "(t.title ILIKE %(text)s OR t.number LIKE %(tail)s OR t.number LIKE %(code)s)",
        text=f"%{escaped}%",
        tail=f"%-{upper}",
        code=f"{upper.rstrip('-')}-%",
    )


def _clocked(
    run: Any, where: _Where, contracts: list[int] | None, last_due: str, last_id: int, limit: int
) -> list[dict[str, Any]]:
    """Tickets with a running clock, the earliest due first."""
    values = {**where.values, "due": last_due or None, "last": last_id}
    beyond = " AND (k.due_at, k.case_id) > (%(due)s, %(last)s)" if last_due else ""
    plain = not where.parts
    tickets = "tickets_ticket"
    if "assignee" in where.values:
        # few rows by their own index; the fence keeps the planner from walking every clock
        tickets = f"(SELECT * FROM tickets_ticket t WHERE t.assignee_id = %(assignee)s AND {_OPEN} OFFSET 0)"
    source = "commitments_caseclock k" + ("" if plain else f" JOIN {tickets} t ON t.id = k.case_id")
    clocked = f"k.case_type = 'ticket' AND k.due_at IS NOT NULL{beyond}{where.sql}"
    chosen = "SELECT k.case_id, k.due_at, k.warn_at, k.is_overdue, k.is_paused FROM"
    order = f"ORDER BY k.due_at, k.case_id LIMIT {limit}"
    if contracts is None:
        inner = f"{chosen} {source} WHERE {clocked} {order}"
    elif len(contracts) <= CLOCK_LANES:
        # no row of the page lies behind the first rows of as many contracts: of the others nothing more is fetched
        inner = f"""
            WITH head AS MATERIALIZED (
                SELECT c.id, first.due_at FROM unnest({_array(contracts)}) AS c(id), LATERAL (
                    SELECT k.due_at FROM {source} WHERE k.contract_id = c.id AND {clocked}
                    ORDER BY k.due_at, k.case_id LIMIT 1) first
            ), bound AS (SELECT due_at FROM head ORDER BY due_at OFFSET {limit - 1} LIMIT 1)
            SELECT lane.* FROM head, LATERAL (
                {chosen} {source} WHERE k.contract_id = head.id AND {clocked}
                AND k.due_at <= coalesce((SELECT due_at FROM bound), 'infinity') {order}) lane
            ORDER BY lane.due_at, lane.case_id LIMIT {limit}"""
    else:
        inner = f"{chosen} {source} WHERE k.contract_id = ANY({_array(contracts)}) AND {clocked} {order}"
    run.execute(
        f"WITH k AS MATERIALIZED ({inner}) {_SELECT} FROM k JOIN tickets_ticket t ON t.id = k.case_id {_JOINS} "
        "ORDER BY k.due_at, k.case_id",
        values,
    )
    return _dicts(run)


def _newest(
    run: Any, where: _Where, contracts: list[int] | None, last_id: int, limit: int, *, open_only: bool
) -> list[dict[str, Any]]:
    """Tickets by number, newest first; open_only: those which no clock runs for."""
    values = {**where.values, "last": last_id}
    parts = [where.sql]
    if last_id:
        parts.append(" AND t.id < %(last)s")
    if open_only:
        parts.append(f" AND {_OPEN}")
        parts.append(
            " AND NOT EXISTS (SELECT 1 FROM commitments_caseclock x WHERE x.case_type = 'ticket' AND x.case_id = t.id"
            " AND x.due_at IS NOT NULL)"
        )
    joined = f" {_CLOCK}" if "k." in where.sql else ""
    chosen = f"SELECT t.id FROM tickets_ticket t{joined} WHERE true"
    order = f"ORDER BY t.id DESC LIMIT {limit}"
    condition = "".join(parts)
    if contracts is None:
        inner = f"{chosen}{condition} {order}"
    elif len(contracts) <= LANES:
        inner = (
            f"SELECT lane.id FROM unnest({_array(contracts)}) AS c(id), "
            f"LATERAL ({chosen} AND t.contract_id = c.id{condition} {order}) lane "
            f"ORDER BY lane.id DESC LIMIT {limit}"
        )
    else:
        inner = f"{chosen} AND t.contract_id = ANY({_array(contracts)}){condition} {order}"
    run.execute(
        f"WITH chosen AS MATERIALIZED ({inner}) {_SELECT} FROM chosen JOIN tickets_ticket t ON t.id = chosen.id "
        f"{_CLOCK} {_JOINS} ORDER BY t.id DESC",
        values,
    )
    return _dicts(run)


def _array(ids: Iterable[int]) -> str:
    """The ids as an array in the text of a statement."""
    return f"ARRAY[{','.join(str(int(one)) for one in ids)}]::bigint[]"


def _dicts(run: Any) -> list[dict[str, Any]]:
    return [dict(zip(_NAMES, row, strict=True)) for row in run.fetchall()]


def _cut(rows: list[dict[str, Any]], size: int, *, by_due: bool) -> QueuePage:
    """The first `size` rows with the cursor behind them: (due time or empty, id)."""
    if len(rows) <= size:
        return QueuePage(rows)
    rows = rows[:size]
    last = rows[-1]
    marker = last["due_at"].isoformat() if by_due and last["due_at"] else ""
    return QueuePage(rows, encode_cursor([marker, last["id"]]))


def _place(cursor: str) -> tuple[str, int]:
    """The due time (or nothing) and id a cursor stands at. Raises: Invalid."""
    _backwards, values = decode_cursor(cursor, 2)
    if not values:
        return "", 0
    try:
        due = datetime.fromisoformat(str(values[0])).isoformat() if values[0] else ""
        return due, int(values[1])
    except ValueError as error:
        raise Invalid(_("The link to this page of the list is damaged.")) from error


def _escaped(text: str) -> str:
    """The text as LIKE takes it to the letter."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
