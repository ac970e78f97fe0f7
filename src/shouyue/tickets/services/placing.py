"""Where a new ticket belongs: customer, contract, site and requester, checked against each other.

Read by every report, so the contract's rules and the contact come in one statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db import connection

from shouyue.contracts import queries as contracts
from shouyue.contracts.rules import ContractRules, SiteZone
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact, Customer, Site


@dataclass(frozen=True, slots=True)
class Place:
    """Customer, contract, site and requester of a new ticket, checked against each other."""

    customer_id: int
    code: str
    time_zone: str
    service_level: str
    is_active: bool
    site_id: int | None
    site_known: bool
    requester_known: bool
    reporter_id: int | None
    is_vip: bool
    zone: str = ""
    zone_mode: str = ""

    def with_zone(self, zone: str, zone_mode: str) -> Place:
        """The same place, in a zone."""
        return replace(self, zone=zone, zone_mode=zone_mode)


_PLACE = f"""
SELECT {contracts.STAMP_SQL}, p.id, p.site_id, p.user_id, p.is_vip FROM contracts_contract
LEFT JOIN parties_contact p ON p.customer_id = contracts_contract.customer_id AND p.{{key}} = %s
WHERE contracts_contract.id = %s
"""  # noqa: S608 -- constants
_OF_CONTACT, _OF_USER = _PLACE.format(key="id"), _PLACE.format(key="user_id")
_Contact = tuple[int | None, int | None, int | None, bool | None]
"""id, site, user, VIP; all empty for nobody."""
_NOBODY: _Contact = (None, None, None, None)


def place_of(
    actor: Actor,
    contract_id: int | None,
    customer_id: int | None,
    site_id: int | None,
    requester_id: int | None,
) -> Place | None:
    """The place of a ticket; None when contract or customer is not the actor's to see.

    The requester is the contact named, else the customer's own user as a contact. Queries: one, two without a
    contract, one more for a site the contract does not name.
    """
    found = _ground(actor, contract_id, customer_id, requester_id)
    if found is None:
        return None
    ground, contact = found
    owner, sites = ground.customer_id, ground.sites
    if customer_id is not None and customer_id != owner:
        return None
    if not actor.scope.everything and owner not in actor.scope.customers:
        return None
    known_contact, contact_site, contact_user, is_vip = contact
    if requester_id is not None:
        site_id = site_id or contact_site
    known = site_id is None or site_id in sites or Site.objects.filter(pk=site_id, customer_id=owner).exists()
    place = Place(
        customer_id=owner,
        code=ground.code,
        time_zone=ground.time_zone,
        service_level=ground.service_level,
        is_active=ground.is_active,
        site_id=site_id,
        site_known=known,
        requester_known=requester_id is None or known_contact is not None,
        reporter_id=contact_user,
        is_vip=bool(is_vip),
    )
    if site_id is not None and site_id in sites:
        place = place.with_zone(sites[site_id].area, sites[site_id].mode)
    return place


class _Ground(NamedTuple):
    """What a new ticket stands on: a contract, or the customer alone while nobody knows the contract."""

    customer_id: int
    code: str
    time_zone: str
    service_level: str
    is_active: bool
    sites: Mapping[int, SiteZone]


def _ground(
    actor: Actor, contract_id: int | None, customer_id: int | None, requester_id: int | None
) -> tuple[_Ground, _Contact] | None:
    """The ground, with the contact named or else the customer's own user as one. Queries: one with a contract."""
    own = actor.user_id if requester_id is None and not actor.is_staff else None
    if contract_id is not None:
        rules_of, contact = _contract_and_contact(contract_id, requester_id, own)
        if rules_of is None:
            return None
        ground = _Ground(
            rules_of.customer_id,
            rules_of.code,
            rules_of.zone,
            rules_of.service_level,
            rules_of.is_active,
            rules_of.sites,
        )
        return ground, contact
    customer = Customer.objects.visible_to(actor).filter(pk=customer_id or 0).first()
    if customer is None:
        return None
    ground = _Ground(customer.pk, customer.code, customer.time_zone, "", customer.is_active, {})
    return ground, _contact(customer.pk, requester_id, own)


def _contract_and_contact(
    contract_id: int, contact_id: int | None, user_id: int | None
) -> tuple[ContractRules | None, _Contact]:
    """The contract's rules with a contact of its customer, by its id or by its user's. Queries: one."""
    with connection.cursor() as cursor:
        if contact_id is None and user_id is not None:
            cursor.execute(_OF_USER, [user_id, contract_id])
        else:
            cursor.execute(_OF_CONTACT, [contact_id or 0, contract_id])
        row = cursor.fetchone()
    if row is None:
        return None, _NOBODY
    version, state, *contact = row
    return contracts.compiled_at(contract_id, int(version), int(state)), tuple(contact)


def _contact(customer_id: int, contact_id: int | None, user_id: int | None) -> _Contact:
    if contact_id is None and user_id is None:
        return _NOBODY
    rows = Contact.objects.filter(customer_id=customer_id)
    rows = rows.filter(pk=contact_id) if contact_id is not None else rows.filter(user_id=user_id)
    found: _Contact | None = rows.order_by("id").values_list("id", "site_id", "user_id", "is_vip").first()
    return found or _NOBODY
