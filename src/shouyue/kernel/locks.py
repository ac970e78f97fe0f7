"""Row locks, always in primary-key order, so that two transactions cannot wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models

from .errors import NotFound
from .rows import find

Row = TypeVar("Row", bound=models.Model)


def lock_rows(rows: models.QuerySet[Row]) -> list[Row]:
    """The rows, locked for update in pk order until the transaction ends. Locks: each row."""
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def lock_row(rows: models.QuerySet[Row], **lookup: Any) -> Row:
    """One row, locked for update. Raises NotFound. Locks: the row."""
    found = find(rows, lock=True, **lookup)
    if found is None:
        raise NotFound
    return found


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
