"""What the register makes known at start-up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.contracts.vocabulary import Measure
from shouyue.kernel import events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, panels, rest, states
from shouyue.web.states import Look

from . import measures, views
from .services import gating, register

CODE = FactType.CODE
_OUTCOME = {"commitment": CODE, "step": CODE}


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb("obligation.opened", _("Promise started"), _OUTCOME),
        Verb("obligation.warned", _("Promise soon due"), _OUTCOME),
        Verb("obligation.missed", _("Promise missed"), _OUTCOME),
        Verb("obligation.kept", _("Promise kept"), _OUTCOME),
        Verb("obligation.late", _("Promise kept late"), _OUTCOME),
        Verb("gate.passed", _("Gate passed"), {"act": CODE, "commitment": CODE, "breach": FactType.BOOLEAN}),
        Verb(
            "gate.refused",
            _("Gate held the act back"),
            {"act": CODE, "commitment": CODE, "breach": FactType.BOOLEAN},
        ),
    )
    events.consume(register.consume)
    rest.declare_area("obligations", _("Obligations"))
    gates.provide(gating.provide)
    gates.witness(gating.witness)
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
