"""The grid gives what the bucket table gives, and stands aside where it would not fit."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouyue.servicetime import NEVER, ServiceCalendar, grid, kernel_numba, kernel_numpy
from shouyue.servicetime.compile import Rules, compile_table
from shouyue.servicetime.kernel_numpy import PauseRows
from shouyue.servicetime.windows import parse_weekly, parse_windows
from shouyue.servicetime.zones import load_zone

KERNELS = {"numpy": kernel_numpy, "numba": kernel_numba}
WEEKS = {
    "half hours": {"mon-fri": ["08:30-12:00", "13:30-18:00"]},
    "nights": {"mon-sun": ["22:00-02:30"]},
    "always": {"mon-sun": ["00:00-24:00"]},
    "seldom": {"mon": ["09:00-09:40"]},
    "open when the year ends": {"mon-sun": ["07:40-08:20", "23:00-06:00"]},
}


def tables(zone, week, years=(2026, 2027)):
    """The same table with a grid and without one."""
    rules = Rules(
        zone=load_zone(zone),
        weekly=parse_weekly(week),
        holidays={date(2026, 1, 1): ""},
        extra_workdays={date(2026, 1, 4): ""},
        extra_windows=parse_windows(["10:00-11:00"]),
    )
    with_grid = compile_table(rules, *years)
    without = replace(with_grid)
    without.__dict__["grid"] = None
    return with_grid, without


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@pytest.mark.parametrize("week", WEEKS)
def test_with_and_without_grid_alike_near_every_edge(kernel, zone, week):
    gridded, bucketed = tables(zone, WEEKS[week])
    assert gridded.grid is not None
    opens, counts = gridded.opens[1:-1], gridded.counts[1:-1]
    edges = np.concatenate((opens, opens[-1:], gridded.offsets[1:-1] + counts, [gridded.low, gridded.high]))
    near = np.unique(np.clip(edges[:, None] + [-1, 0, 1], gridded.low, gridded.high))
    answers = []
    for table in (gridded, bucketed):
        elapsed, due = np.empty_like(near), np.empty_like(near)
        KERNELS[kernel].elapseds(table, True, np.full_like(near, table.low), near, None, elapsed)
        targets = np.clip(elapsed + 1, 1, table.total)
        KERNELS[kernel].deadlines(table, True, np.full_like(near, table.low), targets, None, due)
        answers.append((elapsed.tolist(), due.tolist()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("week", WEEKS)
def test_with_and_without_grid_alike_with_pauses(kernel, week):
    gridded, bucketed = tables("Asia/Shanghai", WEEKS[week])
    random = np.random.default_rng(11)
    starts = random.integers(gridded.low, gridded.high - 400 * 86_400, 500)
    seconds = random.integers(0, 30_000, 500)
    lengths = random.choice([0, 0, 0, 1, 2, 9], 500)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    owner = np.repeat(np.arange(500), lengths)
    begins = starts[owner] + random.integers(-86_400, 9 * 86_400, len(owner))
    begins = begins[np.lexsort((begins, owner))]
    ends = begins + random.integers(-3600, 2 * 86_400, len(owner))
    ends[random.random(len(owner)) < 0.05] = NEVER
    pauses = PauseRows(offsets, begins, ends)
    due, elapsed = [], []
    for table in (gridded, bucketed):
        out = np.empty(500, np.int64)
        KERNELS[kernel].deadlines(table, True, starts, seconds, pauses, out)
        due.append(out.tolist())
        KERNELS[kernel].elapseds(table, True, starts, starts + seconds, pauses, out)
        elapsed.append(out.tolist())
    assert due[0] == due[1]
    assert elapsed[0] == elapsed[1]


@given(st.integers(1, 1 << 31), st.integers(0, (1 << 31) - 1))
def test_multiplying_divides(width, number):
    factor, shift = kernel_numba._division(width)
    assert number * factor >> shift == number // width
    assert number * factor < 1 << 63


@given(st.integers(1, 1 << 20), st.integers(0, 1 << 12))
def test_multiplying_divides_beside_whole_multiples(width, times):
    factor, shift = kernel_numba._division(width)
    for number in (width * times - 1, width * times):
        if 0 <= number < 1 << 31:
            assert number * factor >> shift == number // width


def test_no_grid_where_cells_would_be_too_many(monkeypatch):
    assert tables("UTC", {"mon-fri": ["08:59-17:00"]}, (2020, 2029))[0].grid is None
    assert tables("UTC", {"mon-fri": ["09:00-17:00"]}, (2020, 2029))[0].grid is not None
    assert tables("UTC", {"mon-fri": ["09:00-17:00"]}, (1900, 2029))[0].grid is None  # beyond 32 bits
    assert tables("UTC", {}, (2027, 2029))[0].grid is None  # nothing is open
    monkeypatch.setattr(grid, "_CELLS", 100)
    assert tables("UTC", {"mon-fri": ["09:00-17:00"]})[0].grid is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_more_pauses_than_rows_in_a_chunk(kernel, monkeypatch):
    monkeypatch.setattr(kernel_numpy, "CHUNK", 8)
    monkeypatch.setattr(ServiceCalendar, "kernel", kernel)
    calendar = ServiceCalendar.always()
    first = 1_767_225_600
    begins = first + 100 + 10 * np.arange(40)
    pauses = ([0, 0, 40, 40], begins, begins + 5)
    assert calendar.deadlines([first] * 3, 299, pauses).tolist() == [
        first + 299,
        first + 299 + 200,
        first + 299,
    ]
    assert calendar.elapseds([first] * 3, [first + 500] * 3, pauses).tolist() == [500, 300, 500]
