"""What tickets declare at start-up: verbs with typed facts, acts, guards, scales, measures, navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.contracts.vocabulary import Measure
from shouyue.files import access as files
from shouyue.kernel import events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, panels, rest, states
from shouyue.web.navigation import Item, Text
from shouyue.web.states import Look, Tone

from . import access, cases, charge_views, measures
from .choices import (
    Attribution,
    Cause,
    Channel,
    ChannelGroup,
    EquipmentType,
    FaultCategory,
    Impact,
    Priority,
    ProgramErrorClass,
    Replacement,
    RequestType,
    Status,
    Tier,
    Urgency,
    WaitReason,
)
from .services import guards

CODE, YES_NO, REFERENCE, INSTANT = FactType.CODE, FactType.BOOLEAN, FactType.REFERENCE, FactType.INSTANT

TICKET_FACTS = {
    "request_type": CODE,
    "request_class": CODE,
    "catalogue": CODE,
    "channel": CODE,
    "channel_group": CODE,
    "severity": CODE,
    "complexity": CODE,
    "urgency": CODE,
    "impact": CODE,
    "priority": CODE,
    "vip": YES_NO,
    "cause": CODE,
    "program_error_class": CODE,
    "equipment_type": CODE,
    "fault_category": CODE,
    "zone": CODE,
    "zone_mode": CODE,
    "tier": CODE,
    "status": CODE,
    "site": REFERENCE,
    "assignee": REFERENCE,
}
"""Facts of every event of a ticket and its visits."""

FACT_WORDS: tuple[tuple[str, Text, list[tuple[str, Text]]], ...] = (
    ("request_type", _("request type"), list(RequestType.choices)),
    ("request_class", _("request class"), []),
    ("catalogue", _("catalogue item"), []),
    ("channel", _("channel"), list(Channel.choices)),
    ("channel_group", _("group of channels"), list(ChannelGroup.choices)),
    ("severity", _("severity"), []),
    ("complexity", _("complexity"), []),
    ("urgency", _("urgency"), list(Urgency.choices)),
    ("impact", _("impact"), list(Impact.choices)),
    ("priority", _("priority"), list(Priority.choices)),
    ("vip", _("important person"), []),
    ("cause", _("cause"), list(Cause.choices)),
    ("program_error_class", _("class of program error"), list(ProgramErrorClass.choices)),
    ("equipment_type", _("equipment type"), list(EquipmentType.choices)),
    ("fault_category", _("fault category"), list(FaultCategory.choices)),
    ("tier", _("tier"), list(Tier.choices)),
    ("from_tier", _("previous tier"), list(Tier.choices)),
    ("to_tier", _("new tier"), list(Tier.choices)),
    ("higher", _("a higher tier"), []),
    ("status", _("status"), list(Status.choices)),
    ("assignee", _("assignee"), []),
    ("reason", _("reason"), list(WaitReason.choices)),
    ("attribution", _("origin of the fault"), list(Attribution.choices)),
    ("decision", _("decision"), [choice for choice in Replacement.choices if choice[0]]),
    ("to", _("person called back"), []),
    ("promised_at", _("time promised"), []),
    ("by_customer", _("by the customer"), []),
    ("within", _("within"), []),
    ("warranty_class", _("warranty class"), []),
)
"""How facts and their values are said in the sentences of a plan."""

CLOSED = {
    "request_type": RequestType.values,
    "channel_group": ChannelGroup.values,
    "program_error_class": ProgramErrorClass.values,
    "equipment_type": EquipmentType.values,
    "fault_category": FaultCategory.values,
    "attribution": Attribution.values,
    "from_tier": Tier.values,
    "to_tier": Tier.values,
}
"""Facts that can be nothing else, whatever the contract; a plan that waits for another value waits for ever."""

FACT_TYPES = {name: kind.value for name, kind in TICKET_FACTS.items()}


def declare() -> None:
    """Called once, when the module is ready."""
    events.declare(*_verbs())
    for act, label, told, changes in (
        ("ticket.assign", _("Assign a ticket"), "ticket.assigned", ("status", "assignee")),
        ("ticket.resolve", _("Resolve a ticket"), "ticket.resolved", ("status",)),
        ("ticket.close", _("Close a ticket"), "ticket.closed", ("status",)),
        ("ticket.raise_tier", _("Hand a ticket to another tier"), "ticket.tier_raised", ("tier",)),
    ):
        gates.declare_act(act, label, told_by=[told], changes=changes)
        own = {"to_tier": "code", "reason": "text"} if act == "ticket.raise_tier" else {}
        vocabulary.declare_act_facts(act, FACT_TYPES | own)
    for guard, check, label in (
        ("ticket.user_confirmed", guards.user_confirmed, _("the user has confirmed the solution")),
        ("ticket.level_set", guards.level_set, _("urgency, impact and priority are given")),
        ("ticket.handling_recorded", guards.handling_recorded, _("cause, handling and result are written")),
        ("ticket.attribution_known", guards.attribution_known, _("the origin of the fault is determined")),
        ("ticket.reason_given", guards.reason_given, _("the reason is given")),
        ("ticket.replacement_agreed", guards.replacement_agreed, _("the user has decided on replacement")),
        ("ticket.charge_approved", guards.charge_approved, _("the customer has approved what is charged")),
        ("ticket.request_complete", guards.request_complete, _("user, place and fault are recorded in full")),
    ):
        gates.declare_guard(guard, check)
        vocabulary.declare_guard_words(guard, label)
    vocabulary.declare_decision(
        "ticket.charge", _("What a service costs the customer"), FACT_TYPES | {"warranty_class": "code"}
    )
    for name, label_, values in FACT_WORDS:
        vocabulary.declare_fact(name, label_, values)
    for name, closed in CLOSED.items():
        vocabulary.declare_values(name, closed)
    vocabulary.declare_scale("tier", Tier.values)
    vocabulary.declare_scale("urgency", Urgency.values)
    vocabulary.declare_scale("impact", Impact.values)
    vocabulary.declare_scale("priority", list(reversed(Priority.values)))
    vocabulary.declare_rebinding(
        "ticket.edited",
        "ticket.triaged",
        "ticket.graded",
        "ticket.priority_set",
        "ticket.contract_set",
        "ticket.tier_raised",
    )
    for name, label_, compute, own in (
        (
            "ticket.stage_times_complete",
            _("share of closed tickets with the time of every stage"),
            measures.stage_times_complete,
            {},
        ),
        (
            "ticket.recorded_in_time",
            _("share of acts recorded soon after they happened"),
            measures.recorded_in_time,
            {"within": "duration"},
        ),
        ("ticket.first_line_rate", _("share solved by the first line"), measures.first_line_rate, {}),
        ("ticket.answered_share", _("share of tickets answered"), measures.answered_share, {}),
        ("ticket.count", _("number of tickets reported"), measures.count, {}),
        ("ticket.reopened_share", _("share of tickets reopened"), measures.reopened_share, {}),
    ):
        vocabulary.declare_measure(Measure(name, label_, compute, FACT_TYPES | own))
    files.register_reader("ticket", access.reads_file)
    cases.declare()
    rest.declare_area("tickets", _("Tickets"), "visits")
    _declare_looks()
    states.register(
        "charge",
        {
            "free": Look("good", "circle-check", _("Free of charge")),
            "quote": Look("warn", "receipt", _("Charged: to be quoted")),
            "approval": Look("warn", "clock-play", _("Waits for the customer's approval")),
            "work": Look("info", "circle-check", _("Quote approved")),
            "refused": Look("bad", "circle-x", _("Quote not approved")),
            "done": Look("neutral", "receipt", _("Charged")),
        },
    )
    charge = panels.Panel(
        key="charge",
        title=_("Charge decision"),
        render=charge_views.panel,
        order=40,
        icon="receipt",
        probe="EXISTS (SELECT 1 FROM tickets_ticketcharge c WHERE c.ticket_id = t.id)",
    )
    panels.register("ticket", charge)
    panels.register("portal-request", charge)
    navigation.register(
        Item(key="queue", label=_("Queue"), url_name="tickets:queue", icon="inbox", order=10, shortcut="g q"),
        Item(
            key="log",
            label=_("Log a call"),
            url_name="tickets:log",
            icon="phone-incoming",
            order=20,
            shortcut="g l",
            roles=access.RIGHTS["report"],
        ),
    )


def _declare_looks() -> None:
    labels = dict(Status.choices)
    looks: dict[str, tuple[Tone, str]] = {
        "new": ("info", "inbox"),
        "triaged": ("info", "stethoscope"),
        "assigned": ("info", "user-plus"),
        "accepted": ("progress", "tools"),
        "waiting": ("warn", "player-pause"),
        "resolved": ("good", "circle-check"),
        "confirmed": ("good", "checks"),
        "closed": ("muted", "lock"),
        "cancelled": ("muted", "x"),
    }
    states.register(
        "ticket", {state: Look(tone, icon, labels[state]) for state, (tone, icon) in looks.items()}
    )
    ranks: dict[str, tuple[Tone, str]] = {
        "P1": ("bad", "flame"),
        "P2": ("warn", "flag"),
        "P3": ("neutral", "flag"),
        "P4": ("muted", "flag"),
    }
    words = dict(Priority.choices)
    states.register("priority", {rank: Look(tone, icon, words[rank]) for rank, (tone, icon) in ranks.items()})
    icons = {
        "incident": "bolt",
        "consultation": "question-mark",
        "complaint": "mood-sad",
        "praise": "mood-happy",
    }
    states.register(
        "request-type",
        {
            value: Look("neutral", icons.get(value, "file-text"), label)
            for value, label in RequestType.choices
        },
    )


def _verbs() -> list[Verb]:
    by = {"by_customer": YES_NO}
    return [
        Verb(f"ticket.{name}", label, {**TICKET_FACTS, **facts})
        for name, label, facts in (
            ("reported", _("Reported"), {}),
            ("edited", _("Edited"), {"changes": FactType.DIGEST}),
            ("contract_set", _("Contract set"), {}),
            ("triaged", _("Triaged"), {}),
            ("priority_set", _("Priority set"), {}),
            ("graded", _("Graded"), {}),
            ("attribution_set", _("Origin of the fault determined"), {"attribution": CODE}),
            ("linked", _("Linked"), {"kind": CODE, "other": REFERENCE}),
            ("assigned", _("Assigned"), {"to": REFERENCE}),
            ("accepted", _("Accepted"), {}),
            (
                "tier_raised",
                _("Handed to another tier"),
                {"from_tier": CODE, "to_tier": CODE, "higher": YES_NO},
            ),
            ("escalation_requested", _("Escalation requested"), by),
            ("responded", _("Answered"), {}),
            ("commented", _("Commented"), {"public": YES_NO, **by}),
            ("answer_promised", _("Answer promised"), {"promised_at": INSTANT}),
            ("answer_given", _("Promised answer given"), {}),
            ("waiting_started", _("Waiting"), {"reason": CODE}),
            ("waiting_ended", _("Waiting ended"), {"reason": CODE}),
            ("solution_proposed", _("Solution proposed"), {}),
            ("temporarily_fixed", _("Temporarily fixed"), {}),
            ("handling_recorded", _("Handling recorded"), {}),
            ("replacement_decided", _("Replacement decided by the user"), {"decision": CODE}),
            ("charge_stated", _("Charge stated"), {"cents": FactType.INTEGER}),
            ("resolved", _("Resolved"), {}),
            ("called_back", _("Called back"), {"to": CODE}),
            ("confirmed", _("Confirmed by the user"), {"via": CODE, **by}),
            ("rejected", _("Rejected by the user"), by),
            ("reopened", _("Reopened"), {"times": FactType.INTEGER, **by}),
            ("closed", _("Closed"), {}),
            ("cancelled", _("Cancelled"), {"reason": CODE}),
        )
    ]
