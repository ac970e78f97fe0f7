"""One line per break of the database, no secret of an address, and everything else as it was."""

import logging
from types import SimpleNamespace

import psycopg
import pytest

from shouyue.runtime import logs

GONE = psycopg.errors.AdminShutdown("terminating connection due to administrator command\nSSL was on")


class Kept(logging.Handler):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("{name}: {message}", style="{").format(record))


@pytest.fixture
def kept() -> Kept:
    handler = Kept()
    handler.addFilter(logs.OncePerBreak())
    return handler


def say(kept: Kept, name: str, text: str, *parts: object, error: BaseException | None = None) -> None:
    given = (type(error), error, None) if error is not None else None
    kept.handle(logging.LogRecord(name, logging.ERROR, "", 0, text, parts, given))


def wrapped(error: BaseException) -> BaseException:
    outer = RuntimeError("as the queue hands it on")
    outer.__cause__ = error
    return outer


def test_a_break_is_one_line_without_a_trace(kept: Kept) -> None:
    for name in (
        "procrastinate.worker.shouyue",
        "procrastinate.utils",
        "asyncio",
        "shouyue.commitments.sweep",
    ):
        say(kept, name, "it failed", error=wrapped(GONE))
    say(kept, "psycopg.pool", "error connecting in %r: %s", "pool-1", psycopg.OperationalError("refused"))
    assert kept.lines == [
        "procrastinate.worker.shouyue: the database has gone away (terminating connection due to administrator"
        " command); work goes on when it is back"
    ]


def test_each_request_that_failed_is_a_line_without_a_trace(kept: Kept) -> None:
    for path in ("/desk/", "/calls/"):
        say(kept, "django.request", "%s: %s", "Internal Server Error", path, error=wrapped(GONE))
    reason = "terminating connection due to administrator command"
    assert kept.lines == [
        f"django.request: Internal Server Error: {path}: {reason}" for path in ("/desk/", "/calls/")
    ]


def test_the_next_break_is_a_line_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    for later in (0.0, 59.0, 59.0, 61.0):
        now += later
        say(kept, "psycopg.pool", "error connecting in %r: %s", "pool-1", psycopg.OperationalError("refused"))
    assert len(kept.lines) == 2


def test_what_is_no_break_keeps_its_trace(kept: Kept) -> None:
    say(kept, "procrastinate.worker", "Job %s ended", "x", error=psycopg.errors.UniqueViolation("twice"))
    say(kept, "django.request", "Internal Server Error: /desk/", error=ValueError("no"))
    say(kept, "psycopg.pool", "error connecting in %r: %s", "pool-1", ValueError("no"))
    assert [line.splitlines()[0] for line in kept.lines] == [
        "procrastinate.worker: Job x ended",
        "django.request: Internal Server Error: /desk/",
        "psycopg.pool: error connecting in 'pool-1': no",
    ]
    assert "UniqueViolation" in kept.lines[0]


@pytest.mark.parametrize(
    ("kwargs", "line"),
    [
        ({"secret": "s3cret"}, "Internal Server Error: /receipts/***/"),
        ({"token": "s3cret"}, "Internal Server Error: /receipts/***/"),
        ({"number": 7, "token": ""}, "Internal Server Error: /receipts/s3cret/"),
        (None, "Internal Server Error: /receipts/s3cret/"),
    ],
)
def test_an_address_is_logged_without_what_opens_something(
    kwargs: dict[str, object] | None, line: str
) -> None:
    path = "/receipts/s3cret/"
    record = logging.LogRecord(
        "django.request", logging.ERROR, "", 0, "%s: %s", ("Internal Server Error", path), None
    )
    match = SimpleNamespace(kwargs=kwargs) if kwargs is not None else None
    record.request = SimpleNamespace(path=path, resolver_match=match)
    assert logs.WithoutSecrets().filter(record)
    assert record.getMessage() == line
