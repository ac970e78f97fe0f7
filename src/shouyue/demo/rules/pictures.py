"""Pictures as evidence: a cabinet with lamps, drawn from a seed. Nobody owns them and nobody is in them."""

from __future__ import annotations

import random
import struct
import zlib

WIDTH, HEIGHT = 240, 320
WALL, CABINET, UNIT, LAMP, WARNING = (
    b"\xd8\xdc\xe0",
    b"\x22\x26\x2c",
    b"\x3a\x42\x4c",
    b"\x3c\xd0\x70",
    b"\xe0\xa0\x30",
)


def rack(seed: str) -> bytes:
    """A PNG of a cabinet with units and lamps."""
    rng = random.Random(seed)
    rows = [bytearray(WALL * WIDTH) for _ in range(HEIGHT)]
    _fill(rows, 40, 20, 200, 305, CABINET)
    for top in range(30, 292, 22):
        _fill(rows, 48, top, 192, top + 17, UNIT)
        for lamp in range(rng.randrange(3, 9)):
            colour = WARNING if rng.random() < 0.04 else LAMP
            _fill(rows, 56 + lamp * 12, top + 6, 61 + lamp * 12, top + 11, colour)
    return _png(rows)


def _fill(rows: list[bytearray], left: int, top: int, right: int, bottom: int, colour: bytes) -> None:
    for row in rows[top:bottom]:
        row[left * 3 : right * 3] = colour * (right - left)


def _png(rows: list[bytearray]) -> bytes:
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    parts = (_part(b"IHDR", head), _part(b"IDAT", body), _part(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
