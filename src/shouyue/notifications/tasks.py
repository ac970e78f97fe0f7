"""Delivery of notices: one job per batch, and a schedule for what must be tried again."""

from __future__ import annotations

from datetime import timedelta

from shouyue.kernel import clock, jobs

from . import services
from .models import Notice


@jobs.task(
    "notifications.retry",
    cron="* * * * *",
    purpose="deliver notices whose next try has come",
    lock="notifications.retry",
    in_transaction=False,
)
def retry() -> None:
    services.deliver_queued.run()


@jobs.task(
    "notifications.forget", cron="41 3 * * *", purpose="drop notices that were delivered over a year ago"
)
def forget() -> None:
    old = clock.now() - timedelta(days=400)
    Notice.objects.filter(created_at__lt=old).exclude(
        state__in=["queued", "held", "sending", "bundled"]
    ).delete()
