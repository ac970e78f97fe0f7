"""Proof that no event was changed, lost, slipped in or cut off.

Each subject's rows must run 1, 2, 3 …; each row's digest must follow from its own bytes and its predecessor's
digest; the last must equal the subject's head. A day's anchor covers all heads at that moment and is written to
a file outside the database as well, so that even somebody who rewrites heads is found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from . import clock
from .models import EventAnchor


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the chain. kind: changed | missing | inserted | cut | headless | anchor; a module's own."""

    kind: str
    subject: str
    seq: int | None
    event_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked and what was found."""

    events: int
    subjects: int
    anchors: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Anchor:
    heads: int
    last_event_id: int
    digest: str


_CHECK = """
WITH linked AS (
  SELECT e.id, e.subject_type, e.subject_id, e.seq, e.digest, e.prev_digest,
         lag(e.seq) OVER w AS before_seq, lag(e.digest) OVER w AS before_digest,
         lead(e.seq) OVER w AS next_seq,
         kernel_event_digest(e.prev_digest, e.id, e.seq, e.verb, e.subject_type, e.subject_id, e.case_type,
             e.case_id, e.customer_id, e.contract_id, e.actor, e.occurred_at, e.recorded_at, e.device_at,
             e.facts) = e.digest AS sound
  FROM kernel_event e WHERE mod(e.subject_id, %(parts)s) = %(part)s
  WINDOW w AS (PARTITION BY e.subject_type, e.subject_id ORDER BY e.seq, e.id)
)
SELECT l.id, l.subject_type, l.subject_id, l.seq, l.before_seq, l.sound,
       CASE WHEN l.before_seq IS NULL THEN l.prev_digest = ''::bytea ELSE l.prev_digest = l.before_digest END,
       l.next_seq IS NULL, h.seq, h.digest = l.digest
FROM linked l
LEFT JOIN kernel_event_head h ON h.subject_type = l.subject_type AND h.subject_id = l.subject_id
WHERE NOT l.sound
   OR l.seq <> coalesce(l.before_seq, 0) + 1
   OR (CASE WHEN l.before_seq IS NULL THEN l.prev_digest <> ''::bytea ELSE l.prev_digest <> l.before_digest END)
   OR (l.next_seq IS NULL AND (h.seq IS NULL OR h.seq <> l.seq OR h.digest <> l.digest))
ORDER BY l.subject_type, l.subject_id, l.seq, l.id
LIMIT 1000
"""

_EMPTY_HEADS = """
SELECT h.subject_type, h.subject_id, h.seq FROM kernel_event_head h
WHERE NOT EXISTS (
  SELECT 1 FROM kernel_event e WHERE e.subject_type = h.subject_type AND e.subject_id = h.subject_id)
ORDER BY h.subject_type, h.subject_id LIMIT 1000
"""


_checks: list[Callable[[], list[Finding]]] = []


def register(check: Callable[[], list[Finding]]) -> None:
    """Let a module above look for what should not be among the events."""
    if check not in _checks:
        _checks.append(check)


def check_meaning() -> list[Finding]:
    """What the modules above find in the events. Queries: theirs."""
    return [finding for check in _checks for finding in check()]


def verify() -> Report:
    """Check every chain and every anchor. Queries: a handful, each over the whole table, done in SQL."""
    events, subjects = size()
    anchors, broken_anchors = check_anchors()
    found = (*check_chains(), *check_heads(), *broken_anchors, *check_meaning())
    return Report(events, subjects, anchors, found)


def size() -> tuple[int, int]:
    """How many events and subjects there are. Queries: two."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kernel_event")
        (events,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM kernel_event_head")
        (subjects,) = cursor.fetchone()
    return events, subjects


def check_chains(part: int = 0, parts: int = 1) -> list[Finding]:
    """What is wrong in the chains; of every `parts`-th subject, for who checks bit by bit. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECK, {"part": part, "parts": parts})
        return [finding for row in cursor.fetchall() for finding in _read(row)]


def check_heads() -> list[Finding]:
    """Subjects whose events are all gone. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY_HEADS)
        return [
            Finding("cut", f"{kind}:{pk}", seq, None, f"all {seq} events of {kind}:{pk} are gone")
            for kind, pk, seq in cursor.fetchall()
        ]


def check_anchors() -> tuple[int, list[Finding]]:
    """How many anchors there are and which do not match, of those in the database and of their copies outside.

    Queries: one, and one per anchor.
    """
    inside = {
        anchor.day.isoformat(): _Anchor(anchor.heads, anchor.last_event_id, anchor.digest)
        for anchor in EventAnchor.objects.all()
    }
    outside, unreadable = _anchors_outside()
    days = sorted({*inside, *outside})
    found = [finding for day in days for finding in _check_anchor(day, inside.get(day), outside.get(day))]
    return len(days), found + [
        _wrong(f"line {line} of {anchor_file()} cannot be read") for line in unreadable
    ]


def _numbers(first: int, last: int) -> str:
    return f"no. {first} is" if first == last else f"no. {first} to {last} are"


def _read(row: tuple[object, ...]) -> Iterator[Finding]:
    event_id, kind, pk, seq, before_seq, sound, linked, last, head_seq, head_same = row
    assert isinstance(seq, int)
    assert isinstance(event_id, int)
    subject = f"{kind}:{pk}"
    expected = (before_seq if isinstance(before_seq, int) else 0) + 1
    name = f"event {event_id} ({subject}, no. {seq})"
    if not sound:
        yield Finding("changed", subject, seq, event_id, f"{name} does not match its digest")
    if seq > expected:
        yield Finding(
            "missing",
            subject,
            expected,
            None,
            f"{subject}: {_numbers(expected, seq - 1)} missing before {name}",
        )
    elif seq < expected:
        yield Finding("inserted", subject, seq, event_id, f"{name} stands twice in its chain")
    elif not linked:
        yield Finding("inserted", subject, seq, event_id, f"{name} does not follow from the row before it")
    if last and head_seq is None:
        yield Finding("headless", subject, seq, event_id, f"{subject} has events but no head")
    elif last and isinstance(head_seq, int) and head_seq > seq:
        yield Finding(
            "cut", subject, seq, event_id, f"{subject}: {_numbers(seq + 1, head_seq)} cut off after {name}"
        )
    elif last and (head_seq != seq or not head_same):
        yield Finding("inserted", subject, seq, event_id, f"{name} is not the end its head remembers")


_DAY_DIGEST = """
SELECT count(*), coalesce(max(last_id), 0), encode(sha256(convert_to(coalesce(string_agg(
         subject_type || ':' || subject_id || ' ' || seq || ' ' || encode(digest, 'hex'), E'\\n'
         ORDER BY subject_type COLLATE "C", subject_id), ''), 'UTF8')), 'hex')
FROM (
  SELECT DISTINCT ON (subject_type, subject_id) subject_type, subject_id, seq, digest,
         max(id) OVER () AS last_id
  FROM kernel_event WHERE id <= %s
  ORDER BY subject_type, subject_id, seq DESC
) heads
"""


def anchor_file() -> Path:
    """Where anchors are written outside the database, one JSON line a day."""
    return Path(settings.SHOUYUE_HOME) / "anchors" / "events.jsonl"


@transaction.atomic
def anchor_day(day: date) -> EventAnchor:
    """Anchor the state of all chains under `day`, in the database and in `anchor_file()`; once a day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM kernel_event")
        (last,) = cursor.fetchone()
        cursor.execute(_DAY_DIGEST, [last])
        heads, _, digest = cursor.fetchone()
    anchor, made = EventAnchor.objects.get_or_create(
        day=day,
        defaults={"heads": heads, "last_event_id": last, "digest": digest, "made_at": clock.now()},
    )
    if made:
        path = anchor_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        line = {"day": day.isoformat(), "heads": heads, "last_event_id": last, "digest": digest}
        _append_line(path, json.dumps(line))
    return anchor


def _append_line(path: Path, text: str) -> None:
    """A line of its own, also after one that a full disk or a dead machine has torn."""
    with path.open("ab+") as file:
        begun = file.tell()
        file.seek(max(begun - 1, 0))
        torn = begun and file.read(1) != b"\n"
        file.write(f"{chr(10) if torn else ''}{text}\n".encode())


def _check_anchor(day: str, inside: _Anchor | None, copy: _Anchor | None) -> Iterator[Finding]:
    name, anchor = f"anchor of {day}", inside or copy
    assert anchor is not None
    with connection.cursor() as cursor:
        cursor.execute(_DAY_DIGEST, [anchor.last_event_id])
        heads, _, digest = cursor.fetchone()
    if (heads, digest) != (anchor.heads, anchor.digest):
        yield _wrong(f"{name} does not match the events up to {anchor.last_event_id}")
    if inside is None:
        yield _wrong(f"{name} is in {anchor_file()}, but no longer in the database")
    elif copy is not None and copy != inside:
        yield _wrong(f"{name} differs from the copy in {anchor_file()}")


def _wrong(what: str) -> Finding:
    return Finding("anchor", "anchor", None, None, what)


def _anchors_outside() -> tuple[dict[str, _Anchor], list[int]]:
    """The copies by day, as far as this machine has them, and the numbers of lines that are none."""
    copies, unreadable = {}, []
    try:
        lines = anchor_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}, []
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            day = date.fromisoformat(line["day"]).isoformat()
            copies[day] = _Anchor(_number(line["heads"]), _number(line["last_event_id"]), str(line["digest"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            unreadable.append(number)
    return copies, unreadable


def _number(value: object) -> int:
    """Raises: TypeError for what is none."""
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def digest_of(prev: bytes, fields: list[str]) -> bytes:
    """The digest of one link, computed in Python as the database does: fields joined by U+001F after `prev`.

    fields: id, seq, verb, subject_type, subject_id, case_type, case_id, customer_id, contract_id or "",
    actor, occurred_at and recorded_at and device_at (or "") in microseconds since 1970, facts as PostgreSQL
    prints jsonb.
    """
    return hashlib.sha256(prev + "\x1f".join(fields).encode()).digest()
