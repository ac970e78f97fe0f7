"""A ticket as its page shows it: time line from events and notes, stages passed, facts in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Choices
from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from shouyue.commitments.choices import State
from shouyue.commitments.queries.of_case import CasePromise
from shouyue.files.models import StoredFile
from shouyue.kernel import events
from shouyue.kernel.actor import Actor
from shouyue.web.moulds import text

from . import access, queries, reading
from .choices import (
    Attribution,
    Cause,
    Channel,
    EquipmentType,
    FaultCategory,
    Replacement,
    RequestType,
    Tier,
    WaitReason,
)
from .models import Ticket, TicketLink
from .reading import Happening, Said, Whole
from .services import StaleVersion

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the time line, as the component wants it."""

    at: datetime
    title: Text
    text: str = ""
    actor: str = ""
    icon: str = "point"
    tone: str = "neutral"


_LOOKS: dict[str, tuple[str, str]] = {
    "ticket.reported": ("phone-incoming", "info"),
    "ticket.responded": ("message", "good"),
    "ticket.assigned": ("user-plus", "info"),
    "ticket.accepted": ("user-check", "progress"),
    "ticket.triaged": ("stethoscope", "neutral"),
    "ticket.waiting_started": ("player-pause", "warn"),
    "ticket.waiting_ended": ("player-play", "progress"),
    "ticket.tier_raised": ("trending-up", "warn"),
    "ticket.escalation_requested": ("speakerphone", "warn"),
    "ticket.solution_proposed": ("bulb", "info"),
    "ticket.temporarily_fixed": ("first-aid-kit", "progress"),
    "ticket.resolved": ("circle-check", "good"),
    "ticket.called_back": ("phone-call", "info"),
    "ticket.confirmed": ("checks", "good"),
    "ticket.rejected": ("arrow-back-up", "bad"),
    "ticket.reopened": ("refresh", "warn"),
    "ticket.closed": ("lock", "muted"),
    "ticket.cancelled": ("x", "muted"),
    "ticket.edited": ("pencil", "neutral"),
    "file.attached": ("paperclip", "neutral"),
    "visit.dispatched": ("send", "info"),
    "visit.received": ("check", "info"),
    "visit.departed": ("truck", "progress"),
    "visit.arrived": ("map-pin", "progress"),
    "visit.left": ("logout", "good"),
    "visit.cancelled": ("circle-minus", "muted"),
    "obligation.warned": ("clock-exclamation", "warn"),
    "obligation.missed": ("alarm", "bad"),
}
_SILENT = frozenset(
    {"ticket.commented", "obligation.opened", "obligation.kept", "notice.sent", "gate.passed"}
)
"""Verbs that say nothing here which a note or the promises' panel does not say better."""


def entries(actor: Actor, whole: Whole, attached: Sequence[StoredFile]) -> list[Entry]:
    """The time line, newest first: events of the case and what was written. Queries: two or three."""
    ticket = whole.ticket
    found = [event for event in reading.events_of(actor, ticket) if event.verb not in _SILENT]
    internal = access.sees_internal(actor)
    if not internal:
        found = [event for event in found if event.verb not in ("obligation.warned", "obligation.missed")]
    names = _names(found, whole.known)
    files = {stored.pk: stored.name for stored in attached}
    notes = reading.notes_of(actor, ticket)
    answer = _words_of_answer(found, notes)
    titles = _titles(get_language())
    lines = [
        _line(
            event,
            _detail(event, names, files, ticket.contract_id),
            names,
            titles,
            answer.text if answer and event.verb == "ticket.responded" else "",
        )
        for event in found
    ]
    public, hidden = _("Note"), _("Internal note")
    lines += [
        Entry(
            at=note.written_at,
            title=public if note.is_public else hidden,
            text=note.text,
            actor=note.author_name,
            icon="message-circle" if note.is_public else "lock",
            tone="info" if note.by_customer else "neutral",
        )
        for note in notes
        if note is not answer
    ]
    return sorted(lines, key=lambda entry: entry.at, reverse=True)


@lru_cache(maxsize=4)
def _titles(language: str | None) -> dict[str, str]:
    """What each verb is called in the active language."""
    return {verb: str(known.label) for verb, known in events.declared_verbs().items()}


def _words_of_answer(found: Sequence[Happening], notes: Sequence[Said]) -> Said | None:
    """The note that was written together with the first answer: both are one line."""
    answered = next((event for event in found if event.verb == "ticket.responded"), None)
    if answered is None:
        return None
    for note in notes:
        together = abs((note.written_at - answered.recorded_at).total_seconds()) < 2
        if (
            note.is_public
            and not note.by_customer
            and (note.source_key or "").startswith("answer:")
            and together
        ):
            return note
    return None


def _line(
    event: Happening, detail: str, names: dict[int, str], titles: dict[str, str], words: str = ""
) -> Entry:
    icon, tone = _LOOKS.get(event.verb, ("point", "neutral"))
    late = (event.recorded_at - event.occurred_at).total_seconds() > 120
    told = words or detail
    if late:
        told = "\n".join(filter(None, [told, _("Recorded later.")]))
    return Entry(
        at=event.occurred_at,
        title=titles.get(event.verb, event.verb),
        text=told,
        actor=names.get(_user(event.actor), "") or _("System"),
        icon=icon,
        tone=tone,
    )


_OUTCOMES = {"free": _l("Free of charge"), "quoted": _l("Charged: to be quoted")}
"""What the contract said about the charge."""


def _detail(event: Happening, names: dict[int, str], files: dict[int, str], contract_id: int | None) -> str:
    def word(fact: str) -> str:
        value, language = event.facts.get(fact, ""), get_language() or "zh-hans"
        return queries.word_title(contract_id, fact, value, language) if value else ""

    match event.verb:
        case "ticket.assigned":
            return _("To %(name)s") % {"name": names.get(_user(event.facts.get("to", "")), "")}
        case "ticket.waiting_started":
            return str(dict(WaitReason.choices).get(event.facts.get("reason", ""), ""))
        case "ticket.tier_raised":
            tiers = _labels_of(Tier, get_language())
            passed = (event.facts.get("from_tier", ""), event.facts.get("to_tier", ""))
            return " → ".join(tiers.get(tier, tier) for tier in passed)
        case "ticket.triaged" | "ticket.priority_set":
            return word("priority")
        case "ticket.graded":
            return " · ".join(filter(None, (word("severity"), word("complexity"))))
        case "ticket.answer_promised":
            promised = datetime.fromisoformat(str(event.facts["promised_at"]))
            return f"{timezone.localtime(promised):%Y-%m-%d %H:%M}"
        case "decision.taken":
            return str(_OUTCOMES.get(str(event.facts.get("outcome", "")), ""))
        case "ticket.charge_stated":
            return f"¥ {int(event.facts.get('cents', 0)) / 100:.2f}"
        case "file.attached":
            return files.get(event.subject_id, "")
        case verb if verb.startswith("visit."):
            return names.get(_user(event.facts.get("engineer", "")), "")
    return ""


def _names(found: Iterable[Happening], known: dict[int, str]) -> dict[int, str]:
    """The names of everybody the events speak of. Queries: one at most."""
    wanted = set()
    for event in found:
        wanted.add(_user(event.actor))
        if event.verb == "ticket.assigned":
            wanted.add(_user(event.facts.get("to", "")))
        elif event.verb.startswith("visit."):
            wanted.add(_user(event.facts.get("engineer", "")))
    return reading.names_of(wanted - {0}, known)


def _user(reference: object) -> int:
    kind, _colon, number = str(reference).partition(":")
    return int(number) if kind == "user" and number.isdigit() else 0


STAGES: tuple[tuple[str, Text], ...] = (
    ("reported_at", _l("Reported")),
    ("responded_at", _l("Answered")),
    ("triaged_at", _l("Triaged")),
    ("assigned_at", _l("Assigned")),
    ("accepted_at", _l("Accepted")),
    ("diagnosed_at", _l("Diagnosed")),
    ("solution_proposed_at", _l("Solution proposed")),
    ("temporarily_fixed_at", _l("Temporarily fixed")),
    ("resolved_at", _l("Resolved")),
    ("called_back_at", _l("Called back")),
    ("confirmed_at", _l("Confirmed")),
    ("closed_at", _l("Closed")),
    ("cancelled_at", _l("Cancelled")),
)


def stages(ticket: Ticket) -> list[tuple[SafeString, datetime]]:
    """The stages passed, each with its time, in the order they are passed."""
    labels = _stage_labels(get_language())
    values = ((name, getattr(ticket, name)) for name, _label in STAGES)
    return [(labels[name], at) for name, at in values if at is not None]


@lru_cache(maxsize=4)
def _stage_labels(language: str | None) -> dict[str, SafeString]:
    return {name: SafeString(text(label)) for name, label in STAGES}


_FACTS: tuple[Text, ...] = (
    _l("Customer"),
    _l("Contract"),
    _l("Site"),
    _l("Address"),
    _l("Requester"),
    _l("Caller's number"),
    _l("Channel"),
    _l("Request type"),
    _l("Request class"),
    _l("Urgency"),
    _l("Impact"),
    _l("Priority"),
    _l("Severity"),
    _l("Complexity"),
    _l("Equipment type"),
    _l("Fault category"),
    _l("Affected items"),
    _l("Tier"),
    _l("One-stop owner"),
    _l("Assignee"),
    _l("Caused by"),
    _l("Hardware replacement"),
    _l("Confirmed by"),
    _l("Times reopened"),
)


@lru_cache(maxsize=4)
def _fact_labels(language: str | None) -> tuple[SafeString, ...]:
    return tuple(SafeString(text(label)) for label in _FACTS)


def facts(ticket: Ticket, language: str) -> list[tuple[SafeString, Any]]:
    """What a ticket is about, as pairs of label and text; nothing that is empty."""

    def word(fact: str) -> str:
        value = getattr(ticket, fact)
        return queries.word_title(ticket.contract_id, fact, value, language) if value else ""

    def chosen(choices: type[Choices], name: str) -> str:
        value = getattr(ticket, name)
        return _labels_of(choices, get_language()).get(value, value) if value else ""

    site, requester = ticket.site, ticket.requester
    values: tuple[Any, ...] = (
        ticket.customer.name,
        str(ticket.contract) if ticket.contract else "",
        site.name if site else "",
        site.address if site else "",
        queries.contact_text(requester) if requester else "",
        ticket.caller_phone,
        chosen(Channel, "channel"),
        chosen(RequestType, "request_type"),
        dict(queries.chosen_classes(ticket.contract_id, language)).get(ticket.request_class, "")
        if ticket.request_class
        else "",
        word("urgency"),
        word("impact"),
        word("priority"),
        word("severity"),
        word("complexity"),
        chosen(EquipmentType, "equipment_type"),
        chosen(FaultCategory, "fault_category"),
        ticket.affected,
        chosen(Tier, "tier"),
        ticket.owner.name if ticket.owner else "",
        ticket.assignee.name if ticket.assignee else "",
        chosen(Attribution, "attribution"),
        chosen(Replacement, "replacement"),
        ticket.confirmed_by,
        ticket.reopen_count or "",
    )
    return [pair for pair in zip(_fact_labels(get_language()), values, strict=True) if pair[1]]


@lru_cache(maxsize=64)
def _labels_of(choices: type[Choices], language: str | None) -> dict[Any, str]:
    return {value: str(label) for value, label in choices.choices}


_HANDLING: tuple[tuple[str, Text, bool], ...] = (
    ("phenomenon", _l("Phenomenon"), False),
    ("judgement", _l("Judgement"), True),
    ("handling", _l("Handling"), False),
    ("result", _l("Result"), False),
    ("proposal", _l("Proposed solution"), False),
    ("temporary_fix", _l("Temporary fix"), False),
    ("permanent_fix", _l("Permanent fix"), False),
    ("loss", _l("Loss to system and application"), False),
    ("parameters_changed", _l("Parameters changed"), False),
    ("operations", _l("Operations performed"), True),
    ("call_back_note", _l("Call-back"), True),
    ("closing_note", _l("Closing note"), True),
)


def handling(ticket: Ticket, *, internal: bool) -> list[tuple[Text, str]]:
    """The handling data written so far; some of it is for the provider's people alone."""
    pairs: list[tuple[Text, str]] = []
    if ticket.cause:
        pairs.append((_("Cause"), _labels_of(Cause, get_language()).get(ticket.cause, ticket.cause)))
    if ticket.program_error_class:
        pairs.append((_("Program error class"), ticket.get_program_error_class_display()))
    for name, label, hidden in _HANDLING:
        text = getattr(ticket, name)
        if text and (internal or not hidden):
            pairs.append((label, text))
    return pairs


SHOWN_CLOCKS = 12
NO_CLOCK = (State.WAITING, State.REFUSED, State.VOID)


def clocks(promises: Iterable[CasePromise]) -> list[CasePromise]:
    """Those of a ticket's promises that are not settled yet, the earliest due first."""
    far = datetime.max.replace(tzinfo=UTC)
    running = [one for one in promises if one.settled_at is None and one.state not in NO_CLOCK]
    running.sort(key=lambda one: (one.due_at or far, one.id))
    return running[:SHOWN_CLOCKS]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the attachments component wants it."""

    name: str
    size: int
    url: str
    by: str
    at: datetime
    preview_url: str = ""

    @classmethod
    def of(cls, stored: StoredFile) -> FileRow:
        """The row of a stored file."""
        url = reverse("files:download", args=[stored.pk])
        return cls(
            name=stored.name,
            size=stored.size_bytes,
            url=url,
            by=stored.stored_by_name,
            at=stored.stored_at,
            preview_url=url if stored.is_image and stored.size_bytes < 3_000_000 else "",
        )


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Another ticket and how it belongs to this one."""

    relation: Text
    other: Ticket


_SEEN_FROM_OTHER = {
    "relates": _l("relates to"),
    "duplicate": _l("has the duplicate"),
    "parent": _l("has the part"),
}


def links(ticket: Ticket, found: Iterable[TicketLink]) -> list[LinkRow]:
    """The links of a ticket, each read from this ticket."""
    return [
        LinkRow(link.get_kind_display(), link.other)
        if link.ticket_id == ticket.pk
        else LinkRow(_SEEN_FROM_OTHER[link.kind], link.ticket)
        for link in found
    ]


def version_of(ticket: Ticket) -> str:
    """Changes with everything the page shows of the ticket itself."""
    return f"{ticket.pk}.{ticket.version}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people changed."""

    label: Text
    yours: str
    theirs: str


def differences(form: Form, stale: StaleVersion) -> list[Difference]:
    """Both versions of every field that differs; the form keeps one's own text."""

    def text(name: str, value: object) -> str:
        choices = dict(getattr(form.fields[name], "choices", ()) or ())
        return str(choices.get(value, choices.get(str(value), "" if value is None else value)))

    return [
        Difference(form.fields[name].label or name, text(name, yours), text(name, stale.theirs[name]))
        for name, yours in stale.yours.items()
        if name in form.fields and yours != stale.theirs[name]
    ]
