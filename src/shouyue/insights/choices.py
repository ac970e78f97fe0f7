"""Enumerations of insights."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RunState(TextChoices):
    """Where a verification is."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    SOUND = "sound", _("Sound")
    BROKEN = "broken", _("Something is wrong")
    FAILED = "failed", _("Broken off")
