"""Load the demo; `shouyue up --demo` runs this behind the first page."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shouyue.demo import queries
from shouyue.demo.services import loading
from shouyue.kernel.errors import Conflict


class Command(BaseCommand):
    help = "Load the demo into an empty database; an interrupted load begins anew. Says why when it cannot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=60, help="of life before now (60)")
        parser.add_argument("--tickets", type=int, default=1700, help="about how many (1700)")
        parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same life (7)")

    def handle(self, *args: Any, days: int, tickets: int, seed: int, **options: Any) -> None:
        """A refusal is no failure here: whoever starts this at every start wants silence and status 0."""
        try:
            outcome = loading.load(days=days, tickets=tickets, seed=seed)
        except Conflict as refusal:
            if refusal.code not in ("loaded", "busy"):
                self.stderr.write(str(refusal))
                return
        else:
            for problem in outcome.problems:
                self.stderr.write(problem)
            self.stdout.write(
                f"The demo is ready: {outcome.steps} steps, {len(outcome.problems)} of them went wrong."
            )
        self.stdout.write(queries.accounts_in_words())
