"""Time zones: the spans of constant UTC offset, and the instants at which a wall time is reached."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shouyue.servicetime.errors import UnknownZoneError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the origin of wall time, in no zone
SECOND = timedelta(seconds=1)

# One probe a day finds every change: no zone of the IANA database ever changed its offset and changed it
# again within three days (a test checks the installed database against this).
_PROBE = 86_400


def load_zone(name: object) -> ZoneInfo:
    """The zone of that IANA name. Raises: UnknownZoneError."""
    if isinstance(name, ZoneInfo):
        name = name.key
    if not isinstance(name, str) or not name:
        raise UnknownZoneError(f"{name!r} is not the name of an IANA time zone")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownZoneError(f"{name!r} is not an IANA time zone known on this machine") from error


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Seconds that the wall clock is ahead of UTC at an epoch second."""
    return _offset(datetime.fromtimestamp(instant, zone))


@lru_cache(maxsize=64)
def offset_spans(zone: ZoneInfo, low: int, high: int) -> tuple[tuple[int, int, int], ...]:
    """(from, to, offset) in epoch seconds, tiling [low, high), neighbours differing in offset."""
    spans: list[tuple[int, int, int]] = []
    began, offset = low, offset_at(zone, low)
    at = low
    while at < high:
        ahead = min(at + _PROBE, high)
        new = offset_at(zone, ahead)
        if new != offset:
            change = _bisect_change(zone, at, ahead, offset)
            spans.append((began, change, offset))
            began, offset = change, new
        at = ahead
    if began < high:
        spans.append((began, high, offset))
    return tuple(spans)


def first_reached(zone: ZoneInfo, wall: datetime) -> int:
    """The first epoch second at which the wall clock shows `wall` or later.

    A skipped wall time is reached when the clock jumps over it, a repeated one on its first pass.
    """
    before, after = _offset(wall.replace(tzinfo=zone, fold=0)), _offset(wall.replace(tzinfo=zone, fold=1))
    seconds = wall_seconds(wall)
    if before < after:
        return _bisect_change(zone, seconds - after - 1, seconds - before, before)
    return seconds - before


def last_short_of(zone: ZoneInfo, wall: datetime) -> int:
    """The epoch second after the last one at which the wall clock shows less than `wall`.

    This is where a window closing at `wall` ends: the second pass of a repeated time, the jump over a
    skipped one.
    """
    last = wall - SECOND
    before, after = _offset(last.replace(tzinfo=zone, fold=0)), _offset(last.replace(tzinfo=zone, fold=1))
    if before < after:
        return first_reached(zone, last)
    return wall_seconds(last) - after + 1


def wall_seconds(wall: datetime) -> int:
    """Seconds on the wall clock's own axis; `wall` has no zone."""
    span = wall - NAIVE_EPOCH
    return span.days * 86_400 + span.seconds


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return offset.days * 86_400 + offset.seconds


def _bisect_change(zone: ZoneInfo, low: int, high: int, offset: int) -> int:
    """The first epoch second in (low, high] whose offset is not `offset`."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high
