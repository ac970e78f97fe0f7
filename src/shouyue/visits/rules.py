"""Pure decisions about visits: the order of steps. No ORM, no clock."""

from __future__ import annotations

from collections.abc import Mapping

from .choices import VisitState as V

STEPS: Mapping[str, tuple[frozenset[V], V]] = {
    # arriving without having said "departed" happens (a resident walks over); nothing may go back
    "receive": (frozenset({V.DISPATCHED}), V.RECEIVED),
    "depart": (frozenset({V.DISPATCHED, V.RECEIVED}), V.DEPARTED),
    "arrive": (frozenset({V.DISPATCHED, V.RECEIVED, V.DEPARTED}), V.ARRIVED),
    "begin": (frozenset({V.ARRIVED}), V.ARRIVED),
    "leave": (frozenset({V.ARRIVED}), V.LEFT),
    "cancel": (frozenset({V.DISPATCHED, V.RECEIVED, V.DEPARTED}), V.CANCELLED),
}
UNDER_WAY = frozenset({V.DISPATCHED, V.RECEIVED, V.DEPARTED, V.ARRIVED})


def may(step: str, state: str) -> bool:
    """Whether the step can follow this state."""
    return state in STEPS[step][0]


def next_step(state: str) -> str:
    """The step an engineer takes next, empty when there is none."""
    following = {V.DISPATCHED: "receive", V.RECEIVED: "depart", V.DEPARTED: "arrive", V.ARRIVED: "leave"}
    return following.get(V(state), "")
