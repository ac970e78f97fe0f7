"""Why a target ends when it does: the stretch from start to due, cut where the reason changes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from shouyue.servicetime.compile import Rules, Table
from shouyue.servicetime.zones import SECOND, first_reached, last_short_of, wall_seconds

SegmentKind = Literal["open", "closed", "holiday", "make-up day", "paused"]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch `[start, end)` with one reason. end: None when it never ends. counted: seconds."""

    start: datetime
    end: datetime | None
    counted: int
    kind: SegmentKind
    name: str = ""

    @property
    def reason(self) -> str:
        """The kind with its name: "holiday Spring Festival", "paused waiting for a part"."""
        return f"{self.kind} {self.name}" if self.name else self.kind


# (begin, end or None, reason): sorted by begin, disjoint
NamedPause = tuple[int, int | None, str]
Label = tuple[SegmentKind, str]


def explain_span(
    rules: Rules, table: Table, start: int, due: int | None, until: int, pauses: Sequence[NamedPause]
) -> list[Segment]:
    """The segments of `[start, due)`. Without a due time: up to `until`, the last one without an end.

    The table must answer for the whole span.
    """
    segments: list[tuple[int, int, Label]] = []
    for begin, end in _pieces(rules, start, until, pauses):
        label = _label(rules, table, begin, pauses)
        if segments and segments[-1][2] == label:
            segments[-1] = (segments[-1][0], end, label)
        else:
            segments.append((begin, end, label))
    made = [_segment(rules, begin, end, label) for begin, end, label in segments]
    if due is None:
        label = _label(rules, table, until, pauses)
        made.append(Segment(datetime.fromtimestamp(until, rules.zone), None, 0, *label))
        if len(made) > 1 and (made[-2].kind, made[-2].name) == label and not made[-2].counted:
            made[-2:] = [Segment(made[-2].start, None, 0, *label)]
    return made


def _segment(rules: Rules, begin: int, end: int, label: Label) -> Segment:
    counted = end - begin if label[0] in ("open", "make-up day") else 0
    zone = rules.zone
    return Segment(datetime.fromtimestamp(begin, zone), datetime.fromtimestamp(end, zone), counted, *label)


def _pieces(rules: Rules, start: int, until: int, pauses: Sequence[NamedPause]) -> Iterator[tuple[int, int]]:
    """`[start, until)` cut at every instant at which a reason could change."""
    cuts = {start, until}
    cuts.update(edge for begin, end, _ in pauses for edge in (begin, end) if edge is not None)
    day = datetime.fromtimestamp(start, rules.zone).date() - _ONE_DAY
    last = datetime.fromtimestamp(until, rules.zone).date()
    while day <= last:
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall time
        edges = {0, *(edge for window in rules.day_windows(day) for edge in window)}
        for edge in edges:
            wall = midnight + edge * SECOND
            # Both passes of a repeated time.
            cuts.add(first_reached(rules.zone, wall))
            cuts.add(last_short_of(rules.zone, wall))
        day += _ONE_DAY
    inside = sorted(cut for cut in cuts if start <= cut <= until)
    return pairwise(inside)


def _label(rules: Rules, table: Table, t: int, pauses: Sequence[NamedPause]) -> Label:
    at = bisect_right(pauses, t, key=lambda pause: pause[0]) - 1
    if at >= 0:
        _, end, name = pauses[at]
        if end is None or t < end:
            return "paused", name
    wall = datetime.fromtimestamp(t, rules.zone).replace(tzinfo=None, fold=0)
    day = wall.date()
    i = bisect_right(table.open_list, t) - 1
    if t - table.offset_list[i] < table.count_list[i]:
        return _open_label(rules, wall, day)
    if day in rules.holidays and day not in rules.extra_workdays:
        return "holiday", rules.holidays[day]
    return "closed", ""


def _open_label(rules: Rules, wall: datetime, day: date) -> Label:
    """A make-up day where only windows of make-up days are open; plainly open otherwise."""
    seconds = wall_seconds(wall) - wall_seconds(datetime(day.year, day.month, day.day))  # noqa: DTZ001
    names: list[str] = []
    for owner, at in ((day, seconds), (day - _ONE_DAY, seconds + 86_400)):
        if any(opens <= at < closes for opens, closes in rules.day_windows(owner)):
            if owner not in rules.extra_workdays:
                return "open", ""
            names.append(rules.extra_workdays[owner])
    return "make-up day", names[0]
