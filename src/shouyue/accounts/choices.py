"""Enumerations of accounts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class GlobalRole(models.TextChoices):
    """Roles held in every contract. The first three are the officers, who do no business work."""

    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")
    HQ = "hq", _("Headquarters")
    DESK_AGENT = "desk_agent", _("Service desk agent")
    DISPATCHER = "dispatcher", _("Dispatcher")
    DESK_ADMIN = "desk_admin", _("Service desk manager")
    SERVICE_MANAGER = "service_manager", _("Service manager")
    QUALITY_MANAGER = "quality_manager", _("Quality manager")


OFFICERS = frozenset({GlobalRole.SYSTEM_ADMIN, GlobalRole.SECURITY_ADMIN, GlobalRole.AUDIT_ADMIN})

SEES_EVERYTHING = frozenset(
    {
        GlobalRole.HQ,
        GlobalRole.DESK_AGENT,
        GlobalRole.DISPATCHER,
        GlobalRole.DESK_ADMIN,
        GlobalRole.SERVICE_MANAGER,
        GlobalRole.QUALITY_MANAGER,
        GlobalRole.AUDIT_ADMIN,
    }
)
"""Staff with one of these roles see the rows of every customer."""

MANAGES_USERS = frozenset({GlobalRole.SYSTEM_ADMIN, GlobalRole.SECURITY_ADMIN})
GRANTS_ROLES = frozenset({GlobalRole.SECURITY_ADMIN})

ZONES = (
    ("Asia/Shanghai", _("Beijing time")),
    ("Asia/Urumqi", _("Urumqi time")),
    ("Asia/Hong_Kong", _("Hong Kong time")),
    ("Asia/Singapore", _("Singapore time")),
    ("Asia/Tokyo", _("Tokyo time")),
    ("Europe/Berlin", _("Central European time")),
    ("Europe/London", _("London time")),
    ("America/New_York", _("New York time")),
    ("UTC", "UTC"),
)
