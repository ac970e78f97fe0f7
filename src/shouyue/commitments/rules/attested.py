"""Which people a promise asks to vouch for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    Attested,
    Commitment,
    Gate,
    Not,
    Recurring,
    Standing,
)

from .book import keepers


def attested_parts(promise: Commitment) -> list[Attested]:
    """What people have to vouch for in a promise, and in which role."""
    match promise:
        case Recurring():
            return [part for part in keepers(promise.kept_by) if isinstance(part, Attested)]
        case Standing():
            return list(_parts(promise.holds))
        case Gate():
            return list(_parts(promise.requires))
    kept_by: Any = getattr(promise, "kept_by", None)
    return [] if kept_by is None else [part for part in keepers(kept_by) if isinstance(part, Attested)]


def _parts(requirement: Any) -> Iterator[Attested]:
    match requirement:
        case Attested():
            yield requirement
        case All() | AnyOf():
            for part in requirement.parts:
                yield from _parts(part)
        case Not():
            yield from _parts(requirement.part)
