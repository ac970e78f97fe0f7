"""The list of contracts, its export, and what runs out."""

from __future__ import annotations

import csv

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from shouyue.contracts import access, queries
from shouyue.contracts.choices import ContractState
from shouyue.contracts.queries import ContractFilter
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed
from shouyue.web import lists
from shouyue.web.actors import actor_of
from shouyue.web.htmx import render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage

COLUMNS = (
    Column(key="code", label=_("Short code"), sort="code"),
    Column(key="name", label=_("Contract"), sort="name"),
    Column(key="stage", label=_("Stage")),
    Column(key="unit", label=_("Responsible unit")),
    Column(key="ends_on", label=_("Ends on"), sort="ends_on"),
    Column(key="sites", label=_("Sites"), align="end"),
    Column(key="state", label=_("State")),
)
EXPORT_HEAD = {
    "code": _("Short code"),
    "name": _("Contract"),
    "customer": _("Customer"),
    "unit": _("Responsible unit"),
    "starts_on": _("Starts on"),
    "ends_on": _("Ends on"),
    "state": _("State"),
    "stage": _("Stage"),
    "plan": _("Plan version"),
    "sites": _("Sites"),
}


@require_GET
def contracts(request: HttpRequest) -> HttpResponse:
    """The contracts the actor may see."""
    actor, today = actor_of(request), clock.today(actor_of(request).time_zone)
    filters = lists.filters_from(request, _filters(actor))
    sort = lists.sort_from(request, COLUMNS, default="code")
    order = (sort, "-id" if sort.startswith("-") else "id")
    rows = queries.contracts_matching(actor, _wanted(filters), today)
    page = lists.keyset(rows, order=order, cursor=request.GET.get("after", ""))
    can_set_up = access.can_set_up(actor)
    list_page = ListPage(
        id="contracts",
        caption=_("Contracts"),
        columns=COLUMNS,
        rows=queries.contract_lines(actor, page.rows, today),
        row_template="contracts/_row.html",
        empty=Empty(
            title=_("No contracts yet"),
            text=_("Contracts you are a member of appear here."),
            icon="certificate",
            action_url=reverse("contracts:new") if can_set_up else "",
            action_label=_("Set up a contract"),
        ),
        filters=filters,
        sort=sort,
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        exports=[
            Export(label=_("Table (CSV)"), url=f"{reverse('contracts:export')}?{request.GET.urlencode()}")
        ],
    )
    return render_page(
        request, "contracts/contracts.html", {"list": list_page, "can_set_up": can_set_up}, part="list"
    )


def _filters(actor: Actor) -> list[Filter]:
    options = queries.filter_options(actor)
    found = [
        Filter(key="q", label=_("Search"), kind="search", placeholder=_("Code, name or customer")),
        Filter(
            key="state",
            label=_("State"),
            choices=[Choice(value=state.value, label=state.label) for state in ContractState],
        ),
        Filter(
            key="stage",
            label=_("Stage"),
            choices=[Choice(value=n, label=title) for n, title in options.stages],
        ),
    ]
    if actor.is_staff:
        customers = [Choice(value=str(pk), label=name) for pk, name in options.customers]
        units = [Choice(value=str(pk), label=name) for pk, name in options.units]
        found[1:1] = [
            Filter(key="customer", label=_("Customer"), choices=customers),
            Filter(key="unit", label=_("Responsible unit"), choices=units),
        ]
    return found


def _wanted(filters: list[Filter]) -> ContractFilter:
    given = {item.key: item.value for item in filters}
    return ContractFilter(
        text=given["q"],
        state=given["state"],
        stage=given["stage"],
        customer_id=int(given["customer"]) if given.get("customer") else None,
        unit_id=int(given["unit"]) if given.get("unit") else None,
    )


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The filtered list as CSV, readable by spreadsheets."""
    actor = actor_of(request)
    filters = lists.filters_from(request, _filters(actor))
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="contracts.csv"'
    writer = csv.writer(response)
    writer.writerow([str(label) for label in EXPORT_HEAD.values()])
    for row in queries.export_rows(actor, _wanted(filters), clock.today(actor.time_zone)):
        writer.writerow([_plain(row[key]) for key in EXPORT_HEAD])
    return response


def _plain(value: object) -> str:
    """A cell no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@require_GET
def expiries(request: HttpRequest) -> HttpResponse:
    """What runs out soon, or did lately."""
    actor = actor_of(request)
    if not access.can_see_expiries(actor):
        raise NotAllowed
    days = lists.filters_from(
        request,
        [
            Filter(
                key="days",
                label=_("Within"),
                choices=[
                    Choice(value="30", label=_("30 days")),
                    Choice(value="180", label=_("180 days")),
                    Choice(value="365", label=_("One year")),
                ],
            )
        ],
    )
    rows = queries.expiries(actor, within_days=int(days[0].value or "90"))
    list_page = ListPage(
        id="expiries",
        caption=_("Running out"),
        columns=(
            Column(key="ends_on", label=_("Ends on")),
            Column(key="what", label=_("What")),
            Column(key="contract", label=_("Contract")),
            Column(key="left", label=_("Days left"), align="end"),
        ),
        rows=rows,
        row_template="contracts/_expiry.html",
        empty=Empty(title=_("Nothing runs out in this time"), icon="hourglass"),
        filters=days,
    )
    return render_page(request, "contracts/expiries.html", {"list": list_page}, part="list")
