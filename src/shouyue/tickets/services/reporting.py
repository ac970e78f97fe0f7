"""How a ticket comes to be, and how its text is corrected later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.contracts import queries as contracts
from shouyue.kernel import clock, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.events import NewEvent
from shouyue.tickets import access, queries, rules
from shouyue.tickets.choices import Channel, EquipmentType, FaultCategory, RequestType
from shouyue.tickets.models import Ticket, TicketRevision

from . import acting, inserting, placing

TEXTS: Mapping[str, int | None] = {
    "title": rules.TITLE_LIMIT,
    "description": None,
    "affected": None,
    "caller_phone": 40,
    "request_class": 64,
    "catalogue": 64,
}
CHOICES: Mapping[str, frozenset[str]] = {
    "channel": frozenset(Channel.values),
    "request_type": frozenset(RequestType.values),
    "equipment_type": frozenset(EquipmentType.values),
    "fault_category": frozenset(FaultCategory.values),
}
EDITABLE = (*TEXTS, "request_type", "equipment_type", "fault_category", "is_vip", "site_id", "requester_id")


def report_ticket(
    *,
    actor: Actor,
    channel: str,
    request_type: str,
    title: str,
    contract_id: int | None = None,
    customer_id: int | None = None,
    site_id: int | None = None,
    requester_id: int | None = None,
    description: str = "",
    affected: str = "",
    caller_phone: str = "",
    request_class: str = "",
    catalogue: str = "",
    urgency: str = "",
    impact: str = "",
    severity: str = "",
    complexity: str = "",
    equipment_type: str = "",
    fault_category: str = "",
    is_vip: bool = False,
    reported_at: datetime | None = None,
    source_key: str | None = None,
) -> Ticket:
    """Record what somebody reports; the promises of the contract start to run.

    contract_id: None while nobody knows it (then customer_id). reported_at: when the person told us, if earlier
    than now. source_key: the same key of the same customer gives the same ticket. Raises: NotFound, NotAllowed,
    Invalid. Queries: place and insert (and the register's own); two more with a source_key.
    """
    now = clock.now()
    place = _place(actor, contract_id, customer_id, site_id, requester_id)
    values: dict[str, Any] = _checked_texts(
        {
            "title": title,
            "description": description,
            "affected": affected,
            "caller_phone": caller_phone,
            "request_class": request_class,
            "catalogue": catalogue,
        }
    )
    values |= _checked_choices(
        {
            "channel": channel,
            "request_type": request_type,
            "equipment_type": equipment_type,
            "fault_category": fault_category,
        }
    )
    words = {"urgency": urgency, "impact": impact, "severity": severity, "complexity": complexity}
    values |= {fact: queries.checked_word(contract_id, fact, word) for fact, word in words.items()}
    reported = acting.moment(reported_at)
    if source_key:
        source_key = source_key[:80]
        known = _reported_before(place.customer_id, source_key)
        if known is not None:
            return known
    year = now.astimezone(ZoneInfo(place.time_zone)).year
    ticket = inserting.draft(
        **values,
        customer_id=place.customer_id,
        contract_id=contract_id,
        site_id=place.site_id,
        requester_id=requester_id,
        reporter_id=place.reporter_id if actor.is_staff else actor.user_id,
        recorded_by_id=actor.user_id,
        channel_group=rules.channel_group(channel),
        is_vip=is_vip or place.is_vip,
        zone=place.zone,
        zone_mode=place.zone_mode,
        priority=queries.priority_of(contract_id, place.service_level, values["urgency"], values["impact"]),
        reported_at=reported,
        created_at=now,
        updated_at=now,
        source_key=source_key or None,
    )
    told = NewEvent(
        verb="ticket.reported",
        actor=actor,
        subject=("ticket", 0),
        customer_id=ticket.customer_id,
        contract_id=contract_id,
        facts=acting.facts_of(ticket),
        occurred_at=reported,
    )
    inserting.insert(ticket, place.code, year, told)
    return ticket


def _reported_before(customer_id: int, source_key: str) -> Ticket | None:
    """The ticket this key has made already. Locks: the key, so that of two at once one makes it. Queries: two."""
    locks.hold(f"ticket:{customer_id}:{source_key}")
    return Ticket.objects.filter(customer_id=customer_id, source_key=source_key).first()


@transaction.atomic
def edit_ticket(
    *, actor: Actor, ticket_id: int, version: int, changes: Mapping[str, Any], merge: bool = True
) -> Ticket:
    """Correct what was recorded (fields of `EDITABLE`); before and after are kept, the event carries the digest.

    version: the one the editor saw. When others edited meanwhile, changes of different fields are merged (unless
    `merge` is off); changes of the same field raise StaleVersion with both versions. Raises: NotFound,
    NotAllowed, Invalid, Conflict, StaleVersion. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "edit")
    wanted = _checked_changes(ticket, changes)
    new = {name: value for name, value in wanted.items() if value != getattr(ticket, name)}
    if ticket.version != version and new:
        touched: set[str] = set()
        for revision in TicketRevision.objects.filter(ticket_id=ticket.pk, version__gt=version):
            touched |= set(revision.changes)
        if not merge or touched & set(new) or version > ticket.version:
            raise acting.StaleVersion(ticket, wanted)
    if not new:
        return ticket
    if {"site_id", "requester_id"} & set(new):
        place = _place(
            actor,
            ticket.contract_id,
            ticket.customer_id,
            new.get("site_id", ticket.site_id),
            new.get("requester_id", ticket.requester_id),
        )
        new |= {"zone": place.zone, "zone_mode": place.zone_mode}
        if "requester_id" in new:
            new["reporter_id"] = place.reporter_id or ticket.reporter_id
    before = {name: [getattr(ticket, name), value] for name, value in new.items()}
    for name, value in new.items():
        setattr(ticket, name, value)
    digest = hashlib.sha256(json.dumps(before, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    acting.finish(actor, ticket, "ticket.edited", new, facts={"changes": digest})
    TicketRevision.objects.create(
        customer_id=ticket.customer_id,
        ticket=ticket,
        version=ticket.version,
        changes=before,
        by_name=actor.name,
        made_at=ticket.updated_at,
    )
    return ticket


@transaction.atomic
def set_contract(*, actor: Actor, ticket_id: int, contract_id: int) -> Ticket:
    """Say under which contract a ticket runs; its promises count from the report.

    Raises: NotFound, NotAllowed, Conflict, Invalid when the contract is another customer's. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "set_contract")
    if ticket.contract_id == contract_id:
        return ticket
    place = _place(actor, contract_id, None, ticket.site_id, ticket.requester_id, customer=ticket.customer_id)
    ticket.contract_id = contract_id
    ticket.zone, ticket.zone_mode = place.zone, place.zone_mode
    ticket.priority = queries.priority_of(contract_id, place.service_level, ticket.urgency, ticket.impact)
    return acting.finish(
        actor, ticket, "ticket.contract_set", ["contract_id", "zone", "zone_mode", "priority"], at=None
    )


def _place(
    actor: Actor,
    contract_id: int | None,
    customer_id: int | None,
    site_id: int | None,
    requester_id: int | None,
    *,
    customer: int | None = None,
) -> placing.Place:
    """Where a ticket belongs. customer: demand that the contract is this customer's."""
    if contract_id is None and customer_id is None:
        raise Invalid(fields={"contract_id": [_("Choose the contract, or at least the customer.")]})
    if not access.allowed(actor, "report", contract_id, own=False):
        raise NotFound if contract_id and not access.reads_contract(actor, contract_id) else NotAllowed
    place = placing.place_of(actor, contract_id, customer_id, site_id, requester_id)
    if place is None or (customer is not None and place.customer_id != customer):
        raise NotFound
    if not place.is_active:
        raise Conflict(_("This contract is switched off; no ticket can be made in it."), code="contract_off")
    if site_id is not None and not place.site_known:
        raise Invalid(fields={"site_id": [_("This site does not belong to the customer.")]})
    if requester_id is not None and not place.requester_known:
        raise Invalid(fields={"requester_id": [_("This contact does not belong to the customer.")]})
    if contract_id is not None and place.site_id is not None and not place.zone_mode:
        zone = contracts.zone_facts(actor, contract_id, place.site_id)
        place = place.with_zone(str(zone.get("zone") or ""), str(zone.get("zone_mode") or ""))
    return place


def _checked_texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        name: acting.checked_text(name, text, required=name == "title", limit=TEXTS[name])
        for name, text in texts.items()
    }


def _checked_choices(choices: Mapping[str, str]) -> dict[str, str]:
    return {
        name: acting.checked_choice(name, value, CHOICES[name], required=name in ("channel", "request_type"))
        for name, value in choices.items()
    }


def _checked_changes(ticket: Ticket, changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Invalid(fields={name: [_("This field cannot be edited.")] for name in sorted(unknown)})
    checked: dict[str, Any] = _checked_texts(
        {name: str(changes[name] or "") for name in TEXTS if name in changes}
    )
    words = ("request_type", "equipment_type", "fault_category")
    checked |= _checked_choices({name: str(changes[name] or "") for name in words if name in changes})
    checked |= {name: changes[name] or None for name in ("site_id", "requester_id") if name in changes}
    if "is_vip" in changes:
        checked["is_vip"] = bool(changes["is_vip"])
    return checked
