"""What tables and days add up to."""

from __future__ import annotations

from datetime import date

import pytest

from shouyue.calendars import rules, statutory
from shouyue.calendars.rules import DayEntry
from shouyue.servicetime import BadCalendarError

DAY = date(2026, 10, 1)


def test_own_days_win_and_ordinary_ones_take_away():
    base = {
        DAY: DayEntry(DAY, "holiday", "a"),
        date(2026, 10, 2): DayEntry(date(2026, 10, 2), "holiday", "b"),
    }
    own = {DAY: DayEntry(DAY, "ordinary"), date(2026, 10, 3): DayEntry(date(2026, 10, 3), "workday", "c")}
    assert list(rules.overlay(base, own)) == [date(2026, 10, 2), date(2026, 10, 3)]


def test_days_survive_storage():
    days = {DAY: DayEntry(DAY, "workday", "值班", (("20:00", "08:00"),))}
    assert rules.from_json(rules.to_json(days)) == days


@pytest.mark.parametrize(
    ("reach", "today", "missing"),
    [
        (date(2026, 12, 31), date(2026, 11, 30), None),
        (date(2026, 12, 31), date(2026, 12, 1), 2027),
        (date(2026, 12, 31), date(2027, 1, 1), 2027),
        (date(2027, 12, 31), date(2026, 12, 31), None),
        (date(2027, 6, 30), date(2026, 12, 31), 2027),
        (None, date(2026, 5, 1), 2026),
    ],
)
def test_next_year_is_missed_from_december_on(reach, today, missing):
    assert rules.missing_year(reach, today) == missing


@pytest.mark.parametrize(
    "text",
    [
        "09:00-12:00, 13:00-18:00",
        "09:00-12:00，13:00-18:00",
        "13:00-18:00、09:00-12:00",
        "09:00-12:00 13:00-18:00",
    ],
)
def test_hours_are_read_as_people_write_them(text):
    assert rules.read_windows(text) == (("09:00", "12:00"), ("13:00", "18:00"))


def test_hours_with_spaces_inside():
    assert rules.read_windows("09:00 - 12:00, 13:00 – 24:00") == (("09:00", "12:00"), ("13:00", "24:00"))


@pytest.mark.parametrize("text", ["9-25", "09:00", "nine to five"])
def test_other_hours_are_refused(text):
    with pytest.raises(BadCalendarError):
        rules.read_windows(text)


def test_names_are_kept_in_one_form():
    assert rules.canonical("国庆") == rules.canonical("国庆节") == "National Day"
    assert rules.canonical(" 厂庆 ") == "厂庆"


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_both_packages_agree(year):
    assert statutory.differences(statutory.days(), year) == []


def test_a_difference_is_found():
    days = {day: entry for day, entry in statutory.days().items() if day != DAY}
    assert statutory.differences(days, 2026) == [DAY]
