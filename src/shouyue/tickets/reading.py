"""Everything a ticket's page shows, read in few statements: the ticket with its names, its events, its notes.

Plain SQL, because the page is asked for more often than any other: what the query builder costs for one statement is
more than the statement itself (the ticket with its names 0.27 ms of CPU instead of 1.8, its events 0.09 instead of
0.58). Each statement has one text for all readers, so the server keeps its plan. Other readers use `queries`. See
docs/hot-paths.md.
"""

# ruff: noqa: S608 -- put together from the models' own columns; every value is a parameter
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models

from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.parties.models import Contact, Customer, Site
from shouyue.web import panels

from . import access
from .models import Ticket, readable_contracts

EVENTS = 200
"""The newest events a page shows."""


@dataclass(slots=True)
class Happening:
    """An event as the time line wants it; its facts are read when they are needed."""

    verb: str
    subject_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    facts_text: str

    @property
    def facts(self) -> dict[str, Any]:
        """What was recorded with it."""
        found: dict[str, Any] = json.loads(self.facts_text)
        return found


@dataclass(slots=True)
class Said:
    """A note as the time line wants it."""

    author_name: str
    is_public: bool
    by_customer: bool
    text: str
    written_at: datetime
    source_key: str | None


@dataclass(slots=True)
class Whole:
    """A ticket with what its page shows. known: names of people by id, as far as they are known already."""

    ticket: Ticket
    known: dict[int, str] = field(default_factory=dict)


_PEOPLE = ("owner", "assignee", "recorded_by", "reporter")
_PARTS: tuple[tuple[str, str, type[models.Model], tuple[str, ...]], ...] = (
    ("customer", "cu", Customer, ("id", "name")),
    ("contract", "contracts_contract", Contract, ("id", "code", "name")),
    ("site", "si", Site, ("id", "name", "address")),
    ("requester", "re", Contact, ("id", "name", "title", "phone")),
)
OWN_PROBES = {
    "links": "EXISTS (SELECT 1 FROM tickets_ticketlink l WHERE l.ticket_id = t.id)"
    " OR EXISTS (SELECT 1 FROM tickets_ticketlink l WHERE l.other_id = t.id)",
    "files": "EXISTS (SELECT 1 FROM files_storedfile f WHERE f.attached_type = 'ticket' AND f.attached_id = t.id)",
}


@cache
def _statement() -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The text, the ticket's fields and the keys of the probes, in the order of the columns."""
    fields = list(Ticket._meta.concrete_fields)
    probes = OWN_PROBES | panels.probes("ticket")
    columns = [f't."{one.column}"' for one in fields]
    columns += [f"{alias}.{name}" for _key, alias, _model, names in _PARTS for name in names]
    columns += [f"{name}.name" for name in _PEOPLE]
    columns += [f"({sql})" for sql in probes.values()]
    people = "".join(f" LEFT JOIN accounts_user {name} ON {name}.id = t.{name}_id" for name in _PEOPLE)
    text = f"""SELECT {contracts.STAMP_SQL}, {", ".join(columns)} FROM tickets_ticket t
        LEFT JOIN parties_customer cu ON cu.id = t.customer_id
        LEFT JOIN contracts_contract ON contracts_contract.id = t.contract_id
        LEFT JOIN parties_site si ON si.id = t.site_id
        LEFT JOIN parties_contact re ON re.id = t.requester_id{people} WHERE t.number = %s"""
    return text, tuple(one.attname for one in fields), tuple(probes)


def whole_ticket(actor: Actor, number: str) -> Whole:
    """A ticket with the names its page shows, and which of its parts there are (`Ticket.parts`).

    What belongs to it carries only the columns the page shows; others are read when somebody asks for them.
    Raises: NotFound, also for a stranger's. Queries: one.
    """
    text, names, probes = _statement()
    with connection.cursor() as cursor:
        cursor.execute(text, [number.replace("\x00", "").upper()[:40]])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    version, state, *values = row
    ticket: Ticket = Ticket.from_db("default", names, values[: len(names)])
    if not shows(actor, ticket):
        raise NotFound
    at = len(names)
    for key, _alias, model, wanted in _PARTS:
        part = values[at : at + len(wanted)]
        at += len(wanted)
        _set(ticket, key, model.from_db("default", wanted, part) if part[0] is not None else None)
    known = {}
    user = get_user_model()
    for key in _PEOPLE:
        person, name = getattr(ticket, f"{key}_id"), values[at]
        at += 1
        if name is not None:  # else nobody, or somebody this reader may not know of
            known[person] = name
        _set(ticket, key, None if name is None else user.from_db("default", ("id", "name"), (person, name)))
    ticket.parts = frozenset(key for key, there in zip(probes, values[at:], strict=True) if there)
    if ticket.contract_id is not None and version is not None:
        contracts.compiled_at(ticket.contract_id, int(version), int(state))
    return Whole(ticket, known)


def _set(ticket: Ticket, key: str, value: models.Model | None) -> None:
    """As a join of the query builder would."""
    Ticket._meta.get_field(key).set_cached_value(ticket, value)  # type: ignore[union-attr]


def shows(actor: Actor, ticket: Ticket) -> bool:
    """Whether the actor may read this ticket: what `TicketQuerySet.visible_to` asks of rows, asked of one at hand."""
    if actor.scope.everything:
        return True
    if ticket.customer_id not in actor.scope.customers:
        return False
    if ticket.contract_id is not None and ticket.contract_id in readable_contracts(actor):
        return True
    return bool(actor.user_id) and ticket.reporter_id == actor.user_id


_EVENTS = """
SELECT verb, subject_id, actor, occurred_at, recorded_at, facts::text FROM kernel_event
WHERE case_type = 'ticket' AND case_id = %s AND customer_id = %s
    AND recorded_at >= %s::text::timestamptz AND recorded_at < %s::text::timestamptz{limit}
ORDER BY id DESC LIMIT {most}
"""
# The moments go in as text: what is known only when the statement runs cannot be planned for, so the server keeps one
# plan and skips the other months when it starts, instead of planning anew for each ticket.
_ALL_EVENTS = _EVENTS.format(limit="", most=EVENTS)
_PUBLIC_EVENTS = _EVENTS.format(
    limit=" AND NOT (verb = 'ticket.commented' AND facts @> '{\"public\": false}')", most=EVENTS
)


def events_of(actor: Actor, ticket: Ticket) -> list[Happening]:
    """The newest events of the case: the ticket's own, its visits' and files'. Queries: one."""
    # No event is older than its ticket, and none was recorded in the future, also where a clock was somewhat wrong: the
    # months before and the empty ones made in advance need not be looked through. Any month between may hold some: a
    # verdict, a file, an act told late come after the closing, and nothing says when the last of them did.
    since = min(ticket.created_at, ticket.reported_at) - timedelta(days=1)
    until = clock.now() + timedelta(days=31)
    with connection.cursor() as cursor:
        cursor.execute(
            _ALL_EVENTS if access.sees_internal(actor) else _PUBLIC_EVENTS,
            [ticket.pk, ticket.customer_id, since.isoformat(), until.isoformat()],
        )
        return [Happening(*row) for row in cursor.fetchall()]


_NOTES = """
SELECT author_name, is_public, by_customer, text, written_at, source_key FROM tickets_ticketnote
WHERE ticket_id = %s AND customer_id = %s AND (is_public OR %s) ORDER BY id
"""


def notes_of(actor: Actor, ticket: Ticket) -> list[Said]:
    """The notes the actor may read, oldest first. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTES, [ticket.pk, ticket.customer_id, access.sees_internal(actor)])
        return [Said(*row) for row in cursor.fetchall()]


def names_of(people: Iterable[int], known: dict[int, str]) -> dict[int, str]:
    """The names of people by id. Queries: none when all are known, else one."""
    missing = sorted(set(people) - known.keys())
    if not missing:
        return known
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM accounts_user WHERE id = ANY(%s::bigint[])", [missing])
        return known | dict(cursor.fetchall())
