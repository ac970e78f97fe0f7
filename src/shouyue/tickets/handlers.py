"""What tickets do when a promise about them is escalated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.kernel import events, jobs
from shouyue.kernel.actor import job_actor
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.events import RecordedEvent
from shouyue.kernel.scope import EVERYTHING, acting_in

from .choices import Tier
from .services.assignment import escalate_to


def listen() -> None:
    """Called once, when the module is ready."""
    events.react("obligation.escalated", on_escalated, on_many_escalated)


def on_escalated(event: RecordedEvent) -> None:
    """A step that names a tier raises its ticket, in a job of its own."""
    on_many_escalated([event])


def on_many_escalated(recorded: Sequence[RecordedEvent]) -> None:
    """Many at once are one job."""
    steps = [
        [event.case_id, tier, str(event.facts.get("step", ""))]
        for event in recorded
        if event.case_type == "ticket" and (tier := str(event.facts.get("tier") or "")) in Tier.values
    ]
    if steps:
        raise_by_plan.enqueue(steps=steps)


@jobs.task("tickets.raise_by_plan", in_transaction=False)
def raise_by_plan(steps: list[list[Any]]) -> None:
    """Raise each ticket to the tier its plan names: (ticket, tier, step). Each has a transaction of its own, so that
    one that cannot be raised keeps back none of the others; safe to run twice.
    """
    failed: Exception | None = None
    for ticket_id, tier, step in steps:
        with translation.override("zh-hans"):
            reason = _("Raised by the service plan (step %(step)s)") % {"step": step}
        actor = job_actor("tickets.raise_by_plan")
        try:
            with acting_in(EVERYTHING):
                escalate_to(actor=actor, ticket_id=ticket_id, tier=tier, reason=reason)
        except (ShouyueError, DatabaseError) as error:
            failed = error
    if failed is not None:
        raise failed  # the job is tried again; what has been raised stays as it is
