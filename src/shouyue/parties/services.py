"""Changes to parties: one function per verb. Events say which fields changed, never their values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.queries import users_visible_to
from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.kernel.phones import digits_of
from shouyue.kernel.pinyin import name_key
from shouyue.kernel.scope import PROVIDER_ID

from . import access, queries, rules
from .choices import CustomerLevel, SiteKind, UnitKind, VendorKind
from .models import Contact, Customer, ProviderUnit, Site, Vendor

Fields = dict[str, list[str | Promise]]
Row = TypeVar("Row", Customer, Site, Contact, ProviderUnit, Vendor)

_TAKEN = _("This name is taken.")


# --- customers -------------------------------------------------------------------------------------------------


@transaction.atomic
def create_customer(
    *,
    actor: Actor,
    code: str,
    name: str,
    short_name: str = "",
    level: str = CustomerLevel.NORMAL,
    time_zone: str = "Asia/Shanghai",
    note: str = "",
) -> Customer:
    """Enter an organisation that will be served. Raises: NotAllowed, Invalid."""
    access.require_changes_customers(actor)
    row = Customer(created_at=clock.now())
    _assign(
        row, code=code.upper(), name=name, short_name=short_name, level=level, time_zone=time_zone, note=note
    )
    _check(row, _customer_errors(row))
    _insert(row, {"code": [_("This code is taken.")]})
    events.record(
        "customer.created",
        actor=actor,
        subject=("customer", row.id),
        customer_id=row.id,
        facts={"level": level},
    )
    return row


@transaction.atomic
def change_customer(
    *,
    actor: Actor,
    customer_id: int,
    version: int,
    code: str,
    name: str,
    short_name: str = "",
    level: str = CustomerLevel.NORMAL,
    time_zone: str = "Asia/Shanghai",
    note: str = "",
    is_active: bool = True,
) -> Customer:
    """Change a customer. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the customer."""
    row: Customer = _locked(
        queries.customers(actor), customer_id, version, access.require_changes_customers, actor
    )
    changed = _assign(
        row,
        code=code.upper(),
        name=name,
        short_name=short_name,
        level=level,
        time_zone=time_zone,
        note=note,
        is_active=is_active,
    )
    _check(row, _customer_errors(row))
    if _update(row, changed, {"code": [_("This code is taken.")]}):
        facts: dict[str, events.FactValue] = {
            "fields": rules.changed_fields(changed),
            "active": row.is_active,
        }
        events.record(
            "customer.changed", actor=actor, subject=("customer", row.id), customer_id=row.id, facts=facts
        )
    return row


# --- sites -----------------------------------------------------------------------------------------------------


@transaction.atomic
def create_site(
    *,
    actor: Actor,
    customer_id: int,
    name: str,
    kind: str = SiteKind.SITE,
    parent_id: int | None = None,
    address: str = "",
    city: str = "",
) -> Site:
    """Add a node to a customer's tree. Raises: NotFound, NotAllowed, Invalid."""
    owner = queries.customer(actor, customer_id)
    access.require_changes_contacts(actor)
    row = Site(customer=owner, created_at=clock.now())
    _assign(row, name=name, kind=kind, address=address, city=city)
    _check(row, _site_errors(actor, row, parent_id))
    _insert(row, {"name": [_TAKEN]})
    _record_site("site.created", actor, row, kind=row.kind)
    return row


@transaction.atomic
def change_site(
    *,
    actor: Actor,
    site_id: int,
    version: int,
    name: str,
    kind: str = SiteKind.SITE,
    parent_id: int | None = None,
    address: str = "",
    city: str = "",
    is_active: bool = True,
) -> Site:
    """Change or move a site. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the customer's tree, the site."""
    found = queries.site(actor, site_id)
    locks.hold(f"sites of customer {found.customer_id}")
    row: Site = _locked(
        queries.sites_of(actor, found.customer_id), site_id, version, access.require_changes_contacts, actor
    )
    before = row.parent_id
    changed = _assign(row, name=name, kind=kind, address=address, city=city, is_active=is_active)
    _check(row, _site_errors(actor, row, parent_id))
    if row.parent_id != before:
        changed.append("parent")
    if _update(row, changed, {"name": [_TAKEN]}):
        _record_site("site.changed", actor, row, fields=rules.changed_fields(changed), active=row.is_active)
    return row


def _record_site(verb: str, actor: Actor, row: Site, **facts: events.FactValue) -> None:
    parent = f"site:{row.parent_id}" if row.parent_id else None
    events.record(
        verb,
        actor=actor,
        subject=("site", row.id),
        customer_id=row.customer_id,
        facts={**facts, "parent": parent},
    )


# --- contacts --------------------------------------------------------------------------------------------------


@transaction.atomic
def create_contact(
    *,
    actor: Actor,
    customer_id: int,
    name: str,
    site_id: int | None = None,
    user_id: int | None = None,
    title: str = "",
    phone: str = "",
    email: str = "",
    capacities: Collection[str] = (),
    is_vip: bool = False,
    note: str = "",
) -> Contact:
    """Enter a person of a customer. Raises: NotFound, NotAllowed, Invalid."""
    owner = queries.customer(actor, customer_id)
    access.require_changes_contacts(actor)
    row = Contact(customer=owner, created_at=clock.now())
    _assign(
        row,
        name=name,
        title=title,
        phone=phone,
        email=email,
        capacities=sorted(set(capacities)),
        is_vip=is_vip,
        note=note,
    )
    _check(row, _contact_errors(actor, row, site_id, user_id))
    _insert(row, {"user": [_("This account belongs to another contact of the customer.")]})
    _record_contact("contact.created", actor, row)
    return row


@transaction.atomic
def change_contact(
    *,
    actor: Actor,
    contact_id: int,
    version: int,
    name: str,
    site_id: int | None = None,
    user_id: int | None = None,
    title: str = "",
    phone: str = "",
    email: str = "",
    capacities: Collection[str] = (),
    is_vip: bool = False,
    note: str = "",
    is_active: bool = True,
) -> Contact:
    """Change a contact. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the contact."""
    row: Contact = _locked(
        queries.contacts(actor), contact_id, version, access.require_changes_contacts, actor
    )
    before = (row.site_id, row.user_id)
    changed = _assign(
        row,
        name=name,
        title=title,
        phone=phone,
        email=email,
        capacities=sorted(set(capacities)),
        is_vip=is_vip,
        note=note,
        is_active=is_active,
    )
    _check(row, _contact_errors(actor, row, site_id, user_id))
    changed += [
        field
        for field, was, now in zip(("site", "user"), before, (row.site_id, row.user_id), strict=True)
        if was != now
    ]
    if _update(row, changed, {"user": [_("This account belongs to another contact of the customer.")]}):
        _record_contact(
            "contact.changed", actor, row, fields=rules.changed_fields(changed), active=row.is_active
        )
    return row


def _record_contact(verb: str, actor: Actor, row: Contact, **facts: events.FactValue) -> None:
    site = f"site:{row.site_id}" if row.site_id else None
    events.record(
        verb,
        actor=actor,
        subject=("contact", row.id),
        customer_id=row.customer_id,
        facts={**facts, "vip": row.is_vip, "site": site},
    )


# --- the provider's units --------------------------------------------------------------------------------------


@transaction.atomic
def create_unit(
    *,
    actor: Actor,
    name: str,
    kind: str = UnitKind.TEAM,
    parent_id: int | None = None,
    city: str = "",
    leader_id: int | None = None,
) -> ProviderUnit:
    """Add a part of the provider. Raises: NotAllowed, Invalid."""
    access.require_changes_customers(actor)
    row = ProviderUnit(created_at=clock.now())
    _assign(row, name=name, kind=kind, city=city)
    _check(row, _unit_errors(actor, row, parent_id, leader_id))
    _insert(row, {"name": [_TAKEN]})
    events.record("unit.created", actor=actor, subject=("unit", row.id), facts={"kind": row.kind})
    return row


@transaction.atomic
def change_unit(
    *,
    actor: Actor,
    unit_id: int,
    version: int,
    name: str,
    kind: str = UnitKind.TEAM,
    parent_id: int | None = None,
    city: str = "",
    leader_id: int | None = None,
    is_active: bool = True,
) -> ProviderUnit:
    """Change a unit. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the tree of units, the unit."""
    locks.hold("provider units")
    row: ProviderUnit = _locked(
        queries.units(actor), unit_id, version, access.require_changes_customers, actor
    )
    before = (row.parent_id, row.leader_id)
    changed = _assign(row, name=name, kind=kind, city=city, is_active=is_active)
    _check(row, _unit_errors(actor, row, parent_id, leader_id))
    changed += [
        field
        for field, was, now in zip(("parent", "leader"), before, (row.parent_id, row.leader_id), strict=True)
        if was != now
    ]
    if _update(row, changed, {"name": [_TAKEN]}):
        facts: dict[str, events.FactValue] = {
            "fields": rules.changed_fields(changed),
            "active": row.is_active,
        }
        events.record("unit.changed", actor=actor, subject=("unit", row.id), facts=facts)
    return row


# --- vendors ---------------------------------------------------------------------------------------------------


@transaction.atomic
def create_vendor(
    *,
    actor: Actor,
    name: str,
    kind: str = VendorKind.OEM,
    phone: str = "",
    email: str = "",
    scope: str = "",
    cover_from: date | None = None,
    cover_to: date | None = None,
) -> Vendor:
    """Enter a firm the service depends on. Raises: NotAllowed, Invalid."""
    access.require_changes_customers(actor)
    row = Vendor(created_at=clock.now())
    _assign(
        row,
        name=name,
        kind=kind,
        phone=phone,
        email=email,
        scope=scope,
        cover_from=cover_from,
        cover_to=cover_to,
    )
    _check(row, _vendor_errors(row))
    _insert(row, {"name": [_TAKEN]})
    events.record("vendor.created", actor=actor, subject=("vendor", row.id), facts={"kind": row.kind})
    return row


@transaction.atomic
def change_vendor(
    *,
    actor: Actor,
    vendor_id: int,
    version: int,
    name: str,
    kind: str = VendorKind.OEM,
    phone: str = "",
    email: str = "",
    scope: str = "",
    cover_from: date | None = None,
    cover_to: date | None = None,
    is_active: bool = True,
) -> Vendor:
    """Change a vendor. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the vendor."""
    row: Vendor = _locked(queries.vendors(actor), vendor_id, version, access.require_changes_customers, actor)
    changed = _assign(
        row,
        name=name,
        kind=kind,
        phone=phone,
        email=email,
        scope=scope,
        cover_from=cover_from,
        cover_to=cover_to,
        is_active=is_active,
    )
    _check(row, _vendor_errors(row))
    if _update(row, changed, {"name": [_TAKEN]}):
        facts: dict[str, events.FactValue] = {
            "fields": rules.changed_fields(changed),
            "active": row.is_active,
        }
        events.record("vendor.changed", actor=actor, subject=("vendor", row.id), facts=facts)
    return row


# --- shared ----------------------------------------------------------------------------------------------------


def _locked(rows: Any, pk: int, version: int, require: Any, actor: Actor) -> Any:
    row = locks.lock_row(rows.select_related(None), pk=pk)
    require(actor)
    if row.version != version:
        raise Conflict
    return row


def _assign(row: models.Model, **values: Any) -> list[str]:
    """Set the values, texts without blanks round them; returns the names of those that differ."""
    changed = []
    for name, given in values.items():
        value = given.strip() if isinstance(given, str) else given
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed.append(name)
    return changed


def _check(row: Any, wrong: Fields) -> None:
    """Raises Invalid; derives the keys that searches use."""
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str):
            limit = field.max_length or 4000
            if len(value) > limit or "\x00" in value:
                wrong[field.name] = [_("Too long, or with characters that cannot be kept.")]
    if not row.name:
        wrong["name"] = [_("Give a name.")]
    if wrong:
        raise Invalid(fields=wrong)
    row.name_key = name_key(row.name)
    if isinstance(row, Contact):
        row.phone_digits = digits_of(row.phone)


def _insert(row: Any, taken: Fields) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(fields=taken) from error


def _update(row: Any, changed: Collection[str], taken: Fields) -> bool:
    """Write the changed fields and raise the version; False when nothing changed."""
    if not changed:
        return False
    row.version += 1
    derived = {"name_key", "phone_digits"} & {field.name for field in row._meta.concrete_fields}
    try:
        with transaction.atomic():
            row.save(update_fields=[*changed, "version", *derived])
    except IntegrityError as error:
        raise Invalid(fields=taken) from error
    return True


def _choice_error(value: str, choices: type[models.TextChoices], field: str) -> Fields:
    return {} if value in choices.values else {field: [_("There is no such choice.")]}


def _email_error(email: str) -> Fields:
    if not email:
        return {}
    try:
        validate_email(email)
    except ValidationError as error:
        return {"email": list(error.messages)}
    return {}


def _customer_errors(row: Customer) -> Fields:
    wrong = _choice_error(row.level, CustomerLevel, "level")
    if not rules.valid_code(row.code):
        wrong["code"] = [_("Use capital letters, digits and hyphens, 20 at most.")]
    try:
        ZoneInfo(row.time_zone)
    except (KeyError, ValueError, OSError):
        wrong["time_zone"] = [_("There is no such time zone.")]
    return wrong


def _site_errors(actor: Actor, row: Site, parent_id: int | None) -> Fields:
    wrong = _choice_error(row.kind, SiteKind, "kind")
    if parent_id is not None:
        tree = dict(queries.sites_of(actor, row.customer_id).values_list("id", "parent_id"))
        if parent_id not in tree:
            wrong["parent"] = [_("There is no such site at this customer.")]
        elif row.id is not None and rules.would_loop(row.id, parent_id, tree.items()):
            wrong["parent"] = [_("A site cannot lie within itself.")]
    row.parent_id = parent_id
    return wrong


def _contact_errors(actor: Actor, row: Contact, site_id: int | None, user_id: int | None) -> Fields:
    wrong = _email_error(row.email)
    if rules.unknown_capacities(row.capacities):
        wrong["capacities"] = [_("There is no such choice.")]
    if site_id is not None and not queries.sites_of(actor, row.customer_id).filter(pk=site_id).exists():
        wrong["site"] = [_("There is no such site at this customer.")]
    if user_id is not None:
        own = users_visible_to(actor).filter(pk=user_id, customer_id=row.customer_id)
        if row.customer_id == PROVIDER_ID or not own.exists():
            wrong["user"] = [_("There is no such account at this customer.")]
    row.site_id, row.user_id = site_id, user_id
    return wrong


def _unit_errors(actor: Actor, row: ProviderUnit, parent_id: int | None, leader_id: int | None) -> Fields:
    wrong = _choice_error(row.kind, UnitKind, "kind")
    if parent_id is not None:
        tree = dict(ProviderUnit.objects.values_list("id", "parent_id"))
        if parent_id not in tree:
            wrong["parent"] = [_("There is no such unit.")]
        elif row.id is not None and rules.would_loop(row.id, parent_id, tree.items()):
            wrong["parent"] = [_("A unit cannot lie within itself.")]
    if leader_id is not None:
        staff = users_visible_to(actor).filter(pk=leader_id, customer_id=PROVIDER_ID)
        if not staff.exists():
            wrong["leader"] = [_("There is no such account.")]
    row.parent_id, row.leader_id = parent_id, leader_id
    return wrong


def _vendor_errors(row: Vendor) -> Fields:
    wrong = _choice_error(row.kind, VendorKind, "kind") | _email_error(row.email)
    if row.cover_from and row.cover_to and row.cover_from > row.cover_to:
        wrong["cover_to"] = [_("The cover ends before it begins.")]
    return wrong
