"""Enumerations of notices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """How a notice reaches its reader."""

    IN_APP = "in_app", _("In the application")
    EMAIL = "email", _("E-mail")


class State(models.TextChoices):
    """Where a notice is on its way."""

    QUEUED = "queued", _("Waiting")
    SENT = "sent", _("Delivered")
    FAILED = "failed", _("Failed")
    READ = "read", _("Read")


class Level(models.TextChoices):
    """How pressing a notice is."""

    INFO = "info", _("For information")
    WARNING = "warning", _("Warning")
    URGENT = "urgent", _("Urgent")
