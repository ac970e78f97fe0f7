"""Reads of parties, always from what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.phones import digits_of, spellings
from shouyue.kernel.pinyin import search_text
from shouyue.kernel.scope import PROVIDER_ID

from . import access
from .models import Contact, Customer, ProviderUnit, Site, Vendor


def customers(actor: Actor, *, text: str = "", level: str = "", state: str = "") -> QuerySet[Customer]:
    """Customers in scope without the provider itself, by name. state: `active`, `inactive` or empty."""
    rows = Customer.objects.visible_to(actor).exclude(pk=PROVIDER_ID)
    if not access.reads_as_staff(actor):
        rows = rows.filter(pk=actor.customer_id) if not actor.is_staff else rows.none()
    if level:
        rows = rows.filter(level=level)
    if state:
        rows = rows.filter(is_active=state == "active")
    if wanted := text.strip():
        rows = rows.filter(
            Q(name__icontains=wanted)
            | Q(short_name__icontains=wanted)
            | Q(code__icontains=wanted)
            | Q(name_key__contains=search_text(wanted))
        )
    return rows


def with_counts(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers with `site_count` and `contact_count`."""
    return rows.annotate(
        site_count=Count("sites", distinct=True), contact_count=Count("contacts", distinct=True)
    )


def customer(actor: Actor, customer_id: int) -> Customer:
    """One customer. Raises: NotFound."""
    found: Customer | None = customers(actor).filter(pk=customer_id).first()
    if found is None:
        raise NotFound
    return found


def sites_of(actor: Actor, customer_id: int) -> QuerySet[Site]:
    """The sites of a customer, empty for a stranger."""
    return Site.objects.visible_to(actor).filter(customer_id=customer_id)


def site(actor: Actor, site_id: int) -> Site:
    """One site. Raises: NotFound."""
    found: Site | None = Site.objects.visible_to(actor).filter(pk=site_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A site with its depth in the tree, 0 at the top."""

    site: Site
    depth: int

    @property
    def indent(self) -> str:
        """Blanks before the name, two a level."""
        return "\u3000" * max(self.depth - 1, 0)


def site_tree(sites: Iterable[Site]) -> list[TreeRow]:
    """The sites of one customer in tree order, each below its parent; the order among brothers is kept."""
    children: dict[int | None, list[Site]] = {}
    given = list(sites)
    known = {row.id for row in given}
    for row in given:
        children.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    found: list[TreeRow] = []
    pending = [TreeRow(row, 0) for row in reversed(children.get(None, []))]
    while pending:
        current = pending.pop()
        found.append(current)
        below = children.get(current.site.id, [])
        pending += [TreeRow(row, current.depth + 1) for row in reversed(below)]
    return found


def contacts(actor: Actor, *, customer_id: int | None = None) -> QuerySet[Contact]:
    """Contacts in scope, of one customer when given; a customer's end user sees only its own entry."""
    rows = Contact.objects.visible_to(actor)
    if not access.reads_contacts(actor):
        rows = rows.filter(user_id=actor.user_id or 0)
    return rows if customer_id is None else rows.filter(customer_id=customer_id)


def contact(actor: Actor, contact_id: int) -> Contact:
    """One contact. Raises: NotFound."""
    found: Contact | None = contacts(actor).filter(pk=contact_id).first()
    if found is None:
        raise NotFound
    return found


def contacts_by_phone(actor: Actor, digits: str) -> QuerySet[Contact]:
    """Active contacts with this number, however it is written, with customer and site; by index."""
    wanted = spellings(digits)
    rows = contacts(actor).filter(phone_digits__in=wanted, is_active=True).exclude(phone_digits="")
    return rows.select_related("customer", "site")


def search_contacts(actor: Actor, text: str) -> QuerySet[Contact]:
    """Active contacts by name, pinyin, initials, e-mail or a part of the number, with customer and site."""
    rows = contacts(actor).filter(is_active=True).select_related("customer", "site")
    return rows.filter(contact_matching(text)) if text.strip() else rows


def contact_matching(text: str) -> Q:
    """Condition of a search in contacts."""
    wanted = text.strip()
    condition = (
        Q(name__icontains=wanted)
        | Q(email__icontains=wanted)
        | Q(title__icontains=wanted)
        | Q(name_key__contains=search_text(wanted))
    )
    digits = digits_of(wanted)
    return condition | Q(phone_digits__contains=digits) if len(digits) >= 3 else condition


def vendors(actor: Actor, *, text: str = "", kind: str = "") -> QuerySet[Vendor]:
    """Vendors, for staff. Raises: NotFound, NotAllowed."""
    access.require_reads_as_staff(actor)
    rows = Vendor.objects.all()
    if kind:
        rows = rows.filter(kind=kind)
    if wanted := text.strip():
        rows = rows.filter(
            Q(name__icontains=wanted) | Q(scope__icontains=wanted) | Q(name_key__contains=search_text(wanted))
        )
    return rows


def vendor(actor: Actor, vendor_id: int) -> Vendor:
    """One vendor. Raises: NotFound, NotAllowed."""
    found = vendors(actor).filter(pk=vendor_id).first()
    if found is None:
        raise NotFound
    return found


def units(actor: Actor, *, text: str = "", kind: str = "") -> QuerySet[ProviderUnit]:
    """The provider's own structure, for staff, with leaders. Raises: NotFound, NotAllowed."""
    access.require_reads_as_staff(actor)
    rows = ProviderUnit.objects.select_related("leader", "parent")
    if kind:
        rows = rows.filter(kind=kind)
    if wanted := text.strip():
        rows = rows.filter(
            Q(name__icontains=wanted) | Q(city__icontains=wanted) | Q(name_key__contains=search_text(wanted))
        )
    return rows


def unit(actor: Actor, unit_id: int) -> ProviderUnit:
    """One unit. Raises: NotFound, NotAllowed."""
    found = units(actor).filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    return found
