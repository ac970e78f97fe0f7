"""The segments between start and due."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shouyue.servicetime import ServiceCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = ServiceCalendar(
    zone="Asia/Shanghai",
    weekly={"mon-fri": ["09:00-12:00", "13:00-18:00"]},
    holidays={date(2026, 2, 16): "Spring Festival", date(2026, 2, 17): "Spring Festival"},
    extra_workdays=[date(2026, 2, 14)],
    extra_windows=["09:00-12:00"],
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def lines(segments):
    return [
        f"{s.start:%m-%d %H:%M} {'' if s.end is None else format(s.end, '%m-%d %H:%M')} {s.counted // 60} {s.reason}"
        for s in segments
    ]


def test_four_hours_before_spring_festival():
    segments = OFFICE.explain(
        at("2026-02-13 17:00"),
        5 * 3600,
        [(at("2026-02-14 10:00"), at("2026-02-14 11:00"), "waiting for access")],
    )
    assert lines(segments) == [
        "02-13 17:00 02-13 18:00 60 open",
        "02-13 18:00 02-14 09:00 0 closed",
        "02-14 09:00 02-14 10:00 60 make-up day",
        "02-14 10:00 02-14 11:00 0 paused waiting for access",
        "02-14 11:00 02-14 12:00 60 make-up day",
        "02-14 12:00 02-16 00:00 0 closed",
        "02-16 00:00 02-18 00:00 0 holiday Spring Festival",
        "02-18 00:00 02-18 09:00 0 closed",
        "02-18 09:00 02-18 11:00 120 open",
    ]


def test_the_earlier_of_two_overlapping_pauses_gives_the_reason():
    pauses = [
        (at("2026-03-02 10:30"), at("2026-03-02 11:30"), "second"),
        (at("2026-03-02 10:00"), at("2026-03-02 11:00"), "first"),
    ]
    assert lines(OFFICE.explain(at("2026-03-02 09:00"), 5400, pauses)) == [
        "03-02 09:00 03-02 10:00 60 open",
        "03-02 10:00 03-02 11:00 0 paused first",
        "03-02 11:00 03-02 11:30 0 paused second",
        "03-02 11:30 03-02 12:00 30 open",
    ]


def test_a_pause_without_end_and_a_calendar_without_windows_end_open():
    paused = OFFICE.explain(at("2026-03-02 09:00"), 7200, [(at("2026-03-02 10:00"), None, "customer asked")])
    assert lines(paused) == ["03-02 09:00 03-02 10:00 60 open", "03-02 10:00  0 paused customer asked"]
    never = ServiceCalendar(zone="Asia/Shanghai", weekly={})
    assert lines(never.explain(at("2026-03-02 09:00"), 7200)) == ["03-02 09:00  0 closed"]
    once = ServiceCalendar(
        zone="Asia/Shanghai", weekly={}, extra_workdays={date(2026, 3, 3): ""}, extra_windows=["09:00-10:00"]
    )
    assert lines(once.explain(at("2026-03-03 09:30"), 7200)) == [
        "03-03 09:30 03-03 10:00 30 make-up day",
        "03-03 10:00  0 closed",
    ]


def test_a_make_up_night_next_to_an_ordinary_window_keeps_its_own_hours():
    cal = ServiceCalendar(
        zone="Asia/Shanghai",
        weekly={"mon-fri": ["06:00-09:00"]},
        extra_workdays={date(2026, 3, 1): "inventory"},
        extra_windows=["22:00-06:00"],
    )
    assert lines(cal.explain(at("2026-03-01 22:00"), 9 * 3600)) == [
        "03-01 22:00 03-02 06:00 480 make-up day inventory",
        "03-02 06:00 03-02 07:00 60 open",
    ]


def test_a_span_is_explained_without_a_target():
    pauses = [(at("2026-02-14 11:00"), None, "waiting")]
    assert lines(OFFICE.explain_until(at("2026-02-13 17:30"), at("2026-02-14 23:00"), pauses)) == [
        "02-13 17:30 02-13 18:00 30 open",
        "02-13 18:00 02-14 09:00 0 closed",
        "02-14 09:00 02-14 11:00 120 make-up day",
        "02-14 11:00 02-14 23:00 0 paused waiting",
    ]
    assert OFFICE.explain_until(at("2026-02-13 17:30"), at("2026-02-13 17:30")) == []


def test_round_the_clock_is_one_segment_and_zero_none():
    always = ServiceCalendar.always("Asia/Shanghai")
    assert len(always.explain(at("2026-03-02 09:00"), 30 * 86_400)) == 1
    assert always.explain(at("2026-03-02 09:00"), 0) == []


ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York"]


@given(
    zone=st.sampled_from(ZONES),
    night=st.booleans(),
    minutes=st.integers(0, 60 * 24 * 365),
    seconds=st.integers(1, 400_000),
    pauses=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)), max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_segments_tile_the_span_and_their_counts_add_up(zone, night, minutes, seconds, pauses):
    windows = ["21:00-03:00"] if night else ["01:00-02:30", "09:00-18:00"]
    cal = ServiceCalendar(
        zone=zone,
        weekly={"mon-sat": windows},
        holidays={date(2026, 10, 25): "day of the change"},
        extra_workdays=[date(2026, 3, 29), date(2026, 11, 1)],
    )
    start = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=minutes)
    spans = [(start + timedelta(seconds=a), start + timedelta(seconds=a + b), "x") for a, b in pauses]
    segments = cal.explain(start, seconds, spans)
    utc = ZoneInfo("UTC")
    assert segments[0].start == start
    assert segments[-1].end == cal.deadline(start, seconds, spans)
    assert sum(segment.counted for segment in segments) == seconds
    for one, two in pairwise(segments):
        assert one.end.astimezone(utc) == two.start.astimezone(utc)
        assert one.reason != two.reason
    for segment in segments:
        assert segment.counted == cal.elapsed(segment.start, segment.end, spans)
