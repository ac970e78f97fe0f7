"""A text being edited: its problems, and the promise the cursor stands in, said in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shouyue.contracts import plan_page, vocabulary
from shouyue.contracts.calendars_of import unknown_tables
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.parse import Parsed, parse_text


@dataclass(frozen=True, slots=True)
class Found:
    """A problem for people. line, column: counted from 1."""

    line: int
    column: int
    where: str
    text: str
    severity: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said of a text. promise: the one at the line asked for."""

    problems: tuple[Found, ...]
    promise: plan_page.Promise | None
    plan: Plan | None

    @property
    def errors(self) -> int:
        """Problems that keep the text from being proposed."""
        return sum(one.severity == "error" for one in self.problems)

    @property
    def warnings(self) -> int:
        """Problems that do not."""
        return len(self.problems) - self.errors


def checked(text: str, language: str, line: int = 0) -> Checked:
    """Check a text of any content; never raises for what stands in it."""
    parsed = _parsed(text)
    words = vocabulary.current()
    problems = tuple(
        Found(one.line or 1, one.column or 1, one.path, one.message(language), one.severity)
        for one in (*check_plan(parsed, words), *unknown_tables(parsed))
    )
    promise = None
    name = commitment_at(parsed, line)
    if parsed.plan is not None and name:
        promise = plan_page.promise_of(parsed.plan.commitment(name), parsed.plan, words, language)
    return Checked(tuple(sorted(problems, key=lambda one: (one.line, one.column))), promise, parsed.plan)


def commitment_at(parsed: Parsed, line: int) -> str:
    """The name of the commitment a line belongs to; empty before the first."""
    starts = [
        (place.line, path.removeprefix("commitments."))
        for path, place in parsed.places.items()
        if path.startswith("commitments.") and path.count(".") == 1
    ]
    before = [start for start in starts if start[0] <= line]
    return max(before)[1] if before else ""


@lru_cache(maxsize=16)
def _parsed(text: str) -> Parsed:
    return parse_text(text)
