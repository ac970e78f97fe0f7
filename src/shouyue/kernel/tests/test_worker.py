"""How the worker ends when its database does."""

from __future__ import annotations

import psycopg
import pytest

from shouyue.kernel.management.commands.worker import Command


def ending_with(error):
    async def work(*_given):
        raise error

    return work


def test_without_its_database_the_worker_ends_in_one_line(monkeypatch, caplog):
    monkeypatch.setattr(
        Command, "_work", ending_with(psycopg.OperationalError("server closed the connection"))
    )
    with pytest.raises(SystemExit) as end:
        Command().handle(concurrency=1)
    assert end.value.code == 1
    assert [(record.name, record.levelname) for record in caplog.records] == [
        ("procrastinate.worker", "ERROR")
    ]


def test_a_bug_keeps_its_trace(monkeypatch):
    monkeypatch.setattr(Command, "_work", ending_with(ValueError("no")))
    with pytest.raises(ValueError, match="no"):
        Command().handle(concurrency=1)
