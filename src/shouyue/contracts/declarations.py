"""What contracts make known at start-up: verbs, facts, access, navigation, looks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.calendars import shown
from shouyue.contracts import access, enricher, queries, vocabulary, windows_shown
from shouyue.contracts.choices import Area, ProposalState, SiteMode
from shouyue.contracts.views import proposals
from shouyue.kernel import actor, events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, panels, rest, states
from shouyue.web.navigation import Text
from shouyue.web.states import Look

CODE, DAY, REFERENCE = FactType.CODE, FactType.DAY, FactType.REFERENCE

PROPOSAL = {"proposal": REFERENCE, "plan": CODE, "number": FactType.INTEGER, "side": CODE}

VERBS = (
    Verb(
        "plan.stored",
        _("Plan version stored"),
        {"plan": CODE, "number": FactType.INTEGER, "digest": FactType.DIGEST},
    ),
    Verb("contract.created", _("Contract set up"), {"starts_on": DAY, "ends_on": DAY}),
    Verb("contract.changed", _("Contract changed"), {"field": CODE}),
    Verb(
        "contract.plan_applied",
        _("Plan version applied"),
        {
            "plan": CODE,
            "number": FactType.INTEGER,
            "plan_version": REFERENCE,
            "previous": REFERENCE,
            "digest": FactType.DIGEST,
        },
    ),
    Verb("plan.draft_created", _("Plan draft begun"), {"draft": REFERENCE}),
    Verb("plan.draft_saved", _("Plan draft saved"), {"draft": REFERENCE, "number": FactType.INTEGER}),
    Verb("plan.draft_deleted", _("Plan draft deleted"), {"draft": REFERENCE}),
    Verb("contract.plan_proposed", _("Plan version proposed"), {**PROPOSAL, "effective_on": DAY}),
    Verb("contract.plan_approved", _("Plan version approved"), PROPOSAL),
    Verb("contract.plan_refused", _("Plan version refused"), PROPOSAL),
    Verb("contract.plan_withdrawn", _("Proposal withdrawn"), PROPOSAL),
    Verb("contract.site_set", _("Site taken under the contract"), {"site": REFERENCE}),
    Verb("contract.site_removed", _("Site removed from the contract"), {"site": REFERENCE}),
    Verb(
        "contract.milestone_reached",
        _("Milestone reached"),
        {"milestone": CODE, "happened_on": DAY, "previous": DAY},
    ),
    Verb(
        "contract.milestone_corrected",
        _("Milestone corrected"),
        {"milestone": CODE, "happened_on": DAY, "previous": DAY},
    ),
    Verb("contract.stage_entered", _("Stage begun"), {"stage": CODE, "starts_on": DAY, "ends_on": DAY}),
    Verb(
        "contract.member_added",
        _("Member added"),
        {"member": REFERENCE, "role": CODE, "starts_on": DAY, "ends_on": DAY},
    ),
    Verb("contract.member_removed", _("Member removed"), {"member": REFERENCE, "role": CODE}),
    Verb("contract.responsibility_set", _("Responsibility set"), {"responsibility": REFERENCE}),
    Verb("contract.responsibility_removed", _("Responsibility removed"), {"responsibility": REFERENCE}),
)

STATES = {
    "coming": Look("neutral", "circle-dashed", _("Not yet begun")),
    "running": Look("good", "circle-check", _("In force")),
    "expiring": Look("warn", "clock-exclamation", _("Ends soon")),
    "ended": Look("muted", "circle-minus", _("Ended")),
    "stopped": Look("muted", "circle-x", _("Switched off")),
}

PROPOSAL_STATES = {
    "proposed": Look("info", "send", ProposalState.PROPOSED.label),
    "provider_approved": Look("progress", "user-check", ProposalState.PROVIDER_APPROVED.label),
    "approved": Look("good", "checks", ProposalState.APPROVED.label),
    "in_force": Look("good", "circle-check", ProposalState.IN_FORCE.label),
    "refused": Look("bad", "x", ProposalState.REFUSED.label),
    "withdrawn": Look("muted", "circle-minus", ProposalState.WITHDRAWN.label),
}

ACTS = {
    "contract.reach_milestone": _("Record a milestone"),
    "contract.start_warranty": _("Start the warranty"),
}
MILESTONE_TOLD = ("contract.milestone_reached", "contract.milestone_corrected")
"""They tell of the warranty's start where it starts with that milestone (`rules.acts_of_milestone`)."""

FACTS: tuple[tuple[str, Text, list[tuple[str, Text]]], ...] = (
    ("stage", _("service stage"), []),
    ("service_level", _("service level"), []),
    ("zone", _("area"), list(Area.choices)),
    ("zone_mode", _("mode of service"), list(SiteMode.choices)),
    ("milestone", _("milestone"), []),
    ("happened_on", _("happened on"), []),
)


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(*VERBS)
    events.declare_common_facts(enricher.COMMON_FACTS)
    events.enrich(enricher.enrich)
    actor.register_resolver(queries.access_of)
    for act, label in ACTS.items():
        gates.declare_act(act, label, told_by=MILESTONE_TOLD, changes=["stage"])
        vocabulary.declare_act_facts(act, {"milestone": "code", "happened_on": "day", "stage": "code"})
    vocabulary.declare_scale("zone", Area.values)
    vocabulary.declare_scale("zone_mode", SiteMode.values)
    for name, said, values in FACTS:
        vocabulary.declare_fact(name, said, values)
    vocabulary.declare_item("contract", _("Contract"))
    vocabulary.declare_item("site", _("Site of the contract"), {"zone": "code", "zone_mode": "code"})
    states.register("contract", STATES)
    states.register("plan-proposal", PROPOSAL_STATES)
    for page in ("contract", "portal-contract"):
        panels.register(
            page,
            panels.Panel(
                key="plan-proposal",
                title=_("Proposed plan version"),
                render=proposals.waiting_panel,
                order=5,
                place="top",
                icon="versions",
            ),
        )
    shown.register(windows_shown.SOURCE)
    rest.declare_area("contracts", _("Contracts"))
    navigation.register(
        navigation.Item(
            key="contracts",
            label=_("Contracts"),
            url_name="contracts:contracts",
            icon="certificate",
            area="provider",
            order=10,
            shortcut="g c",
        ),
        navigation.Item(
            key="expiries",
            label=_("Running out"),
            url_name="contracts:expiries",
            icon="hourglass",
            area="provider",
            order=30,
            roles=frozenset({*access.STAFFS, "quality_manager", "audit_admin"}),
        ),
    )
