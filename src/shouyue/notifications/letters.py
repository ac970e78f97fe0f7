"""Messages that are no notices, such as links to sign-offs: who sent them hears what providers report about them."""

from __future__ import annotations

from collections.abc import Callable

Told = Callable[[str, str, str], bool]
"""(key of the letter, `arrived` or `failed`, reason) → whether there is such a letter."""

_tellers: dict[str, Told] = {}


def register(prefix: str, told: Told) -> None:
    """Reports about letters whose key begins with `prefix` go to `told`; call it in `AppConfig.ready`."""
    _tellers[prefix] = told


def tell(key: str, outcome: str, reason: str) -> bool:
    """Tell whoever sent the letter. Returns whether anybody knows it."""
    told = next((told for prefix, told in _tellers.items() if key.startswith(prefix)), None)
    return told is not None and told(key, outcome, reason)
