"""Declares the verbs, token scopes and navigation of parties."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartiesConfig(AppConfig):
    name = "shouyue.parties"
    label = "parties"
    verbose_name = _("Parties")

    def ready(self) -> None:
        from shouyue.kernel.events import FactType, Verb, declare
        from shouyue.web import rest

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
