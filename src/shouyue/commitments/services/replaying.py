"""What would have happened under another plan: stored events of a contract replayed, nothing written.

Both plans are replayed the same way, the one in force too, so that the columns can be compared. Deadlines only: what
the calendar opens, measures and gates do not follow from past events alone. Obligations tied across cases are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connection

from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.replay import replay
from shouyue.contracts import calendars_of, vocabulary
from shouyue.contracts.plan_language.model import Deadline, Plan
from shouyue.contracts.queries import compiled
from shouyue.contracts.rules import ContractRules
from shouyue.kernel import clock
from shouyue.kernel.errors import NotFound
from shouyue.servicetime import ServiceCalendar

from .storage import table_of


@dataclass(slots=True)
class Tally:
    """How the obligations of one promise ended that began within the time asked for."""

    kept: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0

    def count(self, obligation: Obligation) -> None:
        """Add one; void and waiting ones do not count."""
        if obligation.state in ("kept", "late", "missed"):
            setattr(self, obligation.state, getattr(self, obligation.state) + 1)
        elif obligation.state in ("running", "paused"):
            self.open += 1

    @property
    def fell_due(self) -> int:
        """Kept, late and missed together."""
        return self.kept + self.late + self.missed

    @property
    def share(self) -> float | None:
        """The share kept in time; None when nothing fell due."""
        return self.kept / self.fell_due if self.fell_due else None


@dataclass(frozen=True, slots=True)
class ReplayLine:
    """One promise under both plans; None where a plan does not have it."""

    name: str
    title: str
    now: Tally | None
    then: Tally | None

    @property
    def differs(self) -> bool:
        """Whether anything would have been otherwise."""
        return self.now != self.then


@dataclass(frozen=True, slots=True)
class Replayed:
    """Both plans over the same events. left_out: promises only the calendar or a measure decides."""

    lines: tuple[ReplayLine, ...]
    cases: int
    events: int
    left_out: int
    since: datetime
    until: datetime
    totals: tuple[Tally, Tally] = field(default_factory=lambda: (Tally(), Tally()))


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
    """Replay the cases with events from since to until (excluded) under the plan in force and under another one.

    The caller has checked access. progress: called with the number of cases done. Raises: NotFound; Invalid for an
    unknown holiday table. Queries: one, a thousand rows at a time.
    """
    rules = compiled(contract_id)
    books = (_book(rules, rules.plan), _book(rules, plan))
    tallies: tuple[dict[str, Tally], dict[str, Tally]] = (_empty(books[0]), _empty(books[1]))
    cases = events = 0
    now = clock.now()
    for history in _histories(contract_id, since, until):
        cases, events = cases + 1, events + len(history)
        for book, found in zip(books, tallies, strict=True):
            for obligation in replay(book, history, until=now):
                if since <= obligation.opened_at < until and obligation.commitment in found:
                    found[obligation.commitment].count(obligation)
        if progress is not None and cases % 100 == 0:
            progress(cases)
    before, after = tallies
    titles = {one.name: one.title.pick(language) for one in (*rules.plan.commitments, *plan.commitments)}
    lines = tuple(
        ReplayLine(name, titles[name], before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
    )
    left_out = sum(not isinstance(one, Deadline) for one in plan.commitments)
    return Replayed(lines, cases, events, left_out, since, until, (_sum(before), _sum(after)))


def count_cases(contract_id: int, since: datetime, until: datetime) -> int:
    """How many cases a replay would look at. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_CASES}) c", [contract_id, since, until])  # noqa: S608 - constant
        return int(cursor.fetchone()[0])


def _book(rules: ContractRules, plan: Plan) -> Book:
    return Book(
        contract_id=rules.contract_id,
        customer_id=rules.customer_id,
        plan_version_id=0,
        plan=plan,
        calendar=partial(_calendar, plan, rules.customer_id, {}),
        rebinding=vocabulary.rebinding_verbs(),
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


def _empty(book: Book) -> dict[str, Tally]:
    return {
        one.name: Tally()
        for one in book.plan.commitments
        if isinstance(one, Deadline) and one.name in book.deadlines and one.same == "case"
    }


def _sum(tallies: dict[str, Tally]) -> Tally:
    total = Tally()
    for one in tallies.values():
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
SELECT e.case_type, e.case_id, e.id, e.verb, e.subject_type, e.subject_id, e.occurred_at, e.facts, e.recorded_at,
    e.contract_id, e.customer_id
FROM ({_CASES}) c JOIN kernel_event e ON e.case_type = c.case_type AND e.case_id = c.case_id
ORDER BY e.case_type, e.case_id, e.id
"""  # noqa: S608 - constants


def _histories(contract_id: int, since: datetime, until: datetime) -> Iterator[list[Happening]]:
    """The whole history of each case, one case after the other."""
    history: list[Happening] = []
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [contract_id, since, until])
        while rows := cursor.fetchmany(1000):
            for row in rows:
                happening = _happening(row)
                if history and history[0].case != happening.case:
                    yield history
                    history = []
                history.append(happening)
    if history:
        yield history


def _happening(row: tuple[object, ...]) -> Happening:
    case_type, case_id, number, verb, subject_type, subject_id, at, facts, recorded_at, contract, customer = (
        row
    )
    assert isinstance(at, datetime)
    return Happening(
        id=number,  # type: ignore[arg-type]
        verb=str(verb),
        subject=(str(subject_type), subject_id),  # type: ignore[arg-type]
        case=(str(case_type), case_id),  # type: ignore[arg-type]
        at=at,
        facts={**table_of(facts), "occurred_at": at.isoformat(), "verb": verb},
        recorded_at=recorded_at,  # type: ignore[arg-type]
        contract_id=contract,  # type: ignore[arg-type]
        customer_id=customer,  # type: ignore[arg-type]
    )
