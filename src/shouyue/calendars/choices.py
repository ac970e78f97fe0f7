"""Enumerations of calendars."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DayKind(models.TextChoices):
    """What a table or a customer's calendar says about a date."""

    HOLIDAY = "holiday", _("Day off")
    WORKDAY = "workday", _("Working day")
    ORDINARY = "ordinary", _("As its weekday")


class Origin(models.TextChoices):
    """Where a day comes from; days from the package are refreshed with it, the others never."""

    PACKAGE = "package", _("Package")
    IMPORT = "import", _("Import")
    HAND = "hand", _("By hand")


STATUTORY_TITLE, STATUTORY_REGION = "中国法定节假日", "中国大陆"
"""What the table of statutory holidays is called when it is first made; people may call it something else."""
