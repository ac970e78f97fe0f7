"""What notices make known at start-up."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import events
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, panels, rest, states
from shouyue.web.states import Look

from . import access, queries

CODE = FactType.CODE


def bell(request: HttpRequest, obj: object) -> str | None:
    """The bell with the number of unread notices."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user_id is None:
        return None
    count = queries.unread_count(actor)
    return render_to_string("notifications/_bell.html", {"count": count, "many": queries.MANY}, request)


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb(
            "notice.sent",
            _("Notice sent"),
            {"step": CODE, "channel": CODE, "outcome": CODE, "notice": FactType.REFERENCE},
        )
    )
    rest.declare_area("notices", _("Notices"))
    states.register(
        "notice",
        {
            "queued": Look("progress", "clock", _("Waiting")),
            "sent": Look("good", "check", _("Delivered")),
            "failed": Look("bad", "alert-circle", _("Failed")),
            "read": Look("muted", "checks", _("Read")),
        },
    )
    states.register(
        "notice-level",
        {
            "info": Look("info", "info-circle", _("For information")),
            "warning": Look("warn", "alert-triangle", _("Warning")),
            "urgent": Look("bad", "alert-octagon", _("Urgent")),
        },
    )
    panels.register(
        "topbar", panels.Panel(key="bell", title=_("Notices"), render=bell, order=50, icon="bell")
    )
    navigation.register(
        navigation.Item(
            key="notices",
            label=_("My notices"),
            url_name="notifications:notices",
            icon="bell",
            area="user",
            order=40,
        ),
        navigation.Item(
            key="deliveries",
            label=_("Delivery log"),
            url_name="notifications:deliveries",
            icon="mail-forward",
            area="operate",
            roles=frozenset(access.OPERATORS),
            order=60,
        ),
    )
