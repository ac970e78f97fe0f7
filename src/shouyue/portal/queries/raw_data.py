"""Raw data of a contract: its recorded facts and its tickets, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from shouyue.commitments.models import Obligation
from shouyue.contracts import queries as contracts
from shouyue.contracts.access import sees_provider_side
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, Membership
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.models import Event
from shouyue.portal import access
from shouyue.tickets import access as ticket_access
from shouyue.tickets.models import Ticket

Row = TypeVar("Row", bound=Model)

EVENT_FIELDS = (
    "id",
    "verb",
    "subject_type",
    "subject_id",
    "case_type",
    "case_id",
    "customer_id",
    "contract_id",
    "actor",
    "occurred_at",
    "recorded_at",
    "device_at",
    "facts",
    "seq",
    "prev_digest",
    "digest",
)
TICKET_FIELDS = (
    "id",
    "number",
    "status",
    "channel",
    "request_type",
    "title",
    "description",
    "affected",
    "urgency",
    "impact",
    "priority",
    "severity",
    "complexity",
    "equipment_type",
    "fault_category",
    "zone",
    "zone_mode",
    "cause",
    "attribution",
    "phenomenon",
    "handling",
    "result",
    "loss",
    "parameters_changed",
    "temporary_fix",
    "permanent_fix",
    "reported_at",
    "created_at",
    "responded_at",
    "assigned_at",
    "accepted_at",
    "solution_proposed_at",
    "temporarily_fixed_at",
    "resolved_at",
    "called_back_at",
    "confirmed_at",
    "closed_at",
    "cancelled_at",
    "reopen_count",
)


def raw_events(
    actor: Actor, contract: Contract, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Event]:
    """The recorded facts of a contract, by id; what concerns internal notes and promises only for the provider.

    since, until: of `occurred_at`. The caller has checked `access.reads_raw_data`.
    """
    rows = Event.objects.visible_to(actor).filter(customer_id=contract.customer_id, contract_id=contract.pk)
    if not ticket_access.sees_internal(actor):
        rows = rows.exclude(verb="ticket.commented", facts__public=False)
        rows = rows.exclude(verb="file.attached", facts__public=False)
    if not sees_provider_side(actor, contract.pk):
        internal = Obligation.objects.filter(contract_id=contract.pk, commitment__is_internal=True)
        rows = rows.exclude(subject_type="obligation", subject_id__in=internal.values("id"))
    return _within(rows, "occurred_at", since, until)


def raw_tickets(
    actor: Actor, contract: Contract, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Ticket]:
    """The tickets of a contract by id; since, until: of `reported_at`."""
    return _within(
        Ticket.objects.visible_to(actor).filter(contract_id=contract.pk), "reported_at", since, until
    )


def _within(
    rows: QuerySet[Row], moment: str, since: datetime | None, until: datetime | None
) -> QuerySet[Row]:
    if since is not None:
        rows = rows.filter(**{f"{moment}__gte": since})
    if until is not None:
        rows = rows.filter(**{f"{moment}__lt": until})
    return rows


def plain_event(event: Event) -> dict[str, Any]:
    """An event as data, digests in hex."""
    row = {name: getattr(event, name) for name in EVENT_FIELDS}
    return row | {"prev_digest": bytes(event.prev_digest).hex(), "digest": bytes(event.digest).hex()}


def plain_ticket(ticket: Ticket) -> dict[str, Any]:
    """A ticket as data."""
    return {name: getattr(ticket, name) for name in TICKET_FIELDS}


def walk(rows: QuerySet[Any], *, size: int = 1000) -> Iterator[Any]:
    """All rows by id, fetched in batches, so that a big contract needs little memory."""
    last = 0
    while True:
        part = list(rows.filter(pk__gt=last).order_by("pk")[:size])
        yield from part
        if len(part) < size:
            return
        last = part[-1].pk


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of raw data: its fields, its rows and a row as data."""

    fields: tuple[str, ...]
    rows: Callable[..., QuerySet[Any]]
    plain: Callable[[Any], dict[str, Any]]


_SORTS = {
    "events": Sort(EVENT_FIELDS, raw_events, plain_event),
    "tickets": Sort(TICKET_FIELDS, raw_tickets, plain_ticket),
}


def sort_of(name: str) -> Sort:
    """What an address calls `events` or `tickets`. Raises: NotFound."""
    if name not in _SORTS:
        raise NotFound
    return _SORTS[name]


def is_raw_data_read_outside(contract_id: int) -> bool:
    """Whether somebody outside the provider may read all raw data of a contract today. Queries: one."""
    today = clock.today(contracts.compiled(contract_id).zone)
    outside = [role for role in access.RAW_DATA if role in Role.values and Role(role).is_outside]
    return Membership.objects.filter(
        Q(starts_on=None) | Q(starts_on__lte=today),
        Q(ends_on=None) | Q(ends_on__gte=today),
        contract_id=contract_id,
        role__in=outside,
        user__is_active=True,
    ).exists()
