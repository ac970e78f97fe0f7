"""Requests in plain words: lists, the promise that comes due next, what is known of who reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from shouyue.accounts.models import User
from shouyue.commitments import queries as commitments
from shouyue.commitments.choices import Kind
from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact
from shouyue.portal import access, rules
from shouyue.portal.rules import Outlook, Situation
from shouyue.tickets import access as ticket_access
from shouyue.tickets.choices import RequestType, Status, WaitReason
from shouyue.tickets.models import Ticket
from shouyue.visits.models import Visit
from shouyue.visits.rules import UNDER_WAY
from shouyue.web.lists import Slice, keyset


@dataclass(frozen=True, slots=True)
class Promised:
    """The promise that comes due next."""

    title: str
    due_at: datetime | None
    warn_at: datetime | None
    is_paused: bool
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A ticket as the customer sees it."""

    ticket: Ticket
    outlook: Outlook
    wish: str
    promise: Promised | None
    is_own: bool

    @property
    def url(self) -> str:
        return reverse("portal:request", args=[self.ticket.number])


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What a list is narrowed to. whose: `mine` or `all` (of one's contracts); state: empty for all."""

    whose: str = "all"
    state: str = ""
    contract_id: int | None = None
    request_type: str = ""
    text: str = ""


def requests_matching(actor: Actor, wanted: RequestFilter) -> QuerySet[Ticket]:
    """The visible requests that fit, each part of the condition served by an index of its own."""
    rows = Ticket.objects.visible_to(actor)
    if wanted.whose == "mine" or not access.reads_all(actor):
        rows = rows.filter(reporter_id=actor.user_id)
    elif wanted.contract_id is None:
        rows = rows.filter(contract_id__in=sorted(actor.contract_roles))
    if wanted.contract_id is not None:
        rows = rows.filter(contract_id=wanted.contract_id)
    if wanted.request_type:
        rows = rows.filter(request_type=wanted.request_type)
    if wanted.text:
        rows = rows.filter(Q(title__icontains=wanted.text) | Q(number__istartswith=wanted.text))
    return rows.filter(_in_state(wanted.state))


def _in_state(state: str) -> Q:
    match state:
        case "open":
            return ~Q(status__in=sorted(rules.FINISHED))
        case "needs_you":
            return Q(status=Status.RESOLVED) | Q(status=Status.WAITING, wait_reason=WaitReason.CUSTOMER)
        case "finished":
            return Q(status__in=sorted(rules.FINISHED))
    return Q()


def requests_page(
    actor: Actor, wanted: RequestFilter, cursor: str = ""
) -> tuple[list[Request], Slice[Ticket]]:
    """One page, newest first. Raises: Invalid for a damaged cursor. Queries: three."""
    rows = requests_matching(actor, wanted).select_related("contract", "site", "assignee", "reporter")
    part = keyset(rows, order=("-id",), cursor=cursor, size=30)
    return described(actor, part.rows), part


def open_requests(actor: Actor, *, limit: int = 12) -> list[Request]:
    """What the actor reported and is not finished, what waits for the actor first. Queries: three."""
    rows = requests_matching(actor, RequestFilter(whose="mine", state="open"))
    found = described(
        actor, list(rows.select_related("assignee", "site", "contract").order_by("-id")[:limit])
    )
    return sorted(found, key=lambda request: not request.outlook.needs_you)


def others_requests(actor: Actor, *, limit: int = 6) -> list[Request]:
    """Open requests of colleagues, newest first. Queries: three, none for end users."""
    if not access.reads_all(actor):
        return []
    rows = requests_matching(actor, RequestFilter(state="open")).exclude(reporter_id=actor.user_id or 0)
    return described(actor, list(rows.select_related("assignee", "site", "contract").order_by("-id")[:limit]))


def described(actor: Actor, rows: Sequence[Ticket]) -> list[Request]:
    """Tickets in plain words, with the promise that comes due next. Queries: two, none for an empty list."""
    ids = [ticket.pk for ticket in rows]
    visits = _visits_under_way(actor, ids)
    promises = _next_promises(actor, ids)
    return [
        Request(
            ticket,
            rules.outlook(_situation(actor, ticket, visits.get(ticket.pk))),
            str(RequestType(ticket.request_type).label),
            promises.get(ticket.pk) if ticket.status not in rules.FINISHED else None,
            ticket.reporter_id == actor.user_id,
        )
        for ticket in rows
    ]


def _situation(actor: Actor, ticket: Ticket, visit: tuple[str, str] | None) -> Situation:
    state, engineer = visit or ("", "")
    return Situation(
        status=ticket.status,
        wait_reason=ticket.wait_reason,
        is_answered=ticket.responded_at is not None,
        engineer=engineer or (ticket.assignee.name if ticket.assignee else ""),
        visit=state,
        may_decide=ticket_access.can(actor, "confirm", ticket),
    )


def _visits_under_way(actor: Actor, ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    if not ids:
        return {}
    rows = Visit.objects.visible_to(actor).filter(ticket_id__in=ids, state__in=sorted(UNDER_WAY))
    return {
        ticket: (state, name)
        for ticket, state, name in rows.order_by("id").values_list("ticket_id", "state", "engineer__name")
    }


def _next_promises(actor: Actor, ids: Sequence[int]) -> dict[int, Promised]:
    if not ids:
        return {}
    rows = commitments.obligations_visible_to(actor).filter(
        Q(state__in=("running", "paused")) | Q(state="missed", settled_at__isnull=True),
        case_type="ticket",
        case_id__in=ids,
        due_at__isnull=False,
        commitment__owed_by="provider",
    )
    found: dict[int, Promised] = {}
    for row in rows.exclude(commitment__kind=Kind.GATE).order_by("-due_at", "-id"):
        found[row.case_id] = Promised(
            row.commitment.title(actor.language),
            row.due_at,
            row.warn_at,
            row.state == "paused",
            row.state == "missed",
        )
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the reporter, so that nobody is asked twice."""

    contact: Contact | None
    phone: str
    contracts: list[Contract]
    contract: Contract | None
    devices: list[str] = field(default_factory=list)


def known_of(actor: Actor, contract_id: int | None = None) -> Known:
    """The reporter's own entry, contracts and the devices named before. Queries: five at most."""
    contact = (
        Contact.objects.visible_to(actor)
        .filter(customer_id=actor.customer_id, user_id=actor.user_id, is_active=True)
        .order_by("id")
        .first()
    )
    open_to = list(contracts.contracts_visible_to(actor).filter(is_active=True).order_by("code"))
    chosen = next((one for one in open_to if one.pk == contract_id), None)
    if chosen is None and len(open_to) == 1:
        chosen = open_to[0]
    if chosen is None and open_to:
        chosen = contracts.contract_for(actor, actor.customer_id, contact.site_id if contact else None)
    phone = contact.phone if contact else ""
    if not phone and actor.user_id is not None:
        phone = User.objects.filter(pk=actor.user_id).values_list("phone", flat=True).first() or ""
    before = Ticket.objects.visible_to(actor).filter(reporter_id=actor.user_id).exclude(affected="")
    devices: dict[str, None] = {}
    for text in before.order_by("-id").values_list("affected", flat=True)[:10]:
        devices |= dict.fromkeys(line.strip()[:100] for line in text.splitlines() if line.strip())
    return Known(contact, phone, open_to, chosen, list(devices)[:8])
