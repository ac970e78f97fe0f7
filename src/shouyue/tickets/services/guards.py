"""The conditions plans may demand of a ticket before it is assigned, resolved or closed."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.gates import Refusal, Request
from shouyue.tickets.charge_models import TicketCharge
from shouyue.tickets.models import Ticket
from shouyue.web.templatetags.shouyue import listed

from . import charging


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


def attribution_known(request: Request) -> Refusal | None:
    """Met when it is said whether the supplied product caused the fault. Queries: one."""
    ticket = _ticket(request, "attribution")
    if ticket is not None and ticket.attribution:
        return None
    return Refusal("ticket.attribution_known", _("Say first whether the supplied product caused the fault."))


def reason_given(request: Request) -> Refusal | None:
    """Met when the act comes with its reason."""
    if str(request.facts.get("reason") or "").strip():
        return None
    return Refusal("ticket.reason_given", _("Give the reason."))


def replacement_agreed(request: Request) -> Refusal | None:
    """Met when the user has decided whether hardware is replaced. Queries: one."""
    ticket = _ticket(request, "replacement")
    if ticket is not None and ticket.replacement:
        return None
    return Refusal(
        "ticket.replacement_agreed", _("Ask the user first whether the hardware shall be replaced.")
    )


def charge_approved(request: Request) -> Refusal | None:
    """Met unless the contract charges the work and the customer has not approved its quote. Queries: three."""
    charge = TicketCharge.objects.filter(ticket_id=request.subject[1]).first()
    if request.subject[0] == "ticket" and (
        charge is None or charge.is_free or charging.answer_to(charge) == "given"
    ):
        return None
    return Refusal("ticket.charge_approved", _("The customer has not approved the quote yet."))


def request_complete(request: Request) -> Refusal | None:
    """Met when nobody has to ask the user again: who, how to reach them, where, and what is wrong. Queries: one."""
    kind, number = request.subject
    rows = Ticket.objects.select_related("requester")
    ticket = rows.filter(pk=number).first() if kind == "ticket" else None
    requester = ticket.requester if ticket is not None else None
    phone = ticket is not None and (ticket.caller_phone or (requester and requester.phone))
    missing = [
        text
        for known, text in (
            (requester is not None, _("the user")),
            (bool(phone), _("a telephone number")),
            (ticket is not None and ticket.site_id is not None, _("the place")),
            (ticket is not None and bool(ticket.description.strip()), _("the description of the fault")),
        )
        if not known
    ]
    if not missing:
        return None
    said = lazy(lambda: _("Still to be recorded: %(what)s.") % {"what": listed(missing)}, str)()
    return Refusal("ticket.request_complete", said)


def _ticket(request: Request, *columns: str) -> Ticket | None:
    kind, ticket_id = request.subject
    if kind != "ticket":
        return None
    found: Ticket | None = Ticket.objects.filter(pk=ticket_id).only(*columns).first()
    return found
