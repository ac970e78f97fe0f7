"""The register against a simple model of it: whatever happens in whatever order, both say the same.

The model knows nothing of the register's code. It keeps the whole story of each case in seconds, works every time out
anew by walking along the story, and is slow and plain on purpose.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shouyue.commitments import books
from shouyue.commitments.models import CaseClock, Obligation
from shouyue.commitments.services import names, register, sweep
from shouyue.contracts import loading
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice

from .factories import beijing, contract_under, happens, make_member, new_case

START = beijing("2026-03-02 09:00")
MINUTE, HOUR = 60, 3600

PLAN = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
  escalate: [{at: 80%, to: agent, by: app}, {at: due, to: [agent, project_manager], by: app}]
repair:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: 8 h, major: 2 h}
  pauses: customer
  undone_by: ticket.rejected
  void_by: ticket.closed
  escalate:
    - {at: 50%, to: agent, by: app}
    - {at: 30 min after, to: project_manager, by: app, repeat: 30 min, times: 2}
explain:
  kind: deadline
  from: {missed: respond}
  kept_by: ticket.commented
  within: 30 min
  escalate: none
"""

LIMITS = {"minor": 8 * HOUR, "major": 2 * HOUR}
READERS = {
    "80%": ["agent"],
    "due": ["agent", "project_manager"],
    "50%": ["agent"],
    "30 min after": ["project_manager"],
    "30 min after#1": ["project_manager"],
}


# --- the model ---------------------------------------------------------------------------------------------------


@dataclass
class Owed:
    """One obligation of the model; times in seconds since the start. pauses: [from, until or None].

    limit None: nobody has told the severity; what is done then is noted (kept), the verdict waits (settled None).
    """

    promise: str
    opened: int
    limit: int | None
    state: str = "running"
    pauses: list[list[int | None]] = field(default_factory=list)
    due: int | None = None
    missed: int | None = None
    kept: int | None = None
    settled: int | None = None
    ending: str = ""
    taken: set[str] = field(default_factory=set)

    def reach(self, seconds: int) -> int | None:
        """When so much time will have been counted; None while it stands still before."""
        at = self.opened
        for begin, end in self.pauses:
            assert begin is not None
            if begin - at >= seconds:
                break
            seconds -= max(begin - at, 0)
            if end is None:
                return None
            at = max(at, end)
        return at + seconds

    @property
    def stands(self) -> bool:
        return any(end is None for _begin, end in self.pauses)

    def aim(self) -> None:
        """Work out anew when it is due; a pause that begins after that no longer stops it."""
        self.due = None if self.limit is None else self.reach(self.limit)
        self.state = "paused" if self.stands and self.due is None and self.kept is None else "running"

    def steps(self) -> list[tuple[str, int]]:
        """The steps with the moment after which each is taken, in whole seconds, soonest first."""
        if self.due is None:
            return []
        match self.promise:
            case "respond":
                return [("80%", self.opened + 8 * MINUTE), ("due", self.due + 1)]
            case "repair":
                assert self.limit is not None
                half = self.reach(self.limit // 2)
                assert half is not None
                later = self.due + 30 * MINUTE
                return [
                    ("50%", min(half, self.due)),
                    ("30 min after", later + 1),
                    ("30 min after#1", later + 30 * MINUTE + 1),
                ]
        return []


@dataclass
class Story:
    """One case: what was owed in it, what was said, and what anybody was told."""

    owed: list[Owed] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    told: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    closed: bool = False

    def of(self, promise: str) -> list[Owed]:
        return [one for one in self.owed if one.promise == promise]

    def say(self, one: Owed, outcome: str) -> None:
        self.verdicts[one.promise, self.of(one.promise).index(one), outcome] += 1

    def miss(self, one: Owed) -> None:
        one.missed = one.due
        self.say(one, "missed")
        if one.promise == "respond":
            assert one.due is not None
            self.explain(one.due)

    def explain(self, at: int) -> None:
        """A missed answer must be explained; what was said after its time, before anybody looked, counts."""
        found = Owed("explain", at, 30 * MINUTE, due=at + 30 * MINUTE)
        self.owed.append(found)
        for said in self.comments:
            if said > at and found.settled is None:
                self.keep(found, said)

    def keep(self, one: Owed, at: int) -> None:
        if one.limit is None:
            one.kept, one.state = at, "running"
            return
        late = one.due is not None and at > one.due
        one.state, one.kept, one.settled = ("late" if late else "kept"), at, at
        if late:
            if one.missed is None:
                self.miss(one)
            self.say(one, "late")
        else:
            one.missed = None

    # what may happen

    def report(self, at: int, severity: str | None) -> None:
        self.owed.append(Owed("respond", at, 10 * MINUTE, due=at + 10 * MINUTE))
        limit = LIMITS.get(severity or "")
        self.owed.append(Owed("repair", at, limit, due=None if limit is None else at + limit))

    def done(self, promise: str, at: int) -> None:
        for one in self.of(promise):
            if one.settled is None and one.state != "void" and one.kept is None:
                self.keep(one, at)

    def comment(self, at: int) -> None:
        self.done("explain", at)
        self.comments.append(at)

    def wait(self, at: int) -> None:
        for one in self.of("repair"):
            if self.is_watched(one) and not one.stands:
                one.pauses.append([at, None])
                if one.state in ("running", "paused"):
                    one.aim()

    def go_on(self, at: int) -> None:
        for one in self.of("repair"):
            if self.is_watched(one) and one.stands:
                one.pauses[-1][1] = at
                if one.state in ("running", "paused"):
                    one.aim()

    @staticmethod
    def is_watched(one: Owed) -> bool:
        """Pauses are noted on what runs, and on what was done and may be undone."""
        return one.kept is not None or (one.settled is None and one.state != "void")

    def reject(self, at: int) -> None:
        for one in self.of("repair"):
            if one.kept is not None:
                was_late = one.state == "late"
                one.kept = one.settled = None
                one.ending = ""
                if was_late:
                    one.state = "missed"
                else:
                    one.aim()

    def change(self, at: int, severity: str) -> None:
        for one in self.of("repair"):
            is_judged = one.settled is not None and one.ending != "no_limit"
            if is_judged or one.limit == LIMITS[severity]:
                continue
            if one.limit is None:
                one.limit, one.ending = LIMITS[severity], ""
                one.aim()
                if one.kept is not None:
                    self.keep(one, one.kept)
            else:
                one.state, one.ending, one.settled = "void", "rebound", at
                new = Owed("repair", one.opened, LIMITS[severity], pauses=[list(p) for p in one.pauses])
                new.aim()
                self.owed.append(new)

    def close(self, at: int) -> None:
        self.closed = True
        for one in self.of("repair"):
            if one.settled is not None:
                continue
            if one.kept is not None:
                one.state, one.ending, one.settled = "void", "no_limit", at
            elif one.state == "missed":
                one.settled = at
            elif one.state == "running" and one.due is not None and one.due < at:
                one.state, one.settled = "missed", at
                self.miss(one)
            else:
                one.state, one.ending, one.settled = "void", "event", at

    def look(self, now: int) -> None:
        """The sweep: whatever has come since the last look, as often as there is something."""
        for one in self.owed:  # grows on the way
            if one.settled is not None or one.state not in ("running", "missed"):
                continue
            for step, at in one.steps():
                if at <= now and step not in one.taken:
                    one.taken.add(step)
                    for role in READERS[step]:
                        self.told[one.promise, self.of(one.promise).index(one), step, role] += 1
            if one.state == "running" and one.due is not None and one.due < now:
                one.state = "missed"
                self.miss(one)

    def clock(self) -> tuple[int | None, bool, bool]:
        """What the queue shows: the strictest time, whether it is over, whether all stands still."""
        running = [o for o in self.owed if o.settled is None and o.state in ("running", "missed") and o.due]
        first = min(running, key=lambda one: one.due or 0, default=None)
        stands = first is None and any(o.settled is None and o.state == "paused" for o in self.owed)
        return (
            None if first is None or self.closed else first.due,
            first is not None and first.state == "missed",
            stands,
        )


# --- the machine -------------------------------------------------------------------------------------------------


SEVERITIES = st.sampled_from([*sorted(LIMITS), None])


class Dies(Exception):
    """Something ends in the middle of a sweep."""


class Register(RuleBasedStateMachine):
    """Draws what happens, does it to the register and to the model, and compares everything after each step."""

    contract: Any
    members: dict[int, str]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.stories: dict[int, Story] = {}
        self.last: list[Any] = []
        self.outer = transaction.atomic()
        self.outer.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)
        forget()

    def at(self) -> Any:
        return clock.at(START + timedelta(seconds=self.now))

    def event(self, case: int, verb: str, **facts: Any) -> None:
        with self.at():
            self.last.append(happens(self.contract, case, verb, **facts))

    def one_case(self, data: Any) -> int:
        return data.draw(st.sampled_from(sorted(self.stories)))

    @initialize(severity=SEVERITIES)
    def first(self, severity: str | None) -> None:
        self.report(severity)

    @precondition(lambda self: len(self.stories) < 4)
    @rule(severity=SEVERITIES)
    def report(self, severity: str | None) -> None:
        case = new_case()
        self.stories[case] = Story()
        self.event(case, "ticket.reported", **({"severity": severity} if severity else {}))
        self.stories[case].report(self.now, severity)

    @rule(
        seconds=st.sampled_from(
            [1, 7, MINUTE, 8 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 8 * HOUR]
        )
    )
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(data=st.data())
    def respond(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.responded")
        self.stories[case].done("respond", self.now)

    @rule(data=st.data())
    def resolve(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.resolved")
        self.stories[case].done("repair", self.now)

    @rule(data=st.data())
    def reject(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.rejected")
        self.stories[case].reject(self.now)

    @rule(data=st.data())
    def comment(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.commented")
        self.stories[case].comment(self.now)

    @rule(data=st.data())
    def wait(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.waiting_started", reason="customer")
        self.stories[case].wait(self.now)

    @rule(data=st.data())
    def go_on(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.waiting_ended", reason="customer")
        self.stories[case].go_on(self.now)

    @rule(data=st.data(), severity=st.sampled_from(sorted(LIMITS)))
    def change_severity(self, data: Any, severity: str) -> None:
        case = self.one_case(data)
        self.event(case, REBINDS, severity=severity)
        self.stories[case].change(self.now, severity)

    @rule(data=st.data())
    def close(self, data: Any) -> None:
        case = self.one_case(data)
        self.event(case, "ticket.closed")
        self.stories[case].close(self.now)

    @rule(batch=st.sampled_from([1, 3, 500]))
    def sweep(self, batch: int) -> None:
        with self.at():
            sweep.sweep_all(batch)
        for story in self.stories.values():
            story.look(self.now)

    @rule()
    def sweep_dies(self) -> None:
        """A worker killed at the end of a batch: nothing of it is there, whatever it had written by then."""
        with pytest.MonkeyPatch.context() as patch, self.at():
            patch.setattr(sweep, "post", self._die)
            with suppress(Dies):  # nothing was due
                sweep.sweep_once()

    @staticmethod
    def _die(_drafts: Any) -> None:
        raise Dies

    @precondition(lambda self: bool(self.last))
    @rule()
    def the_last_event_comes_twice(self) -> None:
        with self.at():
            register.consume(self.last[-1])

    @rule()
    def restart(self) -> None:
        forget()

    @invariant()
    def both_say_the_same(self) -> None:
        ids: dict[int, tuple[int, str, int]] = {}
        for case, story in self.stories.items():
            rows = list(
                Obligation.objects.filter(case_type="ticket", case_id=case)
                .order_by("id")
                .values_list(
                    "id", "commitment__name", "opened_at", "state", "due_at", "missed_at", "kept_at",
                    "settled_at", "ending", "steps_done", "next_at",
                )
            )  # fmt: skip
            for promise in ("respond", "repair", "explain"):
                found = [row for row in rows if row[1] == promise]
                wanted = story.of(promise)
                assert [self._seen(row) for row in found] == [self._wanted(one) for one in wanted], (
                    promise,
                    self.now,
                )
                ids |= {row[0]: (case, promise, place) for place, row in enumerate(found)}
            shown = CaseClock.objects.filter(case_id=case).values_list("due_at", "is_overdue", "is_paused")
            due, overdue, stands = story.clock()
            assert list(shown) == [(self._moment(due), overdue, stands)]
        self._nobody_is_told_twice(ids)

    def _nobody_is_told_twice(self, ids: dict[int, tuple[int, str, int]]) -> None:
        told: Counter[tuple[int, str, int, str, str]] = Counter()
        for about, step, user in Notice.objects.filter(about_id__in=ids, parts=0).values_list(
            "about_id", "step", "user_id"
        ):
            told[(*ids[about], step, self.members[user])] += 1
        assert told == Counter(
            {(case, *key): count for case, story in self.stories.items() for key, count in story.told.items()}
        )
        given: Counter[tuple[int, str, int, str]] = Counter()
        for verb, about in Event.objects.filter(
            subject_type="obligation", subject_id__in=ids, verb__in=("obligation.missed", "obligation.late")
        ).values_list("verb", "subject_id"):
            given[(*ids[about], verb.removeprefix("obligation."))] += 1
        assert given == Counter(
            {(case, *key): n for case, story in self.stories.items() for key, n in story.verdicts.items()}
        )
        for digest in Notice.objects.filter(parts__gt=0):
            assert digest.parts == Notice.objects.filter(digest_id=digest.pk).count()

    def _moment(self, seconds: int | None) -> Any:
        return None if seconds is None else START + timedelta(seconds=seconds)

    def _wanted(self, one: Owed) -> tuple[Any, ...]:
        moments = (self._moment(value) for value in (one.opened, one.due, one.missed, one.kept, one.settled))
        return (one.state, one.ending, *moments)

    @staticmethod
    def _seen(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return row[3], row[8], row[2], row[4], row[5], row[6], row[7]


REBINDS = "ticket.triaged"


def forget() -> None:
    """What a process has learned is gone, as after a restart."""
    books._contracts.clear()
    books._plans.clear()
    names._names.clear()
    loading._rules.clear()
    loading._plans.clear()


@pytest.fixture
def machine(db):
    contract = contract_under(PLAN)
    people = {make_member(contract, role).pk: role for role in ("agent", "project_manager")}
    return type("Machine", (Register,), {"contract": contract, "members": people})


CALM = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}


def test_the_register_is_as_its_model(machine):
    run_state_machine_as_test(
        machine, settings=settings(max_examples=12, stateful_step_count=25, derandomize=True, **CALM)
    )


def test_an_opening_event_that_comes_twice_leaves_the_clock_as_it_stood(machine):
    run = machine()
    try:
        run.first(severity="major")
        run.time_passes(seconds=1800)
        run.sweep(batch=1)
        run.the_last_event_comes_twice()
        run.both_say_the_same()
    finally:
        run.teardown()  # else its transaction stays open for every test after it


@pytest.mark.slow
def test_the_register_is_as_its_model_for_long(machine):
    run_state_machine_as_test(machine, settings=settings(max_examples=250, stateful_step_count=50, **CALM))
