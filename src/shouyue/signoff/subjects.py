"""What sign-offs may be about: each owner says how to find its records, who may see them and what they are called.

Called from their `AppConfig.ready`; sign-offs themselves know no ticket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Subject:
    """A record a sign-off is about. case: the thread it belongs to; url: its page for this reader, or empty."""

    type: str
    id: int
    customer_id: int
    contract_id: int | None
    label: str
    url: str = ""
    case: tuple[str, int] | None = None


Find = Callable[[Actor, int], Subject]

_finders: dict[str, Find] = {}


def register(name: str, find: Find) -> None:
    """Make a sort of subject known; `find` raises NotFound for what the actor may not see."""
    _finders[name] = find


def subject_of(actor: Actor, name: str, number: int) -> Subject:
    """One subject. Raises: NotFound."""
    find = _finders.get(name)
    if find is None:
        raise NotFound
    return find(actor, number)
