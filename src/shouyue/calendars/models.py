"""Tables of calendars. Holiday tables are the provider's; the customers' calendars stand behind the wall."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet

from .choices import STATUTORY_REGION, STATUTORY_TITLE, DayKind, Origin


class CalendarState(models.Model):
    """One row whose number grows with every change of any calendar; what processes have kept is checked by it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=Q(id=1), name="calendars_state_single"),)


class HolidayTable(models.Model):
    """Days off and make-up workdays of a country or region. based_on: days not named here are taken from there.

    reaches_until: the last day the table is complete for.
    """

    name = models.CharField(_("name"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=100)
    region = models.CharField(_("region"), max_length=100, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    reaches_until = models.DateField(_("complete until"), null=True, blank=True)
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="dependants", db_index=False
    )
    version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=~Q(based_on=F("id")), name="calendars_table_based_on_check"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def shown_title(self) -> str:
        """The title in the reader's language as long as nobody has changed the one we brought."""
        return gettext("Statutory holidays of China") if self.title == STATUTORY_TITLE else self.title

    @property
    def shown_region(self) -> str:
        """The region, likewise."""
        return gettext("Mainland China") if self.region == STATUTORY_REGION else self.region


class Holiday(models.Model):
    """One day of a table. windows: its own hours, on working days only."""

    table = models.ForeignKey(HolidayTable, on_delete=models.PROTECT, related_name="days", db_index=False)
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind.choices)
    name = models.CharField(_("name"), max_length=100, blank=True)
    windows = models.JSONField(_("hours"), default=list, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.HAND)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("table", "day")
        constraints = (
            models.UniqueConstraint(fields=("table", "day"), name="calendars_holiday_day_uniq"),
            models.CheckConstraint(
                condition=Q(kind=DayKind.WORKDAY) | Q(windows=[]), name="calendars_holiday_windows_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class TableVersion(models.Model):
    """A table as it stood from `created_at` on; by it an earlier answer is found again.

    days: ISO day → [kind, name, windows], the table's own ones; summary: how many were added, changed, removed.
    """

    table = models.ForeignKey(HolidayTable, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.BigIntegerField()
    days = models.JSONField()
    based_on = models.CharField(max_length=20, blank=True)
    digest = models.CharField(max_length=64)
    summary = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("table", "-number")
        constraints = (
            models.UniqueConstraint(fields=("table", "number"), name="calendars_tableversion_uniq"),
        )


class CustomerCalendar(models.Model):
    """The working hours of a customer, or of one of its sites: the week, whose holidays it keeps, and single days.

    weekly: weekday ("0" is Monday) → windows. workday_windows: of make-up workdays; null: Monday's.
    """

    customer = CustomerKey(
        "parties.Customer", on_delete=models.PROTECT, related_name="calendars", db_index=False
    )
    site = SameCustomerForeignKey(
        "parties.Site",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calendars",
        db_index=False,
    )
    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    weekly = models.JSONField(_("week"))
    based_on = models.ForeignKey(
        HolidayTable,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="customer_calendars",
        db_index=False,
    )
    workday_windows = models.JSONField(_("hours of make-up workdays"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("customer", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "site"),
                name="calendars_customercalendar_place_uniq",
                condition=Q(is_active=True),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.name


class CustomerDay(models.Model):
    """One day that differs from the customer's week and holidays: off, on, or a shift with its own windows."""

    customer = CustomerKey("parties.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    calendar = SameCustomerForeignKey(
        CustomerCalendar, on_delete=models.PROTECT, related_name="days", db_index=False
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind.choices)
    name = models.CharField(_("name"), max_length=100, blank=True)
    windows = models.JSONField(_("hours"), default=list, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.HAND)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("calendar", "day")
        constraints = (
            models.UniqueConstraint(fields=("calendar", "day"), name="calendars_customerday_day_uniq"),
            models.CheckConstraint(
                condition=Q(kind=DayKind.WORKDAY) | Q(windows=[]), name="calendars_customerday_windows_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class CustomerCalendarVersion(models.Model):
    """A customer's calendar as it stood from `created_at` on. spec: week, single days, table by name."""

    customer = CustomerKey("parties.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    calendar = SameCustomerForeignKey(
        CustomerCalendar, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    number = models.BigIntegerField()
    spec = models.JSONField()
    digest = models.CharField(max_length=64)
    summary = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("calendar", "-number")
        constraints = (
            models.UniqueConstraint(fields=("calendar", "number"), name="calendars_customerversion_uniq"),
        )
