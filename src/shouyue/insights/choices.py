"""Enumerations of insights."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class RunState(TextChoices):
    """Where a verification is."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being checked")
    SOUND = "sound", _("Sound")
    BROKEN = "broken", _("Something is wrong")
    FAILED = "failed", _("Broken off")


CHECKS = {
    "home": _("Home directory and disk"),
    "database": _("Database server"),
    "roles": _("Database roles"),
    "clock": _("Clocks"),
    "calendars": _("Holiday tables"),
}
"""Names of the self-checks; their findings are those of `shouyue check`."""

PURPOSES = (
    gettext_noop("drop ended sessions and old counts of failed sign-ins"),
    gettext_noop("Takes over the statutory holidays a newly installed package brings"),
    gettext_noop("warn, escalate and give verdicts on what has fallen due"),
    gettext_noop("begin contract stages whose day has come"),
    gettext_noop("anchor yesterday's event digest outside the database"),
    gettext_noop("drop finished jobs and old idempotency answers"),
    gettext_noop("make the event partitions of coming months"),
    gettext_noop("take up the jobs of killed workers"),
    gettext_noop("drop notices that were delivered over a year ago"),
    gettext_noop("deliver notices whose next try has come"),
)
"""What scheduled tasks are for, as their modules say it; listed here to be translated."""
