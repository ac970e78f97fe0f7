"""What would have happened under another plan: stored events of a contract replayed, nothing written.

Both plans are replayed the same way, the one in force too, so that the columns can be compared. What stored events do
not tell (how things stood when a gate was asked, which random sample would have been drawn) is not guessed: of promises
both plans state alike the register's own verdicts count, of others the reason is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection

from shouyue.commitments import cases
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.replay import replay
from shouyue.contracts import calendars_of, vocabulary
from shouyue.contracts.plan_language.model import Commitment as Promise
from shouyue.contracts.plan_language.model import Deadline, Plan, Quota, Recurring, Target
from shouyue.contracts.queries import compiled
from shouyue.contracts.rules import ContractRules, under
from shouyue.kernel import clock
from shouyue.kernel.errors import NotFound
from shouyue.servicetime import ServiceCalendar

from . import past
from . import replaying_periods as periods
from .replaying_periods import Amount, Outcome, Stage, Tally

AT_ONCE = 200
"""Cases replayed between two reports of progress."""


@dataclass(frozen=True, slots=True)
class ReplayLine:
    """One promise under both plans; None where a plan does not have it, or where it cannot be replayed (`reason`).

    basis: replayed; recorded (the register's own verdicts, or measures as they were); none.
    """

    name: str
    title: str
    kind: str
    now: Tally | None
    then: Tally | None
    basis: str = "replayed"
    reason: str = ""
    is_new: bool = False
    is_gone: bool = False
    amounts_now: tuple[Amount, ...] = ()
    amounts_then: tuple[Amount, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything would have been otherwise."""
        return self.basis != "none" and self.now != self.then


@dataclass(frozen=True, slots=True)
class Replayed:
    """Both plans over the same events."""

    lines: tuple[ReplayLine, ...]
    cases: int
    events: int
    since: datetime
    until: datetime
    totals: tuple[Tally, Tally] = field(default_factory=lambda: (Tally(), Tally()))

    @property
    def left_out(self) -> int:
        """How many promises could not be replayed."""
        return sum(line.basis == "none" for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "format": 1,
            "lines": [asdict(line) | {"differs": line.differs} for line in self.lines],
            "cases": self.cases,
            "events": self.events,
            "left_out": self.left_out,
            "totals": [asdict(tally) | {"share": tally.share} for tally in self.totals],
        }


Progress = Callable[[int], None]


def replay_plan(
    contract_id: int,
    plan: Plan,
    *,
    since: datetime,
    until: datetime,
    language: str,
    progress: Progress | None = None,
) -> Replayed:
    """Replay what happened from since to until (excluded) under the plan in force and under another one.

    The caller has checked access. progress: called with the number of cases done. Raises: NotFound; Invalid for an
    unknown holiday table. Queries: one per two hundred cases, and some for the periods.
    """
    run = Run(contract_id, plan, since=since, until=until)
    cases = run.cases()
    for begin in range(0, len(cases), AT_ONCE):
        run.take(cases[begin : begin + AT_ONCE])
        if progress is not None:
            progress(run.done)
    return run.finish(language)


class Run:
    """A replay under way: `cases`, `take` part by part, `finish`. It reads only."""

    def __init__(self, contract_id: int, plan: Plan, *, since: datetime, until: datetime) -> None:
        rules, now = compiled(contract_id), clock.now()
        other = under(rules, plan)
        self.stages = (Stage(rules, since, until, now), Stage(other, since, until, now))
        self.stage = self.stages[0]
        self.books = (_book(rules), _book(other))
        self.lived: tuple[dict[str, list[Obligation]], ...] = (defaultdict(list), defaultdict(list))
        self.done = self.events = 0

    def cases(self) -> list[tuple[str, int]]:
        """The cases with events in the time. Queries: one."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_CASES} ORDER BY case_type, case_id",
                [self.stage.rules.contract_id, self.stage.since, self.stage.until],
            )
            return [(kind, number) for kind, number in cursor.fetchall()]

    def take(self, cases: Sequence[tuple[str, int]]) -> None:
        """Replay some cases. Queries: one."""
        for history in _histories(cases):
            self.done, self.events = self.done + 1, self.events + len(history)
            for book, lived in zip(self.books, self.lived, strict=True):
                for one in replay(book, history, until=self.stage.now):
                    if self.stage.since <= one.opened_at < self.stage.until:
                        lived[one.commitment].append(one)

    def finish(self, language: str) -> Replayed:
        """The calendar's part, and both plans side by side. Queries: a few, and those of the measures."""
        told = periods.events_for(self.stage, self.books)
        stored = periods.recorded(self.stage)
        found = []
        plans = [{one.name: one for one in book.plan.commitments} for book in self.books]
        for name in dict.fromkeys([*plans[0], *plans[1]]):
            pair = plans[0].get(name), plans[1].get(name)
            outcomes = [
                None if promise is None else self._outcome(place, promise, told)
                for place, promise in enumerate(pair)
            ]
            found.append(_line(name, pair, outcomes, stored.get(name, Tally()), language))
        totals = _sum(line.now for line in found), _sum(line.then for line in found)
        return Replayed(tuple(found), self.done, self.events, self.stage.since, self.stage.until, totals)

    def _outcome(self, place: int, promise: Promise, told: dict[str, list[Happening]] | Any) -> Outcome:
        stage, book, lived = self.stages[place], self.books[place], self.lived[place]
        if promise.awaits:
            return Outcome(None, "none", "awaits")
        if isinstance(promise, Deadline) and not periods.is_tied(promise) and promise.name in book.deadlines:
            tally = Tally()
            for one in lived.get(promise.name, ()):
                tally.count(one.state)
            return Outcome(tally)
        if isinstance(promise, Recurring):
            return periods.recurring(stage, book, promise, told)
        if isinstance(promise, Quota):
            return periods.quota(stage, book, promise, told)
        if isinstance(promise, Target):
            deadlines = {one.name: lived.get(one.name, []) for one in book.plan.commitments if _alone(one)}
            return periods.target(stage, book, promise, deadlines)
        return Outcome(None, "none", periods.reason_of(promise))


def _alone(promise: Promise) -> bool:
    return isinstance(promise, Deadline) and not promise.awaits and not periods.is_tied(promise)


def _line(
    name: str,
    pair: tuple[Promise | None, Promise | None],
    outcomes: Sequence[Outcome | None],
    stored: Tally,
    language: str,
) -> ReplayLine:
    now, then = outcomes
    shown = pair[1] or pair[0]
    assert shown is not None
    left_out = next((one for one in outcomes if one is not None and one.tally is None), None)
    values: dict[str, Any] = {
        "name": name,
        "title": shown.title.pick(language),
        "kind": shown.kind,
        "is_new": pair[0] is None,
        "is_gone": pair[1] is None,
    }
    if left_out is not None:
        alike = pair[0] is not None and pair[1] is not None and periods.same_terms(pair[0], pair[1])
        if alike and left_out.reason != "awaits":
            return ReplayLine(now=stored, then=stored, basis="recorded", reason=left_out.reason, **values)
        return ReplayLine(now=None, then=None, basis="none", reason=left_out.reason, **values)
    bases = {one.basis for one in outcomes if one is not None}
    return ReplayLine(
        now=now.tally if now else None,
        then=then.tally if then else None,
        basis="recorded" if "recorded" in bases else "replayed",
        amounts_now=tuple(now.amounts) if now else (),
        amounts_then=tuple(then.amounts) if then else (),
        **values,
    )


def _book(rules: ContractRules) -> Book:
    return Book(
        contract_id=rules.contract_id,
        customer_id=rules.customer_id,
        plan_version_id=0,
        plan=rules.plan,
        calendar=partial(_calendar, rules.plan, rules.customer_id, {}),
        rebinding=vocabulary.rebinding_verbs(),
        closing=cases.closing_verbs(),
        scales=vocabulary.current().scales,
        dates=rules.dates,
    )


def _calendar(
    plan: Plan, customer_id: int, known: dict[str, ServiceCalendar], window: str
) -> ServiceCalendar:
    if window not in known:
        try:
            known[window] = calendars_of.build_calendar(plan, window, customer_id)
        except NotFound:
            known[window] = calendars_of.build_calendar(plan, calendars_of.ALWAYS)
    return known[window]


def _sum(tallies: Iterator[Tally | None] | Any) -> Tally:
    total = Tally()
    for one in tallies:
        if one is not None:
            total.kept += one.kept
            total.late += one.late
            total.missed += one.missed
            total.open += one.open
    return total


_CASES = """
SELECT DISTINCT case_type, case_id FROM kernel_event
WHERE contract_id = %s AND occurred_at >= %s AND occurred_at < %s AND case_type <> 'contract'
"""
_EVENTS = f"""
SELECT {past.COLUMNS}
FROM unnest(%s::text[], %s::bigint[]) AS c (case_type, case_id) JOIN kernel_event e USING (case_type, case_id)
ORDER BY e.case_type, e.case_id, e.id
"""  # noqa: S608 - constants


def _histories(cases: Sequence[tuple[str, int]]) -> Iterator[list[Happening]]:
    """The whole history of each case, one case after the other."""
    history: list[Happening] = []
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [[kind for kind, _ in cases], [number for _, number in cases]])
        while rows := cursor.fetchmany(1000):
            for row in rows:
                happening = past.happening(row)
                if history and history[0].case != happening.case:
                    yield history
                    history = []
                history.append(happening)
    if history:
        yield history
