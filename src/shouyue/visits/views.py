"""Pages of visits: the engineer's own on the phone, one visit, sending somebody, and the panel on a ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_safe

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound, ShouyueError
from shouyue.tickets import queries as tickets
from shouyue.tickets import remedies
from shouyue.tickets import rules as ticket_rules
from shouyue.tickets.models import Ticket
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, pulse, render_page
from shouyue.web.moulds import mould

from . import access, forms, queries, rules, services
from .choices import VisitState
from .models import Visit


class Step(NamedTuple):
    """A step of a visit: what does it, how it is called, and what it asks."""

    act: Callable[..., Visit]
    label: str | Promise
    icon: str
    form: type[django_forms.Form] = forms.StepForm


STEPS = {
    "receive": Step(services.receive_visit, _l("I have received it"), "check"),
    "depart": Step(services.depart, _l("I set out"), "truck"),
    "arrive": Step(services.arrive, _l("I have arrived"), "map-pin"),
    "begin": Step(services.begin_work, _l("Begin work"), "tools", forms.BeginForm),
    "leave": Step(services.leave, _l("I leave"), "logout", forms.LeaveForm),
    "cancel": Step(services.cancel_visit, _l("Call off"), "x", forms.CancelForm),
}
FORETOLD = {"begin": "visit.begin_work", "leave": "visit.leave"}
"""The steps whose form names what the contract still wants, with the acts gates stand before."""


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_safe
def my_visits(request: HttpRequest) -> HttpResponse:
    """What the engineer has to do, on the phone: one big button for the next step."""
    actor = _actor(request)
    if not actor.is_staff:
        raise NotAllowed
    visits = queries.my_visits(actor)
    context = {
        "open": [_shown(visit) for visit in visits if visit.state in rules.UNDER_WAY],
        "done": [_shown(visit) for visit in visits if visit.state not in rules.UNDER_WAY],
    }
    return render_page(request, "visits/mine.html", context, part="list")


@require_safe
def my_pulse(request: HttpRequest) -> HttpResponse:
    """Has anything in the engineer's list changed?"""
    actor = _actor(request)
    if not actor.is_staff:
        raise NotAllowed
    return pulse(request, ".".join(f"{visit.pk}-{visit.version}" for visit in queries.my_visits(actor)))


@require_safe
def visit_page(request: HttpRequest, visit_id: int) -> HttpResponse:
    """One visit with everything the engineer needs on the way."""
    actor = _actor(request)
    visit = queries.visit_with_id(actor, visit_id)
    can_step = access.can_step(actor, visit, visit.ticket)
    item = _shown(visit)
    if not can_step:
        item |= {"step": "", "may_begin": False}
    context = {
        "item": item,
        "can_step": can_step,
        "can_cancel": can_step and rules.may("cancel", visit.state),
        "sign_url": remedies.signing_url(actor, visit.ticket, visit.pk),
        "stages": _stages(visit),
    }
    return render_page(request, "visits/visit.html", context)


def _shown(visit: Visit) -> dict[str, Any]:
    step = rules.next_step(visit.state) if visit.state in rules.UNDER_WAY else ""
    label, icon = (STEPS[step].label, STEPS[step].icon) if step else ("", "")
    return {
        "visit": visit,
        "ticket": visit.ticket,
        "step": step,
        "label": label,
        "icon": icon,
        "form": step == "leave",
        "may_begin": visit.state == VisitState.ARRIVED and visit.work_begun_at is None,
    }


def _stages(visit: Visit) -> list[tuple[Any, Any]]:
    found = (
        (_l("Dispatched"), visit.dispatched_at),
        (_l("Planned for"), visit.planned_at),
        (_l("Received"), visit.received_at),
        (_l("Departed"), visit.departed_at),
        (_l("Arrived"), visit.arrived_at),
        (_l("Work begun"), visit.work_begun_at),
        (_l("Left"), visit.left_at),
        (_l("Called off"), visit.cancelled_at),
    )
    return [(label, at) for label, at in found if at is not None]


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, visit_id: int, name: str) -> HttpResponse:
    """One step: at once by a button, or with a form."""
    if name not in STEPS:
        raise NotFound
    actor = _actor(request)
    visit = queries.visit_with_id(actor, visit_id)
    if request.method == "POST":
        return _take(request, actor, visit, name)
    page = reverse("visits:visit", args=[visit_id])
    if not access.can_step(actor, visit, visit.ticket):
        return redirect(page)  # somebody else's step: what may be read of it
    if refusal := services.out_of_turn(visit, name):
        return go(request, page, refusal, "warning")
    wants = _wants(actor, visit, name, {})
    ways = _ways(actor, visit, wants)
    return _step_page(request, visit, name, STEPS[name].form(), wants=wants, remedies=ways)


def _take(request: HttpRequest, actor: Actor, visit: Visit, name: str) -> HttpResponse:
    """Do the step as the form says; a leave that would break a promise asks first."""
    access.require_step(actor, visit, visit.ticket)
    form = STEPS[name].form(request.POST)
    if not form.is_valid():
        return _step_page(request, visit, name, form, status=422)
    if name == "leave" and "all_the_same" not in request.POST:
        breaches = [one for one in _wants(actor, visit, name, form.cleaned_data) if one.is_breach]
        if breaches:
            ways = _ways(actor, visit, breaches)
            return _step_page(
                request, visit, name, form, status=422, wants=breaches, is_warned=True, remedies=ways
            )
    try:
        STEPS[name].act(actor=actor, visit_id=visit.pk, **form.cleaned_data)
    except ShouyueError as error:
        add_errors(form, error)
        ways = remedies.after(error, actor, visit.ticket, visit.pk)
        return _step_page(request, visit, name, form, status=error.status, remedies=ways)
    return go(request, _back(request, visit), _("Recorded."))


def _step_page(
    request: HttpRequest, visit: Visit, name: str, form: django_forms.Form, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The form of a step. more: `wants`, whether they are a warning (`is_warned`), `remedies`."""
    context = {
        "wants": (),
        "is_warned": False,
        "remedies": (),
        "visit": visit,
        "ticket": visit.ticket,
        "name": name,
        "label": STEPS[name].label,
        "step_icon": STEPS[name].icon,
        "form": form,
        **more,
    }
    return render_page(request, "visits/step.html", context, part="step", status=status)


def _wants(actor: Actor, visit: Visit, name: str, values: dict[str, Any]) -> list[remedies.Want]:
    """What the contract still wants of this step, so that nobody breaks it unawares."""
    if name not in FORETOLD:
        return []
    told = {key: value for key, value in values.items() if key != "at"}
    if "uses" in told:
        told["uses"] = " ".join(told["uses"])
    return remedies.wants(services.request_for(actor, visit, visit.ticket, FORETOLD[name], told))


def _ways(actor: Actor, visit: Visit, wants: list[remedies.Want]) -> list[remedies.Remedy]:
    return remedies.remedies([one.refusal for one in wants], actor, visit.ticket, visit.pk)


def _back(request: HttpRequest, visit: Visit) -> str:
    if visit.engineer_id == _actor(request).user_id:
        return reverse("visits:mine")
    return reverse("tickets:ticket", args=[visit.ticket.number])


@require_http_methods(["GET", "HEAD", "POST"])
def dispatch(request: HttpRequest, number: str) -> HttpResponse:
    """Send an engineer for a ticket."""
    actor = _actor(request)
    ticket = tickets.ticket_with_number(actor, number)
    access.require_dispatch(actor, ticket)
    form = forms.DispatchForm(request.POST if request.method == "POST" else None, ticket=ticket)
    wants = remedies.before(["visit.dispatch"], actor, ticket) if request.method != "POST" else []
    status, ways = 200, remedies.remedies([one.refusal for one in wants], actor, ticket)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.dispatch_visit(
                    actor=actor,
                    ticket_id=ticket.pk,
                    source_key=request.POST.get("idempotency_key") or None,
                    **form.cleaned_data,
                )
            except ShouyueError as error:
                add_errors(form, error)
                status = 422 if error.status == 409 else error.status  # what the drawer shows
                ways = remedies.after(error, actor, ticket)
            else:
                return go(request, reverse("tickets:ticket", args=[number]), _("The engineer is sent."))
    context = {"ticket": ticket, "form": form, "wants": wants, "remedies": ways}
    return render_page(request, "visits/dispatch.html", context, part="step", status=status)


def ticket_panel(request: HttpRequest, ticket: object) -> str | None:
    """The visits of a ticket, on its page."""
    actor = _actor(request)
    if not isinstance(ticket, Ticket):
        return None
    visits = (
        []
        if ticket.parts is not None and "visits" not in ticket.parts
        else queries.visits_of(actor, ticket.pk)
    )
    can_dispatch = access.can_dispatch(actor, ticket) and ticket.status in ticket_rules.OPEN
    if not visits:
        return mould("visits/_panel_none.html", ("number",))(number=ticket.number) if can_dispatch else None
    rows = [
        {
            "visit": visit,
            "stages": _stages(visit),
            "step": rules.next_step(visit.state)
            if visit.state in rules.UNDER_WAY and access.can_step(actor, visit, ticket)
            else "",
        }
        for visit in visits
    ]
    for row in rows:
        row["label"] = STEPS[str(row["step"])].label if row["step"] else ""
    return render_to_string(
        "visits/_panel.html", {"rows": rows, "ticket": ticket, "can_dispatch": can_dispatch}, request=request
    )
