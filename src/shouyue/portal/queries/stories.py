"""One request's story, told in the customer's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.accounts.models import User
from shouyue.files import queries as files
from shouyue.files.models import StoredFile
from shouyue.kernel.actor import Actor
from shouyue.kernel.models import Event
from shouyue.portal import rules
from shouyue.tickets import access as ticket_access
from shouyue.tickets import queries as tickets
from shouyue.tickets import rules as ticket_rules
from shouyue.tickets.choices import WaitReason
from shouyue.tickets.models import Ticket, TicketNote
from shouyue.web.states import Tone

from .requests import Request, described


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


def story_of(actor: Actor, number: str) -> Story:
    """One request with its story. Raises: NotFound. Queries: seven."""
    ticket = tickets.ticket_with_number(actor, number)
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
