"""What happened: one append-only row per fact, written in the transaction of the change itself.

An event is audit trail, time line, evidence and trigger at once. Modules declare their verbs with typed facts
in their `apps.py`; `record` refuses unknown verbs and facts. Rows of one subject form a hash chain whose last
link is kept in `kernel_event_head`; `verify` (see `verification`) finds what was tampered with.

Reactions: `consume` registers a function that runs in the same transaction (the commitment register);
everything slower is a job, enqueued by `react` in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from . import clock
from .actor import Actor
from .scope import PROVIDER_ID


class FactType(Enum):
    """What a fact may be. No free text and no personal data: deleting a person must not break the chain."""

    CODE = "code"
    """A short token of a known list, such as a severity; at most 64 characters."""
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    """An aware datetime, stored as ISO 8601 in UTC."""
    DAY = "day"
    """A date, stored as ISO 8601."""
    REFERENCE = "reference"
    """`type:id` of another record."""
    DIGEST = "digest"
    """SHA-256 in hex."""


FactValue = str | int | bool | datetime | date | None


@dataclass(frozen=True, slots=True)
class Verb:
    """A kind of event: its name `subject.done`, its label for people, its facts.

    facts are additive: a later release may add some, never change the type of one.
    """

    name: str
    label: str | Promise
    facts: Mapping[str, FactType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as consumers see it: facts are plain JSON values (instants as ISO strings)."""

    id: int
    verb: str
    subject_type: str
    subject_id: int
    case_type: str
    case_id: int
    customer_id: int
    contract_id: int | None
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    facts: Mapping[str, str | int | bool | None]
    seq: int


Consumer = Callable[[RecordedEvent], None]
ConsumerOfMany = Callable[[Sequence[RecordedEvent]], None]
Enricher = Callable[[str, int | None, Mapping[str, Any]], Mapping[str, FactValue]]

_verbs: dict[str, Verb] = {}
_common_facts: dict[str, FactType] = {}
_consumers: list[Consumer] = []
_reactions: dict[str, list[Consumer]] = {}
_at_once: dict[Consumer, ConsumerOfMany] = {}
_enrichers: list[Enricher] = []


def declare(*verbs: Verb) -> None:
    """Make verbs known; called from `AppConfig.ready`. Raises ValueError on a clash."""
    for verb in verbs:
        known = _verbs.get(verb.name)
        if known is not None and known != verb:
            raise ValueError(f"verb {verb.name!r} is declared twice")
        _verbs[verb.name] = verb


def declare_common_facts(facts: Mapping[str, FactType]) -> None:
    """Facts that enrichers add to every event that has a contract (stage, zone, service level)."""
    _common_facts.update(facts)


def declared_verbs() -> Mapping[str, Verb]:
    """All known verbs by name; common facts are not repeated in them."""
    return MappingProxyType(_verbs)


def common_facts() -> Mapping[str, FactType]:
    """The facts that enrichers may add to any event."""
    return MappingProxyType(_common_facts)


def consume(consumer: Consumer, many: ConsumerOfMany | None = None) -> None:
    """Run `consumer` for each event in the recording transaction, in the order of registration.

    many: takes those of `record_many` together, to the same effect.
    """
    if consumer not in _consumers:
        _consumers.append(consumer)
    if many is not None:
        _at_once[consumer] = many


def react(verb: str, enqueue: Consumer, many: ConsumerOfMany | None = None) -> None:
    """Call `enqueue` after an event of `verb` is written; it must only defer a job. many: as for `consume`."""
    reactions = _reactions.setdefault(verb, [])
    if enqueue not in reactions:
        reactions.append(enqueue)
    if many is not None:
        _at_once[enqueue] = many


def enrich(enricher: Enricher) -> None:
    """Let a module below add facts it owns: (subject_type, contract_id, facts) → more facts. Given facts win."""
    if enricher not in _enrichers:
        _enrichers.append(enricher)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to be written; its parts are the arguments of `record`."""

    verb: str
    actor: Actor
    subject: tuple[str, int]
    case: tuple[str, int] | None = None
    customer_id: int = PROVIDER_ID
    contract_id: int | None = None
    facts: Mapping[str, FactValue] | None = None
    occurred_at: datetime | None = None
    device_at: datetime | None = None


_TYPES = (
    *("text", "text", "bigint", "text", "bigint", "bigint", "bigint", "text"),
    *("timestamptz", "timestamptz", "timestamptz", "jsonb"),
)
_RECORD = f"SELECT id, seq FROM kernel_record_event({', '.join(f'%s::{kind}' for kind in _TYPES)})"  # noqa: S608
_OF_ROW = ", ".join("made.id" if place in (2, 4) else f"%s::{kind}" for place, kind in enumerate(_TYPES))
_RECORD_CREATED = (
    "WITH made AS ({insert}) SELECT e.id AS event_id, e.seq AS event_seq, made.* "
    "FROM made, kernel_record_event({event}) AS e"
)
_RECORD_MANY = f"""
SELECT e.id, e.seq FROM kernel_record_events({", ".join(f"%s::{kind}[]" for kind in _TYPES)}) AS e ORDER BY e.place
"""  # noqa: S608 - constants


def record(
    verb: str,
    *,
    actor: Actor,
    subject: tuple[str, int],
    case: tuple[str, int] | None = None,
    customer_id: int = PROVIDER_ID,
    contract_id: int | None = None,
    facts: Mapping[str, FactValue] | None = None,
    occurred_at: datetime | None = None,
    device_at: datetime | None = None,
) -> RecordedEvent:
    """Write one event and run its consumers in the running transaction.

    subject: (type, id); case: the thread it belongs to, the subject itself when not given. occurred_at decides
    verdicts and defaults to now; device_at is what a phone said. Raises: ValueError for an unknown verb or
    fact or a naive time (a programming error). Locks: the subject's head row until the transaction ends.
    Queries: one, plus the consumers'.
    """
    new = NewEvent(
        verb=verb,
        actor=actor,
        subject=subject,
        case=case,
        customer_id=customer_id,
        contract_id=contract_id,
        facts=facts,
        occurred_at=occurred_at,
        device_at=device_at,
    )
    values, plain = _prepared(new, clock.now())
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        event = _recorded(values, plain, *cursor.fetchone())
    _publish(event)
    return event


def record_created(insert: str, row: Sequence[Any], new: NewEvent) -> tuple[RecordedEvent, tuple[Any, ...]]:
    """Write a row and the event that tells of it in one statement, then run the consumers.

    insert: the INSERT of one row, returning its id first; row: its parameters. The event's subject and case get
    that id. Returns the event, and what the INSERT returned. Raises and locks as `record`. Queries: as `record`.
    """
    values, plain = _prepared(new, clock.now())
    verb, subject_type, _subject, case_type, _case, *rest = values
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD_CREATED.format(insert=insert, event=_OF_ROW), [*row, verb, subject_type, case_type, *rest]
        )
        number, seq, *returned = cursor.fetchone()
    made = returned[0]
    event = _recorded((verb, subject_type, made, case_type, made, *rest), plain, number, seq)
    _publish(event)
    return event, tuple(returned)


def record_many(new: Sequence[NewEvent]) -> list[RecordedEvent]:
    """Write events, then run the consumers over all of them: what one of them leads to comes after them all.

    Of one subject they are written in the order given. Raises and locks as `record`, heads in the order of their ids.
    Queries: one, one more for each further event of a subject; plus the consumers'.
    """
    now = clock.now()
    prepared = [_prepared(one, now) for one in new]
    found: dict[int, RecordedEvent] = {}
    for places in _rounds(values[1:3] for values, _plain in prepared):
        rows = [prepared[place][0] for place in places]
        with connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(_RECORD, rows[0])
            else:
                cursor.execute(_RECORD_MANY, [list(column) for column in zip(*rows, strict=True)])
            for place, numbers in zip(places, cursor.fetchall(), strict=True):
                found[place] = _recorded(*prepared[place], *numbers)
    _publish_many(list(found.values()))
    return [found[place] for place in range(len(prepared))]


def _rounds(subjects: Iterable[tuple[str, int]]) -> list[list[int]]:
    """The places of events, in rounds in which each subject occurs once; those of a subject keep their order."""
    rounds: list[list[int]] = []
    turns: dict[tuple[str, int], int] = {}
    for place, subject in enumerate(subjects):
        turn = turns[subject] = turns.get(subject, -1) + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(place)
    return rounds


def _prepared(new: NewEvent, now: datetime) -> tuple[tuple[Any, ...], dict[str, str | int | bool | None]]:
    """The arguments of `kernel_record_event`, and the facts as consumers see them."""
    known = _verbs.get(new.verb)
    if known is None:
        raise ValueError(f"unknown verb {new.verb!r}; declare it in apps.py")
    occurred = new.occurred_at or now
    if occurred.tzinfo is None:
        raise ValueError(f"occurred_at of {new.verb} has no time zone")
    given = {key: value for key, value in (new.facts or {}).items() if value is not None}
    for enricher in _enrichers:
        for key, value in enricher(new.subject[0], new.contract_id, given).items():
            if value is not None:
                given.setdefault(key, value)
    plain = {key: _plain(known, key, value) for key, value in given.items()}
    values = (
        new.verb,
        *new.subject,
        *(new.case or new.subject),
        new.customer_id,
        new.contract_id,
        new.actor.ref,
        occurred,
        now,
        new.device_at,
        json.dumps(plain, ensure_ascii=False),
    )
    return values, plain


def _recorded(
    values: tuple[Any, ...], plain: dict[str, str | int | bool | None], number: int, seq: int
) -> RecordedEvent:
    *head, occurred, recorded, _device, _facts = values
    verb, subject_type, subject_id, case_type, case_id, customer_id, contract_id, actor = head
    return RecordedEvent(
        id=number,
        verb=verb,
        subject_type=subject_type,
        subject_id=subject_id,
        case_type=case_type,
        case_id=case_id,
        customer_id=customer_id,
        contract_id=contract_id,
        actor=actor,
        occurred_at=occurred,
        recorded_at=recorded,
        facts=MappingProxyType(plain),
        seq=seq,
    )


def _publish(event: RecordedEvent) -> None:
    for consumer in _consumers:
        consumer(event)
    for reaction in _reactions.get(event.verb, ()):
        reaction(event)


def _publish_many(found: Sequence[RecordedEvent]) -> None:
    for consumer in _consumers:
        at_once = _at_once.get(consumer)
        if at_once is not None:
            at_once(found)
            continue
        for event in found:
            consumer(event)
    by_verb: dict[str, list[RecordedEvent]] = {}
    for event in found:
        if event.verb in _reactions:
            by_verb.setdefault(event.verb, []).append(event)
    for verb, same in by_verb.items():
        for reaction in _reactions[verb]:
            together = _at_once.get(reaction)
            if together is not None:
                together(same)
                continue
            for event in same:
                reaction(event)


def _plain(verb: Verb, name: str, value: FactValue) -> str | int | bool | None:
    kind = verb.facts.get(name) or _common_facts.get(name)
    if kind is None:
        raise ValueError(f"{verb.name} has no fact {name!r}")
    return plain_fact(kind, value, f"{verb.name}.{name}")


def plain_fact(kind: FactType, value: FactValue, where: str) -> str | int | bool:
    """The JSON form of a fact. Raises ValueError naming `where` when the value is not of the kind."""
    match kind, value:
        case FactType.BOOLEAN, bool():
            return value
        case FactType.INTEGER, int() if not isinstance(value, bool):
            return value
        case FactType.INSTANT, datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat()
        case FactType.DAY, date() if not isinstance(value, datetime):
            return value.isoformat()
        case ((FactType.CODE | FactType.REFERENCE | FactType.DIGEST), str()) if len(value) <= 64:
            return value
    raise ValueError(f"fact {where} must be {kind.value}, got {value!r}")
