"""The conditions plans may demand of a ticket before it is assigned, resolved or closed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.kernel.gates import Refusal, Request
from shouyue.tickets.models import Ticket


def user_confirmed(request: Request) -> Refusal | None:
    """Met when the user has confirmed the solution. Queries: one."""
    ticket = _ticket(request, "confirmed_at")
    if ticket is not None and ticket.confirmed_at is not None:
        return None
    return Refusal("ticket.user_confirmed", _("The user has not confirmed the solution yet."))


def level_set(request: Request) -> Refusal | None:
    """Met when urgency, impact and priority are given. Queries: one."""
    ticket = _ticket(request, "urgency", "impact", "priority")
    if ticket is not None and ticket.urgency and ticket.impact and ticket.priority:
        return None
    return Refusal("ticket.level_set", _("Urgency, impact and priority must be set first."))


def handling_recorded(request: Request) -> Refusal | None:
    """Met when cause, handling and result are written. Queries: one."""
    ticket = _ticket(request, "cause", "handling", "result")
    if ticket is not None and ticket.cause and ticket.handling and ticket.result:
        return None
    return Refusal("ticket.handling_recorded", _("Cause, handling and result must be written down first."))


def _ticket(request: Request, *columns: str) -> Ticket | None:
    kind, ticket_id = request.subject
    if kind != "ticket":
        return None
    found: Ticket | None = Ticket.objects.filter(pk=ticket_id).only(*columns).first()
    return found
