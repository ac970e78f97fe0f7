"""Changes to calendars: one function per verb. Every change makes a new version that later answers can be found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.parties import queries as parties
from shouyue.servicetime import BadCalendarError, ServiceCalendar, ServiceTimeError

from . import access, loading, queries, rules, statutory
from .choices import STATUTORY_REGION, STATUTORY_TITLE, DayKind, Origin
from .models import (
    CustomerCalendar,
    CustomerCalendarVersion,
    CustomerDay,
    Holiday,
    HolidayTable,
    TableVersion,
)
from .rules import DayEntry

MOST_DAYS = 1_000
"""One change by hand reaches no further."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How many days a change added, changed, removed; first and last of them."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def total(self) -> int:
        """Days touched."""
        return self.added + self.changed + self.removed

    @property
    def counts(self) -> dict[str, int]:
        """For a version's summary."""
        return {"added": self.added, "changed": self.changed, "removed": self.removed}


# --- holiday tables --------------------------------------------------------------------------------------------


@transaction.atomic
def create_table(
    *, actor: Actor, name: str, title: str, region: str = "", source: str = "", based_on: str = ""
) -> HolidayTable:
    """Begin a table, by itself or on top of another. Raises: NotAllowed, Invalid."""
    access.require_changes_tables(actor)
    locks.hold("calendars")
    fields: dict[str, list[Any]] = {}
    if not queries.TABLE_NAME.fullmatch(name):
        fields["name"] = [_("Letters, digits and hyphens, beginning with a letter, at most 20, e.g. CN-XJ.")]
    elif HolidayTable.objects.filter(name__iexact=name).exists():
        fields["name"] = [_("This name is taken.")]
    if not title.strip():
        fields["title"] = [_("Give the table a title.")]
    below = HolidayTable.objects.filter(name=based_on).first() if based_on else None
    if based_on and below is None:
        fields["based_on"] = [_("There is no such table.")]
    if fields:
        raise Invalid(fields=fields)
    row = HolidayTable.objects.create(
        name=name,
        title=title.strip(),
        region=region.strip(),
        source=source.strip(),
        based_on=below,
        created_at=clock.now(),
    )
    _publish_table(actor, row, Changed(), reason="", verb="calendar.created")
    return row


@transaction.atomic
def change_table(
    *,
    actor: Actor,
    name: str,
    version: int,
    title: str,
    region: str = "",
    source: str = "",
    reaches_until: date | None = None,
) -> HolidayTable:
    """Change what is said about a table. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the table."""
    row = _locked_table(actor, name)
    if row.version != version:
        raise Conflict
    if not title.strip():
        raise Invalid(fields={"title": [_("Give the table a title.")]})
    row.title, row.region, row.source = title.strip(), region.strip(), source.strip()
    row.reaches_until = reaches_until
    row.save(update_fields=["title", "region", "source", "reaches_until"])
    _publish_table(actor, row, Changed(), reason="")
    return row


@transaction.atomic
def set_days(
    *,
    actor: Actor,
    table: str,
    first: date,
    last: date | None = None,
    kind: str,
    name: str = "",
    windows: str | rules.Windows = (),
    reason: str,
) -> Changed:
    """Enter or change the days from first to last by hand. Raises: NotFound, NotAllowed, Invalid. Locks: the table."""
    row = _locked_table(actor, table)
    entries = _entries_by_hand(first, last, kind, name, windows, reason)
    done = _write_table(actor, row, entries, Origin.HAND, reason)
    if done:
        _publish_table(actor, row, done, reason)
    return done


@transaction.atomic
def remove_day(*, actor: Actor, table: str, day: date, reason: str) -> Changed:
    """Take a day out of a table. What was changed by hand returns to the package's or the lower table's word;
    those of the package and of the lower table become ordinary.

    Raises: NotFound, NotAllowed, Invalid. Locks: the table.
    """
    row = _locked_table(actor, table)
    _require_reason(reason)
    stored = Holiday.objects.filter(table=row, day=day).first()
    published = statutory.days().get(day) if row.name == statutory.TABLE else None
    below = loading.holiday_table(row.based_on.name).days.get(day) if row.based_on else None
    if stored is None and below is None:
        raise NotFound
    if stored is None or stored.origin == Origin.PACKAGE:
        done = _write_table(actor, row, [DayEntry(day, DayKind.ORDINARY.value)], Origin.HAND, reason)
    elif published is not None:
        done = _write_table(actor, row, [published], Origin.PACKAGE, reason)
    else:
        stored.delete()
        done = Changed(removed=1, first=day, last=day)
    if done:
        _publish_table(actor, row, done, reason)
    return done


@transaction.atomic
def import_days(*, actor: Actor, table: str, entries: Iterable[DayEntry], source: str) -> Changed:
    """Enter the days of a file; they win over what is there. The table then reaches to the end of their last year.

    Raises: NotFound, NotAllowed. Locks: the table.
    """
    row = _locked_table(actor, table)
    entries = list(entries)
    done = _write_table(actor, row, entries, Origin.IMPORT, source)
    if entries:
        reach = date(max(entry.day for entry in entries).year, 12, 31)
        if row.reaches_until is None or reach > row.reaches_until:
            row.reaches_until = reach
            row.save(update_fields=["reaches_until"])
    if done:
        _publish_table(actor, row, done, source)
    return done


@transaction.atomic
def refresh_statutory(*, actor: Actor) -> Changed:
    """Bring the statutory table up to the installed package; days changed by hand or import stay. Repeatable.

    Raises: NotAllowed. Locks: the table.
    """
    access.require_changes_tables(actor)
    locks.hold("calendars")
    row, is_new = HolidayTable.objects.get_or_create(
        name=statutory.TABLE,
        defaults={"title": STATUTORY_TITLE, "region": STATUTORY_REGION, "created_at": clock.now()},
    )
    published = statutory.days()
    stored = {day.day: day for day in Holiday.objects.filter(table=row)}
    kept = {day for day, entry in stored.items() if entry.origin != Origin.PACKAGE}
    done = _write_table(
        actor, row, [entry for day, entry in published.items() if day not in kept], Origin.PACKAGE, ""
    )
    gone = [day for day in stored if day not in published and day not in kept]
    Holiday.objects.filter(table=row, day__in=gone).delete()
    done = Changed(done.added, done.changed, len(gone), done.first, done.last)
    reach = max(statutory.reaches_until(), row.reaches_until or date.min)
    if done or is_new or (row.source, row.reaches_until) != (statutory.source(), reach):
        row.source, row.reaches_until = statutory.source(), reach
        row.save(update_fields=["source", "reaches_until"])
        _publish_table(actor, row, done, statutory.source())
    return done


def _locked_table(actor: Actor, name: str) -> HolidayTable:
    access.require_changes_tables(actor)
    locks.hold("calendars")
    return locks.lock_row(HolidayTable.objects.all(), name=name)


def _write_table(
    actor: Actor, row: HolidayTable, entries: Iterable[DayEntry], origin: Origin, reason: str
) -> Changed:
    stored = {day.day: day for day in Holiday.objects.filter(table=row)}
    make = lambda entry: Holiday(table=row, **_values(actor, entry, origin, reason))  # noqa: E731
    return _write(Holiday, stored, entries, make, origin)


def _publish_table(
    actor: Actor, row: HolidayTable, done: Changed, reason: str, verb: str = "calendar.changed"
) -> None:
    number = loading.mark_changed()
    row.version = number
    row.save(update_fields=["version"])
    days = rules.to_json(loading.table_entries(row))
    based_on = row.based_on.name if row.based_on else ""
    digest = rules.digest_of([days, based_on])
    TableVersion.objects.create(
        table=row,
        number=number,
        days=days,
        based_on=based_on,
        digest=digest,
        summary=done.counts,
        reason=reason[:200],
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    _record(verb, actor, ("holiday_table", row.pk), 0, done, digest, calendar=row.name)


# --- customers' calendars --------------------------------------------------------------------------------------


@transaction.atomic
def create_customer_calendar(
    *,
    actor: Actor,
    customer_id: int,
    name: str,
    weekly: Mapping[int, str],
    site_id: int | None = None,
    time_zone: str = "Asia/Shanghai",
    based_on: str = "",
    workday_windows: str = "",
    note: str = "",
) -> CustomerCalendar:
    """Enter the working hours of a customer, or of one of its sites. weekly: weekday (0 is Monday) → hours as text.

    Raises: NotFound, NotAllowed, Invalid. Locks: the calendars.
    """
    owner = parties.customer(actor, customer_id)
    access.require_changes_customers(actor)
    locks.hold("calendars")
    row = CustomerCalendar(customer=owner, created_at=clock.now())
    _fill(actor, row, name, site_id, weekly, time_zone, based_on, workday_windows, note)
    row.save()
    _publish_customer(actor, row, Changed(), "", "calendar.created")
    return row


@transaction.atomic
def change_customer_calendar(
    *,
    actor: Actor,
    calendar_id: int,
    version: int,
    name: str,
    weekly: Mapping[int, str],
    site_id: int | None = None,
    time_zone: str = "Asia/Shanghai",
    based_on: str = "",
    workday_windows: str = "",
    note: str = "",
    is_active: bool = True,
    reason: str = "",
) -> CustomerCalendar:
    """Change a customer's week or what it is based on. Raises: NotFound, NotAllowed, Conflict, Invalid."""
    row = _locked_customer(actor, calendar_id)
    if row.version != version:
        raise Conflict
    row.is_active = is_active
    _fill(actor, row, name, site_id, weekly, time_zone, based_on, workday_windows, note)
    row.save()
    _publish_customer(actor, row, Changed(), reason)
    return row


@transaction.atomic
def set_customer_days(
    *,
    actor: Actor,
    calendar_id: int,
    first: date,
    last: date | None = None,
    kind: str,
    name: str = "",
    windows: str | rules.Windows = (),
    reason: str,
) -> Changed:
    """Enter days off, working days or shifts of a customer. Raises: NotFound, NotAllowed, Invalid."""
    row = _locked_customer(actor, calendar_id)
    entries = _entries_by_hand(first, last, kind, name, windows, reason)
    done = _write_customer(actor, row, entries, Origin.HAND, reason)
    if done:
        _publish_customer(actor, row, done, reason)
    return done


@transaction.atomic
def remove_customer_day(*, actor: Actor, calendar_id: int, day: date, reason: str) -> Changed:
    """Take back what a customer's calendar says about a day; the week and the holidays count again."""
    row = _locked_customer(actor, calendar_id)
    _require_reason(reason)
    if not CustomerDay.objects.filter(calendar=row, day=day).delete()[0]:
        raise NotFound
    done = Changed(removed=1, first=day, last=day)
    _publish_customer(actor, row, done, reason)
    return done


@transaction.atomic
def import_customer_days(
    *, actor: Actor, calendar_id: int, entries: Iterable[DayEntry], source: str
) -> Changed:
    """Enter the days and shifts of a file into a customer's calendar; they win over what is there."""
    row = _locked_customer(actor, calendar_id)
    done = _write_customer(actor, row, entries, Origin.IMPORT, source)
    if done:
        _publish_customer(actor, row, done, source)
    return done


def _locked_customer(actor: Actor, calendar_id: int) -> CustomerCalendar:
    found = queries.customer_calendar(actor, calendar_id)
    access.require_changes_customers(actor)
    locks.hold("calendars")
    row: CustomerCalendar = locks.lock_row(CustomerCalendar.objects.visible_to(actor), pk=found.pk)
    return row


def _fill(
    actor: Actor,
    row: CustomerCalendar,
    name: str,
    site_id: int | None,
    weekly: Mapping[int, str],
    time_zone: str,
    based_on: str,
    workday_windows: str,
    note: str,
) -> None:
    fields: dict[str, list[Any]] = {}
    row.name, row.note, row.time_zone = name.strip(), note.strip(), time_zone
    if not row.name:
        fields["name"] = [_("Give the calendar a name.")]
    row.site = parties.site(actor, site_id) if site_id else None
    if row.site is not None and row.site.customer_id != row.customer_id:
        raise NotFound
    row.based_on = HolidayTable.objects.filter(name=based_on).first() if based_on else None
    if based_on and row.based_on is None:
        fields["based_on"] = [_("There is no such table.")]
    row.weekly = {}
    for day, text in weekly.items():
        _read_hours(
            fields,
            f"weekly_{day}",
            lambda text=text, day=day: row.weekly.update(rules.read_weekly({day: text})),
        )
    row.workday_windows = None
    if workday_windows.strip():
        _read_hours(
            fields,
            "workday_windows",
            lambda: setattr(
                row, "workday_windows", [list(pair) for pair in rules.read_windows(workday_windows)]
            ),
        )
    if not fields:
        try:
            ServiceCalendar(zone=row.time_zone, weekly=row.weekly)
        except ServiceTimeError:
            fields["time_zone"] = [_("There is no such time zone.")]
    taken = CustomerCalendar.objects.filter(customer_id=row.customer_id, site=row.site, is_active=True)
    if row.is_active and taken.exclude(pk=row.pk).exists():
        fields["site_id"] = [_("This place has a calendar already.")]
    if fields:
        raise Invalid(fields=fields)


def _read_hours(fields: dict[str, list[Any]], name: str, read: Any) -> None:
    try:
        read()
    except BadCalendarError:
        fields[name] = [_("Write the hours as 09:00-12:00, 13:00-18:00.")]


def _write_customer(
    actor: Actor, row: CustomerCalendar, entries: Iterable[DayEntry], origin: Origin, reason: str
) -> Changed:
    stored = {day.day: day for day in CustomerDay.objects.filter(calendar=row)}
    owner = {"customer_id": row.customer_id, "calendar": row}
    make = lambda entry: CustomerDay(**owner, **_values(actor, entry, origin, reason))  # noqa: E731
    return _write(CustomerDay, stored, entries, make, origin)


def _publish_customer(
    actor: Actor, row: CustomerCalendar, done: Changed, reason: str, verb: str = "calendar.changed"
) -> None:
    number = loading.mark_changed()
    row.version = number
    row.save(update_fields=["version"])
    spec = loading.stored_spec(row)
    digest = rules.digest_of(spec)
    CustomerCalendarVersion.objects.create(
        customer_id=row.customer_id,
        calendar=row,
        number=number,
        spec=spec,
        digest=digest,
        summary=done.counts,
        reason=reason[:200],
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    _record(verb, actor, ("customer_calendar", row.pk), row.customer_id, done, digest, calendar="customer")


# --- shared ----------------------------------------------------------------------------------------------------


def _entries_by_hand(
    first: date, last: date | None, kind: str, name: str, windows: str | rules.Windows, reason: str
) -> list[DayEntry]:
    last = last or first
    fields: dict[str, list[Any]] = {}
    if last < first:
        fields["last"] = [_("The last day is before the first.")]
    elif (last - first).days >= MOST_DAYS:
        fields["last"] = [_("At most 1,000 days at a time.")]
    if kind not in DayKind.values:
        fields["kind"] = [_("There is no such kind of day.")]
    try:
        hours = rules.read_windows(windows)
        if hours and kind != DayKind.WORKDAY:
            fields["windows"] = [_("Only a working day has hours of its own.")]
    except BadCalendarError:
        hours = ()
        fields["windows"] = [_("Write the hours as 09:00-12:00, 13:00-18:00.")]
    if not reason.strip():
        fields["reason"] = [_("Say why; the reason is kept.")]
    if fields:
        raise Invalid(fields=fields)
    plain = rules.canonical(name)[:100]
    return [DayEntry(day, kind, plain, hours) for day in rules.each_day(first, last)]


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why; the reason is kept.")]})


def _values(actor: Actor, entry: DayEntry, origin: Origin, reason: str) -> dict[str, Any]:
    return {
        "day": entry.day,
        "kind": entry.kind,
        "name": entry.name,
        "windows": [list(pair) for pair in entry.windows],
        "origin": origin,
        "reason": reason[:200],
        "changed_at": clock.now(),
        "changed_by_id": actor.user_id,
    }


def _write(
    model: Any, stored: Mapping[date, Any], entries: Iterable[DayEntry], make: Any, origin: Origin
) -> Changed:
    """Insert and update what differs; queries: two at most."""
    fresh, changed = [], []
    for entry in entries:
        known = stored.get(entry.day)
        if known is None:
            fresh.append(make(entry))
        elif loading.as_entry(known) != entry or (known.origin == Origin.PACKAGE) != (
            origin == Origin.PACKAGE
        ):
            row = make(entry)
            row.pk = known.pk
            changed.append(row)
    model.objects.bulk_create(fresh)
    if changed:
        model.objects.bulk_update(
            changed, ["kind", "name", "windows", "origin", "reason", "changed_at", "changed_by"]
        )
    days = [row.day for row in (*fresh, *changed)]
    return Changed(len(fresh), len(changed), 0, min(days, default=None), max(days, default=None))


def _record(
    verb: str,
    actor: Actor,
    subject: tuple[str, int],
    customer_id: int,
    done: Changed,
    digest: str,
    *,
    calendar: str,
) -> None:
    facts: dict[str, events.FactValue] = {"calendar": calendar, "digest": digest}
    if verb == "calendar.changed":
        facts |= {**done.counts, "first": done.first, "last": done.last}
    events.record(verb, actor=actor, subject=subject, customer_id=customer_id, facts=facts)
