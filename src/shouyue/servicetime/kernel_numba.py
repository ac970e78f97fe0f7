"""The bulk arithmetic as loops compiled by numba, where that package is installed. Same answers.

Without numba the loops below are plain Python functions: slow, but the tests prove them the same way.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from shouyue.servicetime.compile import LONGEST, NEVER, Ints, Table
from shouyue.servicetime.kernel_numpy import (
    PauseRows,
    PausesUnsorted,
    TableTooShort,
    check_seconds,
)

try:
    import numba
except ImportError:
    AVAILABLE = False

    def _compiled(function: Callable[..., Any]) -> Any:
        return function

    _index: Any = int
else:
    AVAILABLE = True

    def _compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, cache=True)(function)
        except RuntimeError:  # nowhere to write the compiled code
            return numba.njit(nogil=True)(function)

    _index = np.uint64  # an unsigned index needs no test for "from the end"

_NO_PAUSES = PauseRows(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))
_OK, _RANGE, _FURTHER, _SECONDS, _UNSORTED = 0, 1, 2, 3, 4


def deadlines(
    table: Table, final: bool, starts: Ints, seconds: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with due times. `seconds` has one value or one per row. Raises: TableTooShort."""
    if pauses is None and table.time_steps <= 1 and table.count_steps <= 1:
        plain = _tables(table)
        del plain[6], plain[4]  # the numbers of steps
        done = _plain_rows(
            starts,
            seconds if len(seconds) == len(starts) else np.broadcast_to(seconds, starts.shape),
            out,
            *plain,
        )
        if done == len(starts):
            return
    # Pauses, or a row that the plain loop leaves alone: zero, outside the table, never.
    used, paused = pauses or _NO_PAUSES, pauses is not None
    arrays = (used.offsets, used.begins, used.ends, out, *_tables(table))
    code, row, far = _deadline_rows(starts, seconds, paused, *arrays, final)
    _answer(table, code, starts, row, far)


def elapseds(
    table: Table, final: bool, starts: Ints, ends: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with the open, unpaused seconds of each row. Raises: TableTooShort."""
    used, paused = pauses or _NO_PAUSES, pauses is not None
    arrays = (used.offsets, used.begins, used.ends, out, *_tables(table))
    code, row, far = _elapsed_rows(starts, ends, paused, *arrays, final)
    _answer(table, code, starts, row, far)


def _tables(table: Table) -> list[Any]:
    # Plain integers: a NumPy integer would make numba compile a second version.
    plain = (table.low, table.high, table.total, table.time_shift, table.time_steps)
    return [
        *map(int, plain),
        int(table.count_shift),
        int(table.count_steps),
        table.next_opens,
        table.offsets,
        table.counts,
        table.time_cells,
        table.count_cells,
    ]


def _answer(table: Table, code: int, starts: Ints, row: int, far: int) -> None:
    if code == _RANGE:
        # Ask for everything at once, so that one longer table serves all rows.
        raise TableTooShort(min(int(starts.min()), far), max(int(starts.max()), far))
    if code == _UNSORTED:
        raise PausesUnsorted
    if code == _SECONDS:
        check_seconds(far)
    if code == _FURTHER:
        raise TableTooShort(int(starts[row]), table.high, further=True)


@_compiled
def _before(
    t: int,
    low: int,
    high: int,
    shift: int,
    steps: int,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
    cells: Ints,
) -> int:
    cell = (t - low) >> shift if t < high else len(cells) - 1
    i = cells[_index(cell)]
    # Additions instead of branches: nothing to guess wrong. More than one is rare.
    i += next_opens[_index(i)] <= t
    for _ in range(steps - 1):
        i += next_opens[_index(i)] <= t
    inside: int = t - offsets[_index(i)]
    count: int = counts[_index(i)]
    return inside if inside < count else count


@_compiled
def _plain_rows(
    starts: Ints,
    seconds: Ints,
    out: Ints,
    low: int,
    high: int,
    total: int,
    shift: int,
    count_shift: int,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
    cells: Ints,
    count_cells: Ints,
) -> int:
    """The common case, kept small so that the processor works on several rows at once; rows done.

    For tables whose searches end after one comparison.
    """
    for row in range(len(starts)):
        t = starts[row]
        n = seconds[row]
        if t < low or t >= high or n <= 0:
            if n != 0 or t < low or t >= high:
                return row
            out[row] = t
            continue
        i = cells[_index(_index(t - low) >> _index(shift))]
        i += next_opens[_index(i)] <= t
        b = min(t - offsets[_index(i)], counts[_index(i)]) + n
        if _index(b) > _index(total):  # also when the sum ran over
            return row
        j = count_cells[_index(_index(b) >> _index(count_shift))]
        j += counts[_index(j)] < b
        out[row] = offsets[_index(j)] + b
    return len(starts)


@_compiled
def _deadline_rows(
    starts: Ints,
    seconds: Ints,
    paused: bool,
    pause_offsets: Ints,
    begins: Ints,
    ends: Ints,
    out: Ints,
    low: int,
    high: int,
    total: int,
    shift: int,
    steps: int,
    count_shift: int,
    count_steps: int,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
    cells: Ints,
    count_cells: Ints,
    final: bool,
) -> tuple[int, int, int]:
    one = len(seconds) == 1
    for row in range(len(starts)):
        t = starts[row]
        n = seconds[0] if one else seconds[row]
        if t < low or (t > high and (not final or t == NEVER)):
            return _RANGE, row, t
        if n < 0 or n > LONGEST:
            return _SECONDS, row, n
        if n == 0:
            out[row] = t
            continue
        b = n + _before(t, low, high, shift, steps, next_opens, offsets, counts, cells)
        stopped = False
        if paused:
            done = t
            for at in range(pause_offsets[row] + 1, pause_offsets[row + 1]):
                if begins[at] < begins[at - 1]:
                    return _UNSORTED, row, at
            for at in range(pause_offsets[row], pause_offsets[row + 1]):
                begin = max(begins[at], done)
                end = ends[at]
                if end <= begin:
                    continue
                lost = _before(min(begin, high), low, high, shift, steps, next_opens, offsets, counts, cells)
                if lost >= b or (begin >= high and not final):
                    break
                if end == NEVER:
                    stopped = True
                    break
                if end > high and not final:
                    return _RANGE, row, end
                b += (
                    _before(min(end, high), low, high, shift, steps, next_opens, offsets, counts, cells)
                    - lost
                )
                done = end
        if stopped:
            out[row] = NEVER
        elif b > total:
            if not final:
                return _FURTHER, row, t
            out[row] = NEVER
        else:
            j = count_cells[_index(b >> count_shift)]
            j += counts[_index(j)] < b
            for _ in range(count_steps - 1):
                j += counts[_index(j)] < b
            out[row] = offsets[_index(j)] + b
    return _OK, 0, 0


@_compiled
def _elapsed_rows(
    starts: Ints,
    stops: Ints,
    paused: bool,
    pause_offsets: Ints,
    begins: Ints,
    ends: Ints,
    out: Ints,
    low: int,
    high: int,
    total: int,
    shift: int,
    steps: int,
    count_shift: int,
    count_steps: int,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
    cells: Ints,
    count_cells: Ints,
    final: bool,
) -> tuple[int, int, int]:
    for row in range(len(starts)):
        t, stop = starts[row], stops[row]
        if t < low or (t > high and (not final or t == NEVER)):
            return _RANGE, row, t
        if stop < low or (stop > high and (not final or stop == NEVER)):
            return _RANGE, row, stop
        if stop <= t:
            out[row] = 0
            continue
        counted = _before(stop, low, high, shift, steps, next_opens, offsets, counts, cells)
        counted -= _before(t, low, high, shift, steps, next_opens, offsets, counts, cells)
        if paused:
            done = t
            for at in range(pause_offsets[row], pause_offsets[row + 1]):
                if at > pause_offsets[row] and begins[at] < begins[at - 1]:
                    return _UNSORTED, row, at
                begin = max(begins[at], done)
                end = min(ends[at], stop)
                if end <= begin:
                    continue
                counted -= _before(end, low, high, shift, steps, next_opens, offsets, counts, cells)
                counted += _before(begin, low, high, shift, steps, next_opens, offsets, counts, cells)
                done = end
        out[row] = counted
    return _OK, 0, 0
