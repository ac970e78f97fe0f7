"""What the contract page says about a plan: every promise in words, what is still to be agreed, what must wait."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from shouyue.contracts import loading, vocabulary
from shouyue.contracts.plan_language.coverage import state_of
from shouyue.contracts.plan_language.diff import diff_plans
from shouyue.contracts.plan_language.explain import explain, limit_in_words
from shouyue.contracts.plan_language.model import Commitment, Plan, Span, Unset
from shouyue.contracts.plan_language.speaking import Speaker
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.plan_language.uses import question_of
from shouyue.contracts.plan_language.vocabulary import Vocabulary
from shouyue.contracts.rules import ContractRules, charge_of

Executable = Literal["executable", "unset", "not_executable"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise for people. number: its limit alone; missing: words the system lacks; unset: paths not agreed."""

    name: str
    kind: str
    title: str
    text: str
    number: str
    sentences: tuple[str, ...]
    source: tuple[str, ...]
    internal: bool
    by: str
    state: Executable
    missing: tuple[str, ...]
    unset: tuple[str, ...]
    question: str
    note: str
    consequence: str
    points: str
    settlements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a contradiction of the contract's text was decided, and which promises it shaped: name and title."""

    id: str
    decision: str
    affects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan in one language. rows: promises counted by the register's rows; executable: of them."""

    title: str
    about: str
    promises: tuple[Promise, ...]
    settled: tuple[Settled, ...]

    @property
    def to_agree(self) -> tuple[Promise, ...]:
        """Promises with a number still to be agreed, or a question to the customer."""
        return tuple(one for one in self.promises if one.unset or one.question)

    @property
    def waiting(self) -> tuple[Promise, ...]:
        """Promises the system cannot watch yet."""
        return tuple(one for one in self.promises if one.missing)

    def for_customer(self) -> PlanPage:
        """Without what concerns the provider alone."""
        promises = tuple(one for one in self.promises if not one.internal)
        names = {one.name for one in promises}
        settled = tuple(
            replace(one, affects=tuple(entry for entry in one.affects if entry[0] in names))
            for one in self.settled
        )
        return PlanPage(self.title, self.about, promises, settled)


def plan_page(plan_version_id: int, language: str) -> PlanPage:
    """A stored plan in words. language: of the reader. Queries: those of `plan_of`."""
    loading.plan_of(plan_version_id)
    return _page(plan_version_id, language, _Words(vocabulary.current()))


class _Words:
    """A vocabulary as a key of the cache: the same object is the same vocabulary."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Words) and other.words is self.words

    def __hash__(self) -> int:
        return id(self.words)


@lru_cache(maxsize=64)
def _page(plan_version_id: int, language: str, words: _Words) -> PlanPage:
    return page_of(loading.plan_of(plan_version_id), words.words, language)


def page_of(plan: Plan, words: Vocabulary, language: str) -> PlanPage:
    """Any plan in words, also one that is not stored."""
    titles = {one.name: one.title.pick(language) for one in plan.commitments}
    return PlanPage(
        plan.title.pick(language),
        plan.about.pick(language) if plan.about else "",
        tuple(promise_of(one, plan, words, language) for one in plan.commitments),
        tuple(
            Settled(
                one.id,
                one.decision.pick(language),
                tuple((name, titles.get(name, name)) for name in one.affects),
            )
            for one in plan.settles
        ),
    )


def promise_of(one: Commitment, plan: Plan, words: Vocabulary, language: str) -> Promise:
    state, question = state_of(one, plan, words), question_of(one)
    executable: Executable = (
        "not_executable" if state.missing else "unset" if state.blocking else "executable"
    )
    return Promise(
        name=one.name,
        kind=one.kind,
        title=one.title.pick(language),
        text=one.text.pick(language),
        number=limit_in_words(one, plan, words, language),
        sentences=tuple(explain(one, plan, words, language)),
        source=one.source,
        internal=one.internal,
        by=one.by,
        state=executable,
        missing=state.missing,
        unset=state.unset,
        question=question.pick(language) if question else "",
        note=one.note.pick(language) if one.note else "",
        consequence=one.consequence.pick(language) if one.consequence else "",
        points=f"{one.points:g}" if isinstance(one.points, int | float) and one.points else "",
        settlements=tuple(entry.id for entry in plan.settles if one.name in entry.affects),
    )


def span_in_words(lasts: Span | Unset, language: str) -> str:
    """How long a warranty lasts, or that it is still to be agreed."""
    return Speaker(_NO_PLAN, {}, language).value(lasts)


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """An item of the service catalogue. charge: in words; today: free, quoted, or empty when not offered now."""

    name: str
    title: str
    when: str
    stages: str
    charge: str
    today: str


def catalogue_rows(rules: ContractRules, day: date, language: str) -> list[CatalogueRow]:
    """The service catalogue with what each item costs on a day."""
    speaker = Speaker(rules.plan, vocabulary.current().titles, language)
    stage = rules.stage_on(day)
    rows = []
    for item in rules.plan.catalogue:
        offered = not item.stages or stage in item.stages
        charge = charge_of(rules, {}, day, item=item.name).kind if offered else ""
        rows.append(
            CatalogueRow(
                item.name,
                item.title.pick(language),
                speaker.match(item.when) if item.when else "",
                speaker.stages(item.stages) if item.stages else "",
                speaker.value(item.charge),
                charge,
            )
        )
    return rows


_NO_PLAN = Plan(name="", title=Text("", ""), commitments=())


# Two versions side by side


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of both texts; number 0 where a side has no line. state: same, added, removed, changed."""

    left_number: int
    left: str
    right_number: int
    right: str
    state: str


@dataclass(frozen=True, slots=True)
class PromiseDiff:
    """A promise that differs, as each version says it."""

    name: str
    state: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class OtherDiff:
    """Another part of the plan that differs. fields: which of its keys."""

    part: str
    name: str
    state: str
    fields: tuple[str, ...]


def promise_diffs(old_id: int, new_id: int, language: str) -> list[PromiseDiff]:
    """The promises two plan versions state differently, in plain sentences. Queries: those of `plan_of`."""
    return promises_differing(loading.plan_of(old_id), loading.plan_of(new_id), language)


def promises_differing(
    old: Plan, new: Plan, language: str, *, for_customer: bool = False
) -> list[PromiseDiff]:
    """The same for any two plans.

    for_customer: without what concerns the provider alone; a promise that becomes so is removed, one that was is added.
    """
    words = vocabulary.current()
    parts = diff_plans(old, new).of("commitment")
    names = {part.name for part in parts}
    before, after = (
        {
            one.name: promise_of(one, plan, words, language)
            for one in plan.commitments
            if one.name in names and not (for_customer and one.internal)
        }
        for plan in (old, new)
    )
    found = []
    for part in parts:
        was, becomes = before.get(part.name), after.get(part.name)
        if seen := becomes or was:
            state = "removed" if becomes is None else "added" if was is None else part.state
            found.append(PromiseDiff(part.name, state, _said(was), _said(becomes), title=seen.title))
    return found


def other_diffs(old_id: int, new_id: int) -> list[OtherDiff]:
    """Whatever else differs: windows, scales, stages, catalogue …"""
    return others_differing(loading.plan_of(old_id), loading.plan_of(new_id))


def others_differing(old: Plan, new: Plan) -> list[OtherDiff]:
    """The same for any two plans."""
    parts = diff_plans(old, new).parts
    return [
        OtherDiff(part.part, part.name, part.state, tuple(change.field for change in part.changes))
        for part in parts
        if part.part != "commitment"
    ]


def _said(promise: Promise | None) -> tuple[str, ...]:
    return (promise.title, *promise.sentences) if promise else ()


def text_diff(old: str, new: str, context: int = 3) -> list[DiffLine]:
    """Both texts line by line where they differ, with some lines round it; a line of "…" between places."""
    left, right = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    lines: list[DiffLine] = []
    for group in matcher.get_grouped_opcodes(context):
        if lines:
            lines.append(DiffLine(0, "…", 0, "…", "gap"))
        for tag, i1, i2, j1, j2 in group:
            lines += _lines(tag, left, right, (i1, i2), (j1, j2))
    return lines


def _lines(
    tag: str, left: list[str], right: list[str], old: tuple[int, int], new: tuple[int, int]
) -> Iterator[DiffLine]:
    for step in range(max(old[1] - old[0], new[1] - new[0])):
        i, j = old[0] + step, new[0] + step
        has_left, has_right = i < old[1], j < new[1]
        both = "same" if tag == "equal" else "changed"
        state = both if has_left and has_right else "removed" if has_left else "added"
        yield DiffLine(
            i + 1 if has_left else 0,
            left[i] if has_left else "",
            j + 1 if has_right else 0,
            right[j] if has_right else "",
            state,
        )
