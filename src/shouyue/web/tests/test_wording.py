from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from shouyue.web.wording import clock_text, duration, file_size, listed, noted, relative

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0秒", "0 s"),
        (59, "59秒", "59 s"),
        (12_000, "3小时20分", "3 h 20 min"),
        (3_600, "1小时", "1 h"),
        (86_400, "1天", "1 day"),
        (190_000, "2天4小时", "2 days 4 h"),
        (-61, "1分1秒", "1 min 1 s"),
    ],
)
def test_duration(seconds, chinese, english):
    with override("zh-hans"):
        assert duration(seconds) == chinese
    with override("en"):
        assert duration(seconds) == english


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (10, "0:10"),
        (-10.9, "0:10"),
        (599, "9:59"),
        (5025, "1:23:45"),
        (86_400, "24:00:00"),
        (273_600, "3天4小时"),
    ],
)
def test_clock_text(seconds, text):
    with override("zh-hans"):
        assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("delta", "chinese", "english"),
    [
        (timedelta(seconds=-30), "刚刚", "just now"),
        (timedelta(minutes=-5), "5分前", "5 min ago"),
        (timedelta(hours=2), "2小时后", "in 2 h"),
    ],
)
def test_relative(delta, chinese, english):
    with override("zh-hans"):
        assert relative(NOW + delta, NOW) == chinese
    with override("en"):
        assert relative(NOW + delta, NOW) == english


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (12_700, "12.4 KB"), (3_145_728, "3.0 MB")]
)
def test_file_size(size, text):
    assert file_size(size) == text


def test_notes_and_lists_have_the_marks_of_the_language():
    with override("zh-hans"):
        assert noted("林悦", listed(["经理", "专家"])) == "林悦（经理、专家）"
    with override("en"):
        assert noted("Lin Yue", listed(["manager", "expert"])) == "Lin Yue (manager, expert)"
