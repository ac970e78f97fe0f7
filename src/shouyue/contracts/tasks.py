"""Work that contracts schedule by themselves."""

from __future__ import annotations

from shouyue.contracts import services
from shouyue.contracts.planning import services as planning
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


@jobs.task(
    "contracts.apply_due_plans",
    cron="*/5 * * * *",
    purpose="put approved plan versions in force on their day",
    lock="stages",
)
def apply_due_plans() -> None:
    planning.apply_due_plans(actor=job_actor("contracts.apply_due_plans"))
