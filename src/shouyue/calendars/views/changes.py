"""Changing calendars: days by hand, files in and out, tables and customers' weeks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.calendars import access, drawing, exchange, forms, loading, queries, rules, services, shown
from shouyue.calendars.models import CustomerCalendar, HolidayTable
from shouyue.calendars.shown import Shown
from shouyue.kernel import clock
from shouyue.kernel.errors import NotFound, ShouyueError
from shouyue.parties import queries as parties
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from .show import actor_of, frame


def _changeable(request: HttpRequest, key: str) -> Shown:
    """A calendar with something behind it. Raises: NotFound."""
    found = shown.find(actor_of(request), key)
    if found.model is None:
        raise NotFound
    return found


def _require_change(request: HttpRequest, found: Shown) -> None:
    actor = actor_of(request)
    if isinstance(found.model, HolidayTable):
        access.require_changes_tables(actor)
    else:
        access.require_changes_customers(actor)


def _year(request: HttpRequest, today_year: int) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and 1900 < int(text) < 2299 else today_year


def _days_context(request: HttpRequest, found: Shown, form: Any = None) -> dict[str, Any]:
    actor = actor_of(request)
    today = clock.today(found.calendar.zone.key)
    year = _year(request, today.year)
    own: list[Any]
    if isinstance(found.model, HolidayTable):
        own = list(queries.own_days(found.model, year))
        base = found.model.based_on
        lower = queries.holiday_table(base.name, year, year).days if base else {}
        taken = {row.day for row in own}
        inherited = [entry for day, entry in sorted(lower.items()) if day not in taken]
    else:
        assert isinstance(found.model, CustomerCalendar)
        own, inherited = list(queries.customer_days(actor, found.model, year)), []
    for row in own:
        row.shown_name = rules.shown_name(row.name)
        row.hours = rules.windows_text(row.windows)
    initial = {"first": request.GET.get("day", ""), "kind": request.GET.get("kind", "holiday")}
    chosen = next((row for row in own if row.day.isoformat() == initial["first"]), None)
    if chosen is not None:
        initial |= {"kind": chosen.kind, "name": chosen.shown_name, "windows": chosen.hours}
    return {
        **frame(actor, found, "days"),
        "year": year,
        "months": drawing.year(found.calendar, year, today),
        "own": own,
        "inherited": [
            (entry, rules.shown_name(entry.name), rules.windows_text(entry.windows)) for entry in inherited
        ],
        "form": form if form is not None else forms.DayForm(initial=initial),
        "today": today,
    }


@require_GET
def days(request: HttpRequest, key: str) -> HttpResponse:
    """The days a calendar names in a year, with the year at a glance."""
    return render_page(request, "calendars/days.html", _days_context(request, _changeable(request, key)))


@require_POST
def set_days(request: HttpRequest, key: str) -> HttpResponse:
    """Enter or change days."""
    found = _changeable(request, key)
    _require_change(request, found)
    form = forms.DayForm(request.POST)
    if form.is_valid():
        actor = actor_of(request)
        try:
            if isinstance(found.model, HolidayTable):
                done = services.set_days(actor=actor, table=found.model.name, **form.cleaned_data)
            else:
                assert found.model is not None
                done = services.set_customer_days(
                    actor=actor, calendar_id=found.model.pk, **form.cleaned_data
                )
        except ShouyueError as error:
            if not error.fields:
                raise
            add_errors(form, error)
        else:
            url = f"{reverse('calendars:days', args=[key])}?year={form.cleaned_data['first'].year}"
            return go(request, url, _told(done))
    return render_page(request, "calendars/days.html", _days_context(request, found, form), status=422)


@require_POST
def remove_day(request: HttpRequest, key: str) -> HttpResponse:
    """Take a day out."""
    found = _changeable(request, key)
    _require_change(request, found)
    form = forms.RemoveForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    actor, data = actor_of(request), form.cleaned_data
    if isinstance(found.model, HolidayTable):
        done = services.remove_day(actor=actor, table=found.model.name, **data)
    else:
        assert found.model is not None
        done = services.remove_customer_day(actor=actor, calendar_id=found.model.pk, **data)
    return go(request, f"{reverse('calendars:days', args=[key])}?year={data['day'].year}", _told(done))


def _told(done: services.Changed) -> str:
    if not done:
        return _("Nothing was different.")
    return ngettext("%(count)s day changed.", "%(count)s days changed.", done.total) % {"count": done.total}


# --- files -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def import_days(request: HttpRequest, key: str) -> HttpResponse:
    """Take days from a CSV or ICS file; bad lines are named, and nothing is entered unless the reader says so."""
    found = _changeable(request, key)
    _require_change(request, found)
    form = forms.ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {**frame(actor_of(request), found, "days"), "form": form}
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        text = exchange.decode(upload.read()) if upload else form.cleaned_data["text"]
        read = exchange.read(text, found.calendar.zone.key)
        if not text.strip():
            form.add_error("file", _("Choose a file or paste its text."))
        elif not read.bad or (form.cleaned_data["good_only"] and read.entries):
            done = _enter(request, found, read.entries, form.cleaned_data["source"])
            if not read.bad:
                year = read.entries[-1].day.year if read.entries else ""
                return go(request, f"{reverse('calendars:days', args=[key])}?year={year}", _told(done))
            rest = "\n".join(line.text for line in read.bad)
            context |= {"told": _told(done), "bad": read.bad, "form": _with_text(form, rest)}
        else:
            context |= {"bad": read.bad, "good": len(read.entries), "form": _with_text(form, text)}
    failed = bool(form.errors or "bad" in context)
    return render(request, "calendars/import.html", context, status=422 if failed else 200)


def _with_text(form: forms.ImportForm, text: str) -> forms.ImportForm:
    """The form again with the file's text in it, so that it is mended in place."""
    initial = {"text": text, "source": form.cleaned_data["source"]}
    return forms.ImportForm(initial=initial)


def _enter(request: HttpRequest, found: Shown, entries: Any, source: str) -> services.Changed:
    actor = actor_of(request)
    if isinstance(found.model, HolidayTable):
        return services.import_days(actor=actor, table=found.model.name, entries=entries, source=source)
    assert found.model is not None
    return services.import_customer_days(
        actor=actor, calendar_id=found.model.pk, entries=entries, source=source
    )


@require_GET
def export(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """The days as CSV or ICS; of one year with `?year=`."""
    found = _changeable(request, key)
    actor = actor_of(request)
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() else None
    if isinstance(found.model, HolidayTable):
        entries = queries.exported(found.model.name, year)
    else:
        assert isinstance(found.model, CustomerCalendar)
        entries = [loading.as_entry(row) for row in queries.customer_days(actor, found.model, year)]
    if form == "ics":
        body: Any = exchange.write_ics(found.listed.title, found.calendar.zone.key, entries, clock.now())
        kind = "text/calendar; charset=utf-8"
    else:
        body, kind = "\ufeff" + exchange.write_csv(entries), "text/csv; charset=utf-8"
    name = f"{key.replace(':', '-')}{f'-{year}' if year else ''}.{form}"
    return HttpResponse(
        body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_GET
def history(request: HttpRequest, key: str) -> HttpResponse:
    """The versions of a calendar: who changed what, when and why."""
    found = _changeable(request, key)
    actor = actor_of(request)
    rows: Any
    if isinstance(found.model, HolidayTable):
        rows = queries.versions(found.model)
    else:
        assert isinstance(found.model, CustomerCalendar)
        rows = queries.customer_versions(actor, found.model)
    return render_page(
        request, "calendars/history.html", {**frame(actor, found, "history"), "versions": rows[:100]}
    )


# --- tables and customers' weeks -------------------------------------------------------------------------------


def _edit(request: HttpRequest, form: Any, submit: Callable[[], str], title: str, back: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            url = submit()
        except ShouyueError as error:
            if not error.fields and error.status != 409:
                raise
            add_errors(form, error)
        else:
            return go(request, url, _("Saved."))
    context = {"form": form, "title": title, "back": back}
    return render(request, "calendars/edit.html", context, status=422 if form.errors else 200)


def _table_choices() -> list[tuple[str, str]]:
    return [(row.name, f"{row.name} · {row.shown_title}") for row in queries.tables()]


@require_http_methods(["GET", "POST"])
def create_table(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.require_changes_tables(actor)
    form = forms.TableForm(request.POST or None, tables=_table_choices())

    def submit() -> str:
        made = services.create_table(actor=actor, **form.cleaned_data)
        return reverse("calendars:days", args=[f"table:{made.name}"])

    return _edit(request, form, submit, _("New holiday table"), reverse("calendars:calendars"))


@require_http_methods(["GET", "POST"])
def create_customer_calendar(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.require_changes_customers(actor)
    customers = [(row.pk, row.name) for row in parties.customers(actor)]
    form = forms.CustomerCalendarForm(
        request.POST or None,
        customers=customers,
        sites=[],
        tables=_table_choices(),
        initial={
            "based_on": "CN",
            "customer_id": request.GET.get("customer", ""),
            **_week(shown.OFFICE_WEEK),
        },
    )

    def submit() -> str:
        made = services.create_customer_calendar(actor=actor, **form.values())
        return reverse("calendars:calendar", args=[f"own:{made.pk}"])

    return _edit(request, form, submit, _("New calendar of a customer"), reverse("calendars:calendars"))


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, key: str) -> HttpResponse:
    """Change what is said about a table, or a customer's week."""
    found = _changeable(request, key)
    _require_change(request, found)
    back = reverse("calendars:calendar", args=[key])
    if isinstance(found.model, HolidayTable):
        return _change_table(request, found.model, back)
    assert isinstance(found.model, CustomerCalendar)
    return _change_customer(request, found.model, back)


def _change_table(request: HttpRequest, row: HolidayTable, back: str) -> HttpResponse:
    initial = {name: getattr(row, name) for name in ("version", "title", "region", "source", "reaches_until")}
    form = forms.TableForm(request.POST or None, tables=None, initial=initial)

    def submit() -> str:
        services.change_table(actor=actor_of(request), name=row.name, **form.cleaned_data)
        return back

    return _edit(request, form, submit, _("Change holiday table"), back)


def _change_customer(request: HttpRequest, row: CustomerCalendar, back: str) -> HttpResponse:
    actor = actor_of(request)
    tree = parties.site_tree(parties.sites_of(actor, row.customer_id))
    initial = {
        "version": row.version,
        "name": row.name,
        "site_id": row.site_id,
        "time_zone": row.time_zone,
        "based_on": row.based_on.name if row.based_on else "",
        "workday_windows": rules.windows_text(row.workday_windows or []),
        "note": row.note,
        "is_active": row.is_active,
        **_week(row.weekly),
    }
    form = forms.CustomerCalendarForm(
        request.POST or None,
        customers=None,
        sites=[(line.site.pk, "　" * line.depth + line.site.name) for line in tree],
        tables=_table_choices(),
        initial=initial,
    )

    def submit() -> str:
        services.change_customer_calendar(actor=actor, calendar_id=row.pk, **form.values())
        return back

    return _edit(request, form, submit, _("Change the calendar"), back)


def _week(weekly: dict[str, Any]) -> dict[str, str]:
    return {f"weekly_{day}": rules.windows_text(windows) for day, windows in weekly.items()}
