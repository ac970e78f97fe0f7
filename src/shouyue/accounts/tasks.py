"""Housekeeping of accounts."""

from __future__ import annotations

from shouyue.kernel import jobs

from . import services


@jobs.task(
    "accounts.forget", cron="41 3 * * *", purpose="drop ended sessions and old counts of failed sign-ins"
)
def forget() -> None:
    services.forget_old_rows()
