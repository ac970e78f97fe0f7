"""Sixty days of it: which stories begin when, for a given number of tickets."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from . import courses, rhythm, rounds, specials, texts
from .script import Scene, Script

LEAST_PER_MINUTE = 0.2
"""Livelier than real nights and Sundays: whoever looks on sees something new within minutes."""


def past(
    scenes: Mapping[str, Scene], seed: int, since: datetime, end: datetime, tickets: int
) -> list[Script]:
    """The scripts of all stories that begin between the two instants, in order of their beginning."""
    rng = random.Random(f"{seed}:life")
    scripts = list(specials.in_the_middle(scenes, end, rng)) if tickets >= 60 else []
    scripts += _remarkable(scenes, rng, seed, since, end, tickets)
    left = max(tickets - sum(_is_a_ticket(script, end) for script in scripts), 0)
    whole = sum(scene.share for scene in scenes.values())
    given = 0
    for index, scene in enumerate(scenes.values()):
        count = round(left * scene.share / whole) if index < len(scenes) - 1 else left - given
        given += count
        scripts += _ordinary(scene, seed, since, end, count)
    return sorted(scripts, key=lambda script: (script.steps[0].at, script.key))


def _is_a_ticket(script: Script, end: datetime) -> bool:
    return script.steps[0].verb == "report_ticket" and script.steps[0].at <= end


def _ordinary(scene: Scene, seed: int, since: datetime, end: datetime, count: int) -> Iterator[Script]:
    rng = random.Random(f"{seed}:{scene.code}")
    for number, at in enumerate(rhythm.arrivals(rng, scene.pace, since, end, count)):
        yield courses.write(
            scene, f"{scene.code}-{number}", at, random.Random(f"{seed}:{scene.code}:{number}")
        )


def _remarkable(
    scenes: Mapping[str, Scene],
    rng: random.Random,
    seed: int,
    since: datetime,
    end: datetime,
    tickets: int,
) -> Iterator[Script]:
    """Rounds and words by the calendar, and what people still talk about; nothing of it in a short life."""
    days = (end - since) / timedelta(days=1)
    if tickets < 200 or days < 20:
        return
    rows = {row["code"]: row for row in texts.contracts()}
    for code, scene in scenes.items():
        yield from rounds.of(scene, rows[code], seed, since, end)
    yield rounds.calls(scenes["GB"], since, end + rounds.AHEAD)
    night = since + timedelta(days=days * 0.28)
    yield specials.crash(scenes["SW"], "CRASH-1", night.replace(hour=19, minute=41), rng, saved=True)
    noon = since + timedelta(days=days * 0.71)
    yield specials.crash(scenes["SW"], "CRASH-2", noon.replace(hour=2, minute=17), rng, saved=False)
    for number, at in enumerate(rhythm.storms(rng, since, end)):
        count = max(round(tickets * scenes["FV"].share * rhythm.STORM_SHARE / max(days / 17, 1)), 3)
        yield from specials.storm(scenes["FV"], f"STORM-{number}", at, rng, count)
    for number, share in enumerate((0.2, 0.55, 0.9)):
        at = (since + timedelta(days=days * share)).replace(hour=1, minute=12)
        yield from specials.outage(scenes["GB"], f"OUTAGE-{number}", at, rng)
    yield from specials.held_up(scenes, since, end, rng)


def to_come(
    scenes: Mapping[str, Scene], seed: int, since: datetime, until: datetime, per_day: float, number: int
) -> list[Script]:
    """Stories that begin between the two instants while somebody looks on; number: of the first."""
    rng = random.Random(f"{seed}:live:{number}:{since.isoformat()}")
    scripts: list[Script] = []
    minutes = (until - since) / timedelta(minutes=1)
    for scene in scenes.values():
        rate = rhythm.per_minute(scene.pace, since, per_day * scene.share)
        expected = max(rate, LEAST_PER_MINUTE * scene.share) * minutes
        count = int(expected) + (rng.random() < expected % 1)
        for _ in range(count):
            at = since + timedelta(seconds=rng.uniform(0, minutes * 60))
            key = f"LIVE-{number + len(scripts)}"
            scripts.append(courses.write(scene, key, at, random.Random(f"{seed}:{key}")))
    return sorted(scripts, key=lambda script: script.steps[0].at)
