"""Hand-worked cases, one for every clause of the meaning."""

import pickle
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from shouyue.servicetime import (
    BadCalendarError,
    BadDurationError,
    BadPauseError,
    Day,
    Duration,
    NaiveDatetimeError,
    NegativeTargetError,
    OutOfRangeError,
    ServiceCalendar,
    UnknownZoneError,
    parse_duration,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
HOUR = 3600
DAY_OFFICE = 8 * HOUR
LUNCH = [("09:00", "12:00"), ("13:00", "18:00")]


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def office(**changes) -> ServiceCalendar:
    return ServiceCalendar(**{"zone": "Asia/Shanghai", "weekly": {"mon-fri": LUNCH}} | changes)


def chinese(year: int) -> ServiceCalendar:
    """The office with the statutory holidays and make-up days of a year."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    return office(
        holidays={
            day: name
            for day in days
            for off, name in [chinese_calendar.get_holiday_detail(day)]
            if off and name
        },
        extra_workdays={day for day in days if day.weekday() >= 5 and chinese_calendar.is_workday(day)},
    )


# Windows


def test_a_target_used_up_at_closing_is_due_at_closing():
    assert office().deadline(at("2026-03-02 17:00"), HOUR) == at("2026-03-02 18:00")
    assert office().deadline(at("2026-03-02 17:00"), HOUR + 1) == at("2026-03-03 09:00:01")


def test_zero_is_due_at_start_even_when_closed_paused_or_never_open():
    sunday = at("2026-03-01 03:00")
    assert office().deadline(sunday, 0) == sunday
    assert office().deadline(sunday, 0, [(sunday, None)]) == sunday
    assert ServiceCalendar(zone="UTC", weekly={}).deadline(sunday, 0) == sunday


def test_lunch_does_not_count():
    assert office().deadline(at("2026-03-02 11:30"), HOUR) == at("2026-03-02 13:30")
    assert office().elapsed(at("2026-03-02 11:59:59"), at("2026-03-02 13:00:01")) == 2


def test_a_window_is_half_open():
    cal = office()
    assert not cal.is_open(at("2026-03-02 08:59:59"))
    assert cal.is_open(at("2026-03-02 09:00"))
    assert cal.is_open(at("2026-03-02 11:59:59"))
    assert not cal.is_open(at("2026-03-02 12:00"))


def test_the_weekend_lies_between_friday_closing_and_monday_opening():
    assert office().deadline(at("2026-03-06 17:30"), HOUR) == at("2026-03-09 09:30")


def test_friday_holiday_removes_its_own_night_not_thursdays_tail():
    night = ServiceCalendar(
        zone="Asia/Shanghai", weekly={"mon-fri": [("22:00", "06:00")]}, holidays=[date(2026, 3, 6)]
    )
    assert night.is_open(at("2026-03-06 05:59:59"))
    assert not night.is_open(at("2026-03-06 22:00"))
    assert not night.is_open(at("2026-03-07 05:00"))
    assert night.elapsed(at("2026-03-05 12:00"), at("2026-03-09 12:00")) == 8 * HOUR
    assert night.next_open(at("2026-03-06 06:00")) == at("2026-03-09 22:00")


def test_overlapping_and_touching_windows_are_a_union():
    cal = office(weekly={0: [("09:00", "12:00"), ("11:00", "14:00"), ("14:00", "15:00")]})
    assert cal.elapsed(at("2026-03-02 00:00"), at("2026-03-03 00:00")) == 6 * HOUR
    assert cal.next_close(at("2026-03-02 10:00")) == at("2026-03-02 15:00")


def test_equal_edges_mean_twenty_four_hours_and_24_00_is_allowed():
    cal = office(weekly={0: [("08:00", "08:00")], 2: [("20:00", "24:00")]})
    assert cal.elapsed(at("2026-03-02 00:00"), at("2026-03-04 00:00")) == 24 * HOUR
    assert cal.next_close(at("2026-03-02 09:00")) == at("2026-03-03 08:00")
    assert cal.next_close(at("2026-03-04 21:00")) == at("2026-03-05 00:00")


# Which windows a date has


def test_extra_workdays_win_over_holidays_and_take_mondays_windows():
    saturday = date(2026, 3, 7)
    cal = office(holidays={saturday: "off"}, extra_workdays={saturday: "make-up"})
    assert cal.windows(saturday) == [("09:00", "12:00"), ("13:00", "18:00")]
    assert cal.day(saturday) == Day(saturday, "make-up day", "make-up", cal.windows(saturday))


def test_extra_windows_replace_the_weekly_ones_on_a_normal_weekday_too():
    cal = office(extra_workdays=[date(2026, 3, 3)], extra_windows=[("10:00", "11:00")])
    assert cal.windows(date(2026, 3, 3)) == [("10:00", "11:00")]
    assert cal.windows(date(2026, 3, 4)) == [("09:00", "12:00"), ("13:00", "18:00")]


def test_a_day_may_have_windows_of_its_own():
    holiday, shift = date(2026, 2, 17), [("20:00", "08:00")]
    cal = office(
        holidays={holiday: "Spring Festival"},
        extra_workdays={date(2026, 2, 14): "", holiday: "duty"},
        own_windows={holiday: shift},
    )
    assert cal.windows(date(2026, 2, 14)) == LUNCH
    assert cal.windows(holiday) == shift
    assert cal.elapsed(at("2026-02-17"), at("2026-02-19")) == (12 + 8) * HOUR
    assert cal.deadline(at("2026-02-17"), 2 * HOUR) == at("2026-02-17 22:00")
    assert ServiceCalendar.from_spec(cal.to_spec()) == cal
    assert pickle.loads(pickle.dumps(cal)).windows(holiday) == shift
    assert "own_windows" not in office().to_spec()


def test_windows_of_a_day_that_is_no_extra_workday_are_refused():
    with pytest.raises(BadCalendarError, match="2026-02-17"):
        office(own_windows={date(2026, 2, 17): LUNCH})


def test_no_extra_windows_given_as_an_empty_list_close_the_make_up_days():
    cal = office(extra_workdays=[date(2026, 3, 3)], extra_windows=[])
    assert cal.windows(date(2026, 3, 3)) == []


def test_windows_of_a_night_show_the_next_days_clock():
    cal = office(weekly={0: [("22:00", "06:00"), ("08:00", "24:00")]})
    assert cal.windows(date(2026, 3, 2)) == [("08:00", "24:00"), ("22:00", "06:00")]
    assert cal.day(date(2026, 3, 3)).kind == "weekday"


# Spring Festival, with the published tables


def test_spring_festival_2025():
    """28 January to 4 February off; Sunday 26 January and Saturday 8 February worked."""
    cal = chinese(2025)
    assert cal.deadline(at("2025-01-24 17:00"), DAY_OFFICE) == at("2025-01-26 17:00")
    assert cal.deadline(at("2025-01-27 17:00"), 2 * HOUR) == at("2025-02-05 10:00")
    assert cal.deadline(at("2025-02-07 17:00"), 2 * HOUR) == at("2025-02-08 10:00")
    assert cal.elapsed(at("2025-01-25 00:00"), at("2025-02-10 00:00")) == 6 * DAY_OFFICE
    assert cal.deadline_workdays(at("2025-01-27 10:00"), 3) == at("2025-02-07 18:00")
    assert cal.deadline_workdays(at("2025-01-27 10:00"), 4) == at("2025-02-08 18:00")


def test_spring_festival_2026():
    """15 to 23 February off; Saturdays 14 and 28 February worked."""
    cal = chinese(2026)
    assert cal.deadline(at("2026-02-13 17:00"), 2 * HOUR) == at("2026-02-14 10:00")
    assert cal.deadline(at("2026-02-14 17:00"), 2 * HOUR) == at("2026-02-24 10:00")
    assert cal.elapsed(at("2026-02-14 00:00"), at("2026-03-02 00:00")) == 6 * DAY_OFFICE
    assert cal.deadline_workdays(at("2026-02-13 12:30"), 1) == at("2026-02-14 18:00")
    assert cal.deadline_workdays(at("2026-02-13 12:30"), 2, rule="same_time") == at("2026-02-24 12:30")
    assert cal.deadline_workdays(at("2026-02-27 09:00"), 1) == at("2026-02-28 18:00")


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_date_of_the_published_years_is_worked_or_not_as_published(year):
    cal = chinese(year)
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [bool(cal.windows(day)) for day in days] == [chinese_calendar.is_workday(day) for day in days]


# Daylight saving


def test_berlin_gap_never_happens():
    """29 March 2026: 02:00 becomes 03:00."""
    cal = office(zone="Europe/Berlin", weekly={"sat,sun": [("01:00", "04:00")]})
    assert cal.elapsed(at("2026-03-29 00:00", BERLIN), at("2026-03-29 12:00", BERLIN)) == 2 * HOUR
    assert cal.deadline(at("2026-03-29 01:30", BERLIN), HOUR) == at("2026-03-29 03:30", BERLIN)
    assert cal.deadline(at("2026-03-29 01:30", BERLIN), HOUR // 2) == at("2026-03-29 03:00", BERLIN)


def test_berlin_fold_counts_twice():
    """25 October 2026: 03:00 becomes 02:00."""
    cal = office(zone="Europe/Berlin", weekly={"sun": [("01:00", "04:00")]})
    assert cal.elapsed(at("2026-10-25 00:00", BERLIN), at("2026-10-25 12:00", BERLIN)) == 4 * HOUR
    due = cal.deadline(at("2026-10-25 01:00", BERLIN), 5 * HOUR // 2)
    assert (due.isoformat(), due.fold) == ("2026-10-25T02:30:00+01:00", 1)
    assert cal.elapsed(at("2026-10-25 02:30", BERLIN), at("2026-10-25 02:30", BERLIN, fold=1)) == HOUR


def test_a_window_inside_the_berlin_fold_opens_twice():
    cal = office(zone="Europe/Berlin", weekly={"sun": [("02:15", "02:45")]})
    first, second = at("2026-10-25 02:15", BERLIN), at("2026-10-25 02:15", BERLIN, fold=1)
    assert cal.next_open(at("2026-10-25 00:00", BERLIN)).isoformat() == first.isoformat()
    assert cal.next_open(at("2026-10-25 02:45", BERLIN)).isoformat() == second.isoformat()
    closes = cal.deadline_workdays(at("2026-10-23 12:00", BERLIN), 1)
    assert closes.isoformat() == "2026-10-25T02:45:00+01:00"


def test_a_window_inside_the_new_york_gap_never_opens():
    """8 March 2026: 02:00 becomes 03:00."""
    cal = office(zone="America/New_York", weekly={"sun": [("02:00", "03:00")]})
    assert cal.next_open(at("2026-03-08 00:00", NEW_YORK)) == at("2026-03-15 02:00", NEW_YORK)
    assert cal.deadline(at("2026-03-07 12:00", NEW_YORK), 1) == at("2026-03-15 02:00:01", NEW_YORK)


def test_new_york_night_over_the_fold_has_nine_hours():
    """1 November 2026: 02:00 becomes 01:00."""
    cal = office(zone="America/New_York", weekly={"sat": [("22:00", "06:00")]})
    start = at("2026-10-31 22:00", NEW_YORK)
    assert cal.elapsed(start, at("2026-11-01 12:00", NEW_YORK)) == 9 * HOUR
    assert cal.deadline(start, 9 * HOUR) == at("2026-11-01 06:00", NEW_YORK)


def test_input_may_be_in_any_zone_and_fractions_of_seconds_are_dropped():
    start = datetime(2026, 3, 2, 1, 0, 0, 999_999, tzinfo=UTC)
    due = office().deadline(start, 60)
    assert due.isoformat() == "2026-03-02T09:01:00+08:00"
    assert due.tzinfo is SHANGHAI


# Pauses


def test_pauses_may_overlap_be_empty_unsorted_or_cover_closed_time():
    start = at("2026-03-02 10:00")
    pauses = [
        (at("2026-03-02 16:00"), at("2026-03-02 16:00")),
        (at("2026-03-02 14:30"), at("2026-03-02 15:00"), "part"),
        (at("2026-03-02 11:30"), at("2026-03-02 12:30"), "lunch too"),
        (at("2026-03-02 14:00"), at("2026-03-02 14:45")),
        (at("2026-03-02 17:00"), at("2026-03-02 16:30")),
    ]
    # 10:00 to 11:30 and 13:00 to 14:00 count 2.5 h; 15:00 to 16:30 makes four.
    assert office().deadline(start, 4 * HOUR, pauses) == at("2026-03-02 16:30")
    assert office().elapsed(start, at("2026-03-02 16:30"), pauses) == 4 * HOUR


def test_a_pause_that_began_before_the_start_counts_from_the_start():
    pause = (at("2026-03-01 00:00"), at("2026-03-02 10:00"))
    assert office().deadline(at("2026-03-02 09:30"), HOUR, [pause]) == at("2026-03-02 11:00")


def test_not_resumed_is_never_due_unless_due_before():
    pause = (at("2026-03-02 10:00"), None)
    assert office().deadline(at("2026-03-02 09:00"), HOUR, [pause]) == at("2026-03-02 10:00")
    assert office().deadline(at("2026-03-02 09:00"), HOUR + 1, [pause]) is None
    assert office().elapsed(at("2026-03-02 09:00"), at("2026-05-02 09:00"), [pause]) == HOUR


# Never and always


def test_never_open_is_never_due():
    never = ServiceCalendar(zone="UTC", weekly={})
    assert never.deadline(at("2026-03-02 09:00"), 1) is None
    assert never.elapsed(at("2026-03-02 09:00"), at("2036-03-02 09:00")) == 0
    assert never.next_open(at("2026-03-02 09:00")) is None
    assert never.next_close(at("2026-03-02 09:00")) is None
    assert never.deadline_workdays(at("2026-03-02 09:00"), 1) is None


def test_a_calendar_of_single_days_runs_out():
    cal = office(weekly={}, extra_workdays=[date(2055, 3, 3)], extra_windows=[("10:00", "11:00")])
    start = at("2026-03-02 09:00")
    assert cal.deadline(start, HOUR) == at("2055-03-03 11:00")
    assert cal.deadline(start, HOUR + 1) is None
    assert cal.deadline_workdays(start, 1) == at("2055-03-03 11:00")
    assert cal.deadline_workdays(start, 2) is None
    assert cal.next_open(at("2055-03-03 11:00")) is None


def test_always_is_the_plain_clock():
    always = ServiceCalendar.always("Europe/Berlin")
    start = at("2026-03-28 12:00", BERLIN)
    assert always.deadline(start, 86_400) == at("2026-03-29 13:00", BERLIN)
    assert always.next_close(start) is None
    assert always.next_open(start) == start


def test_next_close_of_an_always_open_week_with_a_holiday_far_ahead():
    cal = ServiceCalendar(zone="UTC", weekly={"mon-sun": ["00:00-24:00"]}, holidays=[date(2060, 1, 1)])
    assert cal.next_close(at("2026-03-02 09:00")) == datetime(2060, 1, 1, tzinfo=UTC)
    assert cal.next_close(at("2060-03-02 09:00")) is None


def test_end_before_start_has_counted_nothing():
    assert office().elapsed(at("2026-03-03 09:00"), at("2026-03-02 09:00")) == 0


# Working days


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-03-02 09:00", 0, "2026-03-02 09:00"),
        ("2026-03-02 00:00", 1, "2026-03-03 18:00"),
        ("2026-03-02 23:59", 1, "2026-03-03 18:00"),
        ("2026-03-06 10:00", 1, "2026-03-09 18:00"),
        ("2026-03-07 10:00", 1, "2026-03-09 18:00"),
        ("2026-03-02 10:00", 30, "2026-04-13 18:00"),
    ],
)
def test_working_days_do_not_count_the_starting_day_and_end_at_the_last_closing(start, n, due):
    assert office().deadline_workdays(at(start), n) == at(due)


def test_same_time_keeps_the_wall_time():
    assert office().deadline_workdays(at("2026-03-06 20:15:30"), 2, rule="same_time") == at(
        "2026-03-10 20:15:30"
    )


def test_a_working_night_closes_on_the_next_date():
    cal = office(weekly={"mon-fri": [("22:00", "06:00")]})
    assert cal.deadline_workdays(at("2026-03-05 23:00"), 1) == at("2026-03-07 06:00")


def test_working_days_beyond_the_compiled_years_extend_the_table():
    cal = office()
    cal.compile(2026, 2026)
    assert cal.deadline_workdays(at("2026-12-31 09:00"), 262) == at("2028-01-03 18:00")


# Calendar days


@pytest.mark.parametrize(
    ("start", "amounts", "due"),
    [
        ("2026-01-31 10:00", {"months": 1}, "2026-02-28 10:00"),
        ("2028-01-31 10:00", {"months": 1}, "2028-02-29 10:00"),
        ("2028-02-29 10:00", {"years": 1}, "2029-02-28 10:00"),
        ("2026-11-30 10:00", {"months": 3}, "2027-02-28 10:00"),
        ("2026-12-31 10:00", {"days": 1}, "2027-01-01 10:00"),
        ("2026-03-02 10:00", {"weeks": 2, "days": 1}, "2026-03-17 10:00"),
        ("2026-01-31 10:00", {"months": 1, "days": 1}, "2026-03-01 10:00"),
    ],
)
def test_calendar_arithmetic_keeps_the_wall_time_and_clamps_to_the_month(start, amounts, due):
    assert office().add_calendar(at(start), **amounts) == at(due)


def test_calendar_days_across_a_gap_and_a_fold():
    cal = office(zone="Europe/Berlin")
    gap = cal.add_calendar(at("2026-03-28 02:30", BERLIN), days=1)
    assert gap.isoformat() == "2026-03-29T03:00:00+02:00"
    fold = cal.add_calendar(at("2026-10-24 02:30", BERLIN), days=1)
    assert fold.isoformat() == "2026-10-25T02:30:00+02:00"
    second_pass = at("2026-10-25 02:30", BERLIN, fold=1)
    assert cal.add_calendar(second_pass).isoformat() == "2026-10-25T02:30:00+01:00"


def test_calendar_arithmetic_beyond_all_years_is_refused():
    with pytest.raises(OutOfRangeError, match="300 years"):
        office().add_calendar(at("2026-03-02 10:00"), years=300)
    with pytest.raises(OutOfRangeError):
        office().add_calendar(at("2026-03-02 10:00"), days=10**9)


# Any duration


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("4 h", "2026-03-09 12:00"),
        ("3个工作日", "2026-03-11 18:00"),
        ("3 working days, same time", "2026-03-11 17:00"),
        ("7天", "2026-03-13 17:00"),
        ("1 week", "2026-03-13 17:00"),
        ("2个月", "2026-05-06 17:00"),
        ("一年", "2027-03-06 17:00"),
    ],
)
def test_due_understands_every_kind(text, due):
    assert office().due(at("2026-03-06 17:00"), parse_duration(text)) == at(due)


def test_pauses_of_open_time_move_a_working_day_target_by_that_open_time():
    cal, start, one = office(), at("2026-03-02 10:00"), Duration("working_days", 1)
    assert cal.due(start, one) == at("2026-03-03 18:00")
    two_minutes = (at("2026-03-02 11:00"), at("2026-03-02 11:02"))
    assert cal.due(start, one, [two_minutes]) == at("2026-03-04 09:02")
    whole_day = (at("2026-03-03 00:00"), at("2026-03-04 00:00"))
    assert cal.due(start, one, [whole_day]) == at("2026-03-04 18:00")
    assert cal.due(start, one, [whole_day, two_minutes, whole_day]) == at("2026-03-05 09:02")


def test_pauses_of_closed_time_do_not_move_a_working_day_target():
    pause = (at("2026-03-06 18:00"), at("2026-03-09 09:00"))
    assert office().due(at("2026-03-06 10:00"), Duration("working_days", 1), [pause]) == at(
        "2026-03-09 18:00"
    )


def test_a_pause_that_outlasts_a_working_day_target_leaves_what_was_left():
    pause = (at("2026-03-03 17:00"), at("2026-03-06 12:00"))
    assert office().due(at("2026-03-02 10:00"), Duration("working_days", 1), [pause]) == at(
        "2026-03-06 14:00"
    )


def test_a_working_day_target_that_is_not_resumed_is_never_due():
    one, start = Duration("working_days", 1), at("2026-03-02 10:00")
    assert office().due(start, one, [(at("2026-03-03 17:00"), None)]) is None
    assert office().due(start, one, [(at("2026-03-03 18:00"), None)]) == at("2026-03-03 18:00")


def test_pauses_move_a_calendar_target_by_their_real_time():
    pause = (at("2026-03-07 00:00"), at("2026-03-08 12:00"))
    again = (at("2026-03-14 00:00"), at("2026-03-14 01:00"))
    week = Duration("weeks", 1)
    assert office().due(at("2026-03-06 17:00"), week, [again, pause]) == at("2026-03-15 06:00")


# Description


def test_a_calendar_survives_its_description_and_pickling():
    cal = chinese(2026)
    for again in (ServiceCalendar.from_spec(cal.to_spec()), pickle.loads(pickle.dumps(cal))):
        assert again == cal
        assert hash(again) == hash(cal)
        assert again.spec_digest() == cal.spec_digest()
        assert again.windows(date(2026, 2, 14)) == cal.windows(date(2026, 2, 14))


def test_the_digest_is_stable_and_tells_rules_apart():
    cal = ServiceCalendar(zone="UTC", weekly={0: [("09:00", "17:00")]})
    assert cal.spec_digest() == "ed6d6d73aa58c8742d2c10843313accf32b60c98cb8b2f0cb0f3cca812f66a27"
    assert office() != cal
    assert office() == office(weekly={str(day): ["13:00-18:00", "09:00-12:00"] for day in range(5)})
    assert office(holidays=[date(2026, 1, 1)]).spec_digest() != office().spec_digest()
    assert office() != "office"


def test_the_description_is_a_copy():
    cal = office()
    cal.to_spec()["weekly"].clear()
    assert cal.windows(date(2026, 3, 2)) != []


def test_wall_times_may_be_given_as_time_objects():
    assert office(weekly={0: [(time(9), time(12, 30))]}).windows(date(2026, 3, 2)) == [("09:00", "12:30")]


# Errors name the value


@pytest.mark.parametrize(
    ("changes", "error", "value"),
    [
        ({"zone": "Asia/Peking"}, UnknownZoneError, "Asia/Peking"),
        ({"zone": ""}, UnknownZoneError, "''"),
        ({"zone": ["UTC"]}, UnknownZoneError, "UTC"),
        ({"weekly": {0: [("9", "12:00")]}}, BadCalendarError, "'9'"),
        ({"weekly": {0: [("09:00", "24:01")]}}, BadCalendarError, "24:01"),
        ({"weekly": {0: [("24:00", "06:00")]}}, BadCalendarError, "24:00"),
        ({"weekly": {0: ["09:00"]}}, BadCalendarError, "09:00"),
        ({"weekly": {7: []}}, BadCalendarError, "7"),
        ({"weekly": {"mon-fri": [], "fri": []}}, BadCalendarError, "fri"),
        ({"holidays": ["2026-02-30"]}, BadCalendarError, "2026-02-30"),
        ({"extra_workdays": "2026-02-03"}, BadCalendarError, "2026-02-03"),
    ],
)
def test_a_malformed_calendar_is_refused(changes, error, value):
    with pytest.raises(error, match=value):
        office(**changes)


def test_malformed_questions_are_refused():
    cal, start = office(), at("2026-03-02 10:00")
    with pytest.raises(NaiveDatetimeError, match="2026-03-02T10:00:00"):
        cal.deadline(datetime(2026, 3, 2, 10), 60)
    with pytest.raises(NaiveDatetimeError):
        cal.elapsed(start, datetime(2026, 3, 2, 10))
    with pytest.raises(NaiveDatetimeError):
        cal.deadline(start, 60, [(datetime(2026, 3, 2, 10), None)])
    with pytest.raises(NegativeTargetError, match="-60"):
        cal.deadline(start, -60)
    with pytest.raises(NegativeTargetError, match="-1"):
        cal.deadline_workdays(start, -1)
    with pytest.raises(BadPauseError, match="noon"):
        cal.deadline(start, 60, [("noon", None)])
    with pytest.raises(BadDurationError, match="morning"):
        cal.deadline_workdays(start, 1, rule="morning")


@pytest.mark.parametrize("spec", [{"zone": "UTC"}, {"zone": "UTC", "weekly": {}, "lunch": 1}, None])
def test_a_malformed_description_is_refused(spec):
    with pytest.raises(BadCalendarError):
        ServiceCalendar.from_spec(spec)
