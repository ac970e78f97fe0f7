"""What the portal declares at start-up: its navigation, the verb of its access log, where customers read their case."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts.choices import Role
from shouyue.kernel import events
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation

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
