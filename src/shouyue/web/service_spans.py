"""Why a due time is when it is: the segments of `servicetime.explain` as a bar and in words.

A page draws `segments_for_bar` with `{% time_span %}` and lists `stretches` with `web/components/stretches.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shouyue.servicetime import Segment as Explained
from shouyue.web.spans import Segment
from shouyue.web.states import Tone

TONES: dict[str, Tone] = {
    "open": "good",
    "make-up day": "progress",
    "closed": "neutral",
    "holiday": "muted",
    "paused": "warn",
}
"""Kind of a segment → tone of the bar."""

ICONS = {
    "open": "clock-play",
    "make-up day": "briefcase",
    "closed": "moon",
    "holiday": "calendar-off",
    "paused": "clock-pause",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment in words. end: None when it never ends; counted: seconds; total: seconds counted so far."""

    start: datetime
    end: datetime | None
    counted: int
    total: int
    label: str
    kind: str
    tone: Tone
    icon: str

    @property
    def is_overnight(self) -> bool:
        """Whether the end lies on another date than the start."""
        return self.end is not None and self.end.date() != self.start.date()


def label_of(kind: str, name: str = "") -> str:
    """What a segment's kind means, with the name of the holiday, the make-up day or the reason of the pause."""
    words = {
        "open": _("counts"),
        "make-up day": _("counts (make-up working day)"),
        "closed": _("outside the service window"),
        "holiday": _("holiday"),
        "paused": _("clock stopped"),
    }
    text = words.get(kind, kind)
    return _("%(what)s: %(name)s") % {"what": text, "name": _(name)} if name else text


def segments_for_bar(
    segments: Iterable[Explained], zone: ZoneInfo, until: datetime | None = None
) -> list[Segment]:
    """Segments to draw, in `zone`. until: where one that never ends is cut; without it that one is left out."""
    drawn = []
    for part in segments:
        end = part.end or until
        if end is not None and end > part.start:
            label = label_of(part.kind, part.name)
            drawn.append(
                Segment(
                    part.start.astimezone(zone), end.astimezone(zone), TONES.get(part.kind, "neutral"), label
                )
            )
    return drawn


def stretches(segments: Sequence[Explained], zone: ZoneInfo) -> list[Stretch]:
    """Segments in words, in `zone`, with the running sum."""
    made, total = [], 0
    for part in segments:
        total += part.counted
        made.append(
            Stretch(
                start=part.start.astimezone(zone),
                end=part.end.astimezone(zone) if part.end else None,
                counted=part.counted,
                total=total,
                label=label_of(part.kind, part.name),
                kind=part.kind,
                tone=TONES.get(part.kind, "neutral"),
                icon=ICONS.get(part.kind, "point"),
            )
        )
    return made
