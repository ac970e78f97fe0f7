"""Spans of time made ready for drawing: shares of one line, so that pages need no inline styles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shouyue.web.navigation import Text
from shouyue.web.states import Tone


@dataclass(frozen=True)
class Segment:
    """A span with a tone and what it means, e.g. running, paused, overdue."""

    start: datetime
    end: datetime
    tone: Tone
    label: Text


@dataclass(frozen=True)
class Mark:
    """An instant on the line, e.g. due or arrived."""

    at: datetime
    label: Text
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Drawn:
    """Positions in percent of the whole line."""

    start: datetime
    end: datetime
    segments: list[tuple[str, str, Segment]]
    marks: list[tuple[str, Mark]]

    @property
    def legend(self) -> list[Segment]:
        """One segment of each meaning, in order of appearance."""
        return list({(s.tone, str(s.label)): s for _x, _width, s in reversed(self.segments)}.values())[::-1]


def drawn(
    segments: Sequence[Segment], marks: Iterable[Mark] = (), start: datetime | None = None
) -> Drawn | None:
    """Place segments and marks between the earliest and the latest instant; None when there is nothing."""
    marks = list(marks)
    instants = [s.start for s in segments] + [s.end for s in segments] + [m.at for m in marks]
    if start is not None:
        instants.append(start)
    if not instants:
        return None
    first, last = min(instants), max(instants)
    whole = (last - first).total_seconds() or 1.0

    def percent(moment: datetime) -> float:
        return (moment - first).total_seconds() / whole * 100

    return Drawn(
        first,
        last,
        [(_number(percent(s.start)), _number(percent(s.end) - percent(s.start)), s) for s in segments],
        [(_number(percent(m.at)), m) for m in marks],
    )


def _number(value: float) -> str:
    return f"{value:.3f}"
