"""The charge of a ticket: the panel on its page, and the forms to decide, quote and state it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from shouyue.contracts.queries import compiled
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound, ShouyueError
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.moulds import mould

from . import access, queries
from .forms import MomentField
from .models import Ticket
from .services import charging


class DecideForm(forms.Form):
    """Which service item and warranty class the work belongs to; decided anew, what was said before stands in it."""

    item = forms.ChoiceField(label=_("Service item"), required=False)
    warranty_class = forms.ChoiceField(label=_("Warranty class"), required=False)

    def __init__(self, *args: Any, ticket: Ticket, actor: Actor, **values: Any) -> None:
        super().__init__(*args, **values)
        rules = compiled(ticket.contract_id or 0)
        for name, entries in (("item", rules.plan.catalogue), ("warranty_class", rules.warranty)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "—"), *((one.name, one.title.pick(actor.language)) for one in entries)]
        known = charging.charge_of(ticket)
        self.initial.setdefault("item", known.item if known else ticket.catalogue)
        self.initial.setdefault("warranty_class", known.warranty_class if known else "")


class AmountForm(forms.Form):
    """An amount and what it is for."""

    amount = forms.DecimalField(label=_("Amount (yuan)"), min_value=0, max_digits=14, decimal_places=2)
    text = forms.CharField(label=_("What it is for"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, ticket: Ticket, actor: Actor, **values: Any) -> None:
        super().__init__(*args, **values)


class QuoteForm(AmountForm):
    """A quote, and by when the customer is to answer it; the plan's own limit stands in the box."""

    reply_due_at = MomentField(
        label=_("Answer wanted by"),
        required=False,
        help_text=_(
            "Reminders follow by themselves; afterwards it is escalated. Empty: as the service plan says, if it does."
        ),
    )

    def __init__(self, *args: Any, ticket: Ticket, actor: Actor, **values: Any) -> None:
        super().__init__(*args, ticket=ticket, actor=actor, **values)
        self.initial.setdefault("reply_due_at", charging.promised_reply(ticket))


STEPS: dict[str, tuple[Any, type[forms.Form], Any]] = {
    "decide": (charging.decide_charge, DecideForm, _("Decide the charge")),
    "quote": (charging.quote_charge, QuoteForm, _("Quote to the customer")),
    "state": (charging.state_charge, AmountForm, _("State what was charged")),
}


@require_http_methods(["GET", "HEAD", "POST"])
def charge(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One step of the charge, in the drawer or as a page of its own."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if name not in STEPS:
        raise NotFound
    ticket = queries.ticket_with_number(actor, number)
    if not actor.is_staff or not access.can(actor, "record_handling", ticket):
        raise NotAllowed
    if ticket.contract_id is None:
        raise NotFound
    service, form_class, label = STEPS[name]
    posted = request.POST if request.method == "POST" else None
    form: Any = form_class(posted, ticket=ticket, actor=actor)  # type: ignore[call-arg]
    status = 200
    if posted is not None:
        status = 422
        if form.is_valid():
            try:
                service(actor=actor, ticket_id=ticket.pk, **form.cleaned_data)
                return go(request, reverse("tickets:ticket", args=[number]), _("Done."))
            except ShouyueError as error:
                add_errors(form, error)
    context = {"ticket": ticket, "form": form, "name": name, "label": label}
    return render_page(request, "tickets/charge.html", context, part="step", status=status)


def panel(request: HttpRequest, ticket: object) -> str | None:
    """Free or charged, why, and what comes next; on the page of a ticket that has a contract."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not isinstance(ticket, Ticket) or ticket.contract_id is None:
        return None
    may = actor.is_staff and access.can(actor, "record_handling", ticket)
    if ticket.parts is not None and "charge" not in ticket.parts:
        return mould("tickets/_charge_none.html", ("number",))(number=ticket.number) if may else None
    found = charging.shown(actor, ticket)
    if found.charge is None and not may:
        return None
    opens = charging.opens_approval(actor, found.charge)
    context = {"shown": found, "ticket": ticket, "may": may, "opens_approval": opens}
    return render_to_string("tickets/_charge.html", context, request=request)
