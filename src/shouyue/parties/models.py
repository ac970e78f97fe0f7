"""Tables of parties. Customer, site and contact stand behind the wall between customers; units and vendors do not."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet

from .choices import CustomerLevel, SiteKind, UnitKind, VendorKind


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, actor: Actor) -> Self:
        """The customers in the actor's scope; the provider's own row (0) among them for staff."""
        return self if actor.scope.everything else self.filter(pk__in=actor.scope.customers)


class Customer(models.Model):
    """An organisation that is served. The row with id 0 is the provider itself."""

    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=50, blank=True)
    name_key = models.CharField(max_length=200, editable=False)
    level = models.CharField(
        _("level"), max_length=20, choices=CustomerLevel.choices, default=CustomerLevel.NORMAL
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    note = models.TextField(_("note"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (models.UniqueConstraint(Upper("code"), name="parties_customer_code_uniq"),)
        indexes = (models.Index(fields=("name_key", "id"), name="parties_customer_name_idx"),)

    def __str__(self) -> str:
        return self.short_name or self.name


class Site(models.Model):
    """A place or department of a customer; the tree goes region → city → site → department, levels may be left out."""

    customer = CustomerKey(Customer, on_delete=models.PROTECT, related_name="sites", db_index=False)
    parent = SameCustomerForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=SiteKind.choices, default=SiteKind.SITE)
    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=200, editable=False)
    address = models.CharField(_("address"), max_length=300, blank=True)
    city = models.CharField(_("city"), max_length=60, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "parent", "name"), name="parties_site_name_uniq", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="parties_site_parent_check"),
        )
        indexes = (models.Index(fields=("customer", "name_key", "id"), name="parties_site_customer_idx"),)

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person at the customer, with or without an account."""

    customer = CustomerKey(Customer, on_delete=models.PROTECT, related_name="contacts", db_index=False)
    site = SameCustomerForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=200, editable=False)
    title = models.CharField(_("position"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    phone_digits = models.CharField(max_length=40, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    capacities = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    is_vip = models.BooleanField(_("VIP"), default=False)
    note = models.TextField(_("note"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "user"), name="parties_contact_user_uniq", condition=Q(user__isnull=False)
            ),
        )
        indexes = (
            models.Index(fields=("customer", "name_key", "id"), name="parties_contact_customer_idx"),
            models.Index(
                fields=("phone_digits",), name="parties_contact_phone_idx", condition=~Q(phone_digits="")
            ),
        )

    def __str__(self) -> str:
        return self.name


class ProviderUnit(models.Model):
    """A part of the provider: headquarters, department, region, team."""

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("name"), max_length=100, unique=True)
    name_key = models.CharField(max_length=200, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices, default=UnitKind.TEAM)
    city = models.CharField(_("city"), max_length=60, blank=True)
    leader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="led_units"
    )
    is_active = models.BooleanField(_("active"), default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(parent=F("id")), name="parties_unit_parent_check"),
        )

    def __str__(self) -> str:
        return self.name


class Vendor(models.Model):
    """Another firm the service depends on: maker, partner, carrier, supervision firm."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    name_key = models.CharField(max_length=200, editable=False)
    kind = models.CharField(_("kind"), max_length=30, choices=VendorKind.choices, default=VendorKind.OEM)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    scope = models.TextField(_("what it covers"), blank=True)
    cover_from = models.DateField(_("cover from"), null=True, blank=True)
    cover_to = models.DateField(_("cover to"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(cover_from__isnull=True)
                | Q(cover_to__isnull=True)
                | Q(cover_from__lte=F("cover_to")),
                name="parties_vendor_cover_check",
            ),
        )

    def __str__(self) -> str:
        return self.name
