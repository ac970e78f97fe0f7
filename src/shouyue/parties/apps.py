"""Declares the verbs, token scopes and navigation of parties."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

READERS = frozenset(
    {
        *(
            "hq",
            "service_manager",
            "quality_manager",
            "desk_admin",
            "desk_agent",
            "dispatcher",
            "audit_admin",
        ),
        *("agent", "project_manager", "service_supervisor", "regional_supervisor"),
        *("remote_engineer", "field_engineer", "resident_engineer"),
    }
)


class PartiesConfig(AppConfig):
    name = "shouyue.parties"
    label = "parties"
    verbose_name = _("Parties")

    def ready(self) -> None:
        from shouyue.kernel.events import FactType, Verb, declare
        from shouyue.web import navigation, rest, states

        from .choices import CustomerLevel

        fields = {"fields": FactType.CODE, "active": FactType.BOOLEAN}
        site = {"parent": FactType.REFERENCE}
        contact = {"vip": FactType.BOOLEAN, "site": FactType.REFERENCE}
        declare(
            Verb("customer.created", _("Customer entered"), {"level": FactType.CODE}),
            Verb("customer.changed", _("Customer changed"), fields),
            Verb("site.created", _("Site added"), {"kind": FactType.CODE, **site}),
            Verb("site.changed", _("Site changed"), {**fields, **site}),
            Verb("contact.created", _("Contact entered"), contact),
            Verb("contact.changed", _("Contact changed"), {**fields, **contact}),
            Verb("unit.created", _("Unit added"), {"kind": FactType.CODE}),
            Verb("unit.changed", _("Unit changed"), fields),
            Verb("vendor.created", _("Vendor entered"), {"kind": FactType.CODE}),
            Verb("vendor.changed", _("Vendor changed"), fields),
        )
        rest.declare_area(
            "parties", _("Customers and parties"), "customers", "sites", "contacts", "units", "vendors"
        )
        states.register(
            "in_use",
            {
                "True": states.Look("good", "check", _("Active")),
                "False": states.Look("muted", "lock", _("Inactive")),
            },
        )
        states.register(
            "customer_level",
            {
                CustomerLevel.KEY.value: states.Look("warn", "star", CustomerLevel.KEY.label),
                CustomerLevel.NORMAL.value: states.Look("neutral", "building", CustomerLevel.NORMAL.label),
                CustomerLevel.SMALL.value: states.Look("muted", "building", CustomerLevel.SMALL.label),
            },
        )
        navigation.register(
            navigation.Item(
                key="customers",
                label=_("Customers"),
                url_name="parties:customers",
                icon="building",
                area="provider",
                order=40,
                roles=READERS,
                shortcut="g k",
            ),
            navigation.Item(
                key="units",
                label=_("Provider units"),
                url_name="parties:units",
                icon="sitemap",
                area="provider",
                order=50,
                roles=READERS,
            ),
            navigation.Item(
                key="vendors",
                label=_("Vendors and partners"),
                url_name="parties:vendors",
                icon="truck",
                area="provider",
                order=60,
                roles=READERS,
            ),
        )
