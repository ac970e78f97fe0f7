"""Rules without a database: the reducer against hand-worked cases and against a naive model."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouyue.commitments.choices import Readiness, Standing
from shouyue.commitments.rules.book import Book, fulfilled, keepers
from shouyue.commitments.rules.happenings import Happening
from shouyue.commitments.rules.replay import replay
from shouyue.commitments.rules.standing import Figures, standing_of
from shouyue.contracts.plan_language.model import All, AnyOf, Happens
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.servicetime import ServiceCalendar

from .factories import beijing, plan_text

START = beijing("2026-03-02 09:00")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
REBINDING = frozenset({"ticket.graded"})
CALENDARS = {
    "always": ServiceCalendar.always("Asia/Shanghai"),
    "office": ServiceCalendar(
        zone="Asia/Shanghai", weekly={"mon-fri": [("09:00", "12:00"), ("13:00", "18:00")]}
    ),
}


def book_of(commitments):
    parsed = parse_text(plan_text(commitments))
    assert parsed.plan is not None, [str(problem) for problem in parsed.problems]
    plan = parsed.plan
    return Book(1, 1, 1, plan, CALENDARS.__getitem__, REBINDING, frozenset({"ticket.closed"}))


def story(*events):
    """(minutes after the start, verb, facts) as happenings of one case."""
    return [
        Happening(
            id=number,
            verb=verb,
            subject=("ticket", 1),
            case=("ticket", 1),
            at=START + minutes * MINUTE,
            facts={**facts, "occurred_at": (START + minutes * MINUTE).isoformat(), "verb": verb},
            recorded_at=START + minutes * MINUTE,
            contract_id=1,
            customer_id=1,
        )
        for number, (minutes, verb, facts) in enumerate(((*event, {})[:3] for event in events), 1)
    ]


def played(commitments, *events, until=None):
    """(promise, state, due in minutes after the start) of every obligation."""
    end = None if until is None else START + until * MINUTE
    return [
        (o.commitment, o.state, None if o.due_at is None else (o.due_at - START) / MINUTE)
        for o in replay(book_of(commitments), story(*events), until=end)
    ]


SIMPLE = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
"""


@pytest.mark.parametrize(("at", "state"), [(0, "kept"), (10, "kept"), (10.001, "late"), (600, "late")])
def test_the_due_time_itself_is_in_time(at, state):
    assert played(SIMPLE, (0, "ticket.reported"), (at, "ticket.responded")) == [("respond", state, 10)]


def test_nothing_is_missed_without_time_passing():
    assert played(SIMPLE, (0, "ticket.reported")) == [("respond", "running", 10)]
    assert played(SIMPLE, (0, "ticket.reported"), until=10) == [("respond", "running", 10)]
    assert played(SIMPLE, (0, "ticket.reported"), until=11) == [("respond", "missed", 10)]


def test_an_answer_before_the_report_keeps_nothing():
    assert played(SIMPLE, (0, "ticket.responded"), (1, "ticket.reported")) == [("respond", "running", 11)]


def test_a_second_report_opens_nothing_while_one_runs():
    assert len(played(SIMPLE, (0, "ticket.reported"), (1, "ticket.reported"))) == 1


def test_after_it_is_kept_the_next_event_opens_the_next():
    found = played(SIMPLE, (0, "ticket.reported"), (1, "ticket.responded"), (30, "ticket.reported"))
    assert found == [("respond", "kept", 10), ("respond", "running", 40)]


def test_once_means_once():
    found = played(
        SIMPLE + "  once: true", (0, "ticket.reported"), (1, "ticket.responded"), (30, "ticket.reported")
    )
    assert found == [("respond", "kept", 10)]


WINDOWED = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within:
    by: [severity, channel_group]
    major: {phone: 1 h, electronic: none}
    minor: {phone: 4 h, electronic: 1 working day}
  window: {by: severity, major: always, minor: office}
"""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"severity": "major", "channel_group": "phone"}, [("respond", "running", 60)]),
        ({"severity": "major", "channel_group": "electronic"}, []),
        (
            {"severity": "minor", "channel_group": "phone"},
            [("respond", "running", 5 * 60)],
        ),  # lunch does not count
        (
            {"severity": "minor", "channel_group": "electronic"},
            [("respond", "running", 33 * 60)],
        ),  # Tuesday 18:00
        ({"severity": "minor"}, [("respond", "running", None)]),
        ({"severity": "unheard-of", "channel_group": "phone"}, []),
    ],
)
def test_limits_and_windows_by_several_facts(facts, expected):
    assert played(WINDOWED, (0, "ticket.reported", facts)) == expected


def test_opening_facts_freeze_when_the_plan_says_so():
    frozen = WINDOWED.replace("  window:", "  bind: opening\n  window:")
    found = played(
        frozen,
        (0, "ticket.reported", {"severity": "minor", "channel_group": "phone"}),
        (5, "ticket.graded", {"severity": "major", "channel_group": "phone"}),
    )
    assert found == [("respond", "running", 300)]


CHAIN = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 1 h
on-site:
  kind: deadline
  from: {missed: respond}
  kept_by: visit.arrived
  within: 2 h
sorry:
  kind: deadline
  from: [{missed: on-site}, {late: on-site}]
  kept_by: ticket.called_back
  within: 30 min
"""


def test_misses_chain_from_their_due_times():
    found = played(CHAIN, (0, "ticket.reported"), until=60 * 24)
    assert found == [("respond", "missed", 60), ("on-site", "missed", 180), ("sorry", "missed", 210)]


def test_a_late_event_first_misses_and_then_is_late():
    found = played(CHAIN, (0, "ticket.reported"), (70, "ticket.responded"))
    assert found == [("respond", "late", 60), ("on-site", "running", 180)]


DAY_AFTER = """
follow-up:
  kind: deadline
  from: ticket.resolved
  kept_by: ticket.called_back
  not_before: {fact: occurred_at, plus: 1 day}
  within: 2 days
"""


def test_too_early_does_not_keep():
    day = 24 * 60
    found = played(DAY_AFTER, (0, "ticket.resolved"), (60, "ticket.called_back"))
    assert found == [("follow-up", "running", 2 * day)]
    found = played(DAY_AFTER, (0, "ticket.resolved"), (60, "ticket.called_back"), (day, "ticket.called_back"))
    assert found == [("follow-up", "kept", 2 * day)]


def test_the_day_after_begins_with_its_midnight():
    """Solved at nine in the morning: a call at midnight counts, one a minute before does not."""
    midnight = 15 * 60
    for minutes, state in ((midnight - 1, "running"), (midnight, "kept"), (23 * 60, "kept")):
        found = played(DAY_AFTER, (0, "ticket.resolved"), (minutes, "ticket.called_back"))
        assert found[0][1] == state, minutes


BOTH = """
handed:
  kind: deadline
  from: ticket.reported
  kept_by: {all: [ticket.resolved, {any: [ticket.confirmed, ticket.closed]}]}
  within: 1 h
"""


def test_all_parts_are_needed_in_any_order():
    assert played(BOTH, (0, "ticket.reported"), (1, "ticket.confirmed"))[0][1] == "running"
    assert played(BOTH, (0, "ticket.reported"), (1, "ticket.closed"), (2, "ticket.resolved"))[0][1] == "kept"


def test_fulfilled_counts_the_leaves_in_order():
    one, two, three = Happens("a.b"), Happens("c.d"), Happens("e.f")
    keeper = All((one, AnyOf((two, three))))
    assert keepers(keeper) == [one, two, three]
    assert [fulfilled(keeper, done) for done in range(8)] == [
        False,
        False,
        False,
        True,
        False,
        True,
        False,
        True,
    ]


PAUSED = """
repair:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: 2 h
  pauses: customer
"""


def test_an_obligation_that_begins_while_waiting_stands_still_from_the_start():
    found = played(
        PAUSED,
        (0, "ticket.waiting_started", {"reason": "customer"}),
        (10, "ticket.reported"),
        (70, "ticket.waiting_ended", {"reason": "customer"}),
    )
    assert found == [("repair", "running", 190)]


def test_the_end_of_another_wait_does_not_start_the_clock():
    found = played(
        PAUSED,
        (0, "ticket.reported"),
        (10, "ticket.waiting_started", {"reason": "customer"}),
        (20, "ticket.waiting_ended", {"reason": "part"}),
    )
    assert found == [("repair", "paused", None)]


def test_fixed_while_waiting_is_kept():
    found = played(
        PAUSED,
        (0, "ticket.reported"),
        (10, "ticket.waiting_started", {"reason": "customer"}),
        (500, "ticket.resolved"),
    )
    assert found[0][1] == "kept"


# Done before the limit is known

BY_GRADE = """
repair:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: 8 h, major: 2 h, none: none}
  undone_by: ticket.rejected
"""
DONE = ((0, "ticket.reported"), (300, "ticket.resolved"))


@pytest.mark.parametrize(("severity", "state"), [("minor", "kept"), ("major", "late"), ("none", "void")])
def test_what_was_done_is_judged_once_the_limit_is_known(severity, state):
    assert played(BY_GRADE, *DONE) == [("repair", "running", None)]
    found = replay(book_of(BY_GRADE), story(*DONE, (900, "ticket.graded", {"severity": severity})))
    assert [(o.state, o.is_unjudged) for o in found] == [(state, False)]
    kept_at = None if state == "void" else START + 300 * MINUTE
    assert (found[0].kept_at, found[0].missed_at) == (kept_at, found[0].due_at if state == "late" else None)


def test_a_case_closed_without_the_limit_has_no_verdict_until_somebody_tells_it():
    closed = (*DONE, (400, "ticket.closed"))
    [found] = replay(book_of(BY_GRADE), story(*closed))
    assert (found.state, found.ending, found.settled_at) == ("void", "no_limit", START + 400 * MINUTE)
    assert played(BY_GRADE, *closed, (500, "ticket.graded", {"severity": "minor"})) == [
        ("repair", "kept", 480)
    ]
    assert played(BY_GRADE, *closed, (500, "ticket.rejected")) == [("repair", "running", None)]


def test_what_is_done_without_a_limit_does_not_stand_in_the_way_of_the_next():
    found = played(BY_GRADE, *DONE, (310, "ticket.reported"), (320, "ticket.graded", {"severity": "minor"}))
    assert found == [("repair", "kept", 480), ("repair", "running", 790)]


def test_frozen_facts_are_never_told_later():
    frozen = BY_GRADE.replace("  undone_by", "  bind: opening\n  undone_by")
    [found] = replay(book_of(frozen), story(*DONE, (900, "ticket.graded", {"severity": "minor"})))
    assert (found.state, found.ending) == ("void", "no_limit")


def test_what_is_done_before_its_clock_begins_is_in_time():
    waiting = BY_GRADE.replace("  kept_by", "  after: 1 h\n  kept_by")
    done = ((0, "ticket.reported"), (30, "ticket.resolved"))
    graded = (900, "ticket.graded", {"severity": "major"})
    assert played(waiting, *done, graded) == [("repair", "kept", 180)]
    assert played(waiting, *done, (400, "ticket.closed"), graded) == [("repair", "kept", 180)]


def test_steps_that_count_from_the_start_end_with_the_deed():
    stepped = BY_GRADE + "  escalate: [{at: 30 min after opened, to: agent}]\n"
    [found] = replay(book_of(stepped), story((0, "ticket.reported"), (10, "ticket.resolved")))
    assert (found.next_at, found.steps_done) == (None, 0)


def test_the_first_of_several_deeds_counts_while_the_limit_is_not_known():
    either = BY_GRADE.replace("ticket.resolved", "[ticket.resolved, ticket.restored]")
    done = ((0, "ticket.reported"), (60, "ticket.resolved"), (300, "ticket.restored"))
    [found] = replay(book_of(either), story(*done, (900, "ticket.graded", {"severity": "major"})))
    assert (found.state, found.kept_at) == ("kept", START + 60 * MINUTE)


def test_what_is_done_stays_done_whatever_makes_the_rest_void():
    arrival = BY_GRADE.replace("ticket.resolved", "visit.arrived") + "  void_by: ticket.resolved\n"
    done = ((0, "ticket.reported"), (100, "visit.arrived"), (300, "ticket.resolved"))
    assert played(arrival, *done, (310, "ticket.graded", {"severity": "major"})) == [("repair", "kept", 120)]
    assert played(arrival, done[0], done[2])[0][1] == "void"


def test_waits_that_end_after_closing_do_not_stop_what_runs_again():
    waiting = BY_GRADE + "  pauses: customer\n"
    events = [
        (0, "ticket.reported"),
        (100, "ticket.waiting_started", {"reason": "customer"}),
        (200, "ticket.resolved"),
        (300, "ticket.closed"),
        (400, "ticket.waiting_ended", {"reason": "customer"}),
        (500, "ticket.rejected"),
        (500, "ticket.graded", {"severity": "minor"}),
    ]
    assert played(waiting, *events) == [("repair", "running", 780)]


TWO_GRADES = """
repair-minor:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: 8 h, major: none}
  undone_by: ticket.rejected
repair-major:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: none, major: 2 h}
  undone_by: ticket.rejected
"""
BY_CONDITION = TWO_GRADES.replace(
    "within: {by: severity, minor: 8 h, major: none}", "when: {severity: minor}\n  within: 8 h"
)
BY_CONDITION = BY_CONDITION.replace(
    "within: {by: severity, minor: none, major: 2 h}", "when: {severity: major}\n  within: 2 h"
)
MINOR, MAJOR = {"severity": "minor"}, {"severity": "major"}


@pytest.mark.parametrize("plan", [TWO_GRADES, BY_CONDITION])
@pytest.mark.parametrize("graded_at", [10, 400])
def test_a_deed_has_one_verdict_however_the_grade_is_corrected_afterwards(plan, graded_at):
    events = [(0, "ticket.reported"), (graded_at, "ticket.graded", MINOR), (300, "ticket.resolved", MINOR)]
    if graded_at > 300:
        events[2] = (300, "ticket.resolved")
    events = [*sorted(events), (500, "ticket.graded", MAJOR)]
    assert [one for one in played(plan, *events) if one[1] != "void"] == [("repair-minor", "kept", 480)]
    again = [*events, (600, "ticket.graded", MINOR), (650, "ticket.graded", MAJOR)]
    assert [one for one in played(plan, *again) if one[1] != "void"] == [("repair-minor", "kept", 480)]


@pytest.mark.parametrize("plan", [TWO_GRADES, BY_CONDITION])
def test_what_is_rejected_runs_on_by_the_grade_that_holds_then(plan):
    events = [
        (0, "ticket.reported", MINOR),
        (60, "ticket.resolved", MINOR),
        (70, "ticket.graded", MAJOR),
        (90, "ticket.rejected", MAJOR),
    ]
    assert [one for one in played(plan, *events) if one[1] != "void"] == [("repair-major", "running", 120)]
    ended = [*events, (130, "ticket.resolved", MAJOR)]
    assert [one for one in played(plan, *ended) if one[1] != "void"] == [("repair-major", "late", 120)]
    one_table = [*events[:2], (70, "ticket.graded", MAJOR), (90, "ticket.rejected", MAJOR)]
    assert [one for one in played(BY_GRADE, *one_table) if one[1] != "void"] == [("repair", "running", 120)]


# Against a naive model

VERBS = (
    "reported",
    "resolved",
    "rejected",
    "wait",
    "resume",
    "graded-minor",
    "graded-major",
    "cancelled",
    "closed",
    "tick",
)
LIMITS = {"minor": 480, "major": 120}
MODELLED = """
repair:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: 8 h, major: 2 h}
  pauses: customer
  undone_by: ticket.rejected
  void_by: ticket.cancelled
  escalate: none
"""
_BOOK = book_of(MODELLED)


class Naive:
    """The same promise, minute by minute, without any cleverness."""

    def __init__(self):
        self.past, self.grade, self.waits, self.since = [], None, [], None

    def counted(self, start, now):
        paused = sum(
            1 for m in range(start, now) if any(a <= m < (b if b is not None else now) for a, b in self.waits)
        )
        return now - start - paused

    def overdue(self, entry, now):
        """Whether the limit was used up the minute before; a wait that begins as its time is up stops nothing."""
        start, grade = entry["start"], entry["grade"]
        return grade is not None and now > start and self.counted(start, now - 1) >= LIMITS[grade]

    def feed(self, minute, verb):
        waiting = bool(self.waits) and self.waits[-1][1] is None
        current = self.past[-1] if self.past else None
        is_open = current is not None and current["state"] in ("running", "missed")
        if is_open and current["state"] == "running" and self.overdue(current, minute):
            current["state"] = "missed"
        if verb == "wait" and not waiting:
            self.waits.append((minute, None))
        elif verb == "resume" and waiting:
            self.waits[-1] = (self.waits[-1][0], minute)
        elif verb.startswith("graded-"):
            grade = verb.removeprefix("graded-")
            for entry in self.past:
                if entry["done"] is not None and entry["grade"] is None:
                    entry["grade"] = grade
                    entry["state"] = "late" if self.overdue(entry, entry["done"]) else "kept"
                    entry["over"] = False
                elif entry is current and is_open and not entry["over"] and entry["grade"] != grade:
                    entry["grade"], entry["state"] = grade, "running"
        elif verb == "reported" and not (is_open and not current["over"] and current["done"] is None):
            self.past.append(
                {"start": minute, "grade": None, "state": "running", "over": False, "done": None}
            )
        elif verb == "resolved" and is_open and not current["over"]:
            if current["done"] is None:
                current["done"] = minute
            if current["grade"] is not None:
                current["state"] = "late" if self.overdue(current, minute) else "kept"
        elif verb == "rejected" and current is not None and current["done"] is not None:
            current["state"] = "missed" if current["state"] == "late" else "running"
            current["done"], current["over"] = None, False
        elif verb == "cancelled":
            for entry in self.past:
                if entry["state"] in ("running", "missed") and not entry["over"] and entry["done"] is None:
                    entry["state"] = "missed" if entry["state"] == "missed" else "void"
                    entry["over"] = True
        elif verb == "closed":
            for entry in self.past:
                if entry["state"] == "running" and entry["done"] is not None:
                    entry["state"], entry["over"] = "void", True

    def states(self):
        return [entry["state"] for entry in self.past]


def happening(number, minute, verb):
    if verb in ("wait", "resume"):
        name, facts = f"ticket.waiting_{'started' if verb == 'wait' else 'ended'}", {"reason": "customer"}
    elif verb.startswith("graded"):
        name, facts = "ticket.graded", {"severity": verb.removeprefix("graded-")}
    else:
        name, facts = f"ticket.{verb}", {}
    at = START + minute * MINUTE
    return Happening(number, name, ("ticket", 1), ("ticket", 1), at, facts, at, 1, 1)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 200), st.sampled_from(VERBS)), min_size=1, max_size=25))
def test_the_reducer_agrees_with_a_naive_model(steps):
    model, events, minute = Naive(), [], 0
    for number, (gap, verb) in enumerate(steps, 1):
        minute += gap
        model.feed(minute, verb)
        events.append(happening(number, minute, verb))
    found = replay(_BOOK, events)
    shown = [o for o in found if o.ending != "rebound"]
    states = [
        "running" if o.state == "paused" else o.state for o in sorted(shown, key=lambda o: o.opened_event_id)
    ]
    assert states == model.states()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.sampled_from(VERBS)), max_size=20))
def test_a_replay_tells_the_same_story_twice(steps):
    events, minute = [], 0
    for number, (gap, verb) in enumerate(steps, 1):
        minute += gap
        events.append(happening(number, minute, verb))
    end = START + timedelta(days=3)
    assert replay(_BOOK, events, until=end) == replay(_BOOK, list(reversed(events)), until=end)


STEPS = ("reported", "resolved", "rejected", "wait", "resume", "closed", "tick")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(LIMITS)),
    st.lists(st.tuples(st.integers(1, 200), st.sampled_from(STEPS)), max_size=14),
)
def test_the_verdict_is_the_same_whenever_the_grade_is_told(severity, steps):
    events, minute = [], 0
    for number, (gap, verb) in enumerate([*steps, (1, f"graded-{severity}")], 1):
        minute += gap
        events.append(happening(number, minute, verb))
    known = [
        one.with_facts({"severity": severity}) if one.verb == "ticket.reported" else one for one in events
    ]
    told_last, told_first = (
        [
            (o.opened_event_id, o.state, o.kept_at)
            for o in replay(_BOOK, told, until=START + timedelta(days=30))
        ]
        for told in (events, known)
    )
    assert told_last == told_first


# The word on the board


@pytest.mark.parametrize(
    ("readiness", "figures", "reached", "is_over", "expected"),
    [
        (Readiness.READY, Figures(), None, False, Standing.NOTHING_DUE),
        (Readiness.READY, Figures(kept=3), None, False, Standing.KEPT),
        (Readiness.READY, Figures(kept=3, running=1, warned=1), None, False, Standing.AT_RISK),
        (Readiness.READY, Figures(kept=3, late=1), None, False, Standing.BROKEN),
        (Readiness.READY, Figures(refused=4), None, False, Standing.NOTHING_DUE),
        (Readiness.AWAITS, Figures(), None, False, Standing.NOT_EXECUTABLE),
        (Readiness.UNSET, Figures(), None, False, Standing.UNSET),
        (Readiness.READY, Figures(), False, False, Standing.AT_RISK),
        (Readiness.READY, Figures(), False, True, Standing.BROKEN),
        (Readiness.READY, Figures(), True, True, Standing.KEPT),
    ],
)
def test_standing(readiness, figures, reached, is_over, expected):
    assert standing_of(readiness, figures, reached, is_over=is_over) == expected


def test_no_data_is_no_share():
    assert Figures().share is None
    assert Figures(kept=3, late=1).share == 0.75
