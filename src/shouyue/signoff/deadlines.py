"""By when an answer is wanted where nobody says so: as the customer has promised in the contract's plan.

The register of promises knows plans; it tells sign-offs at start-up how to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Find = Callable[[str, int, str, Mapping[str, Any], datetime], datetime | None]
"""(type of subject, contract, verb, its facts, now) → when the customer owes his reply; None without such a promise."""

_finders: list[Find] = []


def register(find: Find) -> None:
    """Make the plans' promises known; call it in `AppConfig.ready`."""
    if find not in _finders:
        _finders.append(find)


def promised_reply(
    *, subject_type: str, contract_id: int | None, kind: str, purpose: str, now: datetime
) -> datetime | None:
    """When the customer owes a reply to what is asked now; None when the plan does not say. Queries: see `compiled`."""
    if contract_id is None:
        return None
    facts = {"purpose": purpose}
    found = (find(subject_type, contract_id, f"{kind}.asked", facts, now) for find in _finders)
    return min((due for due in found if due is not None), default=None)
