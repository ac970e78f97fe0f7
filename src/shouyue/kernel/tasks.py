"""Housekeeping that the kernel schedules by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from . import clock, jobs, verification
from .models import KeptAnswer


@jobs.task(
    "kernel.sweep_stalled",
    cron="* * * * *",
    purpose="take up the jobs of killed workers",
    lock="sweep_stalled",
)
def sweep_stalled() -> None:
    jobs.sweep_stalled()


@jobs.task("kernel.forget", cron="17 3 * * *", purpose="drop finished jobs and old idempotency answers")
def forget() -> None:
    jobs.forget_finished(timedelta(days=3))
    KeptAnswer.objects.filter(created_at__lt=clock.now() - timedelta(days=2)).delete()


@jobs.task("kernel.partitions", cron="23 2 * * *", purpose="make the event partitions of coming months")
def make_partitions() -> None:
    today = clock.now().date()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kernel_ensure_event_partitions(%s, %s)",
            [today - timedelta(days=31), today + timedelta(days=400)],
        )


@jobs.task("kernel.anchor", cron="5 16 * * *", purpose="anchor yesterday's event digest outside the database")
def anchor() -> None:
    """16:05 UTC is 00:05 in Shanghai: the day that just ended there."""
    verification.anchor_day(clock.now().date())
