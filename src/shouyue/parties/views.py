"""Pages for staff: customers with site tree and contacts, the provider's units, vendors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from shouyue.accounts.queries import users_visible_to
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import PROVIDER_ID
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Filter, ListPage, Slice, filters_from, keyset

from . import access, forms, queries, services
from .choices import Capacity, CustomerLevel, UnitKind, VendorKind
from .models import Contact, Customer

ORDER = ("name_key", "id")
STATES = Filter(
    key="state",
    label=_("State"),
    choices=[Choice(value="active", label=_("Active")), Choice(value="inactive", label=_("Inactive"))],
)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _choices(choices: list[tuple[Any, Any]]) -> list[Choice]:
    return [Choice(value=value, label=label) for value, label in choices]


def _search(placeholder: str | Promise) -> Filter:
    return Filter(key="q", label=_("Search"), kind="search", placeholder=placeholder)


def _list(
    id: str,
    caption: Any,
    columns: tuple[tuple[str, Any], ...],
    page: Slice[Any],
    filters: list[Filter],
    icon: str,
    rows: list[Any] | None = None,
) -> ListPage:
    return ListPage(
        id=id,
        caption=caption,
        columns=[Column(key=key, label=label) for key, label in columns],
        rows=page.rows if rows is None else rows,
        row_template=f"parties/_{id}_row.html",
        empty=Empty(title=_("Nothing entered yet"), icon=icon),
        filters=filters,
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


Submit = Callable[[dict[str, Any]], Any]


def _edit(
    request: HttpRequest,
    form: Any,
    submit: Submit,
    *,
    back: str,
    title: str | Promise,
    crumbs: list[tuple[Any, str]],
    done: str | Promise,
) -> HttpResponse:
    """The one form page of this module: show, send, point at what is wrong, go back with a word."""
    if request.method == "POST" and form.is_valid():
        try:
            submit(form.cleaned_data)
        except ShouyueError as error:
            if not error.fields and error.status != 409:
                raise
            add_errors(form, error)
        else:
            return go(request, back, done)
    context = {"form": form, "title": title, "crumbs": crumbs, "back": back}
    return render(request, "parties/edit.html", context, status=422 if form.errors else 200)


def _values(row: Any, form: type[forms.PartyForm]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields}


# --- customers -------------------------------------------------------------------------------------------------


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The customers one serves."""
    actor = _actor(request)
    access.require_reads_as_staff(actor)
    filters = filters_from(
        request,
        [
            _search(_("Name, pinyin, code")),
            Filter(key="level", label=_("Level"), choices=_choices(CustomerLevel.choices)),
            STATES,
        ],
    )
    values = {item.key: item.value for item in filters}
    found = queries.customers(actor, text=values["q"], level=values["level"], state=values["state"])
    page = keyset(queries.with_counts(found), order=ORDER, cursor=request.GET.get("after", ""))
    columns = (
        ("name", _("Name")),
        ("code", _("Code")),
        ("level", _("Level")),
        ("sites", _("Sites")),
        ("contacts", _("Contacts")),
        ("state", _("State")),
    )
    listed = _list("customer", _("Customers"), columns, page, filters, "building")
    can = {"create": access.changes_customers(actor)}
    return render_page(request, "parties/customers.html", {"list": listed, "can": can}, part="list")


@require_http_methods(["GET", "POST"])
def create_customer(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    access.require_reads_as_staff(actor)
    access.require_changes_customers(actor)
    return _edit(
        request,
        forms.CustomerForm(request.POST or None, existing=False),
        lambda data: services.create_customer(actor=actor, **data),
        back=reverse("parties:customers"),
        title=_("New customer"),
        crumbs=[(_("Customers"), reverse("parties:customers"))],
        done=_("The customer is entered."),
    )


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    """The customer for a page of staff. Raises: NotFound, NotAllowed."""
    access.require_reads_as_staff(_actor(request))
    return queries.customer(_actor(request), customer_id)


def _crumbs(customer: Customer) -> list[tuple[Any, str]]:
    return [
        (_("Customers"), reverse("parties:customers")),
        (str(customer), reverse("parties:customer", args=[customer.id])),
    ]


@require_http_methods(["GET", "POST"])
def change_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _customer(request, customer_id)
    access.require_changes_customers(actor)
    initial = _values(found, forms.CustomerForm)
    return _edit(
        request,
        forms.CustomerForm(request.POST or None, initial=initial, existing=True),
        lambda data: services.change_customer(actor=actor, customer_id=customer_id, **data),
        back=reverse("parties:customer", args=[customer_id]),
        title=_("Change customer"),
        crumbs=_crumbs(found),
        done=_("Saved."),
    )


def _customer_page(
    request: HttpRequest, customer: Customer, active: str, context: dict[str, Any]
) -> HttpResponse:
    actor = _actor(request)
    tabs = [
        {
            "key": "sites",
            "label": _("Sites"),
            "url": reverse("parties:customer", args=[customer.id]),
            "icon": "sitemap",
        },
        {
            "key": "contacts",
            "label": _("Contacts"),
            "url": reverse("parties:customer_contacts", args=[customer.id]),
            "icon": "users",
        },
    ]
    shared = {
        "customer": customer,
        "tabs": tabs,
        "active": active,
        "can": {"change": access.changes_customers(actor), "contacts": access.changes_contacts(actor)},
    }
    return render_page(request, f"parties/customer_{active}.html", shared | context, part="list")


@require_GET
def customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One customer: its site tree, and what other modules know of it."""
    found = _customer(request, customer_id)
    tree = queries.site_tree(queries.sites_of(_actor(request), customer_id))
    return _customer_page(request, found, "sites", {"tree": tree})


@require_GET
def customer_contacts(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The people of one customer."""
    found = _customer(request, customer_id)
    filters = filters_from(
        request,
        [
            _search(_("Name, pinyin, phone")),
            Filter(key="capacity", label=_("Capacity"), choices=_choices(Capacity.choices)),
            STATES,
        ],
    )
    values = {item.key: item.value for item in filters}
    rows = queries.contacts(_actor(request), customer_id=customer_id).select_related("site")
    if values["q"]:
        rows = rows.filter(queries.contact_matching(values["q"]))
    if values["capacity"]:
        rows = rows.filter(capacities__contains=[values["capacity"]])
    if values["state"]:
        rows = rows.filter(is_active=values["state"] == "active")
    page = keyset(rows, order=ORDER, cursor=request.GET.get("after", ""))
    columns = (
        ("name", _("Full name")),
        ("capacities", _("Capacities")),
        ("site", _("Site")),
        ("phone", _("Phone")),
        ("email", _("E-mail")),
        ("state", _("State")),
    )
    labelled = [ContactRow(contact) for contact in page.rows]
    listed = _list("contact", _("Contacts"), columns, page, filters, "users", labelled)
    return _customer_page(request, found, "contacts", {"list": listed})


class ContactRow:
    """A contact with the labels of its capacities."""

    def __init__(self, contact: Contact) -> None:
        labels = dict(Capacity.choices)
        self.contact = contact
        self.capacities = [labels.get(value, value) for value in contact.capacities]


# --- sites and contacts ----------------------------------------------------------------------------------------


def _site_choices(actor: Actor, customer_id: int, *, without: int = 0) -> list[tuple[int, str]]:
    tree = queries.site_tree(queries.sites_of(actor, customer_id))
    return [(row.site.id, "　" * row.depth + row.site.name) for row in tree if row.site.id != without]


def _account_choices(actor: Actor, customer_id: int) -> list[tuple[int, str]]:
    found = users_visible_to(actor).filter(customer_id=customer_id)
    return [(user.id, f"{user.name} ({user.username})") for user in found]


@require_http_methods(["GET", "POST"])
def create_site(request: HttpRequest, customer_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _customer(request, customer_id)
    access.require_changes_contacts(actor)
    form = forms.SiteForm(
        request.POST or None,
        existing=False,
        parent_id=_site_choices(actor, customer_id),
        initial={"parent_id": request.GET.get("parent", "")},
    )
    return _edit(
        request,
        form,
        lambda data: services.create_site(actor=actor, customer_id=customer_id, **data),
        back=reverse("parties:customer", args=[customer_id]),
        title=_("New site"),
        crumbs=_crumbs(found),
        done=_("The site is added."),
    )


@require_http_methods(["GET", "POST"])
def change_site(request: HttpRequest, site_id: int) -> HttpResponse:
    actor = _actor(request)
    found = queries.site(actor, site_id)
    owner = _customer(request, found.customer_id)
    access.require_changes_contacts(actor)
    form = forms.SiteForm(
        request.POST or None,
        initial=_values(found, forms.SiteForm),
        existing=True,
        parent_id=_site_choices(actor, owner.id, without=site_id),
    )
    return _edit(
        request,
        form,
        lambda data: services.change_site(actor=actor, site_id=site_id, **data),
        back=reverse("parties:customer", args=[owner.id]),
        title=_("Change site"),
        crumbs=_crumbs(owner),
        done=_("Saved."),
    )


@require_http_methods(["GET", "POST"])
def create_contact(request: HttpRequest, customer_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _customer(request, customer_id)
    access.require_changes_contacts(actor)
    form = forms.ContactForm(
        request.POST or None,
        existing=False,
        site_id=_site_choices(actor, customer_id),
        user_id=_account_choices(actor, customer_id),
    )
    return _edit(
        request,
        form,
        lambda data: services.create_contact(actor=actor, customer_id=customer_id, **data),
        back=reverse("parties:customer_contacts", args=[customer_id]),
        title=_("New contact"),
        crumbs=_crumbs(found),
        done=_("The contact is entered."),
    )


@require_http_methods(["GET", "POST"])
def change_contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    actor = _actor(request)
    found = queries.contact(actor, contact_id)
    owner = _customer(request, found.customer_id)
    access.require_changes_contacts(actor)
    form = forms.ContactForm(
        request.POST or None,
        initial=_values(found, forms.ContactForm),
        existing=True,
        site_id=_site_choices(actor, owner.id),
        user_id=_account_choices(actor, owner.id),
    )
    return _edit(
        request,
        form,
        lambda data: services.change_contact(actor=actor, contact_id=contact_id, **data),
        back=reverse("parties:customer_contacts", args=[owner.id]),
        title=_("Change contact"),
        crumbs=_crumbs(owner),
        done=_("Saved."),
    )


# --- the provider's units --------------------------------------------------------------------------------------


@require_GET
def units(request: HttpRequest) -> HttpResponse:
    """The provider's own structure."""
    actor = _actor(request)
    filters = filters_from(
        request,
        [
            _search(_("Name, pinyin, city")),
            Filter(key="kind", label=_("Kind"), choices=_choices(UnitKind.choices)),
        ],
    )
    values = {item.key: item.value for item in filters}
    found = queries.units(actor, text=values["q"], kind=values["kind"])
    page = keyset(found, order=ORDER, cursor=request.GET.get("after", ""))
    columns = (
        ("name", _("Name")),
        ("kind", _("Kind")),
        ("parent", _("Belongs to")),
        ("city", _("City")),
        ("leader", _("Leader")),
        ("state", _("State")),
    )
    listed = _list("unit", _("Provider units"), columns, page, filters, "sitemap")
    can = {"change": access.changes_customers(actor)}
    return render_page(request, "parties/units.html", {"list": listed, "can": can}, part="list")


def _unit_form(request: HttpRequest, *, existing: bool, without: int = 0, **initial: Any) -> forms.UnitForm:
    actor = _actor(request)
    parents = [(row.id, row.name) for row in queries.units(actor) if row.id != without]
    leaders = [
        (user.id, user.name)
        for user in users_visible_to(actor).filter(customer_id=PROVIDER_ID, is_active=True)
    ]
    return forms.UnitForm(
        request.POST or None, initial=initial, existing=existing, parent_id=parents, leader_id=leaders
    )


@require_http_methods(["GET", "POST"])
def create_unit(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    access.require_reads_as_staff(actor)
    access.require_changes_customers(actor)
    return _edit(
        request,
        _unit_form(request, existing=False),
        lambda data: services.create_unit(actor=actor, **data),
        back=reverse("parties:units"),
        title=_("New unit"),
        crumbs=[(_("Provider units"), reverse("parties:units"))],
        done=_("The unit is added."),
    )


@require_http_methods(["GET", "POST"])
def change_unit(request: HttpRequest, unit_id: int) -> HttpResponse:
    actor = _actor(request)
    found = queries.unit(actor, unit_id)
    access.require_changes_customers(actor)
    return _edit(
        request,
        _unit_form(request, existing=True, without=unit_id, **_values(found, forms.UnitForm)),
        lambda data: services.change_unit(actor=actor, unit_id=unit_id, **data),
        back=reverse("parties:units"),
        title=_("Change unit"),
        crumbs=[(_("Provider units"), reverse("parties:units"))],
        done=_("Saved."),
    )


# --- vendors ---------------------------------------------------------------------------------------------------


@require_GET
def vendors(request: HttpRequest) -> HttpResponse:
    """Firms the service depends on."""
    actor = _actor(request)
    filters = filters_from(
        request,
        [
            _search(_("Name, pinyin, scope")),
            Filter(key="kind", label=_("Kind"), choices=_choices(VendorKind.choices)),
        ],
    )
    values = {item.key: item.value for item in filters}
    found = queries.vendors(actor, text=values["q"], kind=values["kind"])
    page = keyset(found, order=ORDER, cursor=request.GET.get("after", ""))
    columns = (
        ("name", _("Name")),
        ("kind", _("Kind")),
        ("scope", _("What it covers")),
        ("phone", _("Phone")),
        ("cover", _("Cover")),
        ("state", _("State")),
    )
    listed = _list("vendor", _("Vendors and partners"), columns, page, filters, "truck")
    can = {"change": access.changes_customers(actor)}
    return render_page(request, "parties/vendors.html", {"list": listed, "can": can}, part="list")


@require_http_methods(["GET", "POST"])
def create_vendor(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    access.require_reads_as_staff(actor)
    access.require_changes_customers(actor)
    return _edit(
        request,
        forms.VendorForm(request.POST or None, existing=False),
        lambda data: services.create_vendor(actor=actor, **data),
        back=reverse("parties:vendors"),
        title=_("New vendor"),
        crumbs=[(_("Vendors and partners"), reverse("parties:vendors"))],
        done=_("The vendor is entered."),
    )


@require_http_methods(["GET", "POST"])
def change_vendor(request: HttpRequest, vendor_id: int) -> HttpResponse:
    actor = _actor(request)
    found = queries.vendor(actor, vendor_id)
    access.require_changes_customers(actor)
    initial = _values(found, forms.VendorForm)
    return _edit(
        request,
        forms.VendorForm(request.POST or None, initial=initial, existing=True),
        lambda data: services.change_vendor(actor=actor, vendor_id=vendor_id, **data),
        back=reverse("parties:vendors"),
        title=_("Change vendor"),
        crumbs=[(_("Vendors and partners"), reverse("parties:vendors"))],
        done=_("Saved."),
    )
