"""A parsed plan against itself and against the vocabulary: unknown words, dangling references, circles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from shouyue.contracts.plan_language.errors import PlanProblem, Severity, nearest
from shouyue.contracts.plan_language.grammar import EVIDENCE_WORDS
from shouyue.contracts.plan_language.model import (
    Anchor,
    Deadline,
    FactRef,
    Period,
    Plan,
    Recurring,
    Share,
    Table,
    Test,
    Verdict,
)
from shouyue.contracts.plan_language.parse import Parsed
from shouyue.contracts.plan_language.uses import Context, Use, anchor_uses, match_uses, uses_of
from shouyue.contracts.plan_language.vocabulary import EVENT_FACTS, Vocabulary
from shouyue.servicetime.durations import Duration

OWN_ROLES = frozenset({"assignee", "owner"})
_OUTSIDE = ("verb", "act", "decision", "item", "measure", "guard", "roster", "role")
_RANKED = ("at_least", "above", "at_most", "below", "between")
_ORDERED_TYPES = ("integer", "number", "instant", "day", "duration")


def check_plan(parsed: Parsed, vocabulary: Vocabulary) -> tuple[PlanProblem, ...]:
    """All problems of a file: those of reading, and, if it could be read, those of its words and references."""
    if parsed.plan is None:
        return parsed.problems
    checker = _Checker(parsed, parsed.plan, vocabulary)
    checker.run()
    return (*parsed.problems, *checker.problems)


class _Checker:
    def __init__(self, parsed: Parsed, plan: Plan, vocabulary: Vocabulary) -> None:
        self.parsed = parsed
        self.plan = plan
        self.vocabulary = vocabulary
        self.problems: list[PlanProblem] = []
        self.scales = {scale.fact: scale.words for scale in plan.scales}
        self.awaits: tuple[str, ...] = ()
        self.known: dict[str, frozenset[str]] = {
            **{sort: vocabulary.words_for(sort) for sort in _OUTSIDE},
            "role": vocabulary.roles | OWN_ROLES,
            "window": frozenset({"always", *(window.name for window in plan.windows)}),
            "wait": frozenset(wait.name for wait in plan.waits),
            "stage": frozenset(stage.name for stage in plan.stages),
            "commitment": frozenset(commitment.name for commitment in plan.commitments),
            "date": plan_dates(plan) | vocabulary.dates,
            "warranty_class": frozenset(one.name for one in (plan.warranty.classes if plan.warranty else ())),
        }

    def run(self) -> None:
        for path, use in self._head_uses():
            self._check(use, path)
        for commitment in self.plan.commitments:
            self.awaits = commitment.awaits
            for use in uses_of(commitment):
                self._check(use, f"commitments.{use.path}")
            if isinstance(commitment, Deadline):
                for name in ("within", "window"):
                    at = f"commitments.{commitment.name}.{name}"
                    self._gaps(getattr(commitment, name), at)
            if isinstance(commitment, Recurring):
                self._never(commitment)
            for word in commitment.awaits:
                if self.vocabulary.knows(word):
                    self._report(
                        "no_longer_awaited",
                        f"commitments.{commitment.name}.awaits",
                        severity="warning",
                        name=word,
                    )
        self.awaits = ()
        for number, settlement in enumerate(self.plan.settles, start=1):
            for name in settlement.affects:
                self._check(Use("commitment", name, ""), f"settles.{number}.affects")
        self._stages()
        self._scores()
        self._circles()

    def _never(self, duty: Recurring) -> None:
        """A rhythm that can never ask for anything is a slip of the pen."""
        sample, least = duty.sample, duty.max_gap
        every = duty.every if isinstance(duty.every, Period) else None
        days = {"day": 1, "week": 7}.get(every.unit, 0) * every.count if every else 0
        empty = {
            "times": duty.times == 0,
            "max_gap": isinstance(least, Duration) and least.amount == 0,
            "sample": sample is not None
            and not sample.at_least
            and (sample.count == 0 or (isinstance(sample.share, Share) and sample.share.percent == 0)),
        }
        for key, never in empty.items():
            if never:
                self._report("never_asked", f"commitments.{duty.name}.{key}", name=duty.name)
        for key in ("opens", "due", "not_before"):
            anchor = getattr(duty, key)
            if days and isinstance(anchor, Anchor) and _beyond(anchor, days):
                self._report("never_asked", f"commitments.{duty.name}.{key}", name=duty.name)

    def _stages(self) -> None:
        """Stages follow each other: two that begin on the same day would run at once."""
        for number, stage in enumerate(self.plan.stages):
            for other in self.plan.stages[:number]:
                if stage.begins == other.begins:
                    at = f"stages.{stage.name}.from"
                    self._report("stages_together", at, name=stage.name, other=other.name)

    def _scores(self) -> None:
        """Areas name commitments of the plan; what costs points belongs to one."""
        scores = self.plan.scores
        if scores is None:
            return
        for area in scores.areas:
            for name in area.covers:
                self._check(Use("commitment", name, ""), f"scores.areas.{area.name}.covers")
        if any(not area.covers for area in scores.areas):
            return
        covered = {name for area in scores.areas for name in area.covers}
        for one in self.plan.commitments:
            if one.points != 0 and one.name not in covered:
                self._report(
                    "score_without_area", f"commitments.{one.name}", severity="warning", name=one.name
                )

    def _head_uses(self) -> Iterator[tuple[str, Use]]:
        every_verb: Context = tuple(("verb", verb) for verb in self.vocabulary.verbs)
        for one in self.plan.classes:
            for use in match_uses(one.match, f"classes.{one.name}.when", every_verb):
                yield use.path, use
        for wait in self.plan.waits:
            at = f"waits.{wait.name}"
            yield f"{at}.from", Use("verb", wait.begins.verb, "")
            for verb in wait.ends:
                yield f"{at}.until", Use("verb", verb, "")
            for use in match_uses(wait.begins.when, f"{at}.when", (("verb", wait.begins.verb),)):
                yield use.path, use
        for stage in self.plan.stages:
            for name, anchor in (("from", stage.begins), ("until", stage.ends)):
                for use in anchor_uses(anchor, f"stages.{stage.name}.{name}", ()):
                    yield use.path, use
        if self.plan.warranty:
            for use in anchor_uses(self.plan.warranty.starts, "warranty.starts", ()):
                yield use.path, use
            for kind in self.plan.warranty.classes:
                for use in anchor_uses(kind.starts, f"warranty.classes.{kind.name}.starts", ()):
                    yield use.path, use
        for item in self.plan.catalogue:
            for use in match_uses(item.when, f"catalogue.{item.name}.when", every_verb):
                yield use.path, use
            for name in item.stages:
                yield f"catalogue.{item.name}.stages", Use("stage", name, "")

    def _report(
        self, code: str, path: str, hint: str = "", severity: Severity = "error", **detail: str
    ) -> None:
        self.problems.append(PlanProblem(code, self.parsed.place(path), detail, hint, severity))

    def _check(self, use: Use, path: str) -> None:
        if use.sort in ("fact", "with"):
            self._fact(use, path)
        elif use.sort == "role":
            if use.word not in self.known["role"] and not self._awaited(use.word):
                self._report("unknown_role", path, nearest(use.word, self.known["role"]), name=use.word)
        elif use.word not in self.known[use.sort] and not self._awaited(use.word):
            self._report("unknown_" + use.sort, path, nearest(use.word, self.known[use.sort]), name=use.word)

    def _awaited(self, word: str) -> bool:
        return is_awaited(word, self.awaits)

    def _fact(self, use: Use, path: str) -> None:
        tables = [self._facts_of(sort, word) for sort, word in use.context]
        if not tables or None in tables or self._awaited(use.word):
            return  # no event to look at, or one that does not exist yet
        of_item = all(
            sort == "item" for sort, _word in use.context
        )  # a thing is no event and has its own facts alone
        declared: dict[str, str] = {} if of_item else {**EVENT_FACTS, **self.vocabulary.common}
        for table in (*tables, *self._later(use.context)):
            declared.update(table or {})
        if use.word in declared:
            if use.test is not None:
                self._operands(use.test, declared[use.word], path)
                if of_item and use.word == "role":
                    self._roles(use.test, path)
        elif not (use.sort == "with" and use.word in EVIDENCE_WORDS):
            self._report("unknown_fact", path, nearest(use.word, declared), name=use.word)

    def _roles(self, test: Test, path: str) -> None:
        """The role by which people are chosen is one of a contract's; elsewhere `role` may be an account's."""
        for operand in test.operands:
            if isinstance(operand, str) and operand not in self.vocabulary.roles:
                self._report("unknown_role", path, nearest(operand, self.vocabulary.roles), name=operand)

    def _facts_of(self, sort: str, word: str) -> Any:
        return self.vocabulary.facts_for(sort, word)

    def _later(self, context: Context) -> list[Any]:
        """Facts that may become known after the opening event."""
        if any(sort != "verb" for sort, _ in context):
            return []
        return [self.vocabulary.verbs.get(verb, {}) for verb in self.vocabulary.rebinding]

    def _operands(self, test: Test, kind: str, path: str) -> None:
        scale = self._scale(test.fact)
        closed = scale or self._closed(test.fact, kind)
        others = [part.fact for part in test.operands if isinstance(part, FactRef)]
        ranked = scale or any(self._scale(fact) for fact in others)
        if test.comparison in _RANKED and not ranked and kind not in _ORDERED_TYPES:
            self._report("no_rank", path, fact=test.fact)
            return
        if test.comparison == "known":
            return
        for operand in test.operands:
            if isinstance(operand, FactRef):
                continue
            if closed and str(operand) not in closed:
                shown = str(operand)
                self._report(
                    "unknown_value",
                    path,
                    nearest(shown, closed),
                    value=shown,
                    fact=test.fact,
                    known=", ".join(closed),
                )
            elif not closed and not _fits(operand, kind):
                self._report("wrong_type", path, value=str(operand), fact=test.fact, type=kind)

    def _scale(self, fact: str) -> tuple[str, ...]:
        """Values of a fact: the plan's own, else the module's."""
        return tuple(self.scales.get(fact) or self.vocabulary.scales.get(fact, ()))

    def _closed(self, fact: str, kind: str) -> tuple[str, ...]:
        """All a fact can be, if that is known: of stages and milestones what the plan says itself."""
        if kind != "code":
            return ()
        own = {
            "stage": tuple(stage.name for stage in self.plan.stages),
            "milestone": tuple(milestone.name for milestone in self.plan.milestones),
        }.get(fact)
        return own or tuple(self.vocabulary.values.get(fact, ()))

    def _gaps(self, value: Any, path: str) -> None:
        """A table without `otherwise` should have every value of its fact."""
        if not isinstance(value, Table):
            return
        rows = dict(value.rows)
        lacking = [word for word in self._scale(value.by[0]) if word not in rows]
        if lacking and value.otherwise is None:
            self._report(
                "value_without_limit",
                path,
                severity="warning",
                fact=value.by[0],
                values=", ".join(lacking),
            )
        for word, branch in value.rows:
            self._gaps(branch, f"{path}.{word}")
        self._gaps(value.otherwise, f"{path}.otherwise")

    def _circles(self) -> None:
        edges = {
            commitment.name: [
                trigger.commitment for trigger in commitment.opened_by if isinstance(trigger, Verdict)
            ]
            for commitment in self.plan.commitments
            if isinstance(commitment, Deadline)
        }
        for circle in _find_circles(edges):
            said = " → ".join((*circle, circle[0]))
            self._report("cycle", f"commitments.{circle[0]}.from", circle=said)


def is_awaited(word: str, awaits: Iterable[str]) -> bool:
    """Whether one of the awaited words is this word or the module it belongs to."""
    return any(word == name or word.startswith(name + ".") for name in awaits)


def plan_dates(plan: Plan) -> frozenset[str]:
    """Dates the plan itself names."""
    names = {milestone.name for milestone in plan.milestones}
    for one in plan.warranty.classes if plan.warranty else ():
        names |= {f"warranty.end:{one.name}", f"warranty.start:{one.name}"}
    return frozenset(names)


def _beyond(anchor: Anchor, days: int) -> bool:
    """Whether no period of so many days has this day; a week has each weekday once: the first is the last."""
    if anchor.base == "weekday" and anchor.name:
        return 7 * (int(anchor.name) - 1) >= days
    return anchor.base in ("day", "open_day") and anchor.number > days


def _fits(operand: object, kind: str) -> bool:
    number = isinstance(operand, int | float) and not isinstance(operand, bool)
    checks = {
        "boolean": isinstance(operand, bool),
        "integer": number,
        "number": number or isinstance(operand, Share),
        "instant": isinstance(operand, dt.date),
        "day": isinstance(operand, dt.date),
        "duration": isinstance(operand, Duration),
        "code": isinstance(operand, str),
    }
    return checks.get(kind, True)


def _find_circles(edges: dict[str, list[str]]) -> list[list[str]]:
    """Circles, each once, found by walking without recursion."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del trail[depth:]
            if name in trail:
                found.append(trail[trail.index(name) :])
                continue
            if name in done:
                continue
            trail.append(name)
            stack.extend((following, depth + 1) for following in edges.get(name, []))
        done |= _reachable(start, edges)
    return found


def _reachable(start: str, edges: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(edges.get(name, []))
    return seen
