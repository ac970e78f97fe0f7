"""Enumerations of the demo."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """How far the demo is."""

    LOADING = "loading", _("being prepared")
    READY = "ready", _("ready")
    FAILED = "failed", _("could not be prepared")


class Stage(TextChoices):
    """What the loader does now."""

    WORLD = "world", _("Customers, contracts, sites and people")
    LIFE = "life", _("Two months of tickets, visits and promises")
    FINISH = "finish", _("Statistics for fast lists")
