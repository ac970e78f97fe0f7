"""Row locks, always in primary-key order, so that two transactions cannot wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models

from .errors import NotFound

Row = TypeVar("Row", bound=models.Model)


def lock_rows(rows: models.QuerySet[Row]) -> list[Row]:
    """The rows, locked for update in pk order until the transaction ends. Locks: each row."""
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def lock_row(rows: models.QuerySet[Row], **lookup: Any) -> Row:
    """One row, locked for update. Raises NotFound. Locks: the row."""
    found: Any = rows.filter(**lookup).order_by().select_for_update(of=("self",))
    if set(lookup) == {"pk"} and _is_whole(rows):
        table = connection.ops.quote_name(rows.model._meta.db_table)
        # writing out a wide table's columns anew costs more than reading the row
        found = rows.model._default_manager.raw(
            f"SELECT * FROM {table} WHERE id = %s FOR UPDATE",  # noqa: S608 -- the table's quoted name
            [lookup["pk"]],
        )
    for row in found:
        return row  # type: ignore[no-any-return]
    raise NotFound


def _is_whole(rows: models.QuerySet[Row]) -> bool:
    """Whether nothing narrows or widens the rows: every row of the table, as it is."""
    query = rows.query
    return (
        not query.where
        and not query.select_related
        and not query.annotations
        and not query.is_sliced
        and query.deferred_loading == (frozenset(), True)
        and rows.model._meta.pk is not None
        and rows.model._meta.pk.column == "id"
    )


def hold(name: str) -> None:
    """Wait for the named lock and hold it until the transaction ends (work that only one may do at a time)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def try_hold(name: str) -> bool:
    """Take the named lock if it is free; False when somebody else is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


_VIRTUAL_TIME = "virtual time"


@contextmanager
def virtual_time() -> Iterator[bool]:
    """Keep real time from passing in this database while simulated life goes through it; False when taken.

    Whatever acts by itself when time has come (the sweep of promises) asks `is_real_time` first. Held by the
    connection, across transactions. Locks: waits for those who act by real time just now.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [_VIRTUAL_TIME])
        if not cursor.fetchone()[0]:
            yield False
            return
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [_VIRTUAL_TIME])
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [_VIRTUAL_TIME])
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 1))", [_VIRTUAL_TIME])


def is_real_time() -> bool:
    """Whether nobody else drives virtual time in this database; stays so until the transaction ends. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))", [_VIRTUAL_TIME])
        return bool(cursor.fetchone()[0])
