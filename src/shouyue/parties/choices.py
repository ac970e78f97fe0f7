"""Enumerations of parties."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomerLevel(models.TextChoices):
    KEY = "key", _("Key customer")
    NORMAL = "normal", _("Ordinary customer")
    SMALL = "small", _("Small customer")


class SiteKind(models.TextChoices):
    REGION = "region", _("Region")
    CITY = "city", _("City")
    SITE = "site", _("Site")
    DEPARTMENT = "department", _("Business department")


class Capacity(models.TextChoices):
    """What a contact is to the service."""

    END_USER = "end_user", _("End user")
    IT_CONTACT = "it_contact", _("IT interface person")
    MAINTAINER = "maintainer", _("System maintainer")
    SERVER_ADMIN = "server_admin", _("Server administrator")
    SECURITY_OFFICER = "security_officer", _("Security officer")
    DATA_OWNER = "data_owner", _("Data owner")
    APPROVER = "approver", _("Approver")
    LEADER = "leader", _("Leader")
    COMMAND_CENTRE = "command_centre", _("Command centre")


class UnitKind(models.TextChoices):
    HQ = "hq", _("Headquarters")
    DEPARTMENT = "department", _("Department")
    REGION = "region", _("Region")
    TEAM = "team", _("Team")


class VendorKind(models.TextChoices):
    OEM = "oem", _("Manufacturer")
    VENDOR = "vendor", _("Third-party vendor")
    HARDWARE_PARTNER = "hardware_partner", _("Hardware partner")
    CARRIER = "carrier", _("Carrier")
    ANTIVIRUS = "antivirus", _("Anti-virus vendor")
    SUPERVISION_FIRM = "supervision_firm", _("Supervision firm")
