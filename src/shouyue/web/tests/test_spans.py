from datetime import UTC, datetime, timedelta

from shouyue.web.spans import Mark, Segment, drawn

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def test_positions_are_shares_of_the_whole():
    span = drawn(
        [Segment(at(0), at(60), "info", "run"), Segment(at(60), at(80), "muted", "pause")],
        [Mark(at(100), "due")],
    )
    assert [(x, width) for x, width, _ in span.segments] == [("0.000", "60.000"), ("60.000", "20.000")]
    assert [x for x, _ in span.marks] == ["100.000"]


def test_one_legend_entry_for_each_meaning():
    span = drawn(
        [
            Segment(at(m), at(m + 1), "info" if m % 2 else "muted", "run" if m % 2 else "pause")
            for m in range(4)
        ]
    )
    assert [segment.label for segment in span.legend] == ["pause", "run"]


def test_an_instant_has_no_width_and_does_not_divide_by_zero():
    assert drawn([Segment(at(0), at(0), "info", "run")]).segments[0][:2] == ("0.000", "0.000")


def test_nothing_is_nothing():
    assert drawn([]) is None
