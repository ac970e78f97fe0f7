"""Jobs of sign-offs."""

from __future__ import annotations

from shouyue.kernel import jobs, locks
from shouyue.kernel.actor import job_actor

from .services import chasing, links, sending

deliver_link = sending.deliver_link


@jobs.task(
    "signoff.chase",
    cron="* * * * *",
    purpose="remind, escalate and expire what nobody has answered",
    retry=False,
)
def chase_due() -> None:
    """One batch a minute; rows somebody else holds wait for the next turn."""
    if not locks.is_real_time():
        return
    actor = job_actor("signoff.chase")
    chasing.expire_due(actor=actor)
    chasing.remind_due(actor=actor)


@jobs.task("signoff.forget_tries", cron="17 * * * *", purpose="forget who tried wrong links", retry=False)
def forget_tries() -> None:
    """Counts are of no use once their time is over."""
    links.forget_tries()
