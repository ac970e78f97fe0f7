"""Periods, anchors, occurrences and draws against naive models. No database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouyue.commitments.rules import drawing, periods
from shouyue.commitments.rules.anchoring import moment_named
from shouyue.commitments.rules.periods import Term, plus_months, term_of, terms
from shouyue.commitments.rules.recurrence import Frame, asked_of, look_ahead, occurrences, spread
from shouyue.contracts.plan_language.model import Happens, Period, Recurring, Unset
from shouyue.contracts.plan_language.phrases import read_anchor, read_period
from shouyue.contracts.plan_language.texts import Text
from shouyue.servicetime import ServiceCalendar

ZONE = "Asia/Shanghai"
ALWAYS = ServiceCalendar.always(ZONE)
OFFICE = ServiceCalendar(
    zone=ZONE,
    weekly={"mon-fri": [("09:00", "12:00"), ("13:00", "18:00")]},
    holidays=[date(2026, 10, day) for day in range(1, 8)],
    extra_workdays=[date(2026, 10, 10)],
)
ORIGIN = date(2026, 1, 31)
DAYS = st.dates(date(1990, 1, 1), date(2120, 12, 31))
RHYTHMS = st.sampled_from(
    [
        "day",
        "week",
        "month",
        "quarter",
        "half-year",
        "year",
        "contract-year",
        "3 months",
        "2 weeks",
        "10 days",
    ]
)


def recurring(**changes) -> Recurring:
    values = {
        "name": "duty",
        "title": Text("周报", "Report"),
        "text": Text("周报", "Report"),
        "kept_by": Happens("report.delivered"),
        "every": Period("week"),
    }
    for key in ("due", "opens", "not_before"):
        if isinstance(changes.get(key), str):
            changes[key] = read_anchor(changes[key])
    if isinstance(changes.get("every"), str):
        changes["every"] = read_period(changes["every"])
    return Recurring(**values | changes)


def frame(calendar=OFFICE, since=None, spans=None, origin=date(2026, 1, 1), **dates) -> Frame:
    named = {key.replace("_", "."): value for key, value in dates.items()}
    return Frame(calendar, origin, spans or [(date(2026, 1, 1), date(2029, 1, 1))], named, since)


def due(text: str, *, every="month", month=date(2026, 10, 1), closed="before", **changes) -> list[str]:
    found = occurrences(
        recurring(every=every, due=text, closed_day=closed, **changes),
        frame(),
        month,
        plus_months(month, 1),
    )
    return [item.due_at.astimezone(OFFICE.zone).strftime("%m-%d %H:%M") for item in found]


@given(RHYTHMS, DAYS, DAYS)
def test_every_day_lies_in_exactly_one_period(rhythm, day, origin):
    period = read_period(rhythm)
    term = term_of(period, day, origin)
    assert term.starts_on <= day < term.ends_on
    following = term_of(period, term.ends_on, origin)
    assert following.starts_on == term.ends_on
    assert following.key != term.key


@given(RHYTHMS, DAYS, DAYS, st.integers(0, 400))
def test_periods_of_a_stretch_are_those_of_its_days(rhythm, since, origin, length):
    period = read_period(rhythm)
    until = since + timedelta(days=length)
    naive = sorted({term_of(period, since + timedelta(days=n), origin).key for n in range(length)})
    assert sorted(term.key for term in terms(period, since, until, origin)) == naive


@given(st.integers(1, 24), st.integers(0, 60))
def test_months_counted_from_the_31st_never_drift(count, number):
    period = Period("month", count)
    origin = date(2026, 1, 31)
    start = plus_months(origin, number * count)
    term = term_of(period, start, origin)
    assert term.starts_on == (plus_months(origin, number * count) if count != 1 else start.replace(day=1))


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("3 months", ["01-31", "04-30", "07-31", "10-31"]),
        ("contract-year", ["01-31"]),
        ("6 months", ["01-31", "07-31"]),
    ],
)
def test_periods_of_a_contract_begun_on_the_31st_come_back_to_it(every, days):
    found = terms(read_period(every), date(2027, 1, 31), date(2028, 1, 31), date(2025, 1, 31))
    assert [term.starts_on.strftime("%m-%d") for term in found] == days


def test_the_31st_is_the_last_day_of_a_shorter_month_and_never_drifts():
    promise = recurring(every="month", due="day 31", window="always")
    found = occurrences(promise, frame(ALWAYS), date(2027, 1, 1), date(2028, 4, 1))
    days = [(item.due_at - timedelta(minutes=1)).astimezone(ALWAYS.zone) for item in found]
    assert " ".join(day.strftime("%m-%d") for day in days) == (
        "01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31 01-31 02-29 03-31"
    )


def test_a_leap_day_is_the_last_of_february_in_other_years():
    promise = recurring(every="year", due="02-29", window="always")
    found = occurrences(promise, frame(ALWAYS), date(2027, 1, 1), date(2029, 1, 1))
    assert [(item.due_at - timedelta(minutes=1)).date() for item in found] == [
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


@st.composite
def weeks(draw):
    """A window open on some weekdays, with holidays and make-up days of its own."""
    open_days = draw(st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1))
    shut = draw(st.sets(st.dates(date(2026, 9, 1), date(2026, 12, 31)), max_size=25))
    return ServiceCalendar(
        zone=ZONE, weekly={day: [("09:00", "17:00")] for day in open_days}, holidays=sorted(shut)
    )


ANCHORS = st.sampled_from(
    [
        "",
        "day 4",
        "day 31",
        "last day",
        "period start",
        "period end",
        "friday",
        "second tuesday",
        "last friday",
        "open day 3",
        "first open day",
        "5 days after period end",
        "3 days before period end",
        "2 working days after period end",
        "10-03",
    ]
)


@given(
    weeks(),
    ANCHORS,
    st.sampled_from(["week", "month", "10 days"]),
    st.integers(1, 3),
    st.sampled_from(["before", "after"]),
)
@settings(max_examples=300)
def test_nothing_is_ever_due_on_a_closed_day(calendar, anchor, every, times, closed):
    changes = {"due": anchor} if anchor else {"times": times}
    promise = recurring(every=every, closed_day=closed, **changes)
    found = occurrences(promise, frame(calendar), date(2026, 10, 1), date(2026, 12, 1))
    for item in found:
        day = (item.due_at - timedelta(seconds=1)).astimezone(calendar.zone).date()
        assert calendar.windows(day), (item, anchor)


def test_contract_years_are_counted():
    term = term_of(Period("contract-year"), date(2028, 2, 29), date(2024, 2, 29))
    assert (term.key, term.starts_on, term.ends_on) == ("Y5", date(2028, 2, 29), date(2029, 2, 28))


@pytest.mark.parametrize("unit", ["once", "gap"])
def test_what_is_no_rhythm_is_refused(unit):
    with pytest.raises(ValueError, match="no rhythm"):
        term_of(Period(unit), ORIGIN, ORIGIN)


@given(DAYS, st.integers(1, 400), st.integers(0, 500))
def test_parts_cover_a_period_without_gap(start, length, times):
    term = Term("x", start, start + timedelta(days=length))
    parts = spread(term, times)
    assert len(parts) == min(times, length)
    assert [part.days for part in parts] == [
        part.days for part in parts if part.days >= length // max(times, 1)
    ]
    if parts:
        assert (parts[0].starts_on, parts[-1].ends_on) == (term.starts_on, term.ends_on)
        assert all(one.ends_on == two.starts_on for one, two in pairwise(parts))


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("day 10", ["10-10 18:00"]),  # a make-up Saturday
        ("day 4", ["09-30 18:00"]),  # in the holidays: the last open day before
        ("last day", ["10-30 18:00"]),
        ("last open day", ["10-30 18:00"]),
        ("first open day", ["10-08 18:00"]),
        ("open day 3", ["10-10 18:00"]),
        ("open day 30", []),
        ("last open day 17:30", ["10-30 17:30"]),
        ("period end", ["10-30 18:00"]),
        ("5 working days after period end", ["11-06 18:00"]),
        ("3 working days before period end", ["10-28 18:00"]),
        ("10 min before window opens", ["10-08 08:50"]),
        ("second tuesday", ["10-13 18:00"]),
        ("last friday", ["10-30 18:00"]),
        ("fifth monday", []),
        ("10-20", ["10-20 18:00"]),
        ("12-31", []),
    ],
)
def test_anchors_within_a_month(anchor, expected):
    assert due(anchor) == expected


def test_a_closed_day_moves_as_the_plan_says():
    assert due("day 4", closed="after") == ["10-08 18:00"]
    assert due("day 4", closed="kept") == ["10-05 00:00"]


def test_a_daily_duty_rests_on_closed_days():
    found = due("window closes", every="day", month=date(2026, 10, 1))
    assert found[:3] == ["10-08 18:00", "10-09 18:00", "10-10 18:00"]
    assert len(occurrences(recurring(every="day"), frame(ALWAYS), date(2026, 10, 1), date(2026, 11, 1))) == 31


def test_a_month_of_fridays():
    found = due("friday window closes", every="week", month=date(2026, 11, 1))
    assert found == ["10-30 18:00", "11-06 18:00", "11-13 18:00", "11-20 18:00", "11-27 18:00", "12-04 18:00"]


@given(st.dates(date(2026, 1, 1), date(2028, 12, 1)), st.integers(1, 4))
@settings(max_examples=60)
def test_daily_looks_find_what_one_look_finds(start, times):
    promise = recurring(every="month", times=times)
    whole = {item.key: item for item in occurrences(promise, frame(), start, start + timedelta(days=60))}
    pieces = {}
    for number in range(60):
        day = start + timedelta(days=number)
        pieces.update(
            {item.key: item for item in occurrences(promise, frame(), day, day + timedelta(days=1))}
        )
    assert pieces == whole
    assert [item.due_at for item in whole.values()] == sorted(item.due_at for item in whole.values())


def test_several_times_in_a_period_are_spread_evenly():
    found = occurrences(recurring(every="month", times=2), frame(ALWAYS), date(2026, 6, 1), date(2026, 7, 1))
    assert [(item.key, item.due_at) for item in found] == [
        ("2026-06#1", datetime(2026, 6, 15, 16, tzinfo=UTC)),
        ("2026-06#2", datetime(2026, 6, 30, 16, tzinfo=UTC)),
    ]
    hours = occurrences(recurring(every="day", times=3), frame(ALWAYS), date(2026, 6, 1), date(2026, 6, 2))
    assert [item.due_at.hour for item in hours] == [0, 8, 16]


def test_a_period_begun_late_asks_for_its_share_only_when_the_plan_says_so():
    late = frame(ALWAYS, spans=[(date(2026, 6, 16), date(2027, 1, 1))])
    whole = occurrences(recurring(every="month", times=4), late, date(2026, 6, 1), date(2026, 7, 1))
    share = occurrences(
        recurring(every="month", times=4, pro_rata=True), late, date(2026, 6, 1), date(2026, 7, 1)
    )
    assert (len(whole), len(share)) == (4, 2)
    assert min(item.opens_at for item in whole) == datetime(2026, 6, 15, 16, tzinfo=UTC)
    assert [asked_of(1, share) for share in (0.0, 0.49, 0.5, 1.0)] == [0, 0, 1, 1]


def test_a_contract_that_ends_cuts_its_last_period():
    ending = frame(spans=[(date(2026, 1, 1), date(2026, 11, 18))])
    found = occurrences(
        recurring(every="month", due="2 working days after period end"),
        ending,
        date(2026, 11, 1),
        date(2027, 2, 1),
    )
    assert [item.due_at for item in found] == [datetime(2026, 11, 19, 10, tzinfo=UTC)]


def test_nothing_is_asked_for_what_was_due_before_the_promise_began():
    since = datetime(2026, 11, 13, 11, tzinfo=UTC)
    found = occurrences(
        recurring(due="friday window closes"), frame(since=since), date(2026, 11, 9), date(2026, 11, 23)
    )
    assert [item.key for item in found] == ["2026-W47"]


def test_once_before_a_date_of_the_contract():
    promise = recurring(
        every="once",
        opens="3 months before warranty.end",
        not_before="3 months before warranty.end",
        due="warranty.end",
    )
    known = frame(ALWAYS, warranty_end=date(2027, 5, 31))
    (found,) = occurrences(promise, known, date(2026, 1, 1), date(2026, 1, 2))
    assert (found.opens_at, found.due_at) == (
        datetime(2027, 2, 27, 16, tzinfo=UTC),
        datetime(2027, 5, 31, 16, tzinfo=UTC),
    )
    assert found.not_before == found.opens_at
    assert occurrences(promise, frame(ALWAYS), date(2026, 1, 1), date(2026, 1, 2)) == []


def test_impossible_rhythms_ask_for_nothing():
    assert occurrences(recurring(every=Unset()), frame(), date(2026, 1, 1), date(2027, 1, 1)) == []
    assert occurrences(recurring(due=Unset()), frame(), date(2026, 1, 1), date(2027, 1, 1)) == []
    assert occurrences(recurring(times=0), frame(), date(2026, 1, 1), date(2027, 1, 1)) == []
    shut = ServiceCalendar(zone=ZONE, weekly={})
    assert occurrences(recurring(), frame(shut), date(2026, 1, 1), date(2027, 1, 1)) == []
    backwards = recurring(every="month", opens="last day", due="day 3")
    assert occurrences(backwards, frame(ALWAYS), date(2026, 3, 1), date(2026, 4, 1)) == []


def test_what_exists_ahead_reaches_the_end_of_the_next_period():
    assert look_ahead(Period("year"), date(2026, 3, 1), ORIGIN, 60) == date(2028, 1, 1)
    assert look_ahead(Period("day"), date(2026, 3, 1), ORIGIN, 60) == date(2026, 4, 30)


def test_summer_time_moves_no_wall_clock():
    berlin = ServiceCalendar(zone="Europe/Berlin", weekly={"mon-sun": [("08:00", "17:00")]})
    term = Term("x", date(2026, 3, 23), date(2026, 3, 30))
    moment = moment_named(read_anchor("sunday window closes"), term, berlin, {})
    assert moment is not None
    assert (moment.hour, moment.astimezone(UTC).hour) == (17, 15)


# Draws


@given(st.sets(st.integers(1, 10_000), max_size=80), st.integers(0, 100), st.text(max_size=20))
def test_a_draw_can_be_repeated_and_takes_nobody_twice(items, size, seed):
    first = drawing.draw(items, size, seed)
    assert first == drawing.draw(sorted(items), size, seed)
    assert len(first) == len(set(first)) == min(size, len(items))
    assert set(first) <= items


@given(st.sets(st.integers(1, 500), min_size=1), st.data())
def test_the_rested_come_before_those_drawn_lately(items, data):
    lately = data.draw(st.dictionaries(st.sampled_from(sorted(items)), st.integers(0, 9)))
    size = data.draw(st.integers(0, len(items)))
    drawn = drawing.draw(items, size, "seed", lately)
    fresh = items - lately.keys()
    assert set(drawn[: len(fresh)]) <= fresh
    repeated = [lately[item] for item in drawn if item in lately]
    assert repeated == sorted(repeated, reverse=True)


def test_ten_per_cent_of_69_are_seven():
    assert drawing.sample_size(69, percent=10, count=None) == 7
    assert drawing.sample_size(69, percent=None, count=5, at_least=8) == 8
    assert drawing.sample_size(3, percent=10, count=None, at_least=5) == 3
    assert drawing.sample_size(0, percent=10, count=None, at_least=5) == 0


def test_a_share_is_never_rounded_up_by_a_rounding_error():
    assert drawing.sample_size(100, percent=7, count=None) == 7
    assert (
        periods.share_of(Term("x", date(2026, 6, 1), date(2026, 7, 1)), date(2026, 6, 16), date(2026, 9, 1))
        == 0.5
    )
