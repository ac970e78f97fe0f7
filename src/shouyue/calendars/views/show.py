"""The list of calendars, and the page of one: month, year, and the box that works out a due time."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from shouyue.calendars import access, drawing, queries, shown, trying
from shouyue.calendars.models import CustomerCalendar, HolidayTable
from shouyue.calendars.shown import Shown
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.web.htmx import render_page

EXAMPLES = (
    gettext_lazy("4 hours"),
    gettext_lazy("30 min"),
    gettext_lazy("3 working days"),
    gettext_lazy("1 week"),
)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_GET
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar the reader may see, by group."""
    actor = actor_of(request)
    context = {
        "groups": shown.groups(actor),
        "missing": queries.missing_tables() if actor.is_staff else [],
        "today": clock.today(actor.time_zone),
        "can": {"tables": access.changes_tables(actor), "customers": access.changes_customers(actor)},
    }
    return render_page(request, "calendars/calendars.html", context)


@require_GET
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    """One calendar: a month, the year in small, and "try it"."""
    actor = actor_of(request)
    found = shown.find(actor, key)
    today = clock.today(found.calendar.zone.key)
    first = _month(request.GET.get("month", ""), today)
    asked = bool(request.GET.get("start") or request.GET.get("target"))
    context = {
        **frame(actor, found, "month"),
        "month": drawing.month(found.calendar, first.year, first.month, today),
        "year": drawing.year(found.calendar, first.year, today),
        "previous": drawing.moved(first, -1),
        "next": drawing.moved(first, 1),
        "this_month": today.replace(day=1),
        "today": today,
        "reaches_not": _reaches_not(found, first),
        **_tried(request, actor, found, asked),
    }
    return render_page(request, "calendars/calendar.html", context)


def frame(actor: Actor, found: Shown, active: str) -> dict[str, Any]:
    """What every page of one calendar shows: head, tabs, what may be done."""
    key = found.listed.key
    tabs = [
        {
            "key": "month",
            "label": _("Month and try it"),
            "url": reverse("calendars:calendar", args=[key]),
            "icon": "calendar",
        }
    ]
    if found.model is not None:
        tabs.append(
            {"key": "days", "label": _("Days"), "url": reverse("calendars:days", args=[key]), "icon": "list"}
        )
        tabs.append(
            {
                "key": "history",
                "label": _("Versions"),
                "url": reverse("calendars:history", args=[key]),
                "icon": "history",
            }
        )
    return {
        "shown": found,
        "key": key,
        "zone": found.calendar.zone.key,
        "tabs": tabs,
        "active": active,
        "can_change": may_change(actor, found),
    }


def may_change(actor: Actor, found: Shown) -> bool:
    """Whether the actor may change what lies behind a calendar."""
    if isinstance(found.model, HolidayTable):
        return access.changes_tables(actor)
    return isinstance(found.model, CustomerCalendar) and access.changes_customers(actor)


def _month(text: str, today: date) -> date:
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text)
    if match and 1900 < int(match[1]) < 2299 and 1 <= int(match[2]) <= 12:
        return date(int(match[1]), int(match[2]), 1)
    return today.replace(day=1)


def _reaches_not(found: Shown, first: date) -> bool:
    """Whether the month lies beyond what the holiday table knows."""
    if not found.table:
        return False
    until = queries.holiday_table(found.table).reaches_until
    return until is None or first > until


def _tried(request: HttpRequest, actor: Actor, found: Shown, asked: bool) -> dict[str, Any]:
    data = request.GET
    others = [line for group in shown.groups(actor) for line in group.lines if line.is_active]
    chosen = data.get("on") or found.listed.key
    begins, ends, reasons = data.getlist("pause"), data.getlist("resume"), data.getlist("why")
    rows = [
        (b, e, w)
        for b, e, w in zip(
            begins, [*ends, *[""] * len(begins)], [*reasons, *[""] * len(begins)], strict=False
        )
        if b or e
    ]
    start = data.get("start") or f"{clock.now().astimezone(found.calendar.zone):%Y-%m-%dT%H:%M}"
    context: dict[str, Any] = {
        "choices": others,
        "chosen": chosen,
        "start": _for_input(start),
        "target": data.get("target", "" if asked else str(EXAMPLES[0])),
        "pauses": [(_for_input(begin), _for_input(end), why) for begin, end, why in rows] + [("", "", "")],
        "has_pauses": bool(rows),
        "examples": EXAMPLES,
        "problems": {},
    }
    if not asked:
        return context
    try:
        on = found if chosen == found.listed.key else shown.find(actor, chosen)
    except NotFound:
        return context | {"problems": {"on": _("There is no such calendar.")}}
    problems: dict[str, str] = {}
    moment = _read(problems, lambda: trying.read_instant(start, on.calendar, "start"))
    duration = _read(problems, lambda: trying.read_target(data.get("target", "")))
    stops = _read(problems, lambda: trying.read_pauses(begins, ends, reasons, on.calendar))
    answer = None
    if not problems:
        answer = _read(problems, lambda: trying.work_out(on.calendar, moment, duration, stops))
    return context | {"problems": problems, "answer": answer, "on": on, "on_zone": on.calendar.zone.key}


def _read(problems: dict[str, str], read: Any) -> Any:
    try:
        return read()
    except trying.NotUnderstood as error:
        problems[error.field] = error.text
        return None


def _for_input(text: str) -> str:
    """What a field for date and time takes; other text stays as typed and is then refused in words."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return text
    return f"{moment:%Y-%m-%dT%H:%M:%S}" if moment.second else f"{moment:%Y-%m-%dT%H:%M}"
