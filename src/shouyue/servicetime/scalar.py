"""One question at a time: arithmetic on the bucket tuples, and pauses as people pass them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shouyue.servicetime.compile import Table
from shouyue.servicetime.errors import BadPauseError, NaiveDatetimeError
from shouyue.servicetime.explain import NamedPause
from shouyue.servicetime.kernel_numpy import TableTooShort
from shouyue.servicetime.zones import EPOCH

Pause = tuple[datetime, datetime | None] | tuple[datetime, datetime | None, str]
EpochPause = tuple[int, int | None] | tuple[int, int | None, str]

# low, shift, time cells, shift, count cells (see `scalar_cells`), table: replaced as one, so threads agree.
State = tuple[Any, ...]

# Before anything is compiled, every question is "before the table" and takes the careful path.
NOTHING: State = (1 << 62, 0, [], 0, [], None)


def open_before(state: State, t: int) -> int:
    """Open seconds of the table before t; t is not before the table."""
    low, shift, cells, _, _, table = state
    try:
        opens, offset, count, opens2, offset2, count2 = cells[(t - low) >> shift]
    except IndexError:
        return int(table.before(t))
    if t >= opens:
        if t >= opens2:
            return int(table.before(t))
        offset, count = offset2, count2
    b: int = t - offset
    return b if b < count else count


def deadline_on(
    state: State, final: bool, start: int, seconds: int, pauses: Sequence[EpochPause]
) -> int | None:
    """The due time on one table; pauses in order. Raises: TableTooShort."""
    table: Table = state[5]
    high = table.high
    b = open_before(state, start) + seconds
    done = start
    for pause in pauses:
        begin, end = pause[0], pause[1]
        if begin < done:
            begin = done
        if end is not None and end <= begin:
            continue
        before = open_before(state, begin)
        if before >= b or (begin >= high and not final):
            break  # due before the pause, or not on this table
        if end is None:
            return None
        if end >= high and not final:
            raise TableTooShort(start, end)
        b += open_before(state, end) - before
        done = end
    if b > table.total:
        if final:
            return None
        raise TableTooShort(start, table.high, further=True)
    _, _, _, shift, cells, _ = state
    count, offset, count2, offset2 = cells[b >> shift]
    if b <= count:
        due: int = offset + b
        return due
    if b <= count2:
        due = offset2 + b
        return due
    return table.used_up(b)


def elapsed_on(state: State, start: int, end: int, pauses: Sequence[EpochPause]) -> int:
    counted = open_before(state, end) - open_before(state, start)
    done = start
    for pause in pauses:
        begin, finish = max(pause[0], done), pause[1]
        if begin >= end:
            break
        if finish is None or finish > end:
            finish = end
        if finish > begin:
            counted -= open_before(state, finish) - open_before(state, begin)
            done = finish
    return counted


def ordered(pauses: Sequence[EpochPause]) -> Sequence[EpochPause]:
    return pauses if len(pauses) == 1 else sorted(pauses, key=_begin)


def _begin(pause: EpochPause) -> int:
    return pause[0]


def named_pauses(pauses: Sequence[EpochPause], start: int) -> list[NamedPause]:
    """Sorted and disjoint; where two overlap, the one that began first gives the reason."""
    named: list[NamedPause] = []
    done: int | None = start
    for pause in sorted(pauses, key=_begin):
        if done is None:
            break
        begin, end = max(pause[0], done), pause[1]
        if end is None or end > begin:
            named.append((begin, end, str(pause[2] or "") if len(pause) == 3 else ""))
            done = end
    return named


def epoch(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise naive_error(moment)
    since = moment - EPOCH
    return since.days * 86_400 + since.seconds


def naive_error(moment: datetime) -> NaiveDatetimeError:
    return NaiveDatetimeError(f"{moment.isoformat()} has no time zone: give an aware datetime")


def epoch_pauses(pauses: Sequence[Pause]) -> list[EpochPause]:
    """The same pauses in epoch seconds. Raises: BadPauseError, NaiveDatetimeError."""
    made: list[EpochPause] = []
    for pause in pauses:
        try:
            begin, end, *rest = pause
            begin_at = epoch(begin)
            end_at = None if end is None else epoch(end)
        except (TypeError, AttributeError) as error:
            raise BadPauseError(
                f"{pause!r} is not a pause: (from, to or None) or (from, to, reason)"
            ) from error
        made.append((begin_at, end_at, rest[0]) if rest else (begin_at, end_at))
    return made
