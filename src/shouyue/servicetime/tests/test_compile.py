"""The engine against the second-by-second reference, and the laws that service time obeys."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouyue.servicetime import NEVER, OutOfRangeError, ServiceCalendar
from shouyue.servicetime.tests.reference import Reference

OFFICE = {str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}
NIGHT = {str(day): [["22:00", "06:00"]] for day in range(5)}
AROUND = {str(day): [["00:00", "24:00"]] for day in range(7)}
ODD = {
    "0": [["00:00", "00:00:01"], ["23:59:59", "24:00"]],
    "1": [["01:30", "02:30"], ["02:15", "03:15"], ["12:00", "12:00"]],
    "5": [["02:00", "03:00"]],
    "6": [["01:00", "02:30"], ["02:30", "02:45"], ["03:00", "03:30"]],
}

# name: (spec, first day of the reference, days)
CASES = {
    "office, Spring Festival 2025": (
        {
            "zone": "Asia/Shanghai",
            "weekly": OFFICE,
            "holidays": {f"2025-01-{day}": "春节" for day in (28, 29, 30, 31)},
            "extra_workdays": {"2025-01-26": ""},
            "extra_windows": [["10:00", "16:00"]],
        },
        date(2025, 1, 24),
        5,
    ),
    "shifts of single days": (
        {
            "zone": "Asia/Shanghai",
            "weekly": OFFICE,
            "holidays": {"2026-02-16": "春节", "2026-02-17": "春节"},
            "extra_workdays": {"2026-02-14": "", "2026-02-17": "值班"},
            "own_windows": {"2026-02-17": [["20:00", "08:00"]]},
        },
        date(2026, 2, 13),
        6,
    ),
    "night, Friday off": (
        {"zone": "Asia/Shanghai", "weekly": NIGHT, "holidays": {"2026-03-06": ""}},
        date(2026, 3, 5),
        5,
    ),
    "Berlin gap, odd": ({"zone": "Europe/Berlin", "weekly": ODD}, date(2026, 3, 28), 4),
    "Berlin fold, odd": ({"zone": "Europe/Berlin", "weekly": ODD}, date(2026, 10, 24), 4),
    "Berlin fold, night": (
        {"zone": "Europe/Berlin", "weekly": NIGHT | {"5": [["22:00", "02:30"]]}},
        date(2026, 10, 23),
        4,
    ),
    "New York gap, around": ({"zone": "America/New_York", "weekly": AROUND}, date(2026, 3, 7), 3),
    "New York gap, odd": ({"zone": "America/New_York", "weekly": ODD}, date(2026, 3, 7), 3),
    "New York fold, odd": ({"zone": "America/New_York", "weekly": ODD}, date(2026, 10, 31), 4),
    "Lord Howe fold by half an hour": ({"zone": "Australia/Lord_Howe", "weekly": ODD}, date(2026, 4, 4), 3),
    "Apia skips a whole day": (
        {"zone": "Pacific/Apia", "weekly": OFFICE | {"4": [["20:00", "08:00"]]}},
        date(2011, 12, 28),
        5,
    ),
    "Mexico, offset in a table year with no rule": (
        {"zone": "America/Mexico_City", "weekly": ODD},
        date(2022, 10, 29),
        3,
    ),
}


@cache
def case(name: str) -> tuple[ServiceCalendar, Reference]:
    spec, first, days = CASES[name]
    low = int(datetime(first.year, first.month, first.day, tzinfo=ZoneInfo("UTC")).timestamp())
    return ServiceCalendar.from_spec(spec), Reference(spec, low, low + days * 86_400)


@pytest.mark.parametrize("name", CASES)
def test_every_second_is_open_exactly_when_the_wall_clock_says_so(name):
    calendar, reference = case(name)
    t = np.arange(reference.low, reference.high)
    assert bytes(calendar.elapseds(t, t + 1).astype(np.uint8)) == bytes(reference.open)
    assert sum(reference.open) == calendar.elapsed_epoch(reference.low, reference.high)


@pytest.mark.parametrize("name", CASES)
def test_every_target_is_due_exactly_when_the_reference_says_so(name):
    """From the first second on: the due times of all targets are the seconds after each open one."""
    calendar, reference = case(name)
    expected = np.flatnonzero(np.frombuffer(reference.open, np.uint8)) + reference.low + 1
    targets = np.arange(1, len(expected) + 1)
    assert (calendar.deadlines(np.full(len(targets), reference.low), targets) == expected).all()


@st.composite
def questions(draw):
    calendar, reference = case(draw(st.sampled_from(sorted(CASES))))
    edges = [
        t
        for t in range(reference.low + 1, reference.high)
        if reference.open[t - reference.low] != reference.open[t - reference.low - 1]
    ] or [reference.low]
    near = st.builds(
        lambda edge, by: min(max(edge + by, reference.low), reference.high),
        st.sampled_from(edges),
        st.integers(-2, 2),
    )
    instant = st.integers(reference.low, reference.high) | near
    pause = st.tuples(instant, instant | st.none())
    return calendar, reference, draw(instant), draw(instant), draw(st.lists(pause, max_size=4))


relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(questions())
@relaxed
def test_elapsed_with_pauses_agrees_with_the_reference(question):
    calendar, reference, start, end, pauses = question
    expected = reference.elapsed(start, end, pauses)
    assert calendar.elapsed_epoch(start, end, pauses) == expected
    assert calendar.elapseds([start], [end], rows([pauses])).tolist() == [expected]


@given(questions(), st.integers(0, 200_000) | st.integers(0, 7200))
@relaxed
def test_deadline_with_pauses_agrees_with_the_reference(question, seconds):
    calendar, reference, start, _, pauses = question
    expected = reference.deadline(start, seconds, pauses)
    answer = calendar.deadline_epoch(start, seconds, pauses)
    if expected is None:
        assert answer is None or answer > reference.high
    else:
        assert answer == expected
    bulk = calendar.deadlines([start], seconds, rows([pauses])).tolist()
    assert bulk == [NEVER if answer is None else answer]


def rows(pauses_of_rows):
    """Lists of pauses as the bulk calls take them."""
    offsets = np.cumsum([0, *(len(pauses) for pauses in pauses_of_rows)])
    flat = [pause for pauses in pauses_of_rows for pause in pauses]
    return (
        offsets,
        np.array([begin for begin, *_ in flat], np.int64),
        np.array([NEVER if end is None else end for _, end, *_ in flat], np.int64),
    )


# Laws, on calendars and instants drawn freely over forty years

clocks = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
days_of_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))
calendars = st.builds(
    ServiceCalendar,
    zone=st.sampled_from(
        ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
    ),
    weekly=st.dictionaries(st.integers(0, 6), st.lists(st.tuples(clocks, clocks), max_size=3), min_size=1),
    holidays=st.sets(days_of_2026, max_size=20),
    extra_workdays=st.sets(days_of_2026, max_size=5),
    extra_windows=st.none() | st.just([("10:00", "15:00")]),
)
instants = st.integers(
    int(datetime(2010, 1, 1).timestamp()), int(datetime(2050, 1, 1).timestamp())
) | st.integers(1_767_000_000, 1_799_000_000)
pause_lists = st.lists(
    st.builds(
        lambda begin, length: (begin, None if length is None else begin + length),
        st.integers(1_767_000_000, 1_799_000_000),
        st.none() | st.integers(0, 10**7),
    ),
    max_size=4,
)
lawful = settings(max_examples=80, deadline=None)


@given(calendars, st.lists(instants, min_size=3, max_size=3).map(sorted), pause_lists)
@lawful
def test_elapsed_is_additive_over_splits_and_grows(calendar, three, pauses):
    a, b, c = three
    whole = calendar.elapsed_epoch(a, c, pauses)
    assert calendar.elapsed_epoch(a, b, pauses) + calendar.elapsed_epoch(b, c, pauses) == whole
    assert 0 <= whole <= c - a
    assert calendar.elapsed_epoch(c, a, pauses) == 0 or a == c


@given(calendars, instants, st.integers(1, 10**6), pause_lists)
@lawful
def test_deadline_is_the_smallest_instant_with_that_much_elapsed(calendar, start, seconds, pauses):
    due = calendar.deadline_epoch(start, seconds, pauses)
    if due is None:
        assert any(end is None for _, end in pauses) or calendar.elapsed_epoch(start, 6_000_000_000) < seconds
    else:
        assert calendar.elapsed_epoch(start, due, pauses) == seconds
        assert calendar.elapsed_epoch(start, due - 1, pauses) == seconds - 1


@given(calendars, instants, st.integers(0, 10**6), st.integers(0, 10**6), pause_lists)
@lawful
def test_deadline_grows_with_the_target_and_the_start(calendar, start, seconds, more, pauses):
    first = calendar.deadline_epoch(start, seconds, pauses)
    last = calendar.deadline_epoch(start, seconds + more, pauses)
    later = calendar.deadline_epoch(start + more, seconds, pauses)
    assert first is not None or (last is None and (later is None or seconds == 0))
    assert last is None or first <= last
    assert later is None or first is None or first <= later


@given(calendars, instants, st.integers(0, 10**6), pause_lists, st.randoms())
@lawful
def test_pauses_commute_and_doubling_them_changes_nothing(calendar, start, seconds, pauses, random):
    mixed = pauses * 2
    random.shuffle(mixed)
    assert calendar.deadline_epoch(start, seconds, mixed) == calendar.deadline_epoch(start, seconds, pauses)
    assert calendar.elapsed_epoch(start, start + seconds, mixed) == calendar.elapsed_epoch(
        start, start + seconds, pauses
    )


@given(calendars, instants, instants)
@lawful
def test_answers_do_not_depend_on_which_years_were_compiled_first(calendar, start, other):
    fresh = ServiceCalendar.from_spec(calendar.to_spec())
    fresh.elapsed_epoch(other, other + 1)
    assert fresh.deadline_epoch(start, 100_000) == calendar.deadline_epoch(start, 100_000)
    assert fresh.elapsed_epoch(start, other) == calendar.elapsed_epoch(start, other)


def test_tables_grow_in_both_directions():
    calendar = ServiceCalendar.from_spec({"zone": "Asia/Shanghai", "weekly": OFFICE})
    calendar.compile(2020, 2029)
    assert calendar.compiled_years() == (2020, 2029)
    shanghai = ZoneInfo("Asia/Shanghai")
    monday = datetime(2049, 1, 4, 9, tzinfo=shanghai)
    assert calendar.deadline(monday, 5 * 8 * 3600) == datetime(2049, 1, 8, 18, tzinfo=shanghai)
    assert (
        calendar.elapsed(datetime(1999, 12, 31, tzinfo=shanghai), datetime(2000, 1, 4, tzinfo=shanghai))
        == 2 * 8 * 3600
    )
    first, last = calendar.compiled_years()
    assert first <= 1999
    assert last >= 2049


def test_a_target_longer_than_the_table_is_reached_on_a_longer_one():
    start = 1_767_225_600
    assert ServiceCalendar.always().deadline_epoch(start, 10**9) == start + 10**9
    one_second_a_week = ServiceCalendar(zone="UTC", weekly={0: [("00:00", "00:00:01")]})
    due = one_second_a_week.deadline_epoch(start, 2000)
    monday = 1_767_571_200  # 5 January 2026
    assert due == monday + 1999 * 7 * 86_400 + 1


def test_beyond_all_years_is_an_error_that_names_the_instant():
    calendar = ServiceCalendar.from_spec({"zone": "Asia/Shanghai", "weekly": OFFICE})
    with pytest.raises(OutOfRangeError, match="253402300799"):
        calendar.deadline_epoch(253_402_300_799, 60)
    with pytest.raises(OutOfRangeError):
        calendar.deadline_epoch(1_767_225_600, 10**10)
    with pytest.raises(OutOfRangeError, match="-3000000000"):
        calendar.elapsed_epoch(-3_000_000_000, 0)


def test_a_pause_that_begins_after_the_due_time_never_matters_however_far():
    calendar = ServiceCalendar.always()
    start = 1_767_225_600
    far = 253_402_300_799
    assert calendar.deadline_epoch(start, 60, [(far, far + 1)]) == start + 60
    assert calendar.deadlines([start], 60, ([0, 1], [far], [NEVER])).tolist() == [start + 60]
    assert calendar.deadlines([start], 10**9, ([0, 1], [far], [NEVER])).tolist() == [start + 10**9]


def test_windows_of_one_second_every_two_minutes_need_many_steps_and_stay_exact():
    windows = [
        (f"{hour:02}:{minute:02}:00", f"{hour:02}:{minute:02}:01")
        for hour in range(24)
        for minute in range(0, 60, 2)
    ]
    calendar = ServiceCalendar(zone="UTC", weekly=dict.fromkeys(range(7), windows))
    calendar.compile(2026, 2026)
    start = 1_767_225_600
    t = start + np.arange(0, 86_400, 7)
    expected = t + 120 * 99 + (-t % 120) + 1
    expected[t % 120 == 0] = t[t % 120 == 0] + 120 * 99 + 1
    assert (calendar.deadlines(t, 100) == expected).all()
    assert [calendar.deadline_epoch(int(s), 100) for s in t[:500]] == expected[:500].tolist()
    assert (calendar.elapseds(t, t + 1200) == 10).all()


def test_compiled_years_of_the_two_kernels_and_the_scalar_path_agree_at_the_table_edges():
    calendar = ServiceCalendar.from_spec({"zone": "Asia/Shanghai", "weekly": NIGHT})
    calendar.compile(2026, 2026)
    edge = int(datetime(2026, 12, 31, 12, tzinfo=ZoneInfo("UTC")).timestamp())
    t = np.arange(edge, edge + 2 * 86_400, 3600)
    bulk = calendar.elapseds(t, t + 90_000).tolist()
    assert bulk == [calendar.elapsed_epoch(int(s), int(s) + 90_000) for s in t]
    assert timedelta(seconds=sum(bulk)) > timedelta(0)
