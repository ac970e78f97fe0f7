"""The script of one story: who does what when. A script is data; carrying it out is the services' business."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .rhythm import ZONE, Pace
from .texts import Words, has_phrase, phrase


@dataclass(frozen=True, slots=True)
class Place:
    """A site as scripts see it. area: urban or outer; mode: how it is served; by: the engineer of the place."""

    id: int
    name: str
    area: str = "urban"
    mode: str = "call_out"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """A contact as scripts see it. user: the account with which the person uses the portal."""

    id: int
    name: str
    phone: str
    site_id: int | None = None
    user: str = ""
    is_vip: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One contract's world."""

    code: str
    plan: str
    contract_id: int
    share: float
    pace: Pace
    places: Sequence[Place]
    callers: Sequence[Caller]
    portal: str
    engineers: Sequence[str]
    names: Mapping[str, str]

    def of_role(self, *wanted: str) -> list[str]:
        return [name for name in self.engineers if name in wanted]


@dataclass(frozen=True, slots=True)
class Step:
    """A verb of a service, by whom, at which instant. Arguments are JSON; `@name` stands for an account's id."""

    at: datetime
    verb: str
    by: str
    arguments: dict[str, Any]


@dataclass
class Script:
    """Gathers the steps of a story while its time goes on."""

    key: str
    scene: Scene
    rng: random.Random
    now: datetime
    words: Words = field(default_factory=Words)
    steps: list[Step] = field(default_factory=list)

    def after(self, minutes: float) -> datetime:
        """Let time go on, at least some seconds."""
        self.now += timedelta(seconds=max(round(minutes * 60), 5))
        return self.now

    def do(self, verb: str, by: str, **arguments: Any) -> None:
        """Somebody does this now."""
        self.steps.append(Step(self.now, verb, by, arguments))

    def say(self, sort: str) -> str:
        """A text for this story, in the words of its contract's trade where there are any."""
        own = f"{sort}_{self.scene.plan}"
        return phrase(self.rng, own if has_phrase(own) else sort, self.words)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def about(self, middle: float, spread: float = 0.45) -> float:
        """A duration round `middle`, never below a fifth or above five times of it."""
        drawn = self.rng.lognormvariate(0, spread)
        return middle * min(max(drawn, 0.2), 5.0)

    def within(self, limit: float, middle: float, spread: float = 0.45) -> float:
        """A duration round `middle` that keeps the limit with some room."""
        return min(self.about(middle, spread), limit * 0.93)

    def desk(self) -> str:
        """Who sits at the desk now."""
        hour = self.now.astimezone(ZONE).hour
        if hour >= 21 or hour < 8:
            return "desk3"
        return self.rng.choice(("desk", "desk", "desk2"))

    def next_morning(self) -> float:
        """Minutes until the desk closes cases of today: between nine and eleven tomorrow."""
        local = self.now.astimezone(ZONE)
        morning = (local + timedelta(days=1)).replace(
            hour=9, minute=self.rng.randrange(5, 59), second=self.rng.randrange(60), microsecond=0
        )
        return (morning - local) / timedelta(minutes=1) + self.rng.uniform(0, 90)

    def opening_hours(self) -> bool:
        local = self.now.astimezone(ZONE)
        return local.weekday() < 5 and 8 <= local.hour < 18

    def is_day(self) -> bool:
        return 8 <= self.now.astimezone(ZONE).hour < 21
