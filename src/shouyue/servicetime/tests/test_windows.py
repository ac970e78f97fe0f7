"""How people write windows and weekdays."""

import pytest

from shouyue.servicetime import BadCalendarError
from shouyue.servicetime.windows import format_clock, parse_weekly, parse_window, parse_windows, weekly_tail

HOUR = 3600


@pytest.mark.parametrize(
    ("value", "window"),
    [
        (("09:00", "12:00"), (9 * HOUR, 12 * HOUR)),
        (["9:00", "12:00:30"], (9 * HOUR, 12 * HOUR + 30)),
        ("09:00-12:00", (9 * HOUR, 12 * HOUR)),
        ("22:00 – 06:00", (22 * HOUR, 30 * HOUR)),
        (("00:00", "24:00"), (0, 24 * HOUR)),
        (("08:00", "08:00"), (8 * HOUR, 32 * HOUR)),
    ],
)
def test_a_window_is_read(value, window):
    assert parse_window(value) == window


@pytest.mark.parametrize(
    "value", [None, 9, "09:00", ("09:00",), ("09:60", "10:00"), ("25:00", "26:00"), ("a", "b")]
)
def test_what_is_no_window_is_refused(value):
    with pytest.raises(BadCalendarError):
        parse_window(value)


def test_windows_of_a_day_are_sorted_and_each_once():
    assert parse_windows("13:00-18:00, 09:00-12:00") == parse_windows(
        [("09:00", "12:00"), ("13:00", "18:00")] * 2
    )


@pytest.mark.parametrize(
    ("key", "days"),
    [
        (0, [0]),
        ("6", [6]),
        ("mon", [0]),
        ("Friday", [4]),
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("sat, sun", [5, 6]),
        ("fri-mon", [0, 4, 5, 6]),
    ],
)
def test_weekdays_are_read(key, days):
    week = parse_weekly({key: ["09:00-10:00"]})
    assert [day for day in range(7) if week[day]] == days


@pytest.mark.parametrize("key", [-1, 7, "", "mo", "holiday", "mon-", True])
def test_what_is_no_weekday_is_refused(key):
    with pytest.raises(BadCalendarError):
        parse_weekly({key: []})


@pytest.mark.parametrize(
    ("weekly", "tail"),
    [
        ({}, "never"),
        ({"mon-sun": ["00:00-24:00"]}, "always"),
        ({"mon-sun": ["12:00-12:00"]}, "always"),
        ({"mon-sun": ["00:00-12:00", "11:00-24:00"]}, "always"),
        ({"mon-sun": ["00:00-23:59:59"]}, "mixed"),
        ({"mon-sat": ["00:00-24:00"]}, "mixed"),
        ({"mon": ["00:00-24:00"]}, "mixed"),
    ],
)
def test_what_the_week_alone_makes_of_the_future(weekly, tail):
    assert weekly_tail(parse_weekly(weekly)) == tail


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (86_400, "24:00"), (108_000, "06:00"), (61, "00:01:01")]
)
def test_clock_times_are_written(seconds, text):
    assert format_clock(seconds) == text
