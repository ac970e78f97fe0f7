"""Delivery of notices: one job per batch, and a schedule for what must be tried again."""

from __future__ import annotations

from datetime import timedelta

from shouyue.kernel import clock, jobs

from . import services
from .models import Notice, Receipt


@jobs.task(
    "notifications.retry",
    cron="* * * * *",
    purpose="deliver notices whose next try has come, and place receipts that came early",
    lock="notifications.retry",
    in_transaction=False,
)
def retry() -> None:
    services.match_waiting()
    services.deliver_queued.run()


@jobs.task(
    "notifications.ask",
    cron="* * * * *",
    purpose="ask providers what became of messages, where they do not say it by themselves",
    lock="notifications.ask",
    in_transaction=False,
)
def ask() -> None:
    services.ask_for_receipts()


@jobs.task(
    "notifications.forget",
    cron="41 3 * * *",
    purpose="drop notices that were delivered over a year ago, and receipts nobody could place",
)
def forget() -> None:
    old = clock.now() - timedelta(days=400)
    Notice.objects.filter(created_at__lt=old).exclude(
        state__in=["queued", "held", "sending", "bundled"]
    ).delete()
    Receipt.objects.filter(notice__isnull=True, received_at__lt=clock.now() - timedelta(days=90)).delete()
