"""What contracts make known at start-up: verbs, facts, access, navigation, looks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.calendars import shown
from shouyue.contracts import access, enricher, vocabulary, windows_shown
from shouyue.contracts.choices import Area, SiteMode
from shouyue.kernel import actor, events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, rest, states
from shouyue.web.navigation import Text
from shouyue.web.states import Look

CODE, DAY, REFERENCE = FactType.CODE, FactType.DAY, FactType.REFERENCE

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

ACTS = {
    "contract.reach_milestone": _("Record a milestone"),
    "contract.start_warranty": _("Start the warranty"),
}


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
    actor.register_resolver(access.resolve)
    for act, label in ACTS.items():
        gates.declare_act(act, label)
        vocabulary.declare_act_facts(act, {"milestone": "code", "happened_on": "day", "stage": "code"})
    vocabulary.declare_scale("zone", Area.values)
    vocabulary.declare_scale("zone_mode", SiteMode.values)
    for name, label, values in FACTS:
        vocabulary.declare_fact(name, label, values)
    vocabulary.declare_item("contract", _("Contract"))
    vocabulary.declare_item("site", _("Site of the contract"), {"zone": "code", "zone_mode": "code"})
    states.register("contract", STATES)
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
        navigation.Item(
            key="my-contracts",
            label=_("Contracts"),
            url_name="contracts:contracts",
            icon="certificate",
            area="portal",
            order=30,
        ),
    )
