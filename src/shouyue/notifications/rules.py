"""When a failed delivery is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

ATTEMPTS = 6
"""After so many failures a notice stays failed until an operator tries again."""

BATCH = 200


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts: 15 s, 1 min, 4 min, 16 min, an hour; None when it is over."""
    return None if attempts >= ATTEMPTS else now + timedelta(seconds=15 * 4 ** (attempts - 1))
