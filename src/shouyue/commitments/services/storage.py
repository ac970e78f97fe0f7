"""Rows of obligations: hold and read cases, write what changed in one statement together with the case's clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from shouyue.commitments.rules.happenings import INSTANT, Happening, Obligation, Pause, Ref
from shouyue.contracts.loading import read_ahead
from shouyue.kernel import arrays

from . import clocks
from .names import names_of

COLUMNS = (
    "id, customer_id, contract_id, commitment_id, plan_version_id, subject_type, subject_id, case_type, case_id, tie, "
    '"each", period, occurrence, state, opened_event_id, trigger_at, opened_at, facts, opening, within, "window", '
    "calendar_digest, is_aimed, not_before, due_at, warn_at, next_at, steps_done, progress, pauses, missed_at, "
    "kept_at, kept_event_id, ended_event_id, settled_at, ending"
)
_QUALIFIED = ", ".join(f"o.{column.strip()}" for column in COLUMNS.split(","))

_LASTING = (
    ("customer_id", "bigint"),
    ("contract_id", "bigint"),
    ("commitment_id", "bigint"),
    ("plan_version_id", "bigint"),
    ("subject_type", "text"),
    ("subject_id", "bigint"),
    ("case_type", "text"),
    ("case_id", "bigint"),
    ("tie", "text"),
    ('"each"', "text"),
    ("period", "text"),
    ("occurrence", "int"),
    ("opened_event_id", "bigint"),
    ("trigger_at", "timestamptz"),
    ("opening", "jsonb"),
)
"""What an obligation keeps as it was opened; the values are `_lasting`'s."""
_CHANGING = (
    ("state", "text"),
    ("opened_at", "timestamptz"),
    ("falls_at", "timestamptz"),
    ("facts", "jsonb"),
    ("within", "text"),
    ('"window"', "text"),
    ("calendar_digest", "text"),
    ("is_aimed", "boolean"),
    ("not_before", "timestamptz"),
    ("due_at", "timestamptz"),
    ("warn_at", "timestamptz"),
    ("next_at", "timestamptz"),
    ("steps_done", "bigint"),
    ("progress", "int"),
    ("pauses", "jsonb"),
    ("missed_at", "timestamptz"),
    ("kept_at", "timestamptz"),
    ("kept_event_id", "bigint"),
    ("ended_event_id", "bigint"),
    ("settled_at", "timestamptz"),
    ("ending", "text"),
)
"""The values are `_changing`'s."""
_ID = ("id", "bigint")


def _rows(columns: Sequence[tuple[str, str]]) -> str:
    """Rows given as one array per column: the statement is the same for one row and for hundreds.

    A statement that grows with its rows is parsed anew by the driver and planned anew by the server each time.
    """
    return f"unnest({', '.join(f'%s::{kind}[]' for _, kind in columns)})"


def _update_of(columns: Sequence[tuple[str, str]]) -> str:
    """The statement that sets these columns of the rows of these ids."""
    names = [name for name, _ in columns]
    return (
        f"UPDATE commitments_obligation o SET {', '.join(f'{name} = v.{name}' for name in names)} "  # noqa: S608
        f"FROM {_rows((_ID, *columns))} v (id, {', '.join(names)}) WHERE o.id = v.id"
    )


_INSERTED = _LASTING + _CHANGING
_INSERT = (
    f"INSERT INTO commitments_obligation ({', '.join(name for name, _ in _INSERTED)}) "  # noqa: S608 - constants
    f"SELECT * FROM {_rows(_INSERTED)} "
    "ON CONFLICT (subject_type, subject_id, commitment_id, period, occurrence) DO NOTHING "
    "RETURNING id, commitment_id, subject_type, subject_id, period, occurrence"
)
_UPDATE = f"{_update_of(_CHANGING)} RETURNING o.id"
_STEP = _update_of(
    (
        ("state", "text"),
        ("warn_at", "timestamptz"),
        ("next_at", "timestamptz"),
        ("steps_done", "bigint"),
        ("missed_at", "timestamptz"),
    )
)


def hold_cases(keys: Iterable[str]) -> None:
    """Let nobody else work on these cases (or ties) until the transaction ends. Locks: one per key, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(k, 7)) FROM unnest(%s::text[]) k",
            [sorted(set(keys))],
        )


def lock_key(case: Ref) -> str:
    """What is locked for a case."""
    return f"{case[0]}:{case[1]}"


def lock_keys(case: Ref, tie: str) -> list[str]:
    """What is locked for an obligation: its case, and its tie if that may reach events of another case."""
    return [lock_key(case), *shared([tie])]


def shared(ties: Iterable[str]) -> list[str]:
    """The ties that may bind more than one case: what is tied to another obligation has its case in common with it."""
    return [tie for tie in ties if tie and not tie.startswith("obligation:")]


def ties_of_obligation(subject: Ref) -> list[str]:
    """What ties one obligation to events beyond its case. Queries: one, none when the subject is something else."""
    if subject[0] != "obligation":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tie FROM commitments_obligation WHERE id = %s AND tie <> ''", [subject[1]])
        return [row[0] for row in cursor.fetchall()]


_OF_CASES = (
    f"SELECT {_QUALIFIED} FROM unnest(%s::text[], %s::bigint[]) k (case_type, case_id) "  # noqa: S608 - constants
    "JOIN commitments_obligation o ON o.case_type = k.case_type AND o.case_id = k.case_id"
)
_OF_CASE = f"SELECT {_QUALIFIED} FROM commitments_obligation o WHERE o.case_type = %s AND o.case_id = %s"  # noqa: S608
_OF_TIES = (
    f"SELECT {_QUALIFIED} FROM commitments_obligation o "  # noqa: S608 - constants
    "WHERE o.tie = ANY(%s) AND o.tie <> '' AND o.settled_at IS NULL"
)


def load(found_in: Sequence[Ref], ties: Sequence[str] = ()) -> list[Obligation]:
    """Every obligation of some cases, and the open ones of some ties. Queries: one."""
    wanted = sorted(set(found_in))
    sql, parameters = _OF_CASE, list[Any](wanted[0])
    if len(wanted) > 1:
        sql = _OF_CASES
        parameters = [[case[0] for case in wanted], [case[1] for case in wanted]]
    if ties:
        sql = f"{sql} UNION {_OF_TIES}"
        parameters.append(sorted(set(ties)))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY id", parameters)
        return obligations_from(cursor.fetchall())


_DUE = f"""
WITH due AS MATERIALIZED (
    SELECT * FROM commitments_obligation WHERE next_at <= %s ORDER BY next_at LIMIT {{limit}} FOR UPDATE SKIP LOCKED
)
SELECT {_QUALIFIED} FROM due o WHERE pg_try_advisory_xact_lock(hashtextextended(o.case_type || ':' || o.case_id, 7))
    AND (o.tie = '' OR o.tie LIKE 'obligation:%%' OR pg_try_advisory_xact_lock(hashtextextended(o.tie, 7)))
"""  # noqa: S608 - constants


def claim_due(now: datetime, limit: int) -> list[Obligation]:
    """What must be looked at now, with nobody else at it, nor at its case or tie; soonest first.

    What somebody is at is left out, not waited for. Queries: one. Locks: the rows, their cases and ties.
    """
    with connection.cursor() as cursor:
        # the limit stands in the text: a plan for any limit would expect a tenth of the table
        cursor.execute(_DUE.format(limit=int(limit)), [now])
        rows = cursor.fetchall()
    read_ahead({row[2] for row in rows})
    return obligations_from(rows)


def load_ids(ids: Sequence[int]) -> list[Obligation]:
    """Obligations by id. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_QUALIFIED} FROM commitments_obligation o WHERE o.id = ANY(%s) ORDER BY o.id",  # noqa: S608
            [list(ids)],
        )
        return obligations_from(cursor.fetchall())


def hold_ids(ids: Sequence[int]) -> list[Obligation]:
    """`load_ids`, with nobody else at these rows until the transaction ends. Queries: two. Locks: the rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM commitments_obligation WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [list(ids)]
        )
    return load_ids(ids)


def obligations_from(rows: Sequence[Sequence[Any]]) -> list[Obligation]:
    """Obligations from rows of `COLUMNS`. Queries: those of `names_of`, once for each contract."""
    names = {contract_id: names_of(contract_id).names for contract_id in {row[2] for row in rows}}
    return [_obligation_from(row, names[row[2]]) for row in rows]


def _obligation_from(row: Sequence[Any], names: Mapping[int, str]) -> Obligation:
    return Obligation(
        id=row[0],
        customer_id=row[1],
        contract_id=row[2],
        commitment=names.get(row[3], ""),
        plan_version_id=row[4],
        subject=(row[5], row[6]),
        case=(row[7], row[8]),
        tie=row[9],
        each=row[10],
        period=row[11],
        occurrence=row[12],
        state=row[13],
        opened_event_id=row[14],
        trigger_at=row[15],
        opened_at=row[16],
        facts=table_of(row[17]),
        opening=table_of(row[18]),
        within=row[19],
        window=row[20],
        calendar_digest=row[21],
        aimed=row[22],
        not_before=row[23],
        due_at=row[24],
        warn_at=row[25],
        next_at=row[26],
        steps_done=row[27],
        progress=row[28],
        pauses=pauses_from(row[29]),
        missed_at=row[30],
        kept_at=row[31],
        kept_event_id=row[32],
        ended_event_id=row[33],
        settled_at=row[34],
        ending=row[35],
    )


def pauses_from(value: Any) -> list[Pause]:
    """Pauses from JSON."""
    rows = json.loads(value) if isinstance(value, str) else value
    return [
        (datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else None, name)
        for begin, end, name in rows
    ]


def table_of(value: Any) -> dict[str, Any]:
    """A JSON object as a dictionary."""
    return dict(json.loads(value) if isinstance(value, str) else value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


_json = json.JSONEncoder(ensure_ascii=False, default=_plain).encode


def falls_at(o: Obligation) -> datetime:
    """The moment that decides an obligation's month: its due time, else its start.

    What the calendar wants by midnight belongs to the day that ends then.
    """
    if o.due_at is not None:
        return o.due_at - INSTANT if o.period else o.due_at
    return o.missed_at or o.opened_at


def _lasting(o: Obligation, commitment_id: int) -> tuple[Any, ...]:
    return (
        o.customer_id,
        o.contract_id,
        commitment_id,
        o.plan_version_id,
        *o.subject,
        *o.case,
        o.tie,
        o.each,
        o.period,
        o.occurrence,
        o.opened_event_id,
        o.trigger_at,
        _json(o.opening),
    )


def _changing(o: Obligation) -> tuple[Any, ...]:
    return (
        o.state,
        o.opened_at,
        falls_at(o),
        _json(o.facts),
        o.within,
        o.window,
        o.calendar_digest,
        o.aimed,
        o.not_before,
        o.due_at,
        o.warn_at,
        o.next_at,
        o.steps_done,
        o.progress,
        _json(o.pauses),
        o.missed_at,
        o.kept_at,
        o.kept_event_id,
        o.ended_event_id,
        o.settled_at,
        o.ending,
    )


def write(obligations: Sequence[Obligation], clock_of: tuple[Happening, bool, bool] | None = None) -> None:
    """Store what is new or changed, and the clock of a case. New obligations get their ids.

    clock_of: (an event of the case, whether the case is closed by it, whether it comes back). Queries: one, or none;
    one more when an event that opens something comes twice.
    """
    known = [o for o in obligations if o.dirty or o.is_new]
    changed = [o for o in known if not o.is_new]
    ids = {number: names_of(number).ids for number in {o.contract_id for o in known if o.is_new}}
    fresh = [o for o in known if o.is_new and o.commitment in ids[o.contract_id]]
    parts: list[str] = []
    parameters: list[Any] = []
    if fresh:
        parts.append(f"ins AS ({_INSERT})")
        parameters += arrays.literals(
            [(*_lasting(o, ids[o.contract_id][o.commitment]), *_changing(o)) for o in fresh]
        )
    if changed:
        parts.append(f"upd AS ({_UPDATE})")
        parameters += arrays.literals([(o.id, *_changing(o)) for o in changed])
    if clock_of is not None and (known or clock_of[1] or clock_of[2]):
        part, values = clocks.upsert(obligations, *clock_of)
        parts.append(f"clk AS ({part} RETURNING 1)")
        parameters.extend(values)
    if not parts:
        return
    last = (
        "SELECT id, commitment_id, subject_type, subject_id, period, occurrence FROM ins"
        if fresh
        else "SELECT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} {last}", parameters)
        returned = {row[1:]: row[0] for row in cursor.fetchall()} if fresh else {}
    for obligation in known:
        obligation.dirty = False
        if obligation.is_new:
            number = ids[obligation.contract_id].get(obligation.commitment, 0)
            obligation.id = returned.get(
                (number, *obligation.subject, obligation.period, obligation.occurrence), 0
            )
    if clock_of is not None and len(returned) < len(fresh):  # the case's first event came twice
        clocks.refresh([clock_of[0].case])


_STILL_OPEN = (
    "SELECT id FROM commitments_obligation WHERE id = ANY(%s) AND settled_at IS NULL ORDER BY id FOR UPDATE"
)


def write_open(obligations: Sequence[Obligation]) -> None:
    """`write`, of obligations read without a lock: what an event has settled meanwhile stays as that left it.

    Queries: two at most. Locks: the rows that change.
    """
    changed = [o for o in obligations if o.dirty and not o.is_new]
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(_STILL_OPEN, [[o.id for o in changed]])
            still_open = {row[0] for row in cursor.fetchall()}
        for obligation in changed:
            obligation.dirty = obligation.id in still_open
    write(obligations)


def write_steps(obligations: Sequence[Obligation]) -> None:
    """Store obligations of which no more has changed than steps taken and the verdict of their time. Queries: one."""
    rows = [(o.id, o.state, o.warn_at, o.next_at, o.steps_done, o.missed_at) for o in obligations]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_STEP, arrays.literals(rows))
    for obligation in obligations:
        obligation.dirty = False
