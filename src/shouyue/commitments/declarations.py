"""What the register makes known at start-up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.contracts.vocabulary import Measure
from shouyue.files import access as files
from shouyue.files.models import StoredFile
from shouyue.kernel import events, gates, verification
from shouyue.kernel.actor import Actor
from shouyue.kernel.events import FactType, RecordedEvent, Verb
from shouyue.notifications import colleagues
from shouyue.web import navigation, panels, rest, states
from shouyue.web.states import Look

from . import guards, items, measures, replay_views, views
from .choices import UNAIMED, UNJUDGED
from .queries.calendar import attestation_exists
from .services import bypassing, gating, plans, register, telling

CODE = FactType.CODE
_OUTCOME = {"commitment": CODE, "step": CODE}


def _reads_attestation(actor: Actor, stored: StoredFile) -> bool:
    """Evidence of an attestation is for whoever reads the promises of its contract."""
    return attestation_exists(actor, stored.attached_id)


def _calendars_changed(event: RecordedEvent) -> None:
    plans.wake_all()


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb("obligation.opened", _("Promise started"), _OUTCOME),
        Verb("obligation.warned", _("Promise soon due"), _OUTCOME),
        Verb("obligation.missed", _("Promise missed"), _OUTCOME),
        Verb("obligation.kept", _("Promise kept"), _OUTCOME),
        Verb("obligation.late", _("Promise kept late"), _OUTCOME),
        Verb("obligation.escalated", _("Promise escalated"), {**_OUTCOME, "tier": CODE}),
        Verb("obligation.silent", _("No reply in time"), {**_OUTCOME, "meaning": CODE}),
        Verb("gate.passed", _("Gate passed"), {"act": CODE, "commitment": CODE, "breach": FactType.BOOLEAN}),
        Verb(
            "gate.refused",
            _("Gate held the act back"),
            {"act": CODE, "commitment": CODE, "breach": FactType.BOOLEAN},
        ),
        Verb(
            "gate.bypassed",
            _("Gate was not asked"),
            {"act": CODE, "commitment": CODE, "breach": FactType.BOOLEAN, "act_event": FactType.REFERENCE},
        ),
    )
    events.declare(
        Verb(
            "obligation.attested",
            _("Attested"),
            {**_OUTCOME, "role": CODE, "files": FactType.INTEGER, "digest": FactType.DIGEST},
        ),
        Verb(
            "decision.taken",
            _("Right applied"),
            {"decision": CODE, "commitment": CODE, "source": CODE, "outcome": CODE},
        ),
        Verb("quota.corrected", _("Figure corrected"), {"commitment": CODE}),
        Verb("calendar_feed.issued", _("Secret calendar address made"), {"owner": CODE}),
        Verb("calendar_feed.revoked", _("Secret calendar address ended"), {"owner": CODE}),
    )
    events.consume(register.consume, register.consume_many)
    colleagues.register(telling.colleagues)
    for verb in ("calendar.created", "calendar.changed"):
        events.react(verb, _calendars_changed)
    items.declare()
    files.register_reader("attestation", _reads_attestation)
    gates.declare_guard("contract.term_in_force", guards.term_in_force)
    vocabulary.declare_guard_words(
        "contract.term_in_force", _("the contract's term is in force"), {"length": "duration"}
    )
    vocabulary.declare_fact("commitment", _("promise"))
    vocabulary.declare_item("person", _("Person on the contract"), {"role": "code"})
    rest.declare_area("obligations", _("Obligations"), "objections", "periods", "replays")
    gates.provide(gating.provide)
    gates.witness(gating.witness)
    verification.register(bypassing.findings)
    gates.keep_books(gating.forget_refusals, gating.settle_refusals)
    vocabulary.declare_measure(
        Measure(
            "commitment.kept_share",
            _("Share of obligations kept in time"),
            measures.kept_share,
            {"commitment": "code"},
        )
    )
    states.register(
        "obligation",
        {
            "waiting": Look("neutral", "circle-dashed", _("Not begun")),
            "refused": Look("info", "hand-stop", _("Held back")),
            UNAIMED: Look("info", "clock-question", _("Limit not known yet")),
            UNJUDGED: Look("info", "hourglass", _("Done, verdict waits")),
        },
    )
    states.register(
        "condition",
        {
            "held": Look("good", "circle-check", _("Held")),
            "broken": Look("bad", "circle-x", _("Broken")),
        },
    )
    panels.register(
        "contract",
        panels.Panel(
            key="promises",
            title=_("Promise board"),
            render=views.board_panel,
            order=10,
            icon="heart-handshake",
            place="board",
        ),
    )
    panels.register(
        "ticket",
        panels.Panel(
            key="obligations",
            title=_("Promises"),
            render=views.case_panel,
            order=10,
            icon="clock-play",
            place="side",
        ),
    )
    panels.register(
        "plan-draft",
        panels.Panel(
            key="replay",
            title=_("What would have happened"),
            render=replay_views.draft_panel,
            order=10,
            icon="refresh",
        ),
    )
    panels.register(
        "portal-contract",
        panels.Panel(
            key="promises", title=_("Promises"), render=views.board_panel, order=10, icon="heart-handshake"
        ),
    )
    navigation.register(
        navigation.Item(
            key="promise-boards",
            label=_("Promise boards"),
            url_name="commitments:boards",
            icon="heart-handshake",
            area="provider",
            order=20,
            shortcut="g p",
        ),
        navigation.Item(
            key="my-promises",
            label=_("My promises"),
            url_name="commitments:mine",
            icon="checklist",
            area="provider",
            order=15,
            shortcut="g m",
        ),
    )
    navigation.register(
        navigation.Item(
            key="obligations",
            label=_("Obligations"),
            url_name="commitments:obligations",
            icon="clock-play",
            area="provider",
            order=30,
            shortcut="g o",
        ),
        navigation.Item(
            key="portal-promises",
            label=_("Promises"),
            url_name="commitments:boards",
            icon="heart-handshake",
            area="portal",
            order=40,
        ),
    )
