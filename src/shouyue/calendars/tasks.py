"""Jobs of calendars."""

from __future__ import annotations

from shouyue.kernel import jobs
from shouyue.kernel.actor import job_actor

from . import services


@jobs.task(
    "calendars.refresh",
    cron="10 19 * * *",
    purpose="Takes over the statutory holidays a newly installed package brings",
)
def refresh() -> None:
    services.refresh_statutory(actor=job_actor("calendars.refresh"))
