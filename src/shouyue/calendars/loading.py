"""Tables and customers' calendars, kept per process and never stale.

One number grows with every change of any calendar (`CalendarState`). Each transaction learns it once; what was
kept under another number is dropped. The number comes from a sequence under the row's lock, so it is never used
twice, not even by a change that is rolled back: a committed change holds in the next transaction of every process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils.translation import gettext as _

from shouyue.kernel.errors import Invalid
from shouyue.servicetime import ServiceCalendar

from . import rules, statutory
from .models import (
    CustomerCalendar,
    CustomerCalendarVersion,
    CustomerDay,
    Holiday,
    HolidayTable,
    TableVersion,
)
from .rules import DayEntry

STATE_SQL = "SELECT coalesce(max(version), 0) FROM calendars_calendarstate"


@dataclass(frozen=True)
class TableDays:
    """A table's days, those of the table it is based on included, as its readers use them. digest: of these days."""

    name: str
    title: str
    version: int
    reaches_until: date | None
    days: Mapping[date, DayEntry]

    @cached_property
    def _parts(self) -> dict[str, Any]:
        return rules.spec_parts(self.days)

    @property
    def holidays(self) -> dict[date, str]:
        """Days off with their names."""
        found: dict[date, str] = self._parts["holidays"]
        return found

    @property
    def workdays(self) -> dict[date, str]:
        """Make-up workdays, named after the holiday they make up for."""
        found: dict[date, str] = self._parts["extra_workdays"]
        return found

    @property
    def own_windows(self) -> dict[date, rules.Windows]:
        """The hours of those working days that have their own."""
        found: dict[date, rules.Windows] = self._parts["own_windows"]
        return found

    @cached_property
    def digest(self) -> str:
        """Fingerprint of the days."""
        return rules.digest_of(rules.to_json(self.days))


class _Seen:
    """The number this transaction knows; lives in the connection's on-commit list, so ends with the transaction."""

    version: int | None = None

    def __call__(self) -> None:
        """Nothing is left to do when the transaction commits."""


_kept_version = -1
_kept: dict[Any, Any] = {}


def state() -> int:
    """The number of the last change. Queries: one per transaction."""
    seen = _seen()
    if seen.version is None:
        with connection.cursor() as cursor:
            cursor.execute(STATE_SQL)
            seen.version = int(cursor.fetchone()[0])
    return seen.version


def learn_state(version: int) -> None:
    """Tell this transaction the number, when a statement of somebody else has read it along."""
    seen = _seen()
    if seen.version is None:
        seen.version = version


def mark_changed() -> int:
    """Give the calendars a new number after a change. Locks: the state, which lets one change in at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calendars_calendarstate (id, version) VALUES (1, nextval('calendars_version_seq'))"
            " ON CONFLICT (id) DO UPDATE SET version = nextval('calendars_version_seq') RETURNING version"
        )
        version = int(cursor.fetchone()[0])
    _seen().version = version
    return version


def _seen() -> _Seen:
    held = connections[DEFAULT_DB_ALIAS]  # past the proxy: this is asked twice for each obligation
    if not held.in_atomic_block:
        return _Seen()
    for entry in held.run_on_commit:
        if isinstance(entry[1], _Seen):
            return entry[1]
    seen = _Seen()
    transaction.on_commit(seen)
    return seen


def kept(key: Any, make: Any) -> Any:
    """What was made under the present number, made anew when a calendar has changed since; None is not kept."""
    global _kept_version, _kept
    version = state()
    if _kept_version != version:
        _kept_version, _kept = version, {}
    held = _kept
    found = held.get(key)
    if found is None:
        found = make()
        if found is not None:
            held[key] = found
    return found


def holiday_table(name: str, at: datetime | None = None) -> TableDays:
    """A table by its name, now or as it stood at an instant. Raises: Invalid for a table that is not kept.

    Queries: none when kept, else two for each table it is based on.
    """
    found: TableDays = kept(("table", name, at), lambda: _read_table(name, at))
    return found


def _read_table(name: str, at: datetime | None) -> TableDays:
    row = HolidayTable.objects.select_related("based_on").filter(name=name).first()
    if row is None:
        if name != statutory.TABLE:
            raise Invalid(_("There is no holiday table “%(name)s”.") % {"name": name})
        # Before the first import the package speaks for itself.
        return TableDays(name, name, 0, statutory.reaches_until(), statutory.days())
    own, based_on, version = _own_days(row, at)
    reaches = row.reaches_until
    base: Mapping[date, DayEntry] = {}
    if based_on:
        below = holiday_table(based_on, at)
        base, reaches = below.days, below.reaches_until
    return TableDays(name, row.title, version, reaches, rules.overlay(base, own))


def _own_days(row: HolidayTable, at: datetime | None) -> tuple[dict[date, DayEntry], str, int]:
    if at is not None:
        versions = TableVersion.objects.filter(table=row)
        version = (
            versions.filter(created_at__lte=at).order_by("-number").first()
            or versions.order_by("number").first()
        )
        if version is not None:
            return rules.from_json(version.days), version.based_on, version.number
    return table_entries(row), row.based_on.name if row.based_on else "", row.version


def table_entries(row: HolidayTable) -> dict[date, DayEntry]:
    """The table's own days as they are now. Queries: one."""
    return {entry.day: as_entry(entry) for entry in Holiday.objects.filter(table=row)}


def as_entry(row: Holiday | CustomerDay) -> DayEntry:
    """A stored day as a value."""
    return DayEntry(row.day, row.kind, row.name, tuple((opens, closes) for opens, closes in row.windows))


def customer_spec(
    customer_id: int, sites: Sequence[int] = (), at: datetime | None = None
) -> dict[str, Any] | None:
    """The working hours of a customer as a calendar's description; None when it has entered none.

    sites: nearest first; the first of them with a calendar wins, then the customer's own. at: as it stood then.
    Queries: none when kept, else three.
    """
    found: dict[str, Any] | None = kept(
        ("customer", customer_id, tuple(sites), at), lambda: _read_customer(customer_id, tuple(sites), at)
    )
    return found


def _read_customer(customer_id: int, sites: tuple[int, ...], at: datetime | None) -> dict[str, Any] | None:
    rows = {
        row.site_id: row
        for row in CustomerCalendar.objects.select_related("based_on").filter(
            customer_id=customer_id, is_active=True
        )
        if row.site_id is None or row.site_id in sites
    }
    chosen = next((rows[site] for site in (*sites, None) if site in rows), None)
    return None if chosen is None else spec_of(chosen, at)


def stored_spec(row: CustomerCalendar) -> dict[str, Any]:
    """What a version of a customer's calendar keeps. Queries: one."""
    return {
        "zone": row.time_zone,
        "weekly": row.weekly,
        "based_on": row.based_on.name if row.based_on else "",
        "workday_windows": row.workday_windows,
        "days": rules.to_json({day.day: as_entry(day) for day in CustomerDay.objects.filter(calendar=row)}),
    }


def spec_of(row: CustomerCalendar, at: datetime | None = None) -> dict[str, Any]:
    """A customer's calendar as `servicetime` reads it: its week, the table's days, its own days over them."""
    stored = None
    if at is not None:
        versions = CustomerCalendarVersion.objects.filter(calendar=row)
        version = (
            versions.filter(created_at__lte=at).order_by("-number").first()
            or versions.order_by("number").first()
        )
        stored = version.spec if version is not None else None
    stored = stored or stored_spec(row)
    base = holiday_table(stored["based_on"], at).days if stored["based_on"] else {}
    days = rules.overlay(base, rules.from_json(stored["days"]))
    spec: dict[str, Any] = {"zone": stored["zone"], "weekly": stored["weekly"], **rules.spec_parts(days)}
    if stored["workday_windows"] is not None:
        spec["extra_windows"] = stored["workday_windows"]
    return spec


def compiled_spec(key: Any, make: Any) -> ServiceCalendar:
    """A service calendar kept under the present number. make() gives its description."""
    found: ServiceCalendar = kept(("compiled", key), lambda: ServiceCalendar.from_spec(make()))
    return found
