"""Load the demo: sixty days of life in virtual time, as one loop over steps with the sweep in between."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.models import User
from shouyue.commitments.services.sweep import sweep_once
from shouyue.commitments.services.tending import tend_once
from shouyue.contracts.models import Contract
from shouyue.demo import queries
from shouyue.demo.choices import Stage, State
from shouyue.demo.models import DemoProgress, DemoStep, DemoStory
from shouyue.demo.rules import life
from shouyue.demo.rules.rhythm import ZONE
from shouyue.demo.rules.script import Script, Step
from shouyue.kernel import clock, locks, verification
from shouyue.kernel.errors import Conflict, ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.services import deliver_batch, mark_all_read
from shouyue.parties.models import Customer
from shouyue.runtime import database
from shouyue.runtime.errors import Problem
from shouyue.tickets.models import Ticket

from . import acting, erasing, pacing, world

UNREAD = timedelta(hours=6)
"""What came in during these last hours waits to be read."""
CHUNK = 150
"""Steps in one transaction: fewer commits, and a progress bar that still moves."""
ANALYSED_AFTER = frozenset({0, 1, 3, 8, 20, 50})
"""So many transactions after which the server counts the rows anew: its plans for an empty table are bad ones."""
COLLECT_EVERY = 6
"""Looking for garbage costs the more, the more is known."""

REFUSAL = _("This database holds data that is not of the demo. The demo is only loaded into an empty one.")
ALREADY = _("The demo is loaded already; `shouyue demo reset` erases it.")
BUSY = _("The demo is being loaded by another process.")

_log = logging.getLogger(__name__)

Tell = Callable[[int, Stage], None]


def _silent(percent: int, stage: Stage) -> None:
    return None


@dataclass
class Outcome:
    """What loading did: how many steps, sweeps with something due, stories that went wrong with their error.

    steady: promises whose calendar is planned weekly.
    """

    steps: int = 0
    sweeps: int = 0
    problems: list[str] = field(default_factory=list)
    steady: list[int] = field(default_factory=list)


def load(
    *, days: int = 60, tickets: int = 1700, seed: int = 7, end: datetime | None = None, tell: Tell = _silent
) -> Outcome:
    """Fill an empty database with the demo, or one in which a load was interrupted. end: the simulated present.

    Raises: Conflict when the database is not empty, was loaded already, or is being loaded. Locks: virtual time.
    """
    with acting_in(EVERYTHING):
        interrupted = queries.is_interrupted()
    if interrupted:
        erasing.erase()
    until = end or clock.now()
    with locks.virtual_time() as mine:
        if not mine:
            raise Conflict(BUSY, code="busy")
        gc.freeze()  # Django's own objects live on; looking through them again and again costs a tenth
        gc.disable()
        with acting_in(EVERYTHING):
            mark(days=days, tickets=tickets, seed=seed, at=until)
        try:
            with _no_mail():
                return _live(days, tickets, seed, until, tell)
        except Exception as error:
            with suppress(Exception), acting_in(EVERYTHING):  # neither may a full disk
                _note(state=State.FAILED, error=f"{type(error).__name__}: {error}"[:500])
            raise
        finally:
            gc.enable()


@transaction.atomic
def mark(*, days: int, tickets: int, seed: int, at: datetime) -> DemoProgress:
    """Mark an empty database as a demo. Raises: Conflict."""
    locks.hold("demo")
    if DemoProgress.objects.exists():
        raise Conflict(ALREADY, code="loaded")
    if not is_empty():
        raise Conflict(REFUSAL, code="not_empty")
    row: DemoProgress = DemoProgress.objects.create(
        id=1, seed=seed, days=days, tickets=tickets, started_at=clock.now(), planned_until=at
    )
    return row


def is_empty() -> bool:
    """Whether nobody has entered anything yet."""
    return not (
        User.objects.exists()
        or Customer.objects.exclude(pk=0).exists()
        or Contract.objects.exists()
        or Ticket.objects.exists()
    )


def _live(days: int, tickets: int, seed: int, end: datetime, tell: Tell) -> Outcome:
    since, server = end - timedelta(days=days), _server_process()
    tell(0, Stage.WORLD)
    with acting_in(EVERYTHING), clock.at(since - timedelta(hours=2)):
        scenes = world.build(seed)
        _note(percent=4, stage=Stage.LIFE)
    scripts = life.past(scenes, seed, since, end, tickets)
    with acting_in(EVERYTHING):
        outcome, cast = Outcome(steady=pacing.steady()), acting.Cast()
    threads = [acting.Thread(script.key) for script in scripts]
    moments, looked = _moments(scripts, end), False
    for turn, start in enumerate(range(0, len(moments), CHUNK)):
        if turn in ANALYSED_AFTER:
            _analyse()
        if turn % COLLECT_EVERY == 0:
            gc.collect()
        if _server_process() != server:  # real time has passed meanwhile, and judged what is not over yet
            raise Problem("The connection to the database was lost while the demo was loaded: load it again.")
        part = moments[start : start + CHUNK]
        looks = not looked and part[0].at > end - UNREAD
        percent = 4 + 94 * min(start + CHUNK, len(moments)) // len(moments)
        _live_through(part, threads, cast, outcome, percent, looks=looks)
        looked = looked or looks
        tell(percent, Stage.LIFE)
    with acting_in(EVERYTHING):
        _sweep_until(end, outcome)
        with clock.at(end):
            pacing.look_daily(outcome.steady)
        save_rest(scripts, threads, cast, end, outcome)
        _note(percent=98, stage=Stage.FINISH)
    _analyse()
    with acting_in(EVERYTHING):
        verification.anchor_day(end.astimezone(ZONE).date() - timedelta(days=1))  # as at the midnight before
        _note(percent=100, state=State.READY, ready_at=clock.now(), planned_until=end)
    tell(100, Stage.FINISH)
    return outcome


def _server_process() -> int:
    """The process of the server behind this connection; virtual time is held by it and ends with it."""
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def _live_through(
    part: Sequence[Moment],
    threads: Sequence[acting.Thread],
    cast: acting.Cast,
    outcome: Outcome,
    percent: int,
    *,
    looks: bool,
) -> None:
    """One transaction of life; savepoints are only made once something in it has gone wrong. looks: at notices, first.

    Each service asks for a savepoint, which is a fifth of all statements, and hardly one is ever gone back to.
    """
    for makes_savepoints in (False, True):
        tried = replace(outcome, problems=list(outcome.problems))
        try:
            with acting_in(EVERYTHING), _savepoints(makes_savepoints):
                _hurry()
                if looks:
                    _look_at_notices(cast)
                _go_on(part, threads, cast, tried, may_fail=makes_savepoints)
                _note(percent=percent)
        except Exception:
            if makes_savepoints:
                raise
            _log.info("a part of the demo's life is done again, with savepoints", exc_info=True)
        else:
            outcome.steps, outcome.sweeps, outcome.problems = tried.steps, tried.sweeps, tried.problems
            return


@contextmanager
def _savepoints(wanted: bool) -> Iterator[None]:
    """Whether blocks within a transaction make savepoints. Raises: TransactionManagementError when one was missed."""
    connection.features.uses_savepoints = wanted
    try:
        yield
        connection.validate_no_broken_transaction()
    finally:
        connection.features.uses_savepoints = True


def _look_at_notices(cast: acting.Cast) -> None:
    """People have read what reached them until now."""
    for actor in cast.actors.values():
        mark_all_read(actor=actor)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A step with its place in the order of all steps."""

    at: datetime
    script: int
    position: int
    step: Step = field(compare=False)


def _moments(scripts: Sequence[Script], end: datetime) -> list[Moment]:
    return sorted(
        Moment(step.at, index, position, step)
        for index, script in enumerate(scripts)
        for position, step in enumerate(script.steps)
        if step.at <= end
    )


def _go_on(
    moments: Sequence[Moment],
    threads: Sequence[acting.Thread],
    cast: acting.Cast,
    outcome: Outcome,
    *,
    may_fail: bool,
) -> None:
    """Do the steps, and between them what time brings. may_fail: a step that fails ends its story, not all."""
    due = next_due()
    for moment in moments:
        while due is not None and due <= moment.at:
            due = _sweep_at(due, outcome)
        thread = threads[moment.script]
        if thread.gave_up:
            continue
        with clock.at(moment.at):
            try:
                acting.perform(cast, thread, moment.step)
                outcome.steps += 1
                if moment.step.verb == "vouch":
                    pacing.look_weekly(outcome.steady)
            except ShouyueError as error:
                if not may_fail:
                    raise
                thread.gave_up = f"{moment.step.verb}: {error} {error.fields or ''}".strip()
                outcome.problems.append(f"{thread.key} {thread.gave_up}")
        due = next_due()
    _forget_jobs()


def _sweep_at(due: datetime, outcome: Outcome) -> datetime | None:
    """What the register and the messengers do by themselves when time has come; the next such instant."""
    with clock.at(due):
        tended = tend_once()
        if tended:
            pacing.look_weekly(outcome.steady)
        if tended + sweep_once() == 0:
            raise RuntimeError(f"an obligation due at {due} is not taken up")
        outcome.sweeps += 1
        while _anything_waits() and deliver_batch():
            pass
    return next_due()


def _anything_waits() -> bool:
    """Whether notices wait to be delivered. Queries: one, on an index of those alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM notifications_notice WHERE state IN ('queued', 'held', 'sending')"
            " AND channel <> 'phone' AND (retry_at IS NULL OR retry_at <= %s))",
            [clock.now()],
        )
        return bool(cursor.fetchone()[0])


def _sweep_until(end: datetime, outcome: Outcome) -> None:
    due = next_due()
    while due is not None and due <= end:
        due = _sweep_at(due, outcome)
    _forget_jobs()


def next_due() -> datetime | None:
    """When the register next has something to do by itself. Queries: one, on two indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(next_at) FROM commitments_obligation WHERE next_at IS NOT NULL), "
            "(SELECT min(next_at) FROM commitments_commitment WHERE next_at IS NOT NULL))"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def save_rest(
    scripts: Sequence[Script],
    threads: Sequence[acting.Thread],
    cast: acting.Cast,
    end: datetime,
    outcome: Outcome,
) -> None:
    """Keep the steps that are still to come, for those who look on to see them happen."""
    for script, thread in zip(scripts, threads, strict=True):
        left = [(position, step) for position, step in enumerate(script.steps) if step.at > end]
        if not left or thread.gave_up:
            continue
        keep(thread, left, cast)


def keep(thread: acting.Thread, steps: Sequence[tuple[int, Step]], cast: acting.Cast) -> DemoStory:
    """Write a story and its coming steps down."""
    story: DemoStory = DemoStory.objects.create(
        key=thread.key, ticket_id=thread.ticket_id, visit_id=thread.visit_id
    )
    DemoStep.objects.bulk_create(
        DemoStep(
            story=story,
            at=step.at,
            position=position,
            verb=step.verb,
            by=step.by,
            arguments={name: _known(cast, value) for name, value in step.arguments.items()},
        )
        for position, step in steps
    )
    return story


def _known(cast: acting.Cast, value: object) -> object:
    if isinstance(value, str) and value[:1] == "~":
        return cast.cases.get(value[1:], value)
    return value


def _note(**changes: object) -> None:
    DemoProgress.objects.filter(pk=1).update(**changes)


def _hurry() -> None:
    """A demo may be loaded again: do not wait for the disk at each commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def _forget_jobs() -> None:
    """Deliveries were made in virtual time; the worker need not look for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'notifications.deliver' AND status = 'todo'"
        )


@contextmanager
def _no_mail() -> Iterator[None]:
    """Nothing of the simulated past leaves the house."""
    before = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = before


def _analyse() -> None:
    """Let the server count the new rows now: the first visitors' lists are as fast as later ones."""
    try:
        with database.connect(erasing.admin_url()) as admin:
            admin.execute("ANALYZE")
    except Problem:  # without an administrator's access the server does so by itself in a minute
        return
