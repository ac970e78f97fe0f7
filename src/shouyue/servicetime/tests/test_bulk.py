"""Bulk calls give what the scalar calls give, with every kernel."""

import numpy as np
import pytest

from shouyue.servicetime import (
    NEVER,
    BadPauseError,
    NegativeTargetError,
    OutOfRangeError,
    ServiceCalendar,
    ServiceTimeError,
    kernel_numba,
    kernel_numpy,
)
from shouyue.servicetime.bulk import choose_kernel

START = 1_767_225_600  # 1 January 2026
YEAR = 365 * 86_400
SPECS = {
    "office": {
        "zone": "Asia/Shanghai",
        "weekly": {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
        "holidays": ["2026-01-01", "2026-02-17"],
        "extra_workdays": ["2026-02-14"],
    },
    "Berlin night": {"zone": "Europe/Berlin", "weekly": {"mon-sun": ["22:00-02:30"]}},
    "always": {"zone": "UTC", "weekly": {"mon-sun": ["00:00-24:00"]}},
    "one day": {
        "zone": "UTC",
        "weekly": {},
        "extra_workdays": ["2026-06-01"],
        "extra_windows": ["09:00-17:00"],
    },
    "never": {"zone": "UTC", "weekly": {}},
}


@pytest.fixture(params=["numpy", "numba"])
def kernel(request, monkeypatch):
    """Without numba installed, its loops run as plain Python: same logic."""
    monkeypatch.setattr(ServiceCalendar, "kernel", request.param)


@pytest.fixture(params=sorted(SPECS))
def calendar(request):
    return ServiceCalendar.from_spec(SPECS[request.param])


def draw_rows(rows: int):
    random = np.random.default_rng(7)
    starts = random.integers(START - YEAR, START + 3 * YEAR, rows)
    seconds = random.choice([0, 1, 600, 8 * 3600, 40 * 86_400], rows)
    lengths = random.integers(0, 4, rows)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    owner = np.repeat(np.arange(rows), lengths)
    begins = starts[owner] + random.integers(-86_400, 10 * 86_400, len(owner))
    ends = begins + random.integers(-3600, 10 * 86_400, len(owner))
    ends[random.random(len(owner)) < 0.1] = NEVER
    return starts, seconds, (offsets, begins, ends)


def scalar_pauses(pauses, row):
    offsets, begins, ends = pauses
    return [
        (int(begins[at]), None if ends[at] == NEVER else int(ends[at]))
        for at in range(offsets[row], offsets[row + 1])
    ]


@pytest.mark.usefixtures("kernel")
def test_deadlines_are_the_scalar_ones(calendar):
    starts, seconds, pauses = draw_rows(400)
    plain = [calendar.deadline_epoch(int(s), int(n)) for s, n in zip(starts, seconds, strict=True)]
    paused = [
        calendar.deadline_epoch(int(s), int(n), scalar_pauses(pauses, row))
        for row, (s, n) in enumerate(zip(starts, seconds, strict=True))
    ]
    fresh = ServiceCalendar.from_spec(calendar.to_spec())
    assert fresh.deadlines(starts, seconds).tolist() == [NEVER if due is None else due for due in plain]
    assert fresh.deadlines(starts, seconds, pauses).tolist() == [NEVER if d is None else d for d in paused]


@pytest.mark.usefixtures("kernel")
def test_elapseds_are_the_scalar_ones(calendar):
    starts, seconds, pauses = draw_rows(400)
    ends = starts + seconds - 300
    fresh = ServiceCalendar.from_spec(calendar.to_spec())
    pairs = [(int(s), int(e)) for s, e in zip(starts, ends, strict=True)]
    assert fresh.elapseds(starts, ends).tolist() == [calendar.elapsed_epoch(s, e) for s, e in pairs]
    assert fresh.elapseds(starts, ends, pauses).tolist() == [
        calendar.elapsed_epoch(s, e, scalar_pauses(pauses, row)) for row, (s, e) in enumerate(pairs)
    ]


@pytest.mark.usefixtures("kernel")
def test_a_late_pause_listed_before_an_early_one_hides_nothing():
    calendar = ServiceCalendar.always()
    late, early = (START + 9000, START + 9100), (START + 10, START + 40)
    pauses = ([0, 2], [late[0], early[0]], [late[1], early[1]])
    assert calendar.deadlines([START], 60, pauses).tolist() == [START + 90]
    assert calendar.elapseds([START], [START + 100], pauses).tolist() == [70]


@pytest.mark.usefixtures("kernel")
def test_rows_of_several_chunks_far_apart_in_time(monkeypatch):
    monkeypatch.setattr(kernel_numpy, "CHUNK", 64)
    calendar = ServiceCalendar.from_spec(SPECS["office"])
    starts = np.linspace(-500_000_000, 6_000_000_000, 300).astype(np.int64)
    expected = [calendar.deadline_epoch(int(s), 3600) for s in starts]
    assert ServiceCalendar.from_spec(SPECS["office"]).deadlines(starts, 3600).tolist() == expected


@pytest.mark.usefixtures("kernel")
def test_out_may_be_the_input_itself():
    calendar = ServiceCalendar.from_spec(SPECS["office"])
    starts, seconds, _ = draw_rows(50)
    expected = calendar.deadlines(starts, seconds)
    fresh = ServiceCalendar.from_spec(SPECS["office"])
    assert fresh.deadlines(starts, seconds, out=starts) is starts
    assert (starts == expected).all()


@pytest.mark.usefixtures("kernel")
def test_bad_targets_and_instants_are_refused():
    calendar = ServiceCalendar.from_spec(SPECS["office"])
    with pytest.raises(NegativeTargetError, match="-5"):
        calendar.deadlines([START, START], [60, -5])
    with pytest.raises(OutOfRangeError, match=str(1 << 50)):
        calendar.deadlines([START], 1 << 50)
    with pytest.raises(OutOfRangeError, match=str(NEVER)):
        calendar.deadlines([START, NEVER], 60)
    with pytest.raises(OutOfRangeError):
        ServiceCalendar.from_spec(SPECS["never"]).elapseds([START], [NEVER])


def test_bad_arrays_are_refused():
    calendar = ServiceCalendar.from_spec(SPECS["office"])
    with pytest.raises(ServiceTimeError, match="float64"):
        calendar.deadlines([1.5], 60)
    with pytest.raises(ServiceTimeError, match="3 rows"):
        calendar.deadlines([1, 2, 3], [60, 60])
    with pytest.raises(ServiceTimeError, match="1 starts but 2 ends"):
        calendar.elapseds([1], [60, 60])
    with pytest.raises(ServiceTimeError, match="int32"):
        calendar.deadlines([START], 60, out=np.empty(1, np.int32))
    with pytest.raises(BadPauseError, match="2 numbers"):
        calendar.deadlines([START], 60, ([0], [1], [2]))
    with pytest.raises(BadPauseError, match="fall"):
        calendar.deadlines([START, START], 60, ([0, 2, 1], [1], [2]))


def test_no_rows_give_no_rows():
    assert ServiceCalendar.always().deadlines(np.array([], np.int64), 60).tolist() == []


def test_numba_is_chosen_for_many_rows_where_installed():
    assert choose_kernel("auto", 10) is kernel_numpy
    assert choose_kernel("auto", 10**6) is (kernel_numba if kernel_numba.AVAILABLE else kernel_numpy)
    assert choose_kernel("numpy", 10**6) is kernel_numpy
