"""What the rules work on: happenings (events as values) and obligations in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

Pause = tuple[datetime, datetime | None, str]
Ref = tuple[str, int]

NO_LIMIT = "no_limit"
"""Ending of what was done while nobody told the limit, and then its case was closed."""

INSTANT = timedelta(microseconds=1)

UNSETTLED = ("waiting", "running", "paused", "missed")
"""States in which something may still happen to an obligation."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the rules see it.

    at: when it happened; facts: plain JSON values, `occurred_at` and `verb` among them."""

    id: int
    verb: str
    subject: Ref
    case: Ref
    at: datetime
    facts: Mapping[str, Any]
    recorded_at: datetime
    contract_id: int | None = None
    customer_id: int = 0

    def with_facts(self, more: Mapping[str, Any]) -> Happening:
        """The same happening, seen with other facts; given ones win."""
        return replace(self, facts={**self.facts, **more})


History = Callable[[], Sequence[Happening]]
"""All events of a case so far, oldest first; read when asked."""


@dataclass(slots=True)
class Obligation:
    """One obligation while the rules work on it. id 0: not stored yet.

    trigger_at: when the event came that led to it; opened_at: when its clock began (later with `after`).
    tie: what binds it to events of other cases, empty when its own case does; each: the value it was opened for.
    within: the limit as text, empty for a due time told by a fact; steps_done: bit per step taken. period: key of the
    occurrence, of those that the calendar opens. kept_at, kept_event_id: the deed that keeps it; known before the
    verdict while the limit is not.
    """

    commitment: str
    plan_version_id: int
    contract_id: int
    customer_id: int
    subject: Ref
    case: Ref
    opened_event_id: int
    trigger_at: datetime
    opened_at: datetime
    id: int = 0
    tie: str = ""
    each: str = ""
    period: str = ""
    occurrence: int = 1
    state: str = "running"
    facts: dict[str, Any] = field(default_factory=dict)
    opening: dict[str, Any] = field(default_factory=dict)
    within: str = ""
    window: str = ""
    calendar_digest: str = ""
    aimed: bool = False
    not_before: datetime | None = None
    due_at: datetime | None = None
    warn_at: datetime | None = None
    next_at: datetime | None = None
    steps_done: int = 0
    progress: int = 0
    pauses: list[Pause] = field(default_factory=list)
    missed_at: datetime | None = None
    kept_at: datetime | None = None
    kept_event_id: int | None = None
    ended_event_id: int | None = None
    settled_at: datetime | None = None
    ending: str = ""
    dirty: bool = False

    @property
    def is_new(self) -> bool:
        """Whether it is not stored yet."""
        return self.id == 0

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to it by itself."""
        return self.settled_at is None and self.state in UNSETTLED

    @property
    def is_unjudged(self) -> bool:
        """Whether it is done, but its limit is not known, so that nobody can say whether in time."""
        return self.kept_event_id is not None and (self.settled_at is None or self.ending == NO_LIMIT)

    def take_deed_back(self) -> None:
        """As if nothing had been done for it."""
        self.kept_at = self.kept_event_id = self.settled_at = None
        self.ending, self.ended_event_id = "", None
        self.progress = 0

    @property
    def is_paused(self) -> bool:
        """Whether a pause is open."""
        return any(until is None for _, until, _ in self.pauses)

    def again(self, **changes: Any) -> Obligation:
        """A new obligation of the same promise about the same thing: nothing has happened to it yet."""
        same = {name: getattr(self, name) for name in _SAME}
        return Obligation(**same | changes)


_SAME = (
    "commitment",
    "plan_version_id",
    "contract_id",
    "customer_id",
    "subject",
    "case",
    "opened_event_id",
    "trigger_at",
    "opened_at",
    "tie",
    "each",
)
