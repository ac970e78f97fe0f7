"""Run background jobs until told to stop."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import get_resolver
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from shouyue.runtime import database

_log = logging.getLogger("procrastinate.worker")  # its own words and ours are one break to the log


class Command(BaseCommand):
    help = "Run background jobs and schedules until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time (default 2)")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        get_resolver().url_patterns  # noqa: B018 -- import all routes now: the first notice with a link pays a second else
        params = connector_params() | {"options": f"-c role={settings.DATABASE_ROLE_PREFIX}_all"}
        with app.replace_connector(
            PsycopgConnector(kwargs=params, min_size=1, max_size=concurrency + 2)
        ) as worker_app:
            try:
                asyncio.run(self._work(worker_app, concurrency))
            except Exception as error:
                if database.lost(error) is None:
                    raise
                _log.error("stopped", exc_info=error)
                raise SystemExit(1) from None  # whoever keeps us running starts us again

    async def _work(self, worker_app: Any, concurrency: int) -> None:
        async with worker_app.open_async():
            self.stdout.write("The worker is at work.")
            await worker_app.run_worker_async(
                concurrency=concurrency,
                name="shouyue",
                delete_jobs="never",
                shutdown_graceful_timeout=20,
                fetch_job_polling_interval=5,
            )
