"""Drawing a random sample that anybody can draw again: the order follows from a recorded seed alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from math import ceil


def sample_size(population: int, *, percent: float | None, count: int | None, at_least: int = 0) -> int:
    """How many are drawn: a share rounded up, or a number; never fewer than `at_least`, never more than there are."""
    wanted = ceil(population * percent / 100 - 1e-9) if percent is not None else count or 0
    return max(0, min(population, max(wanted, at_least)))


def draw(items: Collection[int], size: int, seed: str, resting: Mapping[int, int] | None = None) -> list[int]:
    """Draw `size` of the items, in the order of SHA-256 of `seed:item`.

    resting: item → how long ago it was drawn (larger is longer); these come only when the others do not suffice,
    longest rested first.
    """
    rested = resting or {}
    fresh = _in_order([item for item in items if item not in rested], seed)
    tired = sorted(
        _in_order([item for item in items if item in rested], seed), key=lambda item: -rested[item]
    )
    return [*fresh, *tired][:size]


def _in_order(items: Sequence[int], seed: str) -> list[int]:
    return sorted(set(items), key=lambda item: (sha256(f"{seed}:{item}".encode()).digest(), item))
