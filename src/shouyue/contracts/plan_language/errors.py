"""Problems of a plan file, each with its place and, for misspelt words, the nearest known word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from shouyue.contracts.plan_language.messages import MESSAGES, TYPES

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands. line, column: counted from 1; 0 when unknown. path: `commitments.respond.within`."""

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing wrong with a plan. code: key of MESSAGES; detail: what its sentence names; hint: nearest known word."""

    code: str
    place: Place
    detail: dict[str, str] = field(default_factory=dict)
    hint: str = ""
    severity: Severity = "error"

    def message(self, language: str = "en") -> str:
        """One sentence. language: "zh…" for Chinese, anything else English."""
        chinese = language.startswith("zh")
        detail = self.detail
        if (kind := TYPES.get(detail.get("type", ""))) is not None:
            detail = detail | {"type": kind.pick(language)}
        sentence = MESSAGES[self.code].pick(language).format(**detail)
        if not self.hint:
            return sentence
        return f"{sentence}是否想写“{self.hint}”？" if chinese else f"{sentence} Did you mean “{self.hint}”?"

    def line_of_text(self, language: str = "en") -> str:
        """`file:line:column: error: path: sentence`, the form editors and terminals understand."""
        words = {"error": "错误", "warning": "警告"} if language.startswith("zh") else {}
        kind = words.get(self.severity, self.severity)
        place = self.place
        where = f"{place.file}:{place.line}:{place.column}" if place.line else place.file
        path = f"{self.place.path}: " if self.place.path else ""
        return f"{where}: {kind}: {path}{self.message(language)}"

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    @property
    def path(self) -> str:
        return self.place.path

    def __str__(self) -> str:
        return self.line_of_text()


class PlanError(Exception):
    """The plan cannot be used; `problems` says why."""

    def __init__(self, problems: Iterable[PlanProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or an empty string."""
    candidates = list(known)
    found = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if found:
        return found[0]
    lowered = {candidate.lower().replace("_", "-"): candidate for candidate in candidates}
    return lowered.get(word.lower().replace("_", "-"), "")
