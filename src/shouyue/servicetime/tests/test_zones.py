"""Offset spans against the transitions that the zone files themselves list."""

import struct
import zoneinfo
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shouyue.servicetime.zones import first_reached, last_short_of, load_zone, offset_spans

LOW, HIGH = -1_500_000_000, 2_100_000_000  # 1922 to 2036: years that zone files list one by one


def listed_changes(name: str) -> list[tuple[int, int]]:
    """(instant, new offset) of every change of offset, read from the TZif file."""
    files = [Path(folder, name) for folder in zoneinfo.TZPATH]
    found = [file for file in files if file.is_file()]
    data = found[0].read_bytes() if found else (resources.files("tzdata") / "zoneinfo" / name).read_bytes()
    isut, isstd, leap, times, types, chars = struct.unpack(">6l", data[20:44])
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    times, types = struct.unpack(">2l", data[at + 32 : at + 40])
    at += 44
    instants = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack(">l", data[at + 6 * kind : at + 6 * kind + 4])[0] for kind in range(types)]
    changes, last = [], None
    for instant, kind in zip(instants, kinds, strict=True):
        if offsets[kind] != last:
            changes.append((instant, offsets[kind]))
            last = offsets[kind]
    return changes


def test_the_closest_two_changes_of_any_zone_are_days_apart():
    """So that looking once a day misses none."""
    gaps = [
        later - earlier
        for name in zoneinfo.available_timezones()
        for (earlier, _), (later, _) in zip(listed_changes(name), listed_changes(name)[1:], strict=False)
        if earlier > -2_300_000_000
    ]
    assert min(gaps) > 3 * 86_400


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Asia/Pyongyang",
        "America/Caracas",
        "Africa/Freetown",
        "UTC",
    ],
)
def test_spans_are_the_listed_ones(name):
    spans = offset_spans(load_zone(name), LOW, HIGH)
    listed = [(t, offset) for t, offset in listed_changes(name) if LOW < t < HIGH]
    assert [(begin, offset) for begin, _, offset in spans[1:]] == listed
    assert (spans[0][0], spans[-1][1]) == (LOW, HIGH)


@pytest.mark.parametrize(
    ("wall", "first", "last"),
    [
        ("2026-03-29 02:30", "2026-03-29T01:00+00:00", "2026-03-29T01:00+00:00"),  # skipped
        ("2026-03-29 02:00", "2026-03-29T01:00+00:00", "2026-03-29T01:00+00:00"),
        ("2026-03-29 03:00", "2026-03-29T01:00+00:00", "2026-03-29T01:00+00:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30+00:00", "2026-10-25T01:30+00:00"),  # repeated
        ("2026-10-25 02:00", "2026-10-25T00:00+00:00", "2026-10-25T00:00+00:00"),
        ("2026-10-25 03:00", "2026-10-25T02:00+00:00", "2026-10-25T02:00+00:00"),
        ("2026-07-01 12:00", "2026-07-01T10:00+00:00", "2026-07-01T10:00+00:00"),
    ],
)
def test_when_a_wall_time_is_reached_and_left(wall, first, last):
    berlin = ZoneInfo("Europe/Berlin")
    naive = datetime.fromisoformat(wall)
    assert first_reached(berlin, naive) == datetime.fromisoformat(first).timestamp()
    assert last_short_of(berlin, naive) == datetime.fromisoformat(last).timestamp()
