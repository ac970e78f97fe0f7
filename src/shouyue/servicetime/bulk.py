"""Bulk calls: checks arrays, puts pauses in order, chooses the kernel."""

from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from shouyue.servicetime import kernel_numba, kernel_numpy
from shouyue.servicetime.errors import BadPauseError, ServiceTimeError
from shouyue.servicetime.grid import Ints
from shouyue.servicetime.kernel_numpy import Kernel, PauseRows

BulkPauses = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]

_COMPILED_ROWS = 200_000  # below this NumPy is fast enough that compiling would be felt


def choose_kernel(wanted: Literal["auto", "numpy", "numba"], rows: int) -> Kernel:
    """The module that does the work; "auto" takes numba, where installed, for many rows."""
    compiled = kernel_numba.AVAILABLE and rows >= _COMPILED_ROWS if wanted == "auto" else wanted == "numba"
    return cast(Kernel, kernel_numba if compiled else kernel_numpy)


def prepare_out(first: Ints, second: Ints, out: Ints | None) -> tuple[Ints, tuple[Ints, Ints]]:
    """Where to write, and the inputs: copied where writing would overwrite them before a second try."""
    rows = len(first)
    if len(second) not in (1, rows):
        raise ServiceTimeError(f"{rows} rows in one array but {len(second)} in the other")
    if out is None:
        return np.empty(rows, np.int64), (first, second)
    if out.dtype != np.int64 or out.shape != (rows,):
        raise ServiceTimeError(f"out is {out.dtype}{list(out.shape)}, it must be int64[{rows}]")
    copied = [array.copy() if np.may_share_memory(array, out) else array for array in (first, second)]
    return out, (copied[0], copied[1])


def integers(values: npt.ArrayLike, name: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise ServiceTimeError(f"{name} is {array.dtype}{list(array.shape)}, it must be a row of integers")
    return np.ascontiguousarray(array, dtype=np.int64)


def check_pauses(pauses: BulkPauses, rows: int) -> PauseRows:
    """The arrays, fitting each other. Raises: BadPauseError."""
    offsets, begins, ends = (
        integers(values, name)
        for values, name in zip(pauses, ("pause offsets", "pause begins", "pause ends"), strict=True)
    )
    if len(offsets) != rows + 1 or offsets[0] != 0 or offsets[-1] != len(begins) or len(begins) != len(ends):
        raise BadPauseError(
            f"pause offsets must be {rows + 1} numbers from 0 to the count of begins and of ends "
            f"({len(begins)}, {len(ends)})"
        )
    if (offsets[1:] < offsets[:-1]).any():
        raise BadPauseError("pause offsets must not fall")
    return PauseRows(offsets, begins, ends)


def sort_pauses(pauses: PauseRows) -> PauseRows:
    """The same pauses, each row's in the order of their begin."""
    owner = np.repeat(np.arange(len(pauses.offsets) - 1), np.diff(pauses.offsets))
    order = np.lexsort((pauses.begins, owner))
    return PauseRows(pauses.offsets, pauses.begins[order], pauses.ends[order])
