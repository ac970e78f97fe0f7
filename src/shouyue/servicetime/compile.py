"""Compiles a calendar's rules for a run of years into flat tables that answer in constant time.

Windows of every date are laid on the wall clock's axis, merged, and carried to UTC span by span of
constant offset, which makes daylight saving exact. What remains is a sorted list of open stretches:

    O  opening instants            P  open seconds counted up to the end of a stretch
    W  O minus the open seconds before it: `t - W` counts the open seconds up to t inside a stretch,
       and `W + b` is the instant at which b open seconds are used up

A bucket per 2^k seconds says where to start looking, so that one comparison finishes the search.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from shouyue.servicetime.errors import OutOfRangeError
from shouyue.servicetime.grid import Grid, Ints, make_grid
from shouyue.servicetime.windows import DAY, Window
from shouyue.servicetime.zones import offset_spans

FIRST_YEAR, LAST_YEAR = 1900, 2299
NEVER = int(np.iinfo(np.int64).max)  # later than every instant
LONGEST = 1 << 40  # seconds: more than all the years together

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FAR = 1 << 60  # beyond every instant and every sum of seconds
_CELLS = 1 << 16  # more would leave the processor's second-level cache
_WIDEST = 16  # log2 seconds of the widest cell
_HOLIDAY, _EXTRA, _OWN = 7, 8, 9


@dataclass(frozen=True, slots=True)
class Rules:
    """A calendar's rules in the compiler's terms."""

    zone: ZoneInfo
    weekly: tuple[tuple[Window, ...], ...]
    holidays: Mapping[date, str]
    extra_workdays: Mapping[date, str]
    extra_windows: tuple[Window, ...]
    own_windows: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)

    def day_windows(self, day: date) -> tuple[Window, ...]:
        """The windows that start on a date: make-up day before holiday before weekday."""
        if day in self.extra_workdays:
            return self.own_windows.get(day, self.extra_windows)
        return () if day in self.holidays else self.weekly[day.weekday()]

    @property
    def special_until(self) -> int:
        """The epoch second after which only the weekly rule is left, in any zone."""
        special = [*self.holidays, *self.extra_workdays]
        return (max(special).toordinal() - _EPOCH_DAY + 4) * DAY if special else -_FAR


@dataclass(frozen=True)
class Table:
    """The open stretches of `[low, high)`, with bucket indexes. Index 0 is "before the first opening"."""

    low: int
    high: int
    total: int  # open seconds in all
    opens: Ints  # O[0] = low, …, O[n], far
    next_opens: Ints  # O[i + 1]
    offsets: Ints  # W
    counts: Ints  # P after stretch i; P[0] = 0, P[n] = total, far
    time_shift: int
    time_cells: Ints  # bucket of (t - low) → stretch
    time_steps: int  # comparisons that finish the search
    count_shift: int
    count_cells: Ints  # bucket of open seconds → stretch
    count_steps: int
    workdays: list[int]  # ordinals of dates that have windows, of the compiled years
    open_list: list[int] = field(repr=False)
    offset_list: list[int] = field(repr=False)
    count_list: list[int] = field(repr=False)

    def before(self, t: int) -> int:
        """Open seconds in `[low, t)`, for low ≤ t ≤ high."""
        i = bisect_right(self.open_list, t) - 1
        return min(t - self.offset_list[i], self.count_list[i])

    def used_up(self, b: int) -> int:
        """The instant at which b open seconds (1 ≤ b ≤ total) are used up."""
        return self.offset_list[bisect_left(self.count_list, b)] + b

    @cached_property
    def grid(self) -> Grid | None:
        """A faster way to the same answers, where the openings and closings allow it; for the bulk calls."""
        opens, counts = self.opens[1:-1], self.counts[1:-1]
        return make_grid(self.low, self.high, opens, self.offsets[1:-1] + counts)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays behind the bulk calls."""
        grid = 0 if self.grid is None else self.grid.nbytes
        arrays = (self.opens, self.next_opens, self.offsets, self.counts, self.time_cells, self.count_cells)
        return sum(array.nbytes for array in arrays) + grid


def year_of(instant: int) -> int:
    """The UTC year of an epoch second. Raises: OutOfRangeError."""
    if not _year_start(FIRST_YEAR) <= instant < _year_start(LAST_YEAR + 1):
        raise OutOfRangeError(
            f"epoch second {instant} is outside the years {FIRST_YEAR} to {LAST_YEAR} that can be computed"
        )
    return date.fromordinal(instant // DAY + _EPOCH_DAY).year


def compile_table(rules: Rules, first_year: int, last_year: int) -> Table:
    """Tables for the UTC years from first to last, both included."""
    low, end = _year_start(first_year), _year_start(last_year + 1)
    margin = (1 << _WIDEST) + DAY
    days = np.arange(low // DAY - 3, (end + margin) // DAY + 4, dtype=np.int64)
    kinds = _day_kinds(rules, days)
    opens, closes = _wall_stretches(rules, days, kinds)
    opens, closes = _to_utc(opens, closes, offset_spans(rules.zone, low, end + margin))
    shift = _time_shift(opens, end - low)
    high = low + (-(-(end - low) >> shift) << shift)  # whole cells, so that a cell number tells the range
    return _index(low, high, shift, opens, closes, _workdays(rules, days, kinds, low, end))


def _day_kinds(rules: Rules, days: Ints) -> Ints:
    kinds = (days + 3) % 7  # 1 January 1970 was a Thursday
    for kind, dates in ((_HOLIDAY, rules.holidays), (_EXTRA, rules.extra_workdays)):
        kinds[_places(dates, days)] = kind
    for kind, windows in enumerate(_own_kinds(rules), _OWN):
        kinds[_places([day for day, own in rules.own_windows.items() if own == windows], days)] = kind
    return kinds


def _places(dates: Iterable[date], days: Ints) -> Ints:
    ordinals = np.array([day.toordinal() for day in dates], np.int64) - _EPOCH_DAY
    places: Ints = ordinals[(ordinals >= days[0]) & (ordinals <= days[-1])] - days[0]
    return places


def _own_kinds(rules: Rules) -> list[tuple[Window, ...]]:
    return sorted(set(rules.own_windows.values()))


def _kind_windows(rules: Rules) -> list[tuple[int, tuple[Window, ...]]]:
    return [*enumerate(rules.weekly), (_EXTRA, rules.extra_windows), *enumerate(_own_kinds(rules), _OWN)]


def _wall_stretches(rules: Rules, days: Ints, kinds: Ints) -> tuple[Ints, Ints]:
    """Merged open stretches on the wall clock's axis."""
    starts, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for kind, windows in _kind_windows(rules):
        midnights = days[kinds == kind] * DAY if windows else days[:0]
        for opens, closes in windows:
            starts.append(midnights + opens)
            ends.append(midnights + closes)
    start, end = np.concatenate(starts), np.concatenate(ends)
    order = np.argsort(start, kind="stable")
    return _merge(start[order], end[order])


def _merge(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """The union of half-open stretches sorted by their start; touching ones become one."""
    if not len(start):
        return start, end
    reach = np.maximum.accumulate(end)
    fresh = np.concatenate(([True], start[1:] > reach[:-1]))
    last = np.concatenate((fresh[1:], [True]))
    return start[fresh], reach[last]


def _to_utc(opens: Ints, closes: Ints, spans: tuple[tuple[int, int, int], ...]) -> tuple[Ints, Ints]:
    """Within a span of constant offset, an instant shows exactly the wall time `t + offset`."""
    starts, ends = [], []
    for begin, finish, offset in spans:
        first = np.searchsorted(closes, begin + offset, "right")
        stop = np.searchsorted(opens, finish + offset, "left")
        starts.append(np.maximum(opens[first:stop] - offset, begin))
        ends.append(np.minimum(closes[first:stop] - offset, finish))
    return _merge(np.concatenate(starts), np.concatenate(ends))


def _time_shift(opens: Ints, span: int) -> int:
    """The widest cell that holds at most one opening, unless that takes too many cells."""
    gap = int(np.diff(opens).min()) if len(opens) > 1 else 1 << _WIDEST
    return min(_WIDEST, max(gap.bit_length() - 1, (span // _CELLS).bit_length()))


def _index(low: int, high: int, shift: int, opens: Ints, closes: Ints, workdays: list[int]) -> Table:
    inside = opens < high
    opens, closes = opens[inside], np.minimum(closes[inside], high)
    lengths = closes - opens
    counts = np.concatenate(([0], np.cumsum(lengths), [_FAR])).astype(np.int64)
    total = int(counts[-2])
    opens = np.concatenate(([low], opens, [_FAR])).astype(np.int64)
    offsets = opens - np.concatenate(([0], counts[:-1]))
    offsets[-1] = _FAR
    edges = np.arange(low, high, 1 << shift, dtype=np.int64)
    time_cells = np.searchsorted(opens, edges, "right") - 1
    time_last = np.searchsorted(opens, edges + ((1 << shift) - 1), "right") - 1
    # The first and the last stretch may be cut short by the table's edge; they must not narrow the cells.
    shortest = int(lengths[1:-1].min()) if len(lengths) > 2 else 1 << _WIDEST
    count_shift = max(shortest.bit_length() - 1, (total // _CELLS).bit_length())
    sums = np.arange(0, total + 1, 1 << count_shift, dtype=np.int64)
    count_cells = np.searchsorted(counts, sums, "left")
    count_last = np.searchsorted(counts, np.minimum(sums + ((1 << count_shift) - 1), total), "left")
    return Table(
        low=low,
        high=high,
        total=total,
        opens=opens,
        next_opens=np.append(opens[1:], _FAR),
        offsets=offsets,
        counts=counts,
        time_shift=shift,
        time_cells=time_cells.astype(np.int64),
        time_steps=int((time_last - time_cells).max()),
        count_shift=count_shift,
        count_cells=count_cells.astype(np.int64),
        count_steps=int((count_last - count_cells).max()),
        workdays=workdays,
        open_list=opens.tolist(),
        offset_list=offsets.tolist(),
        count_list=counts.tolist(),
    )


def _workdays(rules: Rules, days: Ints, kinds: Ints, low: int, end: int) -> list[int]:
    working = [kind for kind, windows in _kind_windows(rules) if windows]
    chosen = np.isin(kinds, working) & (days >= low // DAY) & (days < end // DAY)
    ordinals: list[int] = (days[chosen] + _EPOCH_DAY).tolist()
    return ordinals


def _year_start(year: int) -> int:
    return (date(year, 1, 1).toordinal() - _EPOCH_DAY) * DAY


def scalar_cells(table: Table) -> tuple[Any, ...]:
    """Bucket tables as Python tuples, which index faster than arrays for one question at a time.

    (low, shift, time cells, count shift, count cells). A time cell is (O', W, P, O'', W', P'): the stretch
    of the cell's first second and its successor. A count cell is (P, W, P', W').
    """
    opens, offsets, counts = table.open_list, table.offset_list, table.count_list
    far = [_FAR]
    next_opens = opens[1:] + far
    stretches = list(
        zip(
            next_opens,
            offsets,
            counts,
            next_opens[1:] + far,
            offsets[1:] + far,
            counts[1:] + far,
            strict=True,
        )
    )
    # After the last stretch stands -1: whatever is asked beyond it leaves the fast path.
    uses = list(zip(counts, offsets, [*counts[1:-1], -1, -1], [*offsets[1:], _FAR], strict=True))
    time_cells = [stretches[i] for i in table.time_cells.tolist()]
    count_cells = [uses[i] for i in table.count_cells.tolist()]
    return table.low, table.time_shift, time_cells, table.count_shift, count_cells
