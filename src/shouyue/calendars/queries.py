"""Reads of calendars. Customers' calendars start from `visible_to(actor)`; tables are everybody's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

from . import loading, rules, statutory
from .loading import TableDays, learn_state
from .models import (
    CustomerCalendar,
    CustomerCalendarVersion,
    CustomerDay,
    Holiday,
    HolidayTable,
    TableVersion,
)
from .rules import DayEntry

__all__ = ["TableDays", "learn_state"]

TABLE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,19}")
STATE_SQL: Final = f"({loading.STATE_SQL})"
"""For statements of higher modules that read the number along: hand it to `learn_state`."""


# --- for the modules above -------------------------------------------------------------------------------------


def holiday_table(
    name: str, year_from: int | None = None, year_to: int | None = None, *, at: datetime | None = None
) -> TableDays:
    """A table by its name, cut to the years: holidays, workdays, own_windows by date. Raises: Invalid.

    at: as it stood then. Queries: none when kept and the state is known in this transaction, else one to three.
    """
    table = loading.holiday_table(name, at)
    if year_from is None and year_to is None:
        return table
    first, last = year_from or 1, year_to or 9999
    days = {day: entry for day, entry in table.days.items() if first <= day.year <= last}
    return TableDays(table.name, table.title, table.version, table.reaches_until, days)


def customer_hours(
    customer_id: int, sites: Sequence[int] = (), *, at: datetime | None = None
) -> dict[str, Any] | None:
    """The working hours of a customer as a calendar's description, holidays and shifts included; None: not entered.

    sites: nearest first. at: as they stood then. For callers who may act for the customer. Queries: as above.
    """
    return loading.customer_spec(customer_id, sites, at)


def state() -> int:
    """The number of the last change of any calendar: what was made of them is good while it stays."""
    return loading.state()


# --- tables ----------------------------------------------------------------------------------------------------


def tables() -> QuerySet[HolidayTable]:
    """All holiday tables."""
    return HolidayTable.objects.select_related("based_on").order_by("name")


def table_names() -> frozenset[str]:
    """The names a plan may give after `holidays`; the statutory one is there before its first import. Queries: one."""
    return frozenset({statutory.TABLE, *HolidayTable.objects.values_list("name", flat=True)})


def table(name: str) -> HolidayTable:
    """One table by its name. Raises: NotFound."""
    found = tables().filter(name=name).first()
    if found is None:
        raise NotFound
    return found


def own_days(row: HolidayTable, year: int | None = None) -> QuerySet[Holiday]:
    """The table's own days, of one year or all."""
    rows = Holiday.objects.filter(table=row).select_related("changed_by").order_by("day")
    return rows if year is None else rows.filter(day__year=year)


def versions(row: HolidayTable) -> QuerySet[TableVersion]:
    """The versions of a table, newest first, without their days."""
    return (
        TableVersion.objects.filter(table=row).defer("days").select_related("created_by").order_by("-number")
    )


def exported(name: str, year: int | None = None) -> list[DayEntry]:
    """The days of a table as a file holds them, those it is based on included."""
    chosen = holiday_table(name, year, year).days
    return [entry for _day, entry in sorted(chosen.items())]


def missing_tables() -> list[tuple[str, int]]:
    """(table, year) of every table that should reach further by now. Queries: one.

    A table that is based on another reaches as far as that one.
    """
    today = clock.today("Asia/Shanghai")
    rows = list(HolidayTable.objects.filter(based_on__isnull=True).order_by("name"))
    if not any(row.name == statutory.TABLE for row in rows):
        rows.insert(0, HolidayTable(name=statutory.TABLE, reaches_until=statutory.reaches_until()))
    found = ((row.name, rules.missing_year(row.reaches_until, today)) for row in rows)
    return [(name, year) for name, year in found if year is not None]


# --- customers' calendars --------------------------------------------------------------------------------------


def customer_calendars(actor: Actor) -> QuerySet[CustomerCalendar]:
    """The calendars of the customers in scope, active ones first."""
    rows = CustomerCalendar.objects.visible_to(actor).select_related("customer", "site", "based_on")
    ordered: QuerySet[CustomerCalendar] = rows.order_by("-is_active", "customer__name_key", "name", "id")
    return ordered


def customer_calendar(actor: Actor, calendar_id: int) -> CustomerCalendar:
    """One customer's calendar. Raises: NotFound."""
    rows = CustomerCalendar.objects.visible_to(actor).select_related("customer", "site", "based_on")
    found: CustomerCalendar | None = rows.filter(pk=calendar_id).first()
    if found is None:
        raise NotFound
    return found


def customer_days(actor: Actor, row: CustomerCalendar, year: int | None = None) -> QuerySet[CustomerDay]:
    """The single days of a customer's calendar, of one year or all."""
    rows = (
        CustomerDay.objects.visible_to(actor)
        .filter(calendar=row)
        .select_related("changed_by")
        .order_by("day")
    )
    return rows if year is None else rows.filter(day__year=year)


def customer_versions(actor: Actor, row: CustomerCalendar) -> QuerySet[CustomerCalendarVersion]:
    """The versions of a customer's calendar, newest first, without their rules."""
    rows = CustomerCalendarVersion.objects.visible_to(actor).filter(calendar=row)
    return rows.defer("spec").select_related("created_by").order_by("-number")
