"""Pages: my promises, the calendar of what falls due and its feed, heat map, trend of one promise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe
from icalendar import Calendar, Event

from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract
from shouyue.kernel import clock, scope
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.signoff import queries as signoffs
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page

from . import cases, queries
from .choices import UNJUDGED, Kind
from .models import Obligation
from .queries import board, outlook, trends, vouching
from .services import feeds

Text = str | Promise
SHOWN_PER_DAY = 4
AGENDA_DAYS = 14
KEPT_UNDER = "calendar_address"


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the promises' pages."""

    key: str
    label: Text
    url: str
    icon: str = ""
    count: int | str = ""


def tabs(actor: Actor) -> list[Tab]:
    """The pages about promises, side by side."""
    return [
        Tab("boards", _("Boards"), reverse("commitments:boards"), "layout-dashboard"),
        Tab("mine", _("My promises"), reverse("commitments:mine"), "user-check"),
        Tab("calendar", _("Calendar"), reverse("commitments:calendar"), "calendar"),
        Tab("heat", _("Heat map"), reverse("commitments:heat"), "chart-bar"),
    ]


def _contracts(actor: Actor) -> list[Contract]:
    return list(contracts.contracts_visible_to(actor).select_related("plan_version").order_by("code"))


def _chosen(found: Iterable[Contract], code: str) -> Contract | None:
    return next((one for one in found if one.code == code), None)


# My promises


@dataclass(slots=True)
class Group:
    """Obligations due at about the same time."""

    key: str
    label: Text
    tone: str
    rows: list[dict[str, Any]] = field(default_factory=list)


GROUPS = (
    ("overdue", gettext_lazy("Overdue"), "bad"),
    ("today", gettext_lazy("Today"), "warn"),
    ("week", gettext_lazy("Within seven days"), "info"),
    ("later", gettext_lazy("Later"), "neutral"),
    ("paused", gettext_lazy("Paused"), "muted"),
    (UNJUDGED, gettext_lazy("Done, the verdict waits for a fact"), "muted"),
)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What must I keep next: what I work on, what my roles owe, what waits for my word; soonest first."""
    actor = actor_of(request)
    visible = _contracts(actor)
    contract = _chosen(visible, request.GET.get("contract", ""))
    number = contract.pk if contract else None
    own, team = outlook.owed_by_person(actor, number), outlook.owed_by_roles(actor, number)
    vouched = vouching.awaiting_word(actor, number)
    lists = {"own": own, "team": team, "word": vouched}
    view = request.GET.get("view", "")
    if view not in lists:
        view = "own" if own or not team else "team"
    steps = [step for step in signoffs.waiting_for(actor) if number in (None, step.signoff.contract_id)]
    context = {
        "tabs": tabs(actor),
        "view": view,
        "views": [
            Tab("own", _("In my hands"), "?view=own", "user-check", len(own)),
            Tab("team", _("Of my roles"), "?view=team", "users", len(team)),
            Tab("word", _("Waits for my word"), "?view=word", "checklist", len(vouched) + len(steps)),
        ],
        "groups": _grouped(lists[view], actor),
        "steps": steps if view == "word" else [],
        "contracts": visible,
        "contract": contract,
        "is_cut": len(lists[view]) >= outlook.MOST,
    }
    return render_page(request, "commitments/mine.html", context)


def _grouped(rows: Sequence[Obligation], actor: Actor) -> list[Group]:
    groups = {key: Group(key, label, tone) for key, label, tone in GROUPS}
    now = clock.now().astimezone(ZoneInfo(actor.time_zone))
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    for row in _shown(rows, actor):
        groups[_group_of(row["obligation"], now, midnight)].rows.append(row)
    return [group for group in groups.values() if group.rows]


def _group_of(row: Obligation, now: datetime, midnight: datetime) -> str:
    if row.is_unjudged:
        return UNJUDGED
    if row.state == "missed":
        return "overdue"
    if row.state == "paused":
        return "paused"
    due = row.due_at or row.falls_at
    if row.due_at is None:
        return "later"
    if due <= now:
        return "overdue"
    return "today" if due < midnight else "week" if due < midnight + timedelta(days=6) else "later"


def _shown(rows: Sequence[Obligation], actor: Actor) -> list[dict[str, Any]]:
    """Rows with titles, labels of their cases and the people at work. Queries: two per sort of case."""
    ids: dict[str, set[int]] = {}
    for row in rows:
        ids.setdefault(row.case_type, set()).add(row.case_id)
    labels = {kind: cases.labels_of(kind, sorted(found)) for kind, found in ids.items()}
    return [
        {
            "obligation": row,
            "title": row.commitment.title(actor.language),
            "number": row.commitment.number(actor.language),
            "contract": row.contract,
            "case": labels[row.case_type][row.case_id],
            "url": reverse("commitments:obligation", args=[row.pk]),
            "kind": Kind(row.commitment.kind).label,
            "attest": reverse("commitments:attest", args=[row.pk]) if vouching.may_attest(actor, row) else "",
        }
        for row in rows
    ]


# Calendar


@dataclass(slots=True)
class Day:
    """A day of the calendar. rest: entries that found no room."""

    day: date
    is_today: bool
    is_outside: bool
    entries: list[dict[str, Any]] = field(default_factory=list)
    rest: int = 0
    url: str = ""


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """What falls due: a month, a week, or one by one."""
    actor = actor_of(request)
    visible = _contracts(actor)
    contract = _chosen(visible, request.GET.get("contract", ""))
    view = request.GET.get("view", "")
    view = view if view in ("week", "agenda") else "month"
    today = clock.now().astimezone(ZoneInfo(actor.time_zone)).date()
    anchor = _day(request.GET.get("day", ""), today)
    first, last, before, after = _span(view, anchor, 1 if request.GET.get("one") else AGENDA_DAYS)
    kind = request.GET.get("kind", "")
    wanted = outlook.Wanted(
        _midnight(first, actor),
        _midnight(last, actor),
        contract.pk if contract else None,
        kind if kind in Kind.values else "",
        request.GET.get("promise", "")[:80],
    )
    narrowed = f"&contract={contract.code if contract else ''}&kind={wanted.kind}"
    context: dict[str, Any] = {
        "tabs": tabs(actor),
        "view": view,
        "views": [
            Tab(key, label, f"?view={key}&day={anchor}{narrowed}")
            for key, label in (("month", _("Month")), ("week", _("Week")), ("agenda", _("Agenda")))
        ],
        "contracts": visible,
        "contract": contract,
        "kinds": Kind.choices,
        "kind": wanted.kind,
        "first": first,
        "last": last - timedelta(days=1),
        "anchor": anchor,
        "before": f"?view={view}&day={before}{narrowed}",
        "after": f"?view={view}&day={after}{narrowed}",
        "today": f"?view={view}&day={today}{narrowed}",
        "fed_since": outlook.feed_since(actor) if actor.kind == "user" else None,
        "can_feed": actor.kind == "user",
        "address": _address(request.session.pop(KEPT_UNDER, "")),
        "day_names": [date(2024, 1, day) for day in range(1, 8)],
    }
    if view == "agenda":
        rows = outlook.agenda(actor, visible, wanted)
        context |= {"agenda": _by_day(rows, actor), "is_cut": len(rows) >= outlook.MOST}
    else:
        found = outlook.entries(actor, visible, wanted)
        context["weeks"] = _weeks(
            found, first, last, anchor if view == "month" else None, today, narrowed, actor
        )
    return render_page(request, "commitments/calendar.html", context)


def _day(text: str, today: date) -> date:
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2200:
        raise Invalid(fields={"day": [_("A day looks like 2026-11-22, between 2000 and 2200.")]})
    return found


def _span(view: str, anchor: date, days: int) -> tuple[date, date, date, date]:
    """First day, day after the last, and where the arrows lead."""
    monday = anchor - timedelta(days=anchor.weekday())
    if view == "week":
        week = timedelta(days=7)
        return monday, monday + week, monday - week, monday + week
    if view == "agenda":
        length = timedelta(days=days)
        return anchor, anchor + length, anchor - length, anchor + length
    start = anchor.replace(day=1)
    following = (start + timedelta(days=32)).replace(day=1)
    until = following + timedelta(days=-following.weekday() % 7)
    previous = (start - timedelta(days=1)).replace(day=1)
    return start - timedelta(days=start.weekday()), until, previous, following


def _midnight(day: date, actor: Actor) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZoneInfo(actor.time_zone))


def _weeks(
    found: Sequence[outlook.Entry],
    first: date,
    last: date,
    month: date | None,
    today: date,
    narrowed: str,
    actor: Actor,
) -> list[list[Day]]:
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    cells = {
        day: Day(
            day,
            day == today,
            month is not None and day.month != month.month,
            url=f"?view=agenda&one=1&day={day}{narrowed}",
        )
        for day in days
    }
    worst = {"bad": 0, "info": 1}
    for entry in sorted(found, key=lambda entry: worst.get(entry.tone, 2)):
        cell = cells[entry.day]
        if month is not None and len(cell.entries) >= SHOWN_PER_DAY:
            cell.rest += 1
            continue
        cell.entries.append(
            {
                "entry": entry,
                "title": entry.commitment.title(actor.language),
                "url": f"?view=agenda&one=1&day={entry.day}&contract={entry.contract.code}"
                f"&promise={entry.commitment.name}",
            }
        )
    return [[cells[day] for day in days[n : n + 7]] for n in range(0, len(days), 7)]


def _by_day(rows: Sequence[Obligation], actor: Actor) -> list[tuple[date, list[dict[str, Any]]]]:
    place = ZoneInfo(actor.time_zone)
    found: dict[date, list[dict[str, Any]]] = {}
    for row in _shown(rows, actor):
        found.setdefault(row["obligation"].falls_at.astimezone(place).date(), []).append(row)
    return list(found.items())


# The feed


@require_POST
def issue_feed(request: HttpRequest) -> HttpResponse:
    """A new secret address; the next page shows it once."""
    request.session[KEPT_UNDER] = feeds.issue_feed(actor=actor_of(request))
    return redirect("commitments:calendar")


@require_POST
def revoke_feed(request: HttpRequest) -> HttpResponse:
    """End one's secret address."""
    feeds.revoke_feed(actor=actor_of(request))
    return go(request, reverse("commitments:calendar"), _("The address no longer works."))


def _address(secret: str) -> str:
    return f"{settings.BASE_URL}{reverse('commitments:feed', args=[secret])}" if secret else ""


@login_not_required
@never_cache
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """What falls due, for a calendar program; whoever has the address reads what its owner may read."""
    actor = feeds.open_feed(secret)
    scope.narrow_to(actor.scope)
    with override(actor.language):
        body = _ics(outlook.feed(actor, request.GET.get("contract", ""), request.GET.get("kind", "")), actor)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _ics(rows: Sequence[Obligation], actor: Actor) -> bytes:
    out = Calendar()
    out.add("prodid", "-//Shouyue//Promises//EN")
    out.add("version", "2.0")
    out.add("x-wr-calname", _("Promises"))
    out.add("refresh-interval", timedelta(hours=1), {"value": "DURATION"})
    stamp = clock.now()
    for row in _shown(rows, actor):
        obligation = row["obligation"]
        event = Event()
        event.add("uid", f"obligation-{obligation.pk}@shouyue")
        event.add("dtstamp", stamp)
        event.add("dtstart", obligation.falls_at)
        event.add("summary", f"[{row['contract'].code}] {row['title']}")
        about = f"{row['case'].number} {row['case'].title}".strip()
        event.add("description", "\n".join(filter(None, [about, str(row["number"])])))
        event.add("categories", [str(row["kind"])])
        event.add("url", f"{settings.BASE_URL}{row['url']}")
        out.add_component(event)
    return bytes(out.to_ical())


# Heat map and trend


@require_GET
def heat(request: HttpRequest) -> HttpResponse:
    """Shares kept: contracts against promises in a month; of one contract, promises against twelve months."""
    actor = actor_of(request)
    visible = _contracts(actor)
    contract = _chosen(visible, request.GET.get("contract", ""))
    context: dict[str, Any] = {
        "tabs": tabs(actor),
        "contracts": visible,
        "contract": contract,
        "obligations_url": reverse("commitments:obligations"),
    }
    if contract is not None:
        months, rows = trends.over_months(actor, contract)
        titled = [_titled(row, months, actor) for row in rows]
        for row in titled:
            row["cells"].reverse()  # a phone shows the first columns: the newest months
        context |= {"months": months[::-1], "rows": titled}
    else:
        month = board.month_of("Asia/Shanghai", request.GET.get("month", ""))
        page = _page(request.GET.get("page", ""), len(visible))
        part = visible[page * trends.WIDTH : (page + 1) * trends.WIDTH]
        context |= {
            "month": month,
            "month_keys": board.months("Asia/Shanghai", month.key),
            "sheets": [
                {
                    "contracts": sheet.contracts,
                    "rows": [_titled(row, sheet.contracts, actor) for row in sheet.rows],
                    "total": sheet.total,
                }
                for sheet in trends.side_by_side(actor, part, month)
            ],
            "earlier": page - 1 if page else None,
            "further": page + 1 if (page + 1) * trends.WIDTH < len(visible) else None,
        }
    return render_page(request, "commitments/heat.html", context)


def _page(text: str, count: int) -> int:
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return page if page * trends.WIDTH < max(count, 1) else 0


def _titled(row: trends.Row, columns: Sequence[Any], actor: Actor) -> dict[str, Any]:
    return {
        "name": row.commitment.name,
        "title": row.commitment.title(actor.language),
        "number": row.commitment.number(actor.language),
        "cells": list(zip(columns, row.cells, strict=True)),
    }


@require_GET
def trend(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """One promise over the last twelve months, as a chart and as a table."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    promise = queries.commitments_of(actor, contract.pk).filter(name=name).first()
    if promise is None:
        raise NotFound
    months = trends.of_commitment(contract, promise)
    context = {
        "contract": contract,
        "title": promise.title(actor.language),
        "text": promise.text(actor.language),
        "number": promise.number(actor.language),
        "name": promise.name,
        "months": [(month, cell) for month, cell in reversed(months) if cell.due],
        "chart": json.dumps(
            {
                "months": [month.key for month, _cell in months],
                "kept": [cell.kept for _month, cell in months],
                "broken": [cell.broken for _month, cell in months],
                "share": [
                    None if cell.share is None else round(cell.share * 100, 1) for _month, cell in months
                ],
                "words": {"kept": _("Kept"), "broken": _("Broken"), "share": _("Share kept")},
            }
        ),
        "obligations_url": reverse("commitments:obligations"),
    }
    return render_page(request, "commitments/trend.html", context)
