"""JSON API of parties: list, read, create, change; each change names the version it starts from."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Status

from shouyue.web import rest

from . import queries, services
from .models import Contact, Customer, ProviderUnit, Site, Vendor

router = Router(tags=["parties"])
ORDER = ("name_key", "id")


class TextQuery(rest.PageQuery):
    """text: name, pinyin or initials, code, number."""

    text: str = ""


class KindQuery(TextQuery):
    kind: str = ""


class CustomerIn(Schema):
    code: str
    name: str
    short_name: str = ""
    level: str = "normal"
    time_zone: str = "Asia/Shanghai"
    note: str = ""


class CustomerChange(CustomerIn):
    is_active: bool = True


class CustomerOut(CustomerChange):
    id: int
    version: int


class SiteIn(Schema):
    name: str
    kind: str = "site"
    parent_id: int | None = None
    address: str = ""
    city: str = ""


class SiteChange(SiteIn):
    is_active: bool = True


class SiteOut(SiteChange):
    id: int
    customer_id: int
    version: int


class ContactIn(Schema):
    name: str
    site_id: int | None = None
    user_id: int | None = None
    title: str = ""
    phone: str = ""
    email: str = ""
    capacities: list[str] = []
    is_vip: bool = False
    note: str = ""


class ContactChange(ContactIn):
    is_active: bool = True


class ContactOut(ContactChange):
    id: int
    customer_id: int
    version: int


class ContactQuery(TextQuery):
    """phone: finds a caller by the exact number, however it is written."""

    phone: str = ""
    customer_id: int | None = None


class UnitIn(Schema):
    name: str
    kind: str = "team"
    parent_id: int | None = None
    city: str = ""
    leader_id: int | None = None


class UnitChange(UnitIn):
    is_active: bool = True


class UnitOut(UnitChange):
    id: int
    version: int


class VendorIn(Schema):
    name: str
    kind: str = "oem"
    phone: str = ""
    email: str = ""
    scope: str = ""
    cover_from: date | None = None
    cover_to: date | None = None


class VendorChange(VendorIn):
    is_active: bool = True


class VendorOut(VendorChange):
    id: int
    version: int


def _tagged(response: HttpResponse, row: Any) -> Any:
    response["ETag"] = rest.etag(row.version)
    return row


# --- customers -------------------------------------------------------------------------------------------------


@router.get("customers", response=rest.Page[CustomerOut], summary="List customers")
def list_customers(request: HttpRequest, query: Query[TextQuery]) -> dict[str, Any]:
    return rest.paged(queries.customers(rest.actor_of(request), text=query.text), query, order=ORDER)


@router.post("customers", response={201: CustomerOut}, summary="Enter a customer")
@rest.repeatable
def create_customer(request: HttpRequest, response: HttpResponse, data: CustomerIn) -> Status[Customer]:
    made = services.create_customer(actor=rest.actor_of(request), **data.model_dump())
    return Status(201, _tagged(response, made))


@router.get("customers/{int:customer_id}", response=CustomerOut, summary="Read a customer")
def read_customer(request: HttpRequest, response: HttpResponse, customer_id: int) -> Customer:
    found: Customer = _tagged(response, queries.customer(rest.actor_of(request), customer_id))
    return found


@router.put("customers/{int:customer_id}", response=CustomerOut, summary="Change a customer")
def change_customer(
    request: HttpRequest, response: HttpResponse, customer_id: int, data: CustomerChange
) -> Customer:
    actor = rest.actor_of(request)
    found = queries.customer(actor, customer_id)
    rest.require_match(request, found.version)
    changed: Customer = _tagged(
        response,
        services.change_customer(
            actor=actor, customer_id=customer_id, version=found.version, **data.model_dump()
        ),
    )
    return changed


# --- sites -----------------------------------------------------------------------------------------------------


@router.get(
    "customers/{int:customer_id}/sites", response=rest.Page[SiteOut], summary="List a customer's sites"
)
def list_sites(request: HttpRequest, customer_id: int, query: Query[rest.PageQuery]) -> dict[str, Any]:
    actor = rest.actor_of(request)
    queries.customer(actor, customer_id)
    return rest.paged(queries.sites_of(actor, customer_id), query, order=ORDER)


@router.post("customers/{int:customer_id}/sites", response={201: SiteOut}, summary="Add a site")
@rest.repeatable
def create_site(request: HttpRequest, response: HttpResponse, customer_id: int, data: SiteIn) -> Status[Site]:
    made = services.create_site(actor=rest.actor_of(request), customer_id=customer_id, **data.model_dump())
    return Status(201, _tagged(response, made))


@router.get("sites/{int:site_id}", response=SiteOut, summary="Read a site")
def read_site(request: HttpRequest, response: HttpResponse, site_id: int) -> Site:
    found: Site = _tagged(response, queries.site(rest.actor_of(request), site_id))
    return found


@router.put("sites/{int:site_id}", response=SiteOut, summary="Change or move a site")
def change_site(request: HttpRequest, response: HttpResponse, site_id: int, data: SiteChange) -> Site:
    actor = rest.actor_of(request)
    found = queries.site(actor, site_id)
    rest.require_match(request, found.version)
    changed: Site = _tagged(
        response,
        services.change_site(actor=actor, site_id=site_id, version=found.version, **data.model_dump()),
    )
    return changed


# --- contacts --------------------------------------------------------------------------------------------------


@router.get("contacts", response=rest.Page[ContactOut], summary="List or find contacts")
def list_contacts(request: HttpRequest, query: Query[ContactQuery]) -> dict[str, Any]:
    actor = rest.actor_of(request)
    if query.phone:
        rows = queries.contacts_by_phone(actor, query.phone)
    elif query.text:
        rows = queries.search_contacts(actor, query.text)
    else:
        rows = queries.contacts(actor)
    if query.customer_id is not None:
        rows = rows.filter(customer_id=query.customer_id)
    return rest.paged(rows, query, order=ORDER)


@router.post("customers/{int:customer_id}/contacts", response={201: ContactOut}, summary="Enter a contact")
@rest.repeatable
def create_contact(
    request: HttpRequest, response: HttpResponse, customer_id: int, data: ContactIn
) -> Status[Contact]:
    made = services.create_contact(actor=rest.actor_of(request), customer_id=customer_id, **data.model_dump())
    return Status(201, _tagged(response, made))


@router.get("contacts/{int:contact_id}", response=ContactOut, summary="Read a contact")
def read_contact(request: HttpRequest, response: HttpResponse, contact_id: int) -> Contact:
    found: Contact = _tagged(response, queries.contact(rest.actor_of(request), contact_id))
    return found


@router.put("contacts/{int:contact_id}", response=ContactOut, summary="Change a contact")
def change_contact(
    request: HttpRequest, response: HttpResponse, contact_id: int, data: ContactChange
) -> Contact:
    actor = rest.actor_of(request)
    found = queries.contact(actor, contact_id)
    rest.require_match(request, found.version)
    changed: Contact = _tagged(
        response,
        services.change_contact(
            actor=actor, contact_id=contact_id, version=found.version, **data.model_dump()
        ),
    )
    return changed


# --- units and vendors -----------------------------------------------------------------------------------------


@router.get("units", response=rest.Page[UnitOut], summary="List the provider's units")
def list_units(request: HttpRequest, query: Query[KindQuery]) -> dict[str, Any]:
    rows = queries.units(rest.actor_of(request), text=query.text, kind=query.kind)
    return rest.paged(rows, query, order=ORDER)


@router.post("units", response={201: UnitOut}, summary="Add a unit")
@rest.repeatable
def create_unit(request: HttpRequest, response: HttpResponse, data: UnitIn) -> Status[ProviderUnit]:
    made = services.create_unit(actor=rest.actor_of(request), **data.model_dump())
    return Status(201, _tagged(response, made))


@router.get("units/{int:unit_id}", response=UnitOut, summary="Read a unit")
def read_unit(request: HttpRequest, response: HttpResponse, unit_id: int) -> ProviderUnit:
    found: ProviderUnit = _tagged(response, queries.unit(rest.actor_of(request), unit_id))
    return found


@router.put("units/{int:unit_id}", response=UnitOut, summary="Change a unit")
def change_unit(request: HttpRequest, response: HttpResponse, unit_id: int, data: UnitChange) -> ProviderUnit:
    actor = rest.actor_of(request)
    found = queries.unit(actor, unit_id)
    rest.require_match(request, found.version)
    changed: ProviderUnit = _tagged(
        response,
        services.change_unit(actor=actor, unit_id=unit_id, version=found.version, **data.model_dump()),
    )
    return changed


@router.get("vendors", response=rest.Page[VendorOut], summary="List vendors and partners")
def list_vendors(request: HttpRequest, query: Query[KindQuery]) -> dict[str, Any]:
    rows = queries.vendors(rest.actor_of(request), text=query.text, kind=query.kind)
    return rest.paged(rows, query, order=ORDER)


@router.post("vendors", response={201: VendorOut}, summary="Enter a vendor")
@rest.repeatable
def create_vendor(request: HttpRequest, response: HttpResponse, data: VendorIn) -> Status[Vendor]:
    made = services.create_vendor(actor=rest.actor_of(request), **data.model_dump())
    return Status(201, _tagged(response, made))


@router.get("vendors/{int:vendor_id}", response=VendorOut, summary="Read a vendor")
def read_vendor(request: HttpRequest, response: HttpResponse, vendor_id: int) -> Vendor:
    found: Vendor = _tagged(response, queries.vendor(rest.actor_of(request), vendor_id))
    return found


@router.put("vendors/{int:vendor_id}", response=VendorOut, summary="Change a vendor")
def change_vendor(request: HttpRequest, response: HttpResponse, vendor_id: int, data: VendorChange) -> Vendor:
    actor = rest.actor_of(request)
    found = queries.vendor(actor, vendor_id)
    rest.require_match(request, found.version)
    changed: Vendor = _tagged(
        response,
        services.change_vendor(actor=actor, vendor_id=vendor_id, version=found.version, **data.model_dump()),
    )
    return changed
