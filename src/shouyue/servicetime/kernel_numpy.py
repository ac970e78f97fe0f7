"""Bulk arithmetic on a compiled table with NumPy, in chunks that stay in the processor's cache."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shouyue.servicetime.compile import LONGEST, NEVER, Table
from shouyue.servicetime.errors import NegativeTargetError, OutOfRangeError
from shouyue.servicetime.grid import Ints

CHUNK = 1 << 15  # rows; fewer cost more calls, more leave the second-level cache
_MOST_STEPS = 3  # more comparisons per row than this cost more than a binary search
_FEW = 3  # leave out the rows that are done when fewer than one in so many is left
_LIFT = 40  # log2 seconds: more than the longest table


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
        self.cell, self.short = np.empty(rows, np.uint32), np.empty(rows, np.uint32)


def _part(pauses: PauseRows | None, rows: slice) -> PauseRows | None:
    if pauses is None:
        return None
    offsets = pauses.offsets[rows.start : rows.stop + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    if first == last:
        return None
    return PauseRows(offsets - first, pauses.begins[first:last], pauses.ends[first:last])


def _within(table: Table, t: Ints, final: bool) -> Ints:
    """The instants, those after the table moved to its end when nothing is open there."""
    low, high = int(t.min()), int(t.max())
    if low < table.low or (high > table.high and not (final and high < NEVER)):
        raise TableTooShort(low, high)
    return t if high <= table.high else np.minimum(t, table.high)


def _before(table: Table, t: Ints, scratch: _Scratch, out: Ints) -> None:
    """Open seconds of the table before each instant of it."""
    rows = len(t)
    index, value, flag = scratch.index[:rows], scratch.value[:rows], scratch.flag[:rows]
    if (grid := table.grid) is not None:
        cell, short = scratch.cell[:rows], scratch.short[:rows]
        np.subtract(t, grid.base, out=out)
        np.copyto(short, out, casting="unsafe")
        np.floor_divide(short, grid.width, out=cell)
        np.copyto(index, cell)
        grid.cells.take(index, out=cell, mode="clip")  # "clip" spares the check of every index
        np.add(short, cell, out=short)
        np.minimum(short, cell, out=short)
        np.copyto(out, short)
        return
    if table.time_steps > _MOST_STEPS:
        index[:] = np.searchsorted(table.opens, t, "right")
        index -= 1
    else:
        np.subtract(t, table.low, out=index)
        np.right_shift(index, table.time_shift, out=index)
        # "clip" takes the instant of the table's end to the last cell.
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
    if (grid := table.grid) is not None:
        cell = scratch.cell[:rows]
        np.copyto(cell, b, casting="unsafe")
        np.subtract(cell, 1, out=cell)
        np.floor_divide(cell, grid.count_width, out=cell)
        np.copyto(index, cell)
        grid.count_cells.take(index, out=out, mode="clip")
        np.add(out, b, out=out)
        return
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
    within = _within(table, start, final)
    least = int(seconds.min())
    check_seconds(least)
    check_seconds(int(seconds.max()))
    zero = seconds == 0 if least == 0 else None
    b = scratch.sum[: len(start)]
    _before(table, within, scratch, b)
    b += seconds
    never = _add_pauses(table, final, within, b, pauses, scratch) if pauses is not None else None
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

    What each pause takes is found for all at once. Whether it begins in time depends on those before it:
    the r-th pause of every row is added in round r.
    """
    lengths = pauses.offsets[1:] - pauses.offsets[:-1]
    hits = lengths > 0
    begins, ends = _disjoint(table, start, lengths, hits, pauses)
    far = int(ends.max()) > table.high
    losses_from = _before_all(table, np.minimum(begins, table.high) if far else begins, scratch)
    losses = _before_all(table, np.minimum(ends, table.high) if far else ends, scratch)
    losses -= losses_from
    stopped: npt.NDArray[np.bool_] | None = None
    rows: Ints | None = None  # all of them
    at, sums = pauses.offsets[:-1].copy(), b
    turn = 0
    while count := np.count_nonzero(hits):
        if count < len(lengths) // _FEW:
            # Go on without the rows that are done.
            if rows is not None:
                b[rows] = sums
            more = np.flatnonzero(hits)
            rows = more if rows is None else _pick(rows, more)
            lengths, at, sums = (_pick(array, more) for array in (lengths, at, sums))
            hits = lengths > turn
        hits &= _pick(losses_from, at) < sums
        if far:
            begin, end = _pick(begins, at), _pick(ends, at)
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
                stopped[endless if rows is None else rows[endless]] = True
        lost = _pick(losses, at)
        lost *= hits
        sums += lost
        at += 1
        turn += 1
        hits = lengths > turn
    if rows is not None:
        b[rows] = sums
    return stopped


def _disjoint(
    table: Table, start: Ints, lengths: Ints, some: npt.NDArray[np.bool_], pauses: PauseRows
) -> tuple[Ints, Ints]:
    """Begins and ends of all pauses: none before its row's start, none before the end of an earlier one.

    some: the rows that have any. Most pauses are like that already, and looking costs less than making them so.
    """
    begins, ends = pauses.begins, np.maximum(pauses.ends, pauses.begins)
    later = np.ones(len(begins) + 1, np.bool_)  # not the first of its row
    later[pauses.offsets] = False
    later = later[1:-1]
    early = bool(((_pick(begins, pauses.offsets[:-1]) < start) & some).any())
    if not (early or (later & (begins[1:] < ends[:-1])).any()):
        return begins, ends
    if (later & (begins[1:] < begins[:-1])).any():
        raise PausesUnsorted
    begins = np.maximum(begins, np.repeat(start, lengths))
    # The latest end so far, in each row: rows are lifted one above the other, so that one pass finds it.
    lift = np.repeat(np.arange(len(lengths)) << _LIFT, lengths) - table.low
    reach = np.maximum.accumulate(np.clip(ends, table.low, table.high + 1) + lift) - lift
    np.copyto(begins[1:], np.maximum(begins[1:], reach[:-1]), where=later)
    return begins, np.maximum(ends, begins)


def _pick(array: Ints, at: Ints) -> Ints:
    """`array[at]`, without the check that every index is in range: all are."""
    picked: Ints = array.take(at, mode="clip")
    return picked


def _before_all(table: Table, t: Ints, scratch: _Scratch) -> Ints:
    out = np.empty_like(t)
    step = len(scratch.index)
    for first in range(0, len(t), step):
        _before(table, t[first : first + step], scratch, out[first : first + step])
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
    start, end = _within(table, start, final), _within(table, end, final)
    counted = scratch.sum[: len(start)]
    _before(table, end, scratch, counted)
    _before(table, start, scratch, out)
    np.subtract(counted, out, out=out)
    np.maximum(out, 0, out=out)
    if pauses is None:
        return
    lengths = pauses.offsets[1:] - pauses.offsets[:-1]
    begins, ends = _disjoint(table, start, lengths, lengths > 0, pauses)
    last = np.repeat(np.maximum(end, start), lengths)
    lost = _before_all(table, np.minimum(ends, last, out=ends), scratch)
    lost -= _before_all(table, np.minimum(begins, last), scratch)
    sums = np.concatenate(([0], np.cumsum(lost)))
    out -= np.diff(_pick(sums, pauses.offsets))
