"""Whom a notice may be handed on to: asked of whoever knows the members of a contract, from a module above."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shouyue.kernel.actor import Actor

Finder = Callable[[Actor, int], Sequence[tuple[int, str]]]

_finders: list[Finder] = []


def register(find: Finder) -> None:
    """Name the function (actor, contract id) → [(user id, name)] of the actor's side; called once at start-up."""
    _finders[:] = [find]


def of_contract(actor: Actor, contract_id: int) -> Sequence[tuple[int, str]]:
    """The people of the actor's side in a contract. Queries: those of the registered function."""
    return _finders[0](actor, contract_id) if _finders else ()
