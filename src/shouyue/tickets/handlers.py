"""What tickets do when a promise about them is escalated."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.kernel import events, jobs
from shouyue.kernel.actor import job_actor
from shouyue.kernel.events import RecordedEvent

from .choices import Tier
from .services.assignment import escalate_to


def listen() -> None:
    """Called once, when the module is ready."""
    events.react("obligation.escalated", on_escalated)


def on_escalated(event: RecordedEvent) -> None:
    """A step that names a tier raises its ticket, in a job of its own."""
    tier = str(event.facts.get("tier") or "")
    if event.case_type == "ticket" and tier in Tier.values:
        raise_by_plan.enqueue(ticket_id=event.case_id, tier=tier, step=str(event.facts.get("step", "")))


@jobs.task("tickets.raise_by_plan")
def raise_by_plan(ticket_id: int, tier: str, step: str) -> None:
    """Raise a ticket to the tier its plan names."""
    with translation.override("zh-hans"):
        reason = _("Raised by the service plan (step %(step)s)") % {"step": step}
    escalate_to(actor=job_actor("tickets.raise_by_plan"), ticket_id=ticket_id, tier=tier, reason=reason)
