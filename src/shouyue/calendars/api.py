"""JSON API of calendars: list and explain any calendar, read and change tables and customers' days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.responses import Status

from shouyue.kernel.errors import Invalid, NotFound
from shouyue.web import rest

from . import access, exchange, loading, queries, rules, services, shown, trying
from .models import CustomerCalendar, HolidayTable
from .rules import DayEntry

router = Router(tags=["calendars"])


class CalendarOut(Schema):
    """key: its address in every other call. until: the last day its holiday table is complete for."""

    key: str
    group: str
    title: str
    owner: str
    note: str
    zone: str
    until: date | None
    is_active: bool


class DayOut(Schema):
    day: date
    kind: str
    name: str
    windows: list[list[str]]


class DayIn(Schema):
    """windows: `09:00-12:00, 13:00-18:00`, of working days only."""

    kind: str
    name: str = ""
    windows: str = ""
    reason: str


class DaysIn(Schema):
    """content: a CSV or ICS file as text. good_only: enter what can be read and report the rest."""

    content: str
    source: str
    good_only: bool = False


class BadLineOut(Schema):
    line: int
    text: str
    problem: str


class ChangedOut(Schema):
    added: int
    changed: int
    removed: int
    bad: list[BadLineOut] = []


class TableIn(Schema):
    name: str
    title: str
    region: str = ""
    source: str = ""
    based_on: str = ""


class CustomerCalendarIn(Schema):
    """weekly: weekday (0 is Monday) → hours as text."""

    name: str
    weekly: dict[int, str]
    site_id: int | None = None
    time_zone: str = "Asia/Shanghai"
    based_on: str = ""
    workday_windows: str = ""
    note: str = ""


class CustomerCalendarChange(CustomerCalendarIn):
    is_active: bool = True
    reason: str = ""


class DueQuery(Schema):
    """start: ISO 8601, in the calendar's zone without an offset. pause, resume, why: rows, in order."""

    start: str
    target: str
    pause: list[str] = []
    resume: list[str] = []
    why: list[str] = []


class StretchOut(Schema):
    start: datetime
    end: datetime | None
    counted: int
    kind: str
    label: str


class DueOut(Schema):
    """counted, idle, paused: seconds. digest: fingerprint of the calendar's rules."""

    due: datetime | None
    counted: int
    idle: int
    paused: int
    zone: str
    digest: str
    stretches: list[StretchOut]


@router.get("calendars", response=list[CalendarOut], summary="List every calendar the reader may see")
def list_calendars(request: HttpRequest) -> list[dict[str, Any]]:
    fields = ("key", "title", "owner", "note", "zone", "until", "is_active")
    return [
        {"group": group.prefix, **{name: getattr(line, name) for name in fields}}
        for group in shown.groups(rest.actor_of(request))
        for line in group.lines
    ]


@router.get("calendars/{key}", response=dict[str, Any], summary="The rules of a calendar")
def get_calendar(request: HttpRequest, response: HttpResponse, key: str) -> dict[str, Any]:
    found = shown.find(rest.actor_of(request), key)
    if found.model is not None:
        response["ETag"] = rest.etag(found.model.version)
    digest = found.calendar.spec_digest()
    return {"key": key, "title": found.listed.title, "digest": digest, "rules": found.calendar.to_spec()}


@router.get("calendars/{key}/due", response=DueOut, summary="When a target is due on a calendar, and why")
def get_due(request: HttpRequest, key: str, query: Query[DueQuery]) -> dict[str, Any]:
    calendar = shown.find(rest.actor_of(request), key).calendar
    try:
        answer = trying.work_out(
            calendar,
            trying.read_instant(query.start, calendar, "start"),
            trying.read_target(query.target),
            trying.read_pauses(query.pause, query.resume, query.why, calendar),
        )
    except trying.NotUnderstood as error:
        raise Invalid(fields={error.field: [error.text]}) from error
    return {
        "due": answer.due and answer.due.astimezone(UTC),
        "counted": answer.counted,
        "idle": answer.idle,
        "paused": answer.paused,
        "zone": calendar.zone.key,
        "digest": calendar.spec_digest(),
        "stretches": [
            {
                "start": part.start.astimezone(UTC),
                "end": part.end and part.end.astimezone(UTC),
                "counted": part.counted,
                "kind": part.kind,
                "label": part.label,
            }
            for part in answer.stretches
        ],
    }


@router.get(
    "calendars/{key}/days", response=list[DayOut], summary="The days a table or a customer's calendar names"
)
def list_days(request: HttpRequest, key: str, year: int | None = None) -> list[dict[str, Any]]:
    actor = rest.actor_of(request)
    model = _model(request, key)
    if isinstance(model, HolidayTable):
        return [_day(entry) for entry in queries.exported(model.name, year)]
    return [_day(loading.as_entry(row)) for row in queries.customer_days(actor, model, year)]


@router.put("calendars/{key}/days/{day}", response=ChangedOut, summary="Enter or change a day")
def put_day(request: HttpRequest, key: str, day: date, data: DayIn) -> dict[str, Any]:
    actor, model = rest.actor_of(request), _model(request, key)
    values = {"first": day, **data.model_dump()}
    if isinstance(model, HolidayTable):
        return _counts(services.set_days(actor=actor, table=model.name, **values))
    return _counts(services.set_customer_days(actor=actor, calendar_id=model.pk, **values))


@router.delete("calendars/{key}/days/{day}", response=ChangedOut, summary="Take a day out")
def delete_day(request: HttpRequest, key: str, day: date, reason: str) -> dict[str, Any]:
    actor, model = rest.actor_of(request), _model(request, key)
    if isinstance(model, HolidayTable):
        return _counts(services.remove_day(actor=actor, table=model.name, day=day, reason=reason))
    return _counts(services.remove_customer_day(actor=actor, calendar_id=model.pk, day=day, reason=reason))


@router.post("calendars/{key}/import", response=ChangedOut, summary="Import days from CSV or ICS")
@rest.repeatable
def import_days(request: HttpRequest, key: str, data: DaysIn) -> dict[str, Any]:
    actor, model = rest.actor_of(request), _model(request, key)
    if isinstance(model, HolidayTable):
        access.require_changes_tables(actor)
    else:
        access.require_changes_customers(actor)
    zone = shown.find(actor, key).calendar.zone.key
    read = exchange.read(data.content, zone)
    if read.bad and not data.good_only:
        raise Invalid(
            _("Some lines cannot be read; nothing was entered."),
            fields={f"line {line.number}": [line.problem] for line in read.bad},
        )
    if isinstance(model, HolidayTable):
        done = services.import_days(actor=actor, table=model.name, entries=read.entries, source=data.source)
    else:
        done = services.import_customer_days(
            actor=actor, calendar_id=model.pk, entries=read.entries, source=data.source
        )
    bad = [{"line": line.number, "text": line.text, "problem": line.problem} for line in read.bad]
    return {**_counts(done), "bad": bad}


@router.post("calendars", response={201: CalendarOut}, summary="Begin a holiday table")
@rest.repeatable
def create_table(request: HttpRequest, data: TableIn) -> Status[dict[str, Any]]:
    made = services.create_table(actor=rest.actor_of(request), **data.model_dump())
    return Status(201, _listed(request, f"table:{made.name}"))


@router.post(
    "customers/{customer_id}/calendars", response={201: CalendarOut}, summary="Enter a customer's hours"
)
@rest.repeatable
def create_customer_calendar(
    request: HttpRequest, customer_id: int, data: CustomerCalendarIn
) -> Status[dict[str, Any]]:
    made = services.create_customer_calendar(
        actor=rest.actor_of(request), customer_id=customer_id, **data.model_dump()
    )
    return Status(201, _listed(request, f"own:{made.pk}"))


@router.put("calendars/{key}", response=CalendarOut, summary="Change a customer's week (If-Match)")
def change_customer_calendar(
    request: HttpRequest, response: HttpResponse, key: str, data: CustomerCalendarChange
) -> dict[str, Any]:
    model = _model(request, key)
    if not isinstance(model, CustomerCalendar):
        raise NotFound
    rest.require_match(request, model.version)
    changed = services.change_customer_calendar(
        actor=rest.actor_of(request), calendar_id=model.pk, version=model.version, **data.model_dump()
    )
    response["ETag"] = rest.etag(changed.version)
    return _listed(request, key)


def _model(request: HttpRequest, key: str) -> HolidayTable | CustomerCalendar:
    model = shown.find(rest.actor_of(request), key).model
    if model is None:
        raise NotFound
    return model


def _listed(request: HttpRequest, key: str) -> dict[str, Any]:
    line = shown.find(rest.actor_of(request), key).listed
    fields = ("key", "title", "owner", "note", "zone", "until", "is_active")
    return {"group": key.partition(":")[0], **{name: getattr(line, name) for name in fields}}


def _day(entry: DayEntry) -> dict[str, Any]:
    return {
        "day": entry.day,
        "kind": entry.kind,
        "name": rules.shown_name(entry.name),
        "windows": [list(pair) for pair in entry.windows],
    }


def _counts(done: services.Changed) -> dict[str, Any]:
    return dict(done.counts)
