"""What happened: one append-only row per fact, written in the transaction of the change itself.

An event is audit trail, time line, evidence and trigger at once. Modules declare their verbs with typed facts
in their `apps.py`; `record` refuses unknown verbs and facts. Rows of one subject form a hash chain whose last
link is kept in `kernel_event_head`; `verify` (see `verification`) finds what was tampered with.

Reactions: `consume` registers a function that runs in the same transaction (the commitment register);
everything slower is a job, enqueued by `react` in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
Enricher = Callable[[str, int | None, Mapping[str, Any]], Mapping[str, FactValue]]

_verbs: dict[str, Verb] = {}
_common_facts: dict[str, FactType] = {}
_consumers: list[Consumer] = []
_reactions: dict[str, list[Callable[[RecordedEvent], None]]] = {}
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


def consume(consumer: Consumer) -> None:
    """Run `consumer` for each event in the recording transaction, in the order of registration."""
    if consumer not in _consumers:
        _consumers.append(consumer)


def react(verb: str, enqueue: Callable[[RecordedEvent], None]) -> None:
    """Call `enqueue` after an event of `verb` is written; it must only defer a job."""
    reactions = _reactions.setdefault(verb, [])
    if enqueue not in reactions:
        reactions.append(enqueue)


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
_RECORD_MANY = f"""
SELECT e.id, e.seq FROM unnest({", ".join(f"%s::{kind}[]" for kind in _TYPES)})
  WITH ORDINALITY AS n (a, b, c, d, e, f, g, h, i, j, k, l, place)
CROSS JOIN LATERAL kernel_record_event(a, b, c, d, n.e, f, g, h, i, j, k, l) AS e ORDER BY place
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


def record_many(new: Sequence[NewEvent]) -> list[RecordedEvent]:
    """Write events in order, then run the consumers of each; for events that nobody answers with another one.

    Raises and locks as `record`. Queries: one, plus the consumers'.
    """
    if not new:
        return []
    now = clock.now()
    prepared = [_prepared(one, now) for one in new]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_MANY, [list(column) for column in zip(*(v for v, _ in prepared), strict=True)])
        numbers = cursor.fetchall()
    found = [_recorded(*one, *number) for one, number in zip(prepared, numbers, strict=True)]
    for event in found:
        _publish(event)
    return found


def is_awaited(verb: str) -> bool:
    """Whether something reacts to events of this verb."""
    return verb in _reactions


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
