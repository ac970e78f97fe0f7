"""Reads of the portal: requests in plain words, one request's story, raw data of a contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.accounts.models import User
from shouyue.commitments import queries as commitments
from shouyue.commitments.choices import Kind
from shouyue.commitments.models import Obligation
from shouyue.contracts import queries as contracts
from shouyue.contracts.access import sees_provider_side
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, Membership
from shouyue.files import queries as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.models import Event
from shouyue.parties.models import Contact
from shouyue.tickets import access as ticket_access
from shouyue.tickets import queries as tickets
from shouyue.tickets import rules as ticket_rules
from shouyue.tickets.choices import RequestType, Status, WaitReason
from shouyue.tickets.models import Ticket, TicketNote
from shouyue.visits.models import Visit
from shouyue.visits.rules import UNDER_WAY
from shouyue.web.lists import Slice, keyset
from shouyue.web.states import Tone

from . import access, rules
from .rules import Outlook, Situation

# -- lists ------------------------------------------------------------------------------------------------------


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


# -- one request ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story; template and file for a picture."""

    at: datetime
    title: str
    text: str = ""
    actor: str = ""
    icon: str = "point"
    tone: Tone = "neutral"
    template: str = ""
    file: StoredFile | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the page of one request shows. can: the acts open to the reader now."""

    request: Request
    entries: list[Entry]
    can: frozenset[str]
    asks_replacement: bool
    note_count: int = 0
    engineer: str = ""
    contact_phone: str = ""


ACTS = {
    "message": "comment",
    "confirm": "confirm",
    "reject": "reject",
    "reopen": "reopen",
    "withdraw": "cancel",
    "escalate": "request_escalation",
    "replacement": "decide_replacement",
}
"""The portal's acts and the moves of a ticket behind them."""


def ticket_of(actor: Actor, number: str) -> Ticket:
    """One ticket with what its page names. Raises: NotFound, for a stranger's as for none."""
    return tickets.ticket_with_number(actor, number)


def story_of(actor: Actor, number: str) -> Story:
    """One request with its story. Raises: NotFound. Queries: seven."""
    ticket = ticket_of(actor, number)
    (request,) = described(actor, [ticket])
    notes = tickets.notes_of(actor, ticket)
    events = tickets.events_of(actor, ticket)
    stored = files.files_of(actor, ("ticket", ticket.pk))
    can = {
        act
        for act, move in ACTS.items()
        if ticket_rules.may_move(move, ticket.status) and ticket_access.can(actor, move, ticket)
    }
    return Story(
        request=request,
        entries=_entries(actor, ticket, notes, events, stored),
        can=frozenset(can),
        asks_replacement="replacement" in can
        and rules.asks_replacement(
            ticket.status, ticket.replacement, ticket.fault_category, ticket.wait_reason
        ),
        note_count=len(notes),
        engineer=ticket.assignee.name if ticket.assignee else "",
        contact_phone=ticket.contract.desk_phone if ticket.contract else "",
    )


def version_of(actor: Actor, number: str) -> str:
    """Changes whenever the page of a request does. Raises: NotFound. Queries: two."""
    ticket = tickets.plain_ticket(actor, number)
    rows = Event.objects.filter(case_type="ticket", case_id=ticket.pk, customer_id=ticket.customer_id)
    newest = rows.order_by("-id").values_list("id", flat=True).first()
    return f"{ticket.version}.{newest or 0}"


@dataclass(frozen=True, slots=True)
class Words:
    """How a verb is told to the customer. name: whose name goes into the title: the actor's or the one in a fact."""

    title: str | Promise
    icon: str
    tone: Tone = "neutral"
    name: str = ""


_TOLD: Mapping[str, Words] = {
    "ticket.reported": Words(gettext_lazy("Request received"), "send", "info"),
    "ticket.responded": Words(gettext_lazy("Answered by the service desk"), "headset", "info"),
    "ticket.assigned": Words(gettext_lazy("Given to %(name)s"), "user-check", "info", "to"),
    "ticket.accepted": Words(gettext_lazy("%(name)s has taken it up"), "tool", "progress", "actor"),
    "ticket.tier_raised": Words(gettext_lazy("Handed to specialists"), "trending-up", "progress"),
    "ticket.escalation_requested": Words(
        gettext_lazy("Somebody higher was asked for"), "speakerphone", "warn"
    ),
    "ticket.waiting_ended": Words(gettext_lazy("The work goes on"), "player-play", "progress"),
    "ticket.answer_promised": Words(gettext_lazy("An answer is promised"), "calendar-time", "info"),
    "ticket.answer_given": Words(gettext_lazy("The promised answer was given"), "message-dots", "good"),
    "ticket.solution_proposed": Words(gettext_lazy("A solution is proposed"), "bulb", "progress"),
    "ticket.temporarily_fixed": Words(gettext_lazy("Fixed for the time being"), "first-aid-kit", "progress"),
    "ticket.resolved": Words(gettext_lazy("Solved"), "circle-check", "good"),
    "ticket.called_back": Words(gettext_lazy("Reported back to you"), "phone-call", "info"),
    "ticket.confirmed": Words(gettext_lazy("Confirmed that it works"), "checks", "good"),
    "ticket.rejected": Words(gettext_lazy("Not solved: back to work"), "arrow-back-up", "warn"),
    "ticket.reopened": Words(gettext_lazy("Taken up again"), "refresh", "warn"),
    "ticket.closed": Words(gettext_lazy("Closed by the service desk"), "lock", "good"),
    "ticket.cancelled": Words(gettext_lazy("Withdrawn"), "circle-minus", "muted"),
    "visit.dispatched": Words(gettext_lazy("%(name)s is sent to you"), "send", "info", "engineer"),
    "visit.departed": Words(gettext_lazy("%(name)s is on the way"), "truck", "progress", "engineer"),
    "visit.arrived": Words(gettext_lazy("%(name)s has arrived"), "map-pin", "progress", "engineer"),
    "visit.left": Words(gettext_lazy("%(name)s has left"), "circle-check", "good", "engineer"),
    "visit.cancelled": Words(gettext_lazy("The visit was called off"), "circle-minus", "muted"),
}
_WAITS = {
    WaitReason.CUSTOMER: gettext_lazy("We wait for your answer"),
    WaitReason.VENDOR: gettext_lazy("Waiting for the maker"),
    WaitReason.PART: gettext_lazy("Waiting for a part"),
}
_TEXTS = {
    "ticket.solution_proposed": ("proposal",),
    "ticket.temporarily_fixed": ("temporary_fix",),
    "ticket.resolved": ("result", "permanent_fix"),
}


def _entries(
    actor: Actor,
    ticket: Ticket,
    notes: Iterable[TicketNote],
    events: Sequence[Event],
    stored: Iterable[StoredFile],
) -> list[Entry]:
    names = _names(events)
    found: list[tuple[datetime, int, Entry]] = []
    told: set[str] = set()
    for event in events:  # newest first: texts of the ticket belong to the last event of their verb
        entry = _entry(actor, ticket, event, names, with_text=event.verb not in told)
        told.add(event.verb)
        if entry is not None:
            found.append((event.occurred_at, event.pk, entry))
    for note in notes:
        you = note.author_id is not None and note.author_id == actor.user_id
        title = _("You") if you else note.author_name
        tone: Tone = "info" if note.by_customer else "progress"
        icon = "message-circle" if note.by_customer else "message"
        found.append((note.written_at, 0, Entry(note.written_at, title, note.text, icon=icon, tone=tone)))
    for one in stored:
        by = _("You") if one.stored_by_id == actor.user_id else one.stored_by_name
        title = _("%(name)s added a file") % {"name": by}
        entry = Entry(one.stored_at, title, icon="paperclip", template="portal/_file.html", file=one)
        found.append((one.stored_at, 0, entry))
    found.sort(key=lambda row: row[:2], reverse=True)
    return [entry for _at, _number, entry in found]


def _entry(
    actor: Actor, ticket: Ticket, event: Event, names: Mapping[str, str], *, with_text: bool
) -> Entry | None:
    at, facts = event.occurred_at, event.facts
    if event.verb == "ticket.waiting_started":
        title = _WAITS.get(facts.get("reason", ""), _("Waiting"))
        return Entry(
            at, str(title), icon="clock-pause", tone="warn" if facts.get("reason") == "customer" else "muted"
        )
    if event.verb == "ticket.replacement_decided":
        agreed = facts.get("decision") == "accepted"
        title = _("You agree to a replacement") if agreed else _("No replacement: we go on without")
        return Entry(at, title, icon="package", tone="info")
    if event.verb == "ticket.tier_raised" and not facts.get("higher"):
        return None
    words = _TOLD.get(event.verb)
    if words is None:
        return None
    title = str(words.title)
    if words.name:
        who = event.actor if words.name == "actor" else str(facts.get(words.name, ""))
        title = title % {"name": names.get(who) or _("Our engineer")}
    text = ""
    if with_text:
        text = "\n".join(filter(None, (getattr(ticket, name) for name in _TEXTS.get(event.verb, ()))))
    if event.verb == "ticket.answer_promised" and facts.get("promised_at"):
        text = _("By %(time)s") % {"time": _local(facts["promised_at"], actor)}
    return Entry(at, title, text, icon=words.icon, tone=words.tone)


def _local(text: str, actor: Actor) -> str:
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(actor.time_zone))
    return str(date_format(at, "Y-m-d H:i"))


def _names(events: Iterable[Event]) -> Mapping[str, str]:
    """`user:12` → name, for everybody the story names. Queries: one."""
    refs = set()
    for event in events:
        refs |= {event.actor, event.facts.get("to"), event.facts.get("engineer")}
    ids = [int(ref.split(":")[1]) for ref in refs if isinstance(ref, str) and ref.startswith("user:")]
    return {f"user:{pk}": name for pk, name in User.objects.filter(pk__in=ids).values_list("id", "name")}


# -- reporting --------------------------------------------------------------------------------------------------


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


# -- raw data of a contract -------------------------------------------------------------------------------------


def contract_of(actor: Actor, code: str) -> Contract:
    """One contract open to the actor. Raises: NotFound."""
    return contracts.contract_of(actor, code)


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
    if since is not None:
        rows = rows.filter(occurred_at__gte=since)
    if until is not None:
        rows = rows.filter(occurred_at__lt=until)
    return rows


def raw_tickets(
    actor: Actor, contract: Contract, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Ticket]:
    """The tickets of a contract by id; since, until: of `reported_at`."""
    rows = Ticket.objects.visible_to(actor).filter(contract_id=contract.pk)
    if since is not None:
        rows = rows.filter(reported_at__gte=since)
    if until is not None:
        rows = rows.filter(reported_at__lt=until)
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


def require_kind(kind: str) -> str:
    """`events` or `tickets`. Raises: NotFound."""
    if kind not in ("events", "tickets"):
        raise NotFound
    return kind


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
