"""Cells so even that one look answers: for calendars whose hours lie on a common grid, as most do.

Where every opening and closing lies on a multiple of, say, half an hour, each cell of that width is open
or closed as a whole; neither search needs a comparison, and neither the stretch it belongs to.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_CELLS = 1 << 18  # more would leave the processor's second-level cache, and comparing would be faster
LONGEST_GRID = 1 << 31  # seconds; both a distance and a count of open seconds fit 32 bits


@dataclass(frozen=True, slots=True)
class Grid:
    """Open seconds before an instant, and the instant at which they are used up, by one look each."""

    base: int  # one cell before the table, so that no instant of it counts as zero seconds after it
    width: int  # seconds of a cell; the cell of t is (t - base) // width
    # A closed cell holds the open seconds before it. An open one holds minus the distance from base at
    # which counting would have begun, so large as an unsigned number that adding `t - base` runs over and
    # leaves the open seconds before t. In both, these are the smaller of the cell and that sum.
    cells: npt.NDArray[np.uint32]
    count_width: int  # open seconds of a cell; the cell of b is (b - 1) // count_width
    count_cells: Ints  # W: the instant at which b open seconds are used up, minus b

    @property
    def nbytes(self) -> int:
        return self.cells.nbytes + self.count_cells.nbytes


def make_grid(low: int, high: int, opens: Ints, closes: Ints) -> Grid | None:
    """The grid of the open stretches of `[low, high)`, or None where cells would be too many or too long.

    The last stretch may be cut short by the table's end.
    """
    if not len(opens):
        return None
    cut = bool(closes[-1] >= high)
    whole = closes[:-1] if cut else closes
    lengths = closes - opens
    counts = np.cumsum(lengths)
    width = int(np.gcd.reduce(np.concatenate((opens, whole)) - low)) or high - low
    count_width = int(np.gcd.reduce(lengths[:-1] if cut else lengths)) or int(counts[-1])
    base = low - width
    cells = (high - base) // width + 1
    if max(cells, counts[-1] // count_width) > _CELLS or high - base >= LONGEST_GRID:
        return None
    offsets = opens - (counts - lengths)
    edges = np.concatenate(([0], np.ravel((opens, closes), "F") - base, [cells * width]))
    values = np.concatenate(([0], np.ravel((base - offsets, counts), "F")))
    return Grid(
        base=base,
        width=width,
        cells=np.repeat(values, np.diff(-(-edges // width))).astype(np.uint32),
        count_width=count_width,
        count_cells=np.repeat(offsets, -(-lengths // count_width)),
    )
