"""Bulk arithmetic on a compiled table with NumPy, in chunks that stay in the processor's cache."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shouyue.servicetime.compile import LONGEST, NEVER, Ints, Table
from shouyue.servicetime.errors import NegativeTargetError, OutOfRangeError

CHUNK = 1 << 14  # rows; the scratch of one chunk and the table fit in the second-level cache
_MOST_STEPS = 3  # more comparisons per row than this cost more than a binary search


class TableTooShort(Exception):
    """The table must answer for these epoch seconds as well; `further` asks for more open time."""

    def __init__(self, low: int, high: int, *, further: bool = False) -> None:
        super().__init__(low, high)
        self.low, self.high, self.further = low, high, further


class PausesUnsorted(Exception):
    """A row's pauses are not in the order of their begin: asks the caller to sort them."""


@dataclass(frozen=True, slots=True)
class PauseRows:
    """Pauses of many rows: those of row r are `begins[offsets[r]:offsets[r + 1]]`, sorted by begin."""

    offsets: Ints
    begins: Ints
    ends: Ints


class Kernel(Protocol):
    """What both implementations offer. `final`: beyond the table nothing is open."""

    def deadlines(
        self, table: Table, final: bool, starts: Ints, seconds: Ints, pauses: PauseRows | None, out: Ints
    ) -> None:
        """Fill `out`. Raises: TableTooShort, PausesUnsorted."""

    def elapseds(
        self, table: Table, final: bool, starts: Ints, ends: Ints, pauses: PauseRows | None, out: Ints
    ) -> None:
        """Fill `out`. Raises: TableTooShort, PausesUnsorted."""


def check_seconds(seconds: int) -> None:
    """Refuse a target below zero, and one so long that sums would overflow."""
    if seconds < 0:
        raise NegativeTargetError(f"{seconds}: a target cannot be negative")
    if seconds > LONGEST:
        raise OutOfRangeError(f"{seconds}: a target longer than all the years that can be computed")


def deadlines(
    table: Table, final: bool, starts: Ints, seconds: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with due times. `seconds` has one value or one per row."""
    scratch = _Scratch(min(CHUNK, len(starts)))
    for first in range(0, len(starts), CHUNK):
        rows = slice(first, min(first + CHUNK, len(starts)))
        n = seconds if len(seconds) == 1 else seconds[rows]
        _deadline_chunk(table, final, starts[rows], n, _part(pauses, rows), out[rows], scratch)


def elapseds(
    table: Table, final: bool, starts: Ints, ends: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with the open, unpaused seconds of each row."""
    scratch = _Scratch(min(CHUNK, len(starts)))
    for first in range(0, len(starts), CHUNK):
        rows = slice(first, min(first + CHUNK, len(starts)))
        _elapsed_chunk(table, final, starts[rows], ends[rows], _part(pauses, rows), out[rows], scratch)


class _Scratch:
    """Work space of one chunk, allocated once for a call."""

    def __init__(self, rows: int) -> None:
        self.index, self.value, self.sum = (np.empty(rows, np.int64) for _ in range(3))
        self.flag = np.empty(rows, np.bool_)


def _part(pauses: PauseRows | None, rows: slice) -> PauseRows | None:
    if pauses is None:
        return None
    offsets = pauses.offsets[rows.start : rows.stop + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    if first == last:
        return None
    return PauseRows(offsets - first, pauses.begins[first:last], pauses.ends[first:last])


def _require(table: Table, t: Ints, final: bool) -> None:
    low, high = int(t.min()), int(t.max())
    if low < table.low or (high > table.high and not (final and high < NEVER)):
        raise TableTooShort(low, high)


def _before(table: Table, t: Ints, scratch: _Scratch, out: Ints) -> None:
    """Open seconds of the table before each instant; instants after its end are moved to its end."""
    rows = len(t)
    index, value, flag = scratch.index[:rows], scratch.value[:rows], scratch.flag[:rows]
    if table.time_steps > _MOST_STEPS:
        index[:] = np.searchsorted(table.opens, t, "right")
        index -= 1
    else:
        np.subtract(t, table.low, out=index)
        np.right_shift(index, table.time_shift, out=index)
        # "clip" takes an instant at or after the table's end to the last cell; it spares the check too.
        table.time_cells.take(index, out=value, mode="clip")
        index, value = value, index
        for _ in range(table.time_steps):
            table.next_opens.take(index, out=value, mode="clip")
            np.less_equal(value, t, out=flag)
            np.add(index, flag, out=index)
    table.offsets.take(index, out=value, mode="clip")
    np.subtract(t, value, out=out)
    table.counts.take(index, out=value, mode="clip")
    np.minimum(out, value, out=out)


def _used_up(table: Table, b: Ints, scratch: _Scratch, out: Ints) -> None:
    """The instants at which b open seconds of the table are used up."""
    rows = len(b)
    index, value, flag = scratch.index[:rows], scratch.value[:rows], scratch.flag[:rows]
    if table.count_steps > _MOST_STEPS:
        index[:] = np.searchsorted(table.counts, b, "left")
    else:
        np.right_shift(b, table.count_shift, out=value)
        table.count_cells.take(value, out=index, mode="clip")
        for _ in range(table.count_steps):
            table.counts.take(index, out=value, mode="clip")
            np.less(value, b, out=flag)
            np.add(index, flag, out=index)
    table.offsets.take(index, out=value, mode="clip")
    np.add(value, b, out=out)


def _deadline_chunk(
    table: Table,
    final: bool,
    start: Ints,
    seconds: Ints,
    pauses: PauseRows | None,
    out: Ints,
    scratch: _Scratch,
) -> None:
    _require(table, start, final)
    least = int(seconds.min())
    check_seconds(least)
    check_seconds(int(seconds.max()))
    zero = seconds == 0 if least == 0 else None
    b = scratch.sum[: len(start)]
    _before(table, start, scratch, b)
    b += seconds
    never = _add_pauses(table, final, start, b, pauses, scratch) if pauses is not None else None
    if int(b.max()) > table.total:
        short = b > table.total
        if zero is not None:
            short &= ~zero
        if not final and (short if never is None else short & ~never).any():
            raise TableTooShort(int(start.min()), table.high, further=True)
        never = short if never is None else never | short
    _used_up(table, b, scratch, out)
    if never is not None:
        out[never] = NEVER
    if zero is not None:
        np.copyto(out, start, where=zero)


def _add_pauses(
    table: Table, final: bool, start: Ints, b: Ints, pauses: PauseRows, scratch: _Scratch
) -> npt.NDArray[np.bool_] | None:
    """Add to b the open seconds lost in pauses that begin before b is used up; tell who is stopped for good.

    The r-th pause of every row that has one is worked off in round r.
    """
    lengths = np.diff(pauses.offsets)
    rows = np.flatnonzero(lengths > 0)  # of flags, for speed
    stopped: npt.NDArray[np.bool_] | None = None
    lengths, at, sums, done = (_pick(array, rows) for array in (lengths, pauses.offsets, b, start))
    turn = 0
    while len(rows):
        turn += 1
        begin = _take_begins(pauses, at, turn)
        np.maximum(begin, done, out=begin)
        end = _pick(pauses.ends, at)
        np.maximum(end, begin, out=end)
        until = end
        if int(end.max()) > table.high:
            hits = _before_all(table, np.minimum(begin, table.high), scratch) < sums
            endless = hits & (end == NEVER) & (begin < NEVER)
            if not final:
                # A pause that begins after the table is decided on a longer one, if it matters at all.
                hits &= begin < table.high
                endless &= hits
                beyond = hits & (end > table.high) & ~endless
                if beyond.any():
                    raise TableTooShort(table.low, int(end[beyond].max()))
            if endless.any():
                stopped = np.zeros(len(start), np.bool_) if stopped is None else stopped
                stopped[rows[endless]] = True
            begin, until = np.minimum(begin, table.high), np.minimum(end, table.high)
        lost_from = _before_all(table, begin, scratch)
        lost = _before_all(table, until, scratch)
        lost -= lost_from
        lost *= lost_from < sums
        sums += lost
        done, at = end, at + 1
        if int(lengths.min()) <= turn:
            b[rows] = sums
            more = np.flatnonzero(lengths > turn)
            rows, lengths, at, sums, done = (_pick(array, more) for array in (rows, lengths, at, sums, done))
    return stopped


def _take_begins(pauses: PauseRows, at: Ints, turn: int) -> Ints:
    begin = _pick(pauses.begins, at)
    if turn > 1 and (begin < _pick(pauses.begins, at - 1)).any():
        raise PausesUnsorted
    return begin


def _pick(array: Ints, at: Ints) -> Ints:
    """`array[at]`, without the check that every index is in range: all are."""
    picked: Ints = array.take(at, mode="clip")
    return picked


def _before_all(table: Table, t: Ints, scratch: _Scratch) -> Ints:
    out = np.empty_like(t)
    _before(table, t, scratch, out)
    return out


def _elapsed_chunk(
    table: Table,
    final: bool,
    start: Ints,
    end: Ints,
    pauses: PauseRows | None,
    out: Ints,
    scratch: _Scratch,
) -> None:
    _require(table, start, final)
    _require(table, end, final)
    counted = scratch.sum[: len(start)]
    _before(table, end, scratch, counted)
    _before(table, start, scratch, out)
    np.subtract(counted, out, out=out)
    np.maximum(out, 0, out=out)
    if pauses is None:
        return
    lengths = np.diff(pauses.offsets)
    rows = np.flatnonzero(lengths > 0)  # of flags, for speed
    lengths, at, done, last = lengths[rows], pauses.offsets[rows], start[rows], np.maximum(end, start)[rows]
    lost = np.zeros(len(rows), np.int64)
    turn = 0
    while len(rows):
        turn += 1
        begin = _take_begins(pauses, at, turn)
        np.maximum(begin, done, out=begin)
        np.minimum(begin, last, out=begin)
        finish = _pick(pauses.ends, at)
        np.minimum(finish, last, out=finish)
        np.maximum(finish, begin, out=finish)
        lost += _before_all(table, finish, scratch)
        lost -= _before_all(table, begin, scratch)
        done, at = finish, at + 1
        if int(lengths.min()) <= turn:
            out[rows] -= lost
            more = np.flatnonzero(lengths > turn)
            rows, lengths, at, done, last = rows[more], lengths[more], at[more], done[more], last[more]
            lost = np.zeros(len(rows), np.int64)
