"""What the log leaves out: traces of one break of the database again and again, and secrets within addresses."""

from __future__ import annotations

import logging
import time

from shouyue.runtime import database

QUIET_SECONDS = 60.0
OF_REQUESTS = ("django.request", "shouyue.web")
"""Who tells which request has failed; everybody else tells of the same break, some again and again until it is over."""

SECRET_PARTS = ("secret", "token")
"""Parts of an address that open something."""


class OncePerBreak(logging.Filter):
    """Of what is said because the database is away, one sentence for as long as it goes on, and a line per request."""

    def __init__(self) -> None:
        super().__init__()
        self._last = -QUIET_SECONDS

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is said; the first of a break is said in our words."""
        words = _of_a_break(record)
        if words is None:
            return True
        text = record.getMessage()
        record.exc_info = record.exc_text = None
        if record.name.startswith(OF_REQUESTS):
            record.msg, record.args = f"{text}: {words}", None
            return True
        now = time.monotonic()
        goes_on = now - self._last < QUIET_SECONDS
        self._last = now
        record.msg, record.args = f"the database has gone away ({words}); work goes on when it is back", None
        return not goes_on


def _of_a_break(record: logging.LogRecord) -> str | None:
    if record.exc_info and record.exc_info[1] is not None:
        return database.lost(record.exc_info[1])
    told = record.args if isinstance(record.args, tuple) else ()
    errors = (database.lost(part) for part in told if isinstance(part, BaseException))
    return next((words for words in errors if words is not None), None)


class WithoutSecrets(logging.Filter):
    """Addresses as they are logged, without the parts of them that open something."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always said; such parts of a request's address are stars."""
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        for name in SECRET_PARTS:
            value = match.kwargs.get(name) if match is not None else None
            if value and isinstance(record.args, tuple):
                record.args = tuple(
                    part.replace(value, "***") if isinstance(part, str) else part for part in record.args
                )
        return True
