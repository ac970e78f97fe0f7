"""The bulk arithmetic as loops compiled by numba, where that package is installed. Same answers.

Without numba the loops below are plain Python functions: slow, but the tests prove them the same way.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shouyue.servicetime.compile import LONGEST, NEVER, Table
from shouyue.servicetime.grid import Ints
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

    _inlined = _compiled
    _index: Any = int
    _short: Any = int
    _count: Any = int
else:
    AVAILABLE = True

    def _compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, cache=True)(function)
        except RuntimeError:  # nowhere to write the compiled code
            return numba.njit(nogil=True)(function)

    def _inlined(function: Callable[..., Any]) -> Any:
        """Compiled into its callers: passing all of a table costs more than asking it."""
        return numba.njit(inline="always")(function)

    _index = np.uint64  # an unsigned index needs no test for "from the end"
    _short = np.uint32
    _count = np.int64  # mixed with unsigned numbers, the others would become floats

_NO_PAUSES = PauseRows(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))
_ALL = 0xFFFFFFFF  # bits of a cell
_Cells = npt.NDArray[np.uint32]
_NO_CELLS = np.zeros(1, np.uint32)
_OK, _RANGE, _FURTHER, _SECONDS, _UNSORTED = 0, 1, 2, 3, 4
_BITS = 31  # of the largest number that is divided by multiplying


class _Numbers(NamedTuple):
    """What the loops need to know of a table and its grid besides their arrays."""

    low: int
    high: int
    total: int
    gridded: bool
    base: int  # of the grid, or else of the bucket table
    factor: int  # cell of the grid = (t - base) * factor >> shift
    shift: int
    steps: int
    count_shift: int  # of the bucket table
    count_steps: int


def deadlines(
    table: Table, final: bool, starts: Ints, seconds: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with due times. `seconds` has one value or one per row. Raises: TableTooShort."""
    if pauses is None and (grid := table.grid) is not None:
        each = seconds if len(seconds) == len(starts) else np.broadcast_to(seconds, starts.shape)
        division = _division(grid.count_width)
        done = _grid_rows(starts, each, out, _numbers(table), grid.cells, grid.count_cells, *division)
        if done == len(starts):
            return
    # Pauses, or a row that the small loop leaves alone: outside the table, never.
    used, paused = pauses or _NO_PAUSES, pauses is not None
    code, row, far = _deadline_rows(
        starts, seconds, paused, used.offsets, used.begins, used.ends, out, final, *_flatten(table)
    )
    _answer(table, code, starts, row, far)


def elapseds(
    table: Table, final: bool, starts: Ints, ends: Ints, pauses: PauseRows | None, out: Ints
) -> None:
    """Fill `out` with the open, unpaused seconds of each row. Raises: TableTooShort."""
    used, paused = pauses or _NO_PAUSES, pauses is not None
    code, row, far = _elapsed_rows(
        starts, ends, paused, used.offsets, used.begins, used.ends, out, final, *_flatten(table)
    )
    _answer(table, code, starts, row, far)


def _flatten(table: Table) -> tuple[Any, ...]:
    """Numbers, cells of the grid, cells, count cells, next openings, offsets, counts."""
    cells = _NO_CELLS if table.grid is None else table.grid.cells
    arrays = (table.time_cells, table.count_cells, table.next_opens, table.offsets, table.counts)
    return _numbers(table), cells, *arrays


def _numbers(table: Table) -> _Numbers:
    base, factor, shift = table.low, 0, table.time_shift
    if table.grid is not None:
        base, (factor, shift) = table.grid.base, _division(table.grid.width)
    # Plain integers: a NumPy integer would make numba compile a second version.
    return _Numbers(
        low=int(table.low),
        high=int(table.high),
        total=int(table.total),
        gridded=table.grid is not None,
        base=int(base),
        factor=factor,
        shift=int(shift),
        steps=int(table.time_steps),
        count_shift=int(table.count_shift),
        count_steps=int(table.count_steps),
    )


def _division(width: int) -> tuple[int, int]:
    """Factor and shift that divide every number below 2^31 in a fraction of a division's time."""
    shift = _BITS + (width - 1).bit_length()
    return (1 << shift) // width + 1, shift


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


@_inlined
def _before(
    t: int,
    numbers: _Numbers,
    grid_cells: _Cells,
    cells: Ints,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
) -> int:
    """Open seconds of the table before an instant of it."""
    if numbers.gridded:
        since = t - numbers.base
        cell = grid_cells[_index(_index(since) * _index(numbers.factor) >> _index(numbers.shift))]
        run_over = _short((_index(cell) + _index(since)) & _index(_ALL))
        within: int = _count(min(cell, run_over))
        return within
    # The table's end belongs to its last cell.
    i = cells[_index(min((t - numbers.low) >> numbers.shift, len(cells) - 1))]
    # Additions instead of branches: nothing to guess wrong. More than one is rare.
    i += next_opens[_index(i)] <= t
    for _ in range(numbers.steps - 1):
        i += next_opens[_index(i)] <= t
    inside: int = t - offsets[_index(i)]
    count: int = counts[_index(i)]
    return inside if inside < count else count


@_compiled
def _grid_rows(
    starts: Ints,
    seconds: Ints,
    out: Ints,
    numbers: _Numbers,
    cells: _Cells,
    count_cells: Ints,
    count_factor: int,
    count_shift: int,
) -> int:
    """The common case, kept small so that the processor works on several rows at once; rows done."""
    for row in range(len(starts)):
        t = starts[row]
        n = seconds[row]
        if t < numbers.low or t > numbers.high or n < 0:
            return row
        since = t - numbers.base
        cell = cells[_index(_index(since) * _index(numbers.factor) >> _index(numbers.shift))]
        b = _count(min(cell, _short((_index(cell) + _index(since)) & _index(_ALL)))) + n
        if _index(b) > _index(numbers.total):  # also when the sum ran over
            return row
        if n:
            out[row] = count_cells[_index(_index(b - 1) * _index(count_factor) >> _index(count_shift))] + b
        else:
            out[row] = t
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
    final: bool,
    numbers: _Numbers,
    grid_cells: _Cells,
    cells: Ints,
    count_cells: Ints,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
) -> tuple[int, int, int]:
    high = numbers.high
    one = len(seconds) == 1
    for row in range(len(starts)):
        t = starts[row]
        n = seconds[0] if one else seconds[row]
        if t < numbers.low or (t > high and (not final or t == NEVER)):
            return _RANGE, row, t
        if n < 0 or n > LONGEST:
            return _SECONDS, row, n
        if n == 0:
            out[row] = t
            continue
        b = n + _before(min(t, high), numbers, grid_cells, cells, next_opens, offsets, counts)
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
                lost = _before(min(begin, high), numbers, grid_cells, cells, next_opens, offsets, counts)
                if lost >= b or (begin >= high and not final):
                    break
                if end == NEVER:
                    stopped = True
                    break
                if end > high and not final:
                    return _RANGE, row, end
                b += _before(min(end, high), numbers, grid_cells, cells, next_opens, offsets, counts) - lost
                done = end
        if stopped:
            out[row] = NEVER
        elif b > numbers.total:
            if not final:
                return _FURTHER, row, t
            out[row] = NEVER
        else:
            j = count_cells[_index(b >> numbers.count_shift)]
            j += counts[_index(j)] < b
            for _ in range(numbers.count_steps - 1):
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
    final: bool,
    numbers: _Numbers,
    grid_cells: _Cells,
    cells: Ints,
    count_cells: Ints,
    next_opens: Ints,
    offsets: Ints,
    counts: Ints,
) -> tuple[int, int, int]:
    high = numbers.high
    for row in range(len(starts)):
        t, stop = starts[row], stops[row]
        if t < numbers.low or (t > high and (not final or t == NEVER)):
            return _RANGE, row, t
        if stop < numbers.low or (stop > high and (not final or stop == NEVER)):
            return _RANGE, row, stop
        if stop <= t:
            out[row] = 0
            continue
        stop = min(stop, high)
        counted = _before(stop, numbers, grid_cells, cells, next_opens, offsets, counts) - _before(
            min(t, high), numbers, grid_cells, cells, next_opens, offsets, counts
        )
        if paused:
            done = t
            for at in range(pause_offsets[row], pause_offsets[row + 1]):
                if at > pause_offsets[row] and begins[at] < begins[at - 1]:
                    return _UNSORTED, row, at
                begin = max(begins[at], done)
                end = min(ends[at], stop)
                if end <= begin:
                    continue
                counted += _before(begin, numbers, grid_cells, cells, next_opens, offsets, counts) - _before(
                    end, numbers, grid_cells, cells, next_opens, offsets, counts
                )
                done = end
        out[row] = counted
    return _OK, 0, 0
