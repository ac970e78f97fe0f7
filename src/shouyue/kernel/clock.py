"""What time it is. Domain code asks here and nowhere else, so that simulated life can run in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_virtual: ContextVar[datetime | None] = ContextVar("virtual_time", default=None)


def now() -> datetime:
    """The current instant: aware, UTC."""
    return _virtual.get() or datetime.now(UTC)


def today(zone: str) -> date:
    """The current date in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let `now()` answer `instant` within the block (simulation and tests). Raises ValueError when naive."""
    if instant.tzinfo is None:
        raise ValueError(f"virtual time needs a time zone: {instant!r}")
    token = _virtual.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _virtual.reset(token)
