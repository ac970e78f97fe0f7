"""What visits declare at start-up: verbs with typed facts, who may reach them by token, pages' parts."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.kernel import events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.signoff import subjects
from shouyue.tickets.declarations import FACT_TYPES, TICKET_FACTS
from shouyue.web import navigation, panels, states
from shouyue.web.navigation import Item
from shouyue.web.panels import Panel
from shouyue.web.states import Look

from . import access, guards, queries, views
from .choices import Backups, Outcome, VisitState


def declare() -> None:
    """Called once, when the module is ready."""
    facts = {**TICKET_FACTS, "engineer": FactType.REFERENCE}
    events.declare(
        Verb("visit.dispatched", _("Engineer sent"), facts),
        Verb("visit.received", _("Dispatch received by the engineer"), facts),
        Verb("visit.departed", _("Engineer on the way"), facts),
        Verb("visit.arrived", _("Engineer arrived"), facts),
        Verb("visit.work_begun", _("Work on site begun"), facts),
        Verb("visit.left", _("Engineer left"), {**facts, "outcome": FactType.CODE}),
        Verb("visit.cancelled", _("Visit called off"), facts),
    )
    for act, label, told, own in (
        ("visit.dispatch", _("Send an engineer"), "visit.dispatched", {}),
        ("visit.begin_work", _("Begin work on site"), "visit.work_begun", {"uses": "text"}),
        (
            "visit.leave",
            _("Leave the site"),
            "visit.left",
            {"outcome": "code", "backups": "code", "diagnosed_with": "text"},
        ),
    ):
        gates.declare_act(act, label, told_by=[told])
        vocabulary.declare_act_facts(act, FACT_TYPES | own)
    for guard, check, said in (
        ("visit.permissions_given", guards.permissions_given, _("everything the work touches is permitted")),
        ("visit.no_open_problems", guards.no_open_problems, _("no problem on site is left open")),
        ("visit.backups_cleared", guards.backups_cleared, _("temporary backups are dealt with")),
        ("visit.user_confirmed", guards.user_confirmed, _("the user has confirmed or signed")),
        ("visit.diagnosed_jointly", guards.diagnosed_jointly, _("experts took part in the diagnosis")),
        ("visit.engineer_on_site", guards.engineer_on_site, _("an engineer is on site")),
    ):
        gates.declare_guard(guard, check)
        vocabulary.declare_guard_words(guard, said)
    vocabulary.declare_fact("outcome", _("outcome"), list(Outcome.choices))
    vocabulary.declare_fact("backups", _("temporary backups"), list(Backups.choices))
    subjects.register("visit", queries.subject_of)
    panels.register(
        "ticket",
        Panel(
            key="visits",
            title=_("Visits"),
            render=views.ticket_panel,
            order=20,
            icon="truck",
            probe="EXISTS (SELECT 1 FROM visits_visit v WHERE v.ticket_id = t.id)",
        ),
    )
    navigation.register(
        Item(
            key="my-visits",
            label=_("My visits"),
            url_name="visits:mine",
            icon="truck",
            order=30,
            shortcut="g v",
            roles=access.GOES,
            badge=_waiting,
        )
    )
    states.register(
        "visit",
        {
            "dispatched": Look("info", "send", VisitState.DISPATCHED.label),
            "received": Look("info", "check", VisitState.RECEIVED.label),
            "departed": Look("progress", "truck", VisitState.DEPARTED.label),
            "arrived": Look("progress", "map-pin", VisitState.ARRIVED.label),
            "left": Look("good", "circle-check", VisitState.LEFT.label),
            "cancelled": Look("muted", "circle-minus", VisitState.CANCELLED.label),
        },
    )


def _waiting(request: HttpRequest) -> int | None:
    """How many visits wait for this engineer."""
    return queries.count_waiting(request.actor) or None  # type: ignore[attr-defined]
