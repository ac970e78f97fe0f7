"""What the calendar page can show: registered sources, each a group of the list. Modules above add theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.servicetime import ServiceCalendar
from shouyue.web.navigation import Text

from . import loading, queries, statutory
from .models import CustomerCalendar, HolidayTable

OFFICE = {"mon-fri": ["09:00-12:00", "13:00-18:00"]}
"""The week a holiday table is drawn with, and the plain office week of the list."""


OFFICE_WEEK = {str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}
"""The same as a customer's calendar keeps it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list. key: its address; owner: the customer; until: the last day it is complete for."""

    key: str
    title: str
    note: str = ""
    owner: str = ""
    zone: str = "Asia/Shanghai"
    until: date | None = None
    is_active: bool = True
    group: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A calendar ready to draw. table: the holiday table it follows; model: what may be changed behind it."""

    listed: Listed
    calendar: ServiceCalendar
    table: str = ""
    model: HolidayTable | CustomerCalendar | None = None


@dataclass(frozen=True)
class Source:
    """A group: prefix of its keys, label, what an actor may see of it, and how one is found (None: there is none)."""

    prefix: str
    label: Text
    listed: Callable[[Actor], list[Listed]]
    find: Callable[[Actor, str], Shown | None]
    order: int = 50


@dataclass(frozen=True)
class Group:
    """A source's lines for one reader."""

    prefix: str
    label: Text
    lines: list[Listed] = field(default_factory=list)


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a group; call it in `AppConfig.ready`."""
    _sources[source.prefix] = source


def groups(actor: Actor) -> list[Group]:
    """Every group with what the actor may see, in order. Queries: those of the sources."""
    found = sorted(_sources.values(), key=lambda source: source.order)
    return [Group(source.prefix, source.label, source.listed(actor)) for source in found]


def find(actor: Actor, key: str) -> Shown:
    """A calendar by its key. Raises: NotFound, also for what the actor may not see."""
    prefix, _colon, rest = key.partition(":")
    source = _sources.get(prefix)
    found = source.find(actor, rest) if source else None
    if found is None:
        raise NotFound
    return found


# --- holiday tables --------------------------------------------------------------------------------------------


def _tables(actor: Actor) -> list[Listed]:
    return [_of_table(row) for row in queries.tables()]


def _table(actor: Actor, name: str) -> Shown:
    row = queries.table(name)
    calendar = loading.compiled_spec(
        ("table", name), lambda: {"zone": "Asia/Shanghai", "weekly": OFFICE, **_days(name)}
    )
    return Shown(_of_table(row), calendar, name, row)


def _days(name: str) -> dict[str, object]:
    table = queries.holiday_table(name)
    return {"holidays": table.holidays, "extra_workdays": table.workdays, "own_windows": table.own_windows}


def _of_table(row: HolidayTable) -> Listed:
    base = row.based_on
    note = _("On top of %(table)s") % {"table": base.shown_title} if base else row.source
    until = base.reaches_until if base else row.reaches_until
    return Listed(
        key=f"table:{row.name}",
        title=f"{row.name} · {row.shown_title}",
        note=note,
        owner=row.shown_region,
        until=until,
    )


# --- customers -------------------------------------------------------------------------------------------------


def _customers(actor: Actor) -> list[Listed]:
    return [_of_customer(row) for row in queries.customer_calendars(actor)]


def _customer(actor: Actor, number: str) -> Shown | None:
    if not number.isdecimal():
        return None
    row = queries.customer_calendar(actor, int(number))
    calendar = loading.compiled_spec(("customer", row.pk), lambda: loading.spec_of(row))
    return Shown(_of_customer(row), calendar, row.based_on.name if row.based_on else "", row)


def _of_customer(row: CustomerCalendar) -> Listed:
    note = _("Holidays: %(table)s") % {"table": row.based_on.name} if row.based_on else _("No holidays")
    owner = f"{row.customer} · {row.site}" if row.site else str(row.customer)
    return Listed(
        key=f"own:{row.pk}",
        title=row.name,
        note=note,
        owner=owner,
        zone=row.time_zone,
        is_active=row.is_active,
    )


# --- plain weeks -----------------------------------------------------------------------------------------------

_PLAIN: dict[str, tuple[Text, dict[str, object], bool]] = {
    "always": (gettext_lazy("7×24, around the clock"), {"mon-sun": ["00:00-24:00"]}, False),
    "seven-by-eight": (gettext_lazy("7×8, 09:00–17:00 every day"), {"mon-sun": ["09:00-17:00"]}, False),
    "five-by-eight": (
        gettext_lazy("5×8, 09:00–12:00 and 13:00–18:00, statutory holidays"),
        dict(OFFICE),
        True,
    ),
}


def _plain(actor: Actor) -> list[Listed]:
    return [_of_plain(name) for name in _PLAIN]


def _plain_one(actor: Actor, name: str) -> Shown | None:
    if name not in _PLAIN:
        return None
    _title, weekly, follows = _PLAIN[name]
    days = _days(statutory.TABLE) if follows else {}
    calendar = loading.compiled_spec(
        ("plain", name), lambda: {"zone": "Asia/Shanghai", "weekly": weekly, **days}
    )
    return Shown(_of_plain(name), calendar, statutory.TABLE if follows else "")


def _of_plain(name: str) -> Listed:
    title, _weekly, follows = _PLAIN[name]
    return Listed(
        key=f"plain:{name}",
        title=str(title),
        note=_("Holidays: %(table)s") % {"table": statutory.TABLE} if follows else "",
    )


def register_own() -> None:
    """The groups of this module."""
    register(Source("table", gettext_lazy("Holiday tables"), _tables, _table, order=10))
    register(Source("own", gettext_lazy("Calendars of customers"), _customers, _customer, order=30))
    register(Source("plain", gettext_lazy("Plain weeks"), _plain, _plain_one, order=40))
