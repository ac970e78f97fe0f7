"""The "try it" box: start, target, pauses → due, with the stretches that explain it. No database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from shouyue.servicetime import Duration, ServiceCalendar, ServiceTimeError, parse_duration
from shouyue.servicetime import Segment as Explained
from shouyue.web.service_spans import Stretch, segments_for_bar, stretches
from shouyue.web.spans import Mark, Segment

SHOWN_STRETCHES = 120
LONGEST_BAR = timedelta(days=400)
MOST_PAUSES = 20


class NotUnderstood(Exception):
    """Something typed cannot be read. field: its name in the form."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as typed: from, to (may be open), why."""

    begin: datetime
    end: datetime | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A due time with its reasons. due: None when it is never reached; counted, idle, paused: seconds."""

    start: datetime
    duration: Duration
    due: datetime | None
    counted: int = 0
    paused: int = 0
    idle: int = 0
    bar: list[Segment] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    is_cut: bool = False

    @property
    def seconds(self) -> int:
        """Real time from start to due."""
        return int((self.due - self.start).total_seconds()) if self.due else 0


def read_instant(text: str, calendar: ServiceCalendar, field: str) -> datetime:
    """A wall time in the calendar's zone, or an instant that names its own. Raises: NotUnderstood."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        raise NotUnderstood(
            field, _("“%(text)s” is not a date and time: write it as 2026-02-13 17:00") % {"text": text}
        ) from None
    if not 1900 < moment.year < 2299:
        raise NotUnderstood(field, _("The year %(year)s is out of range") % {"year": moment.year})
    return (moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)).replace(microsecond=0)


def read_target(text: str) -> Duration:
    """A target as contracts write it, Chinese or English. Raises: NotUnderstood."""
    try:
        duration = parse_duration(text)
    except ServiceTimeError:
        raise NotUnderstood(
            "target",
            _("“%(text)s” is not a length of time: write for example 4 hours, 30 min, 3 working days, 1 week")
            % {"text": text},
        ) from None
    limits: dict[str, int] = {
        "working_days": 5_000,
        "days": 20_000,
        "weeks": 3_000,
        "months": 600,
        "years": 50,
    }
    largest = limits.get(duration.kind)
    if (duration.seconds or 0) > 10 * 366 * 86_400 or (largest is not None and duration.amount > largest):
        raise NotUnderstood("target", _("The target is too long to be worked out here"))
    return duration


def read_pauses(
    begins: Sequence[str], ends: Sequence[str], reasons: Sequence[str], calendar: ServiceCalendar
) -> list[Pause]:
    """The rows of pauses that are filled in. Raises: NotUnderstood."""
    found = []
    for number, begin in enumerate(begins[:MOST_PAUSES]):
        end = ends[number] if number < len(ends) else ""
        why = reasons[number] if number < len(reasons) else ""
        if not begin.strip():
            if end.strip():
                raise NotUnderstood("pauses", _("A pause needs a beginning"))
            continue
        begun = read_instant(begin, calendar, "pauses")
        ended = read_instant(end, calendar, "pauses") if end.strip() else None
        if ended is not None and ended < begun:
            raise NotUnderstood("pauses", _("A pause ends before it begins"))
        found.append(Pause(begun, ended, why.strip()[:60]))
    return found


def work_out(
    calendar: ServiceCalendar, start: datetime, duration: Duration, pauses: Sequence[Pause]
) -> Answer:
    """The due time and why. Raises: NotUnderstood when it lies outside the years that can be computed."""
    named: list[Any] = [(pause.begin, pause.end, pause.why) for pause in pauses]
    start = start.astimezone(calendar.zone)
    try:
        due = calendar.due(start, duration, named)
        if due is not None and due - start > LONGEST_BAR:
            counted = calendar.elapsed(start, due, named)
            return Answer(start, duration, due, counted=counted, marks=[], is_cut=True)
        segments: list[Explained] = (
            calendar.explain(start, duration.seconds, named)
            if duration.seconds is not None
            else (calendar.explain_until(start, due, named) if due else [])
        )
    except (ServiceTimeError, OverflowError) as error:
        raise NotUnderstood("target", _("This lies outside the years that can be computed")) from error
    last = segments[-1].start + timedelta(days=7) if segments and due is None else None
    return Answer(
        start=start,
        duration=duration,
        due=due,
        counted=sum(part.counted for part in segments),
        paused=_length(segments, "paused"),
        idle=_length(segments, "closed", "holiday"),
        bar=segments_for_bar(segments, calendar.zone, last),
        marks=[Mark(due, _("Due"), "bad")] if due else [],
        stretches=stretches(segments[:SHOWN_STRETCHES], calendar.zone),
        is_cut=len(segments) > SHOWN_STRETCHES,
    )


def _length(segments: Sequence[Explained], *kinds: str) -> int:
    """Seconds of the stretches of these kinds that end."""
    ended = ((part, part.end) for part in segments if part.end is not None and part.kind in kinds)
    return sum(int((end - part.start).total_seconds()) for part, end in ended)
