"""What contracts write as a duration."""

import pytest

from shouyue.servicetime import BadDurationError, Duration, parse_duration


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("10 min", "minutes", 10),
        ("10分钟", "minutes", 10),
        ("十分钟", "minutes", 10),
        ("≤10 min", "minutes", 10),
        ("within 30 minutes", "minutes", 30),
        ("30分钟内", "minutes", 30),
        ("4 h", "hours", 4),
        ("4小时", "hours", 4),
        ("4个小时以内", "hours", 4),
        ("8 working hours", "hours", 8),
        ("1.5 hours", "minutes", 90),
        ("半小时", "minutes", 30),
        ("两个半小时", "minutes", 150),
        ("1 h 30 min", "minutes", 90),
        ("1小时30分钟", "minutes", 90),
        ("一刻钟", "minutes", 15),
        ("45 s", "seconds", 45),
        ("90 min", "minutes", 90),
        ("3 working days", "working_days", 3),
        ("3-working-days", "working_days", 3),
        ("1 business day", "working_days", 1),
        ("3个工作日", "working_days", 3),
        ("十五个工作日", "working_days", 15),
        ("5 days", "days", 5),
        ("7天", "days", 7),
        ("30个自然日", "days", 30),
        ("三十日", "days", 30),
        ("一百二十天", "days", 120),
        ("1周", "weeks", 1),
        ("2 weeks", "weeks", 2),
        ("两个星期", "weeks", 2),
        ("1 week 2 days", "days", 9),
        ("2个月", "months", 2),
        ("1 month", "months", 1),
        ("一个季度", "months", 3),
        ("1年", "years", 1),
        ("半年", "months", 6),
        ("1年6个月", "months", 18),
        ("三年", "years", 3),
        ("PT10M", "minutes", 10),
        ("PT1H30M", "minutes", 90),
        ("P3D", "days", 3),
        ("P1W", "weeks", 1),
        ("P1Y2M", "months", 14),
    ],
)
def test_durations_are_read(text, kind, amount):
    duration = parse_duration(text)
    assert (duration.kind, duration.amount) == (kind, amount)
    assert parse_duration(str(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "seconds", "counted"),
    [
        (Duration("hours", 4), 14_400, True),
        (Duration("minutes", 10), 600, True),
        (Duration("days", 1), None, False),
    ],
)
def test_only_hours_minutes_and_seconds_are_counted_on_the_window(duration, seconds, counted):
    assert (duration.seconds, duration.is_counted) == (seconds, counted)


def test_the_rule_of_working_days_comes_from_the_text_or_the_caller():
    assert parse_duration("3个工作日").rule == "close"
    assert parse_duration("3 working days", rule="same_time").rule == "same_time"
    assert parse_duration("3 working days at the same time") == Duration("working_days", 3, rule="same_time")
    assert str(Duration("working_days", 1, rule="same_time")) == "1 working day, same time"


def test_a_duration_passes_through():
    assert parse_duration(Duration("weeks", 1)) == Duration("weeks", 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10",
        "10 m",
        "min",
        "-5 min",
        "0.5 s",
        "1.5 working days",
        "半个月",
        "半周",
        "1 month 3 days",
        "1 day 2 h",
        "2 h 3 h",
        "P",
        "PT",
        "PT1.2.3H",
        "十二三天",
        "3 working weeks",
        600,
        None,
    ],
)
def test_what_is_no_duration_is_refused_by_name(text):
    with pytest.raises(BadDurationError) as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [("fortnights", 1), ("days", -1), ("days", 1.5), ("days", True), ("minutes", 1, 59), ("days", 1, 86_400)],
)
def test_a_contradictory_duration_is_refused(arguments):
    with pytest.raises(BadDurationError):
        Duration(*arguments)
