"""An obligation explains itself: target, window, start, pauses, the stretches that counted, the events behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from shouyue.commitments.models import Obligation
from shouyue.contracts import vocabulary
from shouyue.contracts.calendars_of import calendar_of_plan
from shouyue.contracts.plan_language.match import table_facts
from shouyue.contracts.plan_language.model import Anchor, Deadline
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.queries import plan_of
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import declared_verbs
from shouyue.notifications.models import Notice
from shouyue.servicetime import Segment, ServiceCalendar, ServiceTimeError, parse_duration
from shouyue.web.service_spans import Stretch, segments_for_bar, stretches
from shouyue.web.spans import Mark
from shouyue.web.spans import Segment as Drawn
from shouyue.web.states import Tone

from .people import who_acted

SHOWN_SEGMENTS = 60
SHOWN_ON_BAR = 400


@dataclass(frozen=True, slots=True)
class Step:
    """An event behind an obligation, or one of its own turns."""

    at: datetime
    title: str
    actor: str = ""
    icon: str = "point"
    tone: Tone = "neutral"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything that makes an obligation's verdict understandable.

    counted: seconds used up to now, or to the verdict; target: seconds of the limit where time is counted. missing: the
    facts, in words, that decide the limit and are not known.
    """

    window: str
    zone: str
    limit: str
    target: int | None
    counted: int | None
    stretches: list[Stretch]
    bar: list[Drawn]
    marks: list[Mark]
    steps: list[Step]
    evidence: list[str]
    missing: str
    notices: list[Notice]
    earlier: list[Obligation] = field(default_factory=list)
    is_cut: bool = False


_EVENTS = """
SELECT id, verb, actor, occurred_at FROM kernel_event WHERE id = ANY(%s)
UNION ALL SELECT id, verb, actor, occurred_at FROM kernel_event WHERE subject_type = 'obligation' AND subject_id = %s
ORDER BY 4, 1
"""


def explain(actor: Actor, obligation: Obligation) -> Explained:
    """Explain one obligation the actor may read. Queries: six at most."""
    promise = _promise(obligation)
    calendar = _calendar(obligation)
    pauses = _pauses(obligation, actor.language)
    start = obligation.opened_at.replace(microsecond=0)
    now = clock.now().replace(microsecond=0)
    end = obligation.kept_at or obligation.settled_at or now
    target = parse_duration(obligation.within).seconds if obligation.within else None
    segments = _segments(calendar, obligation, start, pauses)
    notices = Notice.objects.filter(about_type="obligation", about_id=obligation.pk).select_related(
        "user", "contact"
    )
    return Explained(
        window=_window_title(obligation, actor.language),
        zone=calendar.zone.key,
        limit=obligation.within,
        target=target,
        counted=calendar.elapsed(start, max(end, start), pauses) if obligation.window else None,
        stretches=stretches(segments[:SHOWN_SEGMENTS], calendar.zone),
        bar=segments_for_bar(segments[:SHOWN_ON_BAR], calendar.zone, obligation.due_at or now),
        marks=_marks(obligation),
        steps=_steps(actor, obligation),
        evidence=_evidence(promise, actor.language),
        missing=_missing(obligation, promise, actor.language),
        notices=list(notices.order_by("id")[:50]) if actor.is_staff else [],
        earlier=list(
            Obligation.objects.visible_to(actor)
            .filter(
                commitment_id=obligation.commitment_id,
                subject_type=obligation.subject_type,
                subject_id=obligation.subject_id,
            )
            .exclude(pk=obligation.pk)
            .order_by("occurrence")[:20]
        ),
        is_cut=len(segments) > SHOWN_SEGMENTS,
    )


def _promise(obligation: Obligation) -> Any:
    try:
        return plan_of(obligation.plan_version_id).commitment(obligation.commitment.name)
    except (NotFound, KeyError):
        return None


def _missing(obligation: Obligation, promise: Any, language: str) -> str:
    if obligation.is_aimed or not isinstance(promise, Deadline):
        return ""
    asked = table_facts(promise.within) | table_facts(promise.window)
    if isinstance(promise.due, Anchor) and promise.due.base in ("fact", "date"):
        asked |= {promise.due.name}
    return vocabulary.list_said(sorted(asked - obligation.facts.keys()), language)


def _calendar(obligation: Obligation) -> ServiceCalendar:
    """The calendar its due time was reckoned by: as it stands, or as it stood while the obligation ran."""
    present = _calendar_at(obligation, None)
    if _is_by(obligation, present):
        return present
    moments = [at for at in (obligation.settled_at, obligation.missed_at, obligation.opened_at) if at]
    stood = (_calendar_at(obligation, at) for at in moments)
    return next((calendar for calendar in stood if _is_by(obligation, calendar)), present)


def _is_by(obligation: Obligation, calendar: ServiceCalendar) -> bool:
    return calendar.spec_digest().startswith(obligation.calendar_digest)


def _calendar_at(obligation: Obligation, at: datetime | None) -> ServiceCalendar:
    window, customer_id = obligation.window or "always", obligation.customer_id
    try:
        return calendar_of_plan(obligation.plan_version_id, window, customer_id, at=at)
    except NotFound:
        return calendar_of_plan(obligation.plan_version_id)


def _window_title(obligation: Obligation, language: str) -> str:
    if obligation.window in ("", "always"):
        return _("around the clock")
    try:
        title = plan_of(obligation.plan_version_id).window(obligation.window).title
    except (NotFound, KeyError):
        title = None
    return title.pick(language) if title else obligation.window


def _pauses(obligation: Obligation, language: str) -> list[tuple[datetime, datetime | None, str]]:
    """When the clock stood still, each time with what was waited for, as the plan calls it."""
    if not obligation.pauses:
        return []
    waits = plan_of(obligation.plan_version_id).waits
    titles = {wait.name: wait.title.pick(language) for wait in waits if wait.title is not None}
    return [
        (
            datetime.fromisoformat(begin),
            datetime.fromisoformat(end) if end else None,
            titles.get(name) or vocabulary.said(name, language),
        )
        for begin, end, name in obligation.pauses
    ]


def _segments(
    calendar: ServiceCalendar, obligation: Obligation, start: datetime, pauses: Sequence[Any]
) -> list[Segment]:
    """The segments from start to due; none where no limit is counted or it cannot be reckoned."""
    if not obligation.within and obligation.due_at is None:
        return []
    span = parse_duration(obligation.within) if obligation.within else None
    if span is not None and span.seconds is not None:
        seconds = span.seconds
    elif obligation.due_at is not None:
        seconds = calendar.elapsed(start, obligation.due_at, pauses)
    else:
        return []
    try:
        return calendar.explain(start, seconds, pauses)
    except ServiceTimeError:
        return []


def _marks(obligation: Obligation) -> list[Mark]:
    marks = []
    if obligation.due_at:
        marks.append(Mark(obligation.due_at, _("Due"), "bad"))
    if obligation.warn_at:
        marks.append(Mark(obligation.warn_at, _("Warning"), "warn"))
    if obligation.kept_at:
        if obligation.state in ("kept", "late", "waived"):
            marks.append(Mark(obligation.kept_at, _("Kept"), "good" if obligation.state == "kept" else "bad"))
        else:
            marks.append(Mark(obligation.kept_at, _("Done"), "info"))
    return marks


def _steps(actor: Actor, obligation: Obligation) -> list[Step]:
    ids = [obligation.opened_event_id, obligation.kept_event_id, obligation.ended_event_id]
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [[number for number in ids if number], obligation.pk])
        rows = cursor.fetchall()
    names = who_acted(actor, (row[2] for row in rows))
    verbs = declared_verbs()
    steps = [
        Step(
            at=at,
            title=str(verbs[verb].label) if verb in verbs else verb,
            actor=names[who],
            **_look(verb, number, obligation),
        )
        for number, verb, who, at in rows
    ]
    for begin, end, name in _pauses(obligation, actor.language):
        steps.append(Step(at=begin, title=_("Clock stopped"), text=name, icon="clock-pause", tone="warn"))
        if end:
            steps.append(Step(at=end, title=_("Clock goes on"), text=name, icon="clock-play", tone="info"))
    return sorted(steps, key=lambda step: step.at)


def _look(verb: str, number: int, obligation: Obligation) -> dict[str, Any]:
    if number == obligation.kept_event_id:
        judged = obligation.state in ("kept", "late", "waived")
        tone = "good" if obligation.state == "kept" else "bad" if judged else "info"
        return {"icon": "circle-check", "tone": tone}
    if number == obligation.opened_event_id:
        return {"icon": "player-play", "tone": "info"}
    if verb in ("obligation.missed", "obligation.late"):
        return {"icon": "circle-x", "tone": "bad"}
    return {"icon": "point", "tone": "neutral"}


def _evidence(promise: Any, language: str) -> list[str]:
    if promise is None:
        return []
    words = {
        "photo": _("photo"),
        "signature": _("signature"),
        "form": _("form"),
        "report": _("report"),
        "file": _("file"),
        "call": _("call record"),
        "location": _("place and time"),
        "measure": _("measured figure"),
    }
    verbs = declared_verbs()
    found = []
    for item in promise.evidence:
        if isinstance(item, Text):
            found.append(item.pick(language))
        else:
            found.append(words.get(item) or (str(verbs[item].label) if item in verbs else item))
    if not found and isinstance(promise, Deadline):
        found.append(_("the recorded events"))
    return found


__all__ = ["Explained", "Step", "explain"]
