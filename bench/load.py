"""Fill the database with copies of lived tickets by binary COPY: a million tickets, their obligations and events.

The cast's tickets were lived through the services; each copy keeps every column of theirs but ids, times and
numbers. Copies are made by the thousand in NumPy: a row's binary image is repeated and the moving columns are
written over it. With `sound`, digests are computed, so that `shouyue verify` passes over the copies too.

    python -m bench load 100000 --sound
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

CHUNK = 4000
"""Tickets written one after the other per table: rows of one case lie near each other, as in life."""
FIRST_NUMBER, FIRST_LIVE = 1_000_000, 9_000_000
"""Where the numbers of copies begin, and those of tickets reported while the benchmark runs."""
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = struct.pack(">h", -1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Table:
    """A table that is copied. ids: which columns hold whose ids, a kind or the name of the column that tells it."""

    name: str
    rows: str
    ids: dict[str, str]


TABLES = (
    Table("tickets_ticket", "id = %(id)s", {"id": "ticket"}),
    Table("tickets_ticketnote", "ticket_id = %(id)s", {"id": "note", "ticket_id": "ticket"}),
    Table(
        "kernel_event",
        "case_type = 'ticket' AND case_id = %(id)s",
        {"id": "event", "subject_id": "@subject_type", "case_id": "ticket"},
    ),
    Table(
        "kernel_event_head",
        "subject_type = 'ticket' AND subject_id = %(id)s OR subject_type = 'obligation' AND subject_id IN "
        "(SELECT id FROM commitments_obligation WHERE case_type = 'ticket' AND case_id = %(id)s)",
        {"id": "head", "subject_id": "@subject_type"},
    ),
    Table(
        "commitments_obligation",
        "case_type = 'ticket' AND case_id = %(id)s",
        {
            "id": "obligation",
            "subject_id": "@subject_type",
            "case_id": "ticket",
            "opened_event_id": "event",
            "kept_event_id": "event",
            "ended_event_id": "event",
        },
    ),
    Table(
        "commitments_caseclock",
        "case_type = 'ticket' AND case_id = %(id)s",
        {"id": "clock", "case_id": "ticket", "obligation_id": "obligation"},
    ),
)
SEQUENCES = {
    "ticket": "tickets_ticket_id_seq",
    "note": "tickets_ticketnote_id_seq",
    "event": "kernel_event_id_seq",
    "head": "kernel_event_head_id_seq",
    "obligation": "commitments_obligation_id_seq",
    "clock": "commitments_caseclock_id_seq",
}


@dataclass
class Image:
    """One row of one life: its binary form and where ids, times and the number lie in it."""

    data: bytes
    ids: list[tuple[int, str, int]] = field(default_factory=list)  # offset, kind, place among the life's ids
    times: list[tuple[int, int]] = field(default_factory=list)  # offset, microseconds since 2000
    number: int = -1
    digests: tuple[int, int] = (-1, -1)  # offsets of prev_digest (-1: first link) and digest
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Life:
    """A ticket with all that belongs to it. next_at: when its first obligation must be looked at, if any."""

    counts: dict[str, int]
    images: dict[str, list[Image]]
    next_at: int | None = None
    running: int = 0


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection that checks no foreign keys and sees every row: the loader's own."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    return connection


def read_lives(connection: psycopg.Connection[Any], tickets: Sequence[int]) -> list[Life]:
    """The images of these tickets' lives."""
    return [_read(connection, ticket) for ticket in tickets]


def _read(connection: psycopg.Connection[Any], ticket: int) -> Life:
    found = {table.name: list(_rows(connection, table, ticket)) for table in TABLES}
    places: dict[str, dict[int, int]] = {kind: {} for kind in SEQUENCES}
    for table in TABLES:
        for row in found[table.name]:
            kind = table.ids["id"]
            places[kind][_int(row["id"])] = len(places[kind])
    life = Life({kind: len(known) for kind, known in places.items()}, {})
    for table in TABLES:
        life.images[table.name] = [_image(connection, table, row, places) for row in found[table.name]]
    waits = [_int(row["next_at"]) for row in found["commitments_obligation"] if row["next_at"] is not None]
    life.next_at = min(waits, default=None)
    life.running = sum(row["state"] == b"running" for row in found["commitments_obligation"])
    return life


def _int(data: bytes | None) -> int:
    return int.from_bytes(data or b"", "big", signed=True)


_types: dict[str, dict[str, str]] = {}


def _columns(connection: psycopg.Connection[Any], table: str) -> dict[str, str]:
    if table not in _types:
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, null) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        ).fetchall()
        _types[table] = dict(rows)
    return _types[table]


def _rows(
    connection: psycopg.Connection[Any], table: Table, ticket: int
) -> Iterator[dict[str, bytes | None]]:
    columns = _columns(connection, table.name)
    quoted = ", ".join(f'"{column}"' for column in columns)
    query = f"SELECT {quoted} FROM {table.name} WHERE {table.rows} ORDER BY id" % {"id": ticket}
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        data = b"".join(copy)
    at = len(HEADER)
    while True:
        (count,) = struct.unpack_from(">h", data, at)
        at += 2
        if count < 0:
            return
        row: dict[str, bytes | None] = {}
        for column in columns:
            (size,) = struct.unpack_from(">i", data, at)
            at += 4
            row[column] = None if size < 0 else data[at : at + size]
            at += max(size, 0)
        yield row


def _image(
    connection: psycopg.Connection[Any],
    table: Table,
    row: dict[str, bytes | None],
    places: dict[str, dict[int, int]],
) -> Image:
    types = _columns(connection, table.name)
    image = Image(b"")
    parts = [struct.pack(">h", len(row))]
    at = 2
    prev, digest = -1, -1
    for column, value in row.items():
        if table.name == "tickets_ticket" and column == "number":
            value = (value or b"").rsplit(b"-", 1)[0] + b"-" + str(FIRST_NUMBER).encode()
            image.number = at + 4 + len(value) - 7
        parts.append(struct.pack(">i", -1 if value is None else len(value)))
        at += 4
        if value is None:
            image.values[column] = None
            continue
        kind = table.ids.get(column, "")
        if kind.startswith("@"):
            kind = (row[kind[1:]] or b"").decode()
        place = places.get(kind, {}).get(_int(value)) if kind else None
        if place is not None:
            image.ids.append((at, kind, place))
        elif types[column].startswith("timestamp"):
            image.times.append((at, _int(value)))
        elif column == "prev_digest" and value:
            prev = at
        elif column == "digest":
            digest = at
        image.values[column] = value
        parts.append(value)
        at += len(value)
    image.digests = (prev, digest)
    image.data = b"".join(parts)
    return image


class Loader:
    """Writes copies of lives and keeps the next free ids."""

    def __init__(self, connection: psycopg.Connection[Any], *, sound: bool = False, seed: int = 1) -> None:
        self.connection = connection
        self.sound = sound
        self.random = np.random.default_rng(seed)
        self.next = {
            kind: int(connection.execute(f"SELECT nextval('{name}')").fetchone()[0])  # type: ignore[index]
            for kind, name in SEQUENCES.items()
        }
        (last,) = connection.execute(
            "SELECT coalesce(max(right(number, 7)::int) FILTER (WHERE right(number, 7)::int < %s), 0) "
            "FROM tickets_ticket WHERE number ~ '-[0-9]{7}$'",
            [FIRST_LIVE],
        ).fetchone()  # type: ignore[misc]
        self.number = max(FIRST_NUMBER, int(last) + 1)
        connection.execute(
            "SELECT kernel_ensure_event_partitions((now() - interval '14 months')::date, now()::date)"
        )

    def copy(self, lives: Sequence[Life], shifts: Sequence[np.ndarray[Any, Any]]) -> None:
        """Copy each life as often as it has shifts (microseconds), in chunks that follow each other in time."""
        totals = [len(shift) for shift in shifts]
        chunks = max(1, sum(totals) // CHUNK)
        for part in range(chunks):
            block = [
                (life, shift[len(shift) * part // chunks : len(shift) * (part + 1) // chunks])
                for life, shift in zip(lives, shifts, strict=True)
            ]
            self._write([(life, shift) for life, shift in block if len(shift)])

    def _write(self, block: list[tuple[Life, np.ndarray[Any, Any]]]) -> None:
        starts = []
        for life, shift in block:
            starts.append((dict(self.next), self.number))
            for kind, count in life.counts.items():
                self.next[kind] += count * len(shift)
            self.number += len(shift)
        prepared = [
            self._prepare(life, shift, *start) for (life, shift), start in zip(block, starts, strict=True)
        ]
        for table in TABLES:
            quoted = ", ".join(f'"{column}"' for column in _columns(self.connection, table.name))
            with (
                self.connection.cursor() as cursor,
                cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN (FORMAT binary)") as copy,
            ):
                copy.write(HEADER)
                for arrays in prepared:
                    for array in arrays[table.name]:
                        copy.write(array.tobytes())
                copy.write(TRAILER)

    def _prepare(
        self, life: Life, shift: np.ndarray[Any, Any], first: dict[str, int], number: int
    ) -> dict[str, list[np.ndarray[Any, Any]]]:
        count = len(shift)
        order = np.arange(count, dtype=np.int64)
        arrays: dict[str, list[np.ndarray[Any, Any]]] = {}
        for table, images in life.images.items():
            arrays[table] = []
            for image in images:
                array = np.tile(np.frombuffer(image.data, dtype=np.uint8), (count, 1))
                for at, kind, place in image.ids:
                    array[:, at : at + 8] = _bytes(first[kind] + order * life.counts[kind] + place)
                for at, moment in image.times:
                    array[:, at : at + 8] = _bytes(moment + shift)
                if image.number >= 0:
                    digits = "".join(str(number + i) for i in range(count)).encode()
                    array[:, image.number : image.number + 7] = np.frombuffer(digits, np.uint8).reshape(
                        count, 7
                    )
                arrays[table].append(array)
        if self.sound:
            self._chain(life, arrays)
        return arrays

    def _chain(self, life: Life, arrays: dict[str, list[np.ndarray[Any, Any]]]) -> None:
        """Compute every digest as `kernel_event_digest` does."""
        events = list(zip(life.images["kernel_event"], arrays["kernel_event"], strict=True))
        heads = list(zip(life.images["kernel_event_head"], arrays["kernel_event_head"], strict=True))
        subject = {id(image): _subject(image) for image, _array in (*events, *heads)}
        last: dict[tuple[bytes, int], list[bytes]] = {}
        for image, array in events:
            key = subject[id(image)]
            previous = last.get(key) or [b""] * len(array)
            digests = [
                hashlib.sha256(before + _covered(image, bytes(row))).digest()
                for before, row in zip(previous, array, strict=True)
            ]
            before_at, at = image.digests
            if before_at >= 0:
                array[:, before_at : before_at + 32] = _rows_of(previous)
            array[:, at : at + 32] = _rows_of(digests)
            last[key] = digests
        for image, array in heads:
            at = image.digests[1]
            array[:, at : at + 32] = _rows_of(last[subject[id(image)]])

    def finish(self) -> None:
        """Move the sequences behind what was copied, and let PostgreSQL look at the tables."""
        for kind, name in SEQUENCES.items():
            self.connection.execute(f"SELECT setval('{name}', {self.next[kind]})")
        for (name,) in self.connection.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'kernel_numbers'"
        ).fetchall():
            self.connection.execute(
                f"SELECT setval('kernel_numbers.{name}', greatest({FIRST_LIVE}, last_value)) FROM kernel_numbers.{name}"
            )
        for table in TABLES:
            self.connection.execute(f"VACUUM (ANALYZE) {table.name}")
        self.connection.execute("CHECKPOINT")


def _bytes(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """64-bit numbers as PostgreSQL sends them."""
    return values.astype(">i8").view(np.uint8).reshape(len(values), 8)


def _rows_of(digests: list[bytes]) -> np.ndarray[Any, Any]:
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), 32)


def _subject(image: Image) -> tuple[bytes, int]:
    return image.values["subject_type"], _int(image.values["subject_id"])


def _covered(image: Image, row: bytes) -> bytes:
    """What a link's digest covers, of one copied event."""
    values = _read_values(image, row)
    texts = [
        str(_int(values["id"])).encode(),
        str(_int(values["seq"])).encode(),
        values["verb"],
        values["subject_type"],
        str(_int(values["subject_id"])).encode(),
        values["case_type"],
        str(_int(values["case_id"])).encode(),
        str(_int(values["customer_id"])).encode(),
        b"" if values["contract_id"] is None else str(_int(values["contract_id"])).encode(),
        values["actor"],
        _epoch(values["occurred_at"]),
        _epoch(values["recorded_at"]),
        _epoch(values["device_at"]),
        values["facts"][1:],  # the first byte is the version of jsonb's binary form
    ]
    return b"\x1f".join(texts)


def _read_values(image: Image, row: bytes) -> dict[str, Any]:
    values, at = {}, 2
    for column in image.values:
        (size,) = struct.unpack_from(">i", row, at)
        at += 4
        values[column] = None if size < 0 else row[at : at + size]
        at += max(size, 0)
    return values


def _epoch(value: bytes | None) -> bytes:
    if value is None:
        return b""
    since_1970 = int((EPOCH - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
    return str(_int(value) + since_1970).encode()


# --- what is loaded ----------------------------------------------------------------------------------------------


def fill(
    url: str,
    settled: Sequence[int],
    unsettled: Sequence[int],
    tickets: int,
    *,
    until: datetime,
    share: float = 0.015,
    sound: bool = False,
    seed: int = 1,
) -> dict[str, int]:
    """Load so many tickets: closed ones over the year behind, and `share` of them open, of the last hours.

    until: when the lives were lived. Returns rows by table.
    """
    with connect(url) as connection:
        loader = Loader(connection, sound=sound, seed=seed)
        old, new = read_lives(connection, settled), read_lives(connection, unsettled)
        year = int(timedelta(days=365).total_seconds() * 1e6)
        back = [
            np.sort(loader.random.integers(-year, 0, size))
            for size in _spread(tickets * (1 - share), len(old))
        ]
        loader.copy(old, back)
        hour = int(3600e6)
        loader.copy(
            new, [loader.random.integers(0, hour, size) for size in _spread(tickets * share, len(new))]
        )
        loader.finish()
        return counts(connection)


def fill_running(url: str, unsettled: Sequence[int], *, running: int, until: datetime) -> int:
    """Load open tickets until so many obligations run, each to be looked at in two days' time or later.

    Their events and notes are left out: the sweep does not read them. Returns how many tickets were made.
    """
    with connect(url) as connection:
        loader = Loader(connection, seed=2)
        lives = [life for life in read_lives(connection, unsettled) if life.running and life.next_at]
        for life in lives:
            for name in ("kernel_event", "kernel_event_head", "tickets_ticketnote"):
                life.images[name] = []
        each = -(-running // sum(life.running for life in lives))
        ahead = int(timedelta(days=2).total_seconds() * 1e6)
        start = int((until - EPOCH).total_seconds() * 1e6) + ahead
        shifts = [start + loader.random.integers(0, ahead, each) - (life.next_at or 0) for life in lives]
        loader.copy(lives, shifts)
        loader.finish()
        return each * len(lives)


def _spread(total: float, parts: int) -> list[int]:
    whole = round(total)
    return [whole * (i + 1) // parts - whole * i // parts for i in range(parts)]


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows by table."""
    found = {}
    for table in TABLES:
        row = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
        found[table.name] = int(row[0]) if row else 0
    return found
