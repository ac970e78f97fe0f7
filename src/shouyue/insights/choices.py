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

FINDINGS = (
    gettext_noop("The check failed: %(fault)s."),
    gettext_noop("%(home)s is writable, %(megabytes)d MB are free."),
    gettext_noop("PostgreSQL %(version)s answers (given server)."),
    gettext_noop("PostgreSQL %(version)s answers (embedded server)."),
    gettext_noop("The user of DATABASE_URL is a superuser or bypasses row-level security."),
    gettext_noop("The user of DATABASE_URL inherits rights: run `shouyue prepare`."),
    gettext_noop("The roles %(scoped)s and %(everyone)s are not both granted: run `shouyue prepare`."),
    gettext_noop("The login role may become %(scoped)s and %(everyone)s, and nothing more."),
    gettext_noop("The database's clock differs from this machine's by %(skew)+.3f s."),
    gettext_noop(
        "The database's clock differs from this machine's by %(skew)+.3f s. Synchronise both (NTP)."
    ),
    gettext_noop("Every holiday table reaches far enough."),
    gettext_noop(
        "No days yet of %(missing)s: upgrade the package chinesecalendar and run `shouyue calendar refresh`,"
        " or import the published days."
    ),
)
"""What those checks may find, as they say it below the reach of translations; listed here to be translated."""

PURPOSES = (
    gettext_noop("drop ended sessions and old counts of failed sign-ins"),
    gettext_noop("Takes over the statutory holidays a newly installed package brings"),
    gettext_noop("warn, escalate and give verdicts on what has fallen due"),
    gettext_noop("note acts that were recorded without asking their gates"),
    gettext_noop("begin contract stages whose day has come"),
    gettext_noop("anchor yesterday's event digest outside the database"),
    gettext_noop("drop finished jobs and old idempotency answers"),
    gettext_noop("make the event partitions of coming months"),
    gettext_noop("take up the jobs of killed workers"),
    gettext_noop("drop notices that were delivered over a year ago, and receipts nobody could place"),
    gettext_noop("deliver notices whose next try has come, and place receipts that came early"),
    gettext_noop("ask providers what became of messages, where they do not say it by themselves"),
    gettext_noop("put approved plan versions in force on their day"),
    gettext_noop("take back calls about promises that are over"),
    gettext_noop("remind, escalate and expire what nobody has answered"),
    gettext_noop("forget who tried wrong links"),
    gettext_noop("freeze the figures of periods that are over"),
    gettext_noop("open what the calendar asks for, weigh figures, look at standing conditions"),
)
"""What scheduled tasks are for, as their modules say it; listed here to be translated."""
