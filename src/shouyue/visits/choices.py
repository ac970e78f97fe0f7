"""Enumerations of visits."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class VisitState(TextChoices):
    """Where a visit stands; follows from its times."""

    DISPATCHED = "dispatched", _("dispatched")
    RECEIVED = "received", _("received")
    DEPARTED = "departed", _("on the way")
    ARRIVED = "arrived", _("on site")
    LEFT = "left", _("finished")
    CANCELLED = "cancelled", _("cancelled")


class Outcome(TextChoices):
    """What a visit achieved."""

    SOLVED = "solved", _("solved")
    TEMPORARY = "temporary", _("temporarily fixed")
    UNSOLVED = "unsolved", _("not solved yet")
    NOT_ADMITTED = "not_admitted", _("could not get in")
