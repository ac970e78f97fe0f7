"""Life goes on while somebody looks: steps whose time has come are done, new faults arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shouyue.demo.choices import State
from shouyue.demo.models import DemoProgress, DemoStep, DemoStory
from shouyue.demo.rules import life
from shouyue.demo.rules.script import Script, Step
from shouyue.kernel import clock, locks
from shouyue.kernel.errors import Conflict, ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import acting, loading, world

AHEAD = timedelta(minutes=2)
ASLEEP = timedelta(minutes=15)
"""After a longer pause nothing is made up for: the machine was switched off, or it was night at the demo."""
STEPS_AT_ONCE = 60

NO_DEMO = _("There is no demo in this database: `shouyue demo load` makes one.")


@dataclass(frozen=True, slots=True)
class Played:
    """What a turn did. busy: another process is at it."""

    steps: int = 0
    faults: int = 0
    busy: bool = False


def play_turn(cast: acting.Cast | None = None) -> Played:
    """Do what is due and think of the next faults. Two at once, or twice in a row, do nothing twice.

    Raises: Conflict when the database is no demo. Locks: the turn; each step's story.
    """
    with acting_in(EVERYTHING):
        if not locks.try_hold("demo.play"):
            return Played(busy=True)
        row = DemoProgress.objects.filter(state=State.READY).first()
        if row is None:
            raise Conflict(NO_DEMO, code="no_demo")
        faults = _think_ahead(row)
    cast, steps = cast or acting.Cast(), 0
    while steps < STEPS_AT_ONCE and _one_step(cast):
        steps += 1
    return Played(steps, faults)


def set_speed(speed: float) -> None:
    """From now on life goes on so many times as fast; what is to come moves nearer or away. Raises: Conflict."""
    with acting_in(EVERYTHING):
        locks.hold("demo.play")
        row = DemoProgress.objects.filter(state=State.READY).first()
        if row is None:
            raise Conflict(NO_DEMO, code="no_demo")
        if row.speed == speed:
            return
        now = clock.now()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE demo_demostep SET at = %s + (at - %s) * %s WHERE at > %s",
                [now, now, row.speed / speed, now],
            )
        DemoProgress.objects.filter(pk=1).update(speed=speed)


def is_active() -> bool:
    """Whether this database is a demo that is ready. Queries: one."""
    return DemoProgress.objects.filter(state=State.READY).exists()


def _think_ahead(row: DemoProgress) -> int:
    now = clock.now()
    since = row.planned_until or now
    if since < now - ASLEEP:
        since = now
    until = now + AHEAD
    if since >= until - AHEAD / 2:
        return 0
    scenes = world.scenes_again()
    stretched = since + (until - since) * row.speed
    per_day = row.tickets / max(row.days, 1)
    scripts = life.to_come(scenes, row.seed, since, stretched, per_day, row.next_number)
    for script in scripts:
        loading.keep(
            acting.Thread(script.key), list(enumerate(_hurried(script, since, row.speed))), acting.Cast()
        )
    DemoProgress.objects.filter(pk=1).update(planned_until=until, next_number=row.next_number + len(scripts))
    return len(scripts)


def _hurried(script: Script, since: datetime, speed: float) -> Sequence[Step]:
    return [
        Step(since + (step.at - since) / speed, step.verb, step.by, step.arguments) for step in script.steps
    ]


def _one_step(cast: acting.Cast) -> bool:
    """Do the step that is due longest; False when there is none or others hold it."""
    with acting_in(EVERYTHING):
        step = (
            DemoStep.objects.filter(at__lte=clock.now())
            .select_related("story")
            .select_for_update(skip_locked=True)
            .order_by("at", "story_id", "position")
            .first()
        )
        if step is None:
            return False
        story = step.story
        thread = acting.Thread(story.key, story.ticket_id, story.visit_id)
        try:
            acting.perform(cast, thread, Step(step.at, step.verb, step.by, step.arguments))
        except ShouyueError as error:  # a visitor has done it meanwhile, or something that rules it out
            DemoStep.objects.filter(story=story).delete()
            DemoStory.objects.filter(pk=story.pk).update(gave_up=f"{step.verb}: {error}"[:300])
            return True
        step.delete()
        DemoStory.objects.filter(pk=story.pk).update(ticket_id=thread.ticket_id, visit_id=thread.visit_id)
        if not DemoStep.objects.filter(story=story).exists():
            DemoStory.objects.filter(pk=story.pk).delete()
        return True
