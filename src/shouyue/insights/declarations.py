"""What insights declares at start-up: verbs, states, navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.kernel import events
from shouyue.kernel.events import FactType, Verb
from shouyue.web import navigation, states
from shouyue.web.states import Look

from . import access
from .choices import RunState


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    found = {"sound": FactType.BOOLEAN, "events": FactType.INTEGER, "findings": FactType.INTEGER}
    events.declare(
        Verb("verification.asked", _("Verification asked for")),
        Verb("verification.finished", _("Verification finished"), found),
        Verb("job.retried", _("Dead job tried again")),
        Verb("audit.exported", _("Events exported")),
    )
    states.register(
        "verification",
        {
            RunState.QUEUED: Look("info", "clock", RunState.QUEUED.label),
            RunState.RUNNING: Look("progress", "loader-2", RunState.RUNNING.label),
            RunState.SOUND: Look("good", "shield-check", RunState.SOUND.label),
            RunState.BROKEN: Look("bad", "alert-octagon", RunState.BROKEN.label),
            RunState.FAILED: Look("bad", "circle-x", RunState.FAILED.label),
        },
    )
    states.register(
        "check",
        {
            "ok": Look("good", "circle-check", _("In order")),
            "warning": Look("warn", "alert-triangle", _("Look at it")),
            "error": Look("bad", "alert-octagon", _("Not in order")),
        },
    )
    navigation.register(
        navigation.Item(
            key="system",
            label=_("System status"),
            url_name="insights:system",
            icon="server",
            area="operate",
            roles=access.SYSTEM,
            order=40,
        ),
        navigation.Item(
            key="audit",
            label=_("Events"),
            url_name="insights:events",
            icon="history",
            area="operate",
            roles=access.AUDIT,
            order=50,
        ),
        navigation.Item(
            key="verification",
            label=_("Verification"),
            url_name="insights:verification",
            icon="shield-check",
            area="operate",
            roles=access.SYSTEM | access.AUDIT,
            order=55,
        ),
    )
