"""What the portal declares at start-up: its navigation, the verb of its access log, where customers read their case."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.contracts.choices import Role
from shouyue.kernel import events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation

from . import guards

REPORTERS = frozenset(role.value for role in Role if role.value.startswith("customer."))
"""Who is offered the report form in the navigation; the page itself is open to every person of a customer."""


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb(
            "raw_data.read",
            _("Raw data read"),
            {"kind": FactType.CODE, "format": FactType.CODE, "month": FactType.CODE},
        )
    )
    gates.declare_guard("contract.raw_data_open", guards.raw_data_open)
    vocabulary.declare_guard_words("contract.raw_data_open", _("the customer's people can read the raw data"))
    navigation.register(
        navigation.Item(
            key="portal-home",
            label=_("Home"),
            url_name="portal:home",
            icon="home",
            area="portal",
            order=10,
            shortcut="g h",
        ),
        navigation.Item(
            key="portal-report",
            label=_("Report something"),
            url_name="portal:report",
            icon="plus",
            area="portal",
            order=15,
            shortcut="n",
            roles=REPORTERS,
        ),
        navigation.Item(
            key="portal-requests",
            label=_("Requests"),
            url_name="portal:requests",
            icon="list-details",
            area="portal",
            order=20,
            shortcut="g r",
        ),
    )
