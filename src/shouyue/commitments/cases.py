"""What modules above tell the register about their cases: who works on one, what it is called, when it is closed.

Called from their `AppConfig.ready`; the register itself knows no ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Label:
    """How a case is shown: its number, one line about it, its page."""

    number: str
    title: str = ""
    url: str = ""


People = Callable[[Sequence[int]], Mapping[int, Mapping[str, Sequence[int]]]]
Labels = Callable[[Sequence[int]], Mapping[int, Label]]
WorkedOn = Callable[[int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class CaseType:
    """A sort of case.

    people: case ids → {id: {"assignee": user ids, "owner": user ids}}; labels: case ids → {id: Label}; both answer for
    many at once, in one query. worked_on: user id → the cases in that
    person's hands. closed_by, reopened_by: verbs after which a case leaves the queue, or comes back.
    """

    name: str
    people: People | None = None
    labels: Labels | None = None
    worked_on: WorkedOn | None = None
    closed_by: frozenset[str] = field(default_factory=frozenset)
    reopened_by: frozenset[str] = field(default_factory=frozenset)


_types: dict[str, CaseType] = {}


def register(
    name: str,
    *,
    people: People | None = None,
    labels: Labels | None = None,
    worked_on: WorkedOn | None = None,
    closed_by: Sequence[str] = (),
    reopened_by: Sequence[str] = (),
) -> None:
    """Make a sort of case known, such as `ticket`."""
    _types[name] = CaseType(name, people, labels, worked_on, frozenset(closed_by), frozenset(reopened_by))


def type_of(name: str) -> CaseType:
    """What is known about a sort of case; nothing but its name when nobody registered it."""
    return _types.get(name) or CaseType(name)


def closing_verbs() -> frozenset[str]:
    """The verbs that close a case, of whatever sort."""
    return frozenset().union(*(kind.closed_by for kind in _types.values()))


def people_of(name: str, ids: Sequence[int]) -> Mapping[int, Mapping[str, Sequence[int]]]:
    """Who works on these cases. Queries: those of the owner's function."""
    people = type_of(name).people
    return people(ids) if people and ids else {}


def worked_on_by(name: str, user_id: int) -> Sequence[int]:
    """The open cases somebody works on. Queries: those of the owner's function."""
    worked_on = type_of(name).worked_on
    return worked_on(user_id) if worked_on else ()


def labels_of(name: str, ids: Sequence[int]) -> Mapping[int, Label]:
    """How these cases are called. Queries: those of the owner's function."""
    labels = type_of(name).labels
    found = labels(ids) if labels and ids else {}
    return {number: found.get(number) or Label(f"{name} {number}") for number in ids}
