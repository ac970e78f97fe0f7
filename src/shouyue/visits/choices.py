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


class Use(TextChoices):
    """What an engineer touches at the customer's; each needs the permission of whoever answers for it."""

    SERVER = "server-operation", _("operating a server")
    DATA = "data-copy", _("copying data")
    PHONE = "phone-use", _("using a telephone")
    NETWORK = "network-access", _("joining the network")


class Backups(TextChoices):
    """What became of backups made during the visit; the user was asked."""

    NONE = "none", _("none were made")
    CLEARED = "cleared", _("cleared")
    LEFT = "left", _("left at the user's wish")


class Outcome(TextChoices):
    """What a visit achieved."""

    SOLVED = "solved", _("solved")
    TEMPORARY = "temporary", _("temporarily fixed")
    UNSOLVED = "unsolved", _("not solved yet")
    NOT_ADMITTED = "not_admitted", _("could not get in")
