"""How much of the promised the plans state and the system can execute. Counted, never kept by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shouyue.contracts.plan_language.check import is_awaited, plan_dates
from shouyue.contracts.plan_language.grammar import EVIDENCE_WORDS
from shouyue.contracts.plan_language.model import Commitment, Plan, Table, Unset
from shouyue.contracts.plan_language.uses import Use, unset_values, uses_of
from shouyue.contracts.plan_language.vocabulary import EVENT_FACTS, Vocabulary

# Values without which a commitment cannot run at all.
_ESSENTIAL = (
    "within",
    "due",
    "every",
    "max_gap",
    "times",
    "after",
    "at_least",
    "at_most",
    "equals",
    "holds",
    "requires",
    "sample",
)
_OUTSIDE = ("verb", "act", "decision", "item", "measure", "guard", "roster")


@dataclass(frozen=True, slots=True)
class CommitmentState:
    """missing: words or modules the system lacks; lacks: the words themselves, as sort and word.

    unset: paths not agreed; blocking: those of them without which it cannot run.
    """

    name: str
    kind: str
    source: tuple[str, ...]
    missing: tuple[str, ...]
    unset: tuple[str, ...]
    blocking: tuple[str, ...]
    lacks: tuple[tuple[str, str], ...] = ()

    @property
    def executable(self) -> bool:
        return not self.missing and not self.blocking


@dataclass(frozen=True, slots=True)
class RowState:
    """A row of the promise register.

    executable: none of its commitments waits for a missing word, and at least one has all the numbers it needs;
    what the others lack stands under unset.
    """

    row: str
    commitments: tuple[str, ...]
    kinds: tuple[str, ...]
    executable: bool
    missing: tuple[str, ...]
    unset: tuple[str, ...]
    lacks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PlanCoverage:
    plan: str
    profile: str
    rows: tuple[RowState, ...]
    commitments: tuple[CommitmentState, ...]

    @property
    def promises(self) -> int:
        return len(self.rows)

    @property
    def stated(self) -> int:
        return sum(1 for row in self.rows if row.commitments)

    @property
    def executable(self) -> int:
        return sum(1 for row in self.rows if row.executable)

    @property
    def missing(self) -> tuple[str, ...]:
        """Missing words of all rows, sorted."""
        return tuple(sorted({word for row in self.rows for word in row.missing}))

    @property
    def unset(self) -> int:
        """Rows with a number still to be agreed."""
        return sum(1 for row in self.rows if row.unset)


def state_of(commitment: Commitment, plan: Plan, vocabulary: Vocabulary) -> CommitmentState:
    """What one commitment still needs."""
    missing = {word for word in commitment.awaits if not vocabulary.knows(word)}
    lacks: dict[tuple[str, str], None] = {}
    for use in uses_of(commitment):
        if not _known(use, plan, vocabulary):
            covering = [word for word in commitment.awaits if is_awaited(use.word, (word,))]
            missing.update(covering or [use.word])
            lacks[use.sort, use.word] = None
    unset, blocking = [], []
    for path, value in unset_values(commitment, ""):
        path = path.lstrip(".")
        unset.append(path)
        if value.provisional is None:
            blocking.append(path)
    essential = [path for path in blocking if path.split(".")[0] in _ESSENTIAL]
    essential = [path for path in essential if not _partly_set(commitment, path)]
    return CommitmentState(
        commitment.name,
        commitment.kind,
        commitment.source,
        tuple(sorted(missing)),
        tuple(dict.fromkeys(unset)),
        tuple(dict.fromkeys(essential)),
        tuple(sorted(lacks)),
    )


def coverage_of(plan: Plan, vocabulary: Vocabulary) -> PlanCoverage:
    """Every row of the plan's promise register, stated or not."""
    states = tuple(state_of(one, plan, vocabulary) for one in plan.commitments)
    rows = [f"{plan.prefix}-{number:02d}" for number in range(1, plan.promises + 1)] if plan.prefix else []
    return PlanCoverage(plan.name, plan.profile, tuple(_row(row, states) for row in rows), states)


def module_of(word: str) -> str:
    """The module that will declare a word: what stands before its dot."""
    return word.partition(".")[0]


def _row(row: str, states: Iterable[CommitmentState]) -> RowState:
    own = [state for state in states if row in state.source]
    missing = sorted({word for state in own for word in state.missing})
    unset = [f"{state.name}.{path}" for state in own for path in state.unset]
    executable = not missing and any(state.executable for state in own)
    names, kinds = tuple(state.name for state in own), tuple(dict.fromkeys(state.kind for state in own))
    lacks = tuple(sorted({entry for state in own for entry in state.lacks}))
    return RowState(row, names, kinds, executable, tuple(missing), tuple(unset), lacks)


def _known(use: Use, plan: Plan, vocabulary: Vocabulary) -> bool:
    if use.sort in _OUTSIDE:
        return use.word in vocabulary.words_for(use.sort)
    if use.sort == "date":
        return use.word in plan_dates(plan) | vocabulary.dates
    if use.sort not in ("fact", "with"):
        return True
    tables = [vocabulary.facts_for(sort, word) for sort, word in use.context]
    if not tables or None in tables or (use.sort == "with" and use.word in EVIDENCE_WORDS):
        return True  # the event itself is missing, and said so
    later = [vocabulary.verbs.get(verb) or {} for verb in vocabulary.rebinding]
    return any(use.word in (table or {}) for table in (*tables, *later, vocabulary.common, EVENT_FACTS))


def _partly_set(commitment: Commitment, path: str) -> bool:
    """A table with some agreed branches runs for those."""
    value = getattr(commitment, path.split(".")[0], None)
    return isinstance(value, Table) and any(not isinstance(leaf, Unset) for leaf in _leaves(value))


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, Table):
        for branch in (*(branch for _, branch in value.rows), value.otherwise):
            yield from _leaves(branch)
    elif value is not None:
        yield value


def as_json(plans: Iterable[PlanCoverage]) -> dict[str, Any]:
    """The published form: per plan and in total."""
    found = list(plans)
    return {
        "plans": [
            {
                "plan": one.plan,
                "profile": one.profile,
                "promises": one.promises,
                "stated": one.stated,
                "executable": one.executable,
                "unset": one.unset,
                "missing": list(one.missing),
                "rows": [_row_json(row) for row in one.rows],
            }
            for one in found
        ],
        "total": {
            name: sum(getattr(one, name) for one in found)
            for name in ("promises", "stated", "executable", "unset")
        }
        | {"missing": sorted({word for one in found for word in one.missing})},
    }


def _row_json(row: RowState) -> dict[str, Any]:
    return {
        "row": row.row,
        "kinds": list(row.kinds),
        "commitments": list(row.commitments),
        "executable": row.executable,
        "missing": list(row.missing),
        "lacks": [{"sort": sort, "word": word, "module": module_of(word)} for sort, word in row.lacks],
        "unset": list(row.unset),
    }
