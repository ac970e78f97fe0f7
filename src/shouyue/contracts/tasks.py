"""Work that contracts schedule by themselves."""

from __future__ import annotations

from shouyue.contracts import services
from shouyue.kernel import jobs
from shouyue.kernel.actor import job_actor


@jobs.task(
    "contracts.enter_due_stages",
    cron="*/5 * * * *",
    purpose="begin contract stages whose day has come",
    lock="stages",
)
def enter_due_stages() -> None:
    services.enter_due_stages(actor=job_actor("contracts.enter_due_stages"))
