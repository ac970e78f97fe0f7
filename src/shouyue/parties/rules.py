"""Pure decisions about parties."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from .choices import Capacity

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")


def valid_code(code: str) -> bool:
    """Capital letters, digits and hyphens, 20 at most."""
    return CODE.fullmatch(code) is not None


def unknown_capacities(capacities: Collection[str]) -> list[str]:
    return sorted(set(capacities) - set(Capacity.values))


def would_loop(node_id: int, parent_id: int | None, parents: Iterable[tuple[int, int | None]]) -> bool:
    """Whether hanging a node under a parent closes a ring. parents: (node, its parent) of the whole tree."""
    above = dict(parents)
    seen = {node_id}
    current = parent_id
    while current is not None:
        if current in seen:
            return True
        seen.add(current)
        current = above.get(current)
    return False


def changed_fields(names: Iterable[str]) -> str:
    """The names of changed fields as one fact: no values, so no personal data."""
    text = ",".join(sorted(names))
    return text if len(text) <= 64 else "many"
