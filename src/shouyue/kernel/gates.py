"""Ask before acting: a service calls `require` and goes on only when no promise of the contract forbids it.

The commitment register plugs in as a provider at start-up, so that services below never import it. Guards are
the conditions a plan may name (`ticket.user_confirmed`); the module that can check one declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.utils.functional import Promise

from .actor import Actor
from .errors import GateRefused


@dataclass(frozen=True, slots=True)
class Request:
    """An act somebody tries: the verb-like act (`ticket.close`), its subject and facts."""

    act: str
    subject: tuple[str, int]
    customer_id: int
    contract_id: int | None
    actor: Actor
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A consent, approval or signature that is missing, so that a page can lead to where it is asked for.

    by: the roles that may give it, as plans name them; from_both: the provider signs too.
    """

    kind: str
    purpose: str
    by: tuple[str, ...] = ()
    from_both: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is refused: what is missing, in words, and who can provide it. wanted: what would have to be asked."""

    guard: str
    message: str | Promise
    wanted: tuple[Wanted, ...] = ()


Guard = Callable[[Request], Refusal | None]
Provider = Callable[[Request], list[Refusal]]
Witness = Callable[[Request, list[Refusal]], None]

_acts: dict[str, str | Promise] = {}
_told: dict[str, list[str]] = {}
_changed: dict[str, frozenset[str]] = {}
_guards: dict[str, Guard] = {}
_providers: list[Provider] = []
_witnesses: list[Witness] = []
_bookkeepers: list[tuple[Callable[[], None], Callable[[], None]]] = []


def declare_act(
    name: str, label: str | Promise, *, told_by: Sequence[str] = (), changes: Iterable[str] = ()
) -> None:
    """Make an act known that plans may put a gate before.

    told_by: the events recorded each time it is done; changes: the facts these tell as they are after it.
    """
    _acts[name] = label
    _changed[name] = frozenset(changes)
    for verb in told_by:
        _told.setdefault(verb, []).append(name)


def declare_guard(name: str, guard: Guard) -> None:
    """Make a condition known that plans may demand."""
    _guards[name] = guard


def declared_acts() -> Mapping[str, str | Promise]:
    return MappingProxyType(_acts)


def told_acts() -> Mapping[str, Sequence[str]]:
    """Verb → the acts it tells of."""
    return MappingProxyType(_told)


def changed_by(act: str) -> frozenset[str]:
    """The facts an act changes: what its events tell of them is not what its gates were asked with."""
    return _changed.get(act, frozenset())


def declared_guards() -> Mapping[str, Guard]:
    return MappingProxyType(_guards)


def provide(provider: Provider) -> None:
    """Register a provider that answers requests with refusals."""
    if provider not in _providers:
        _providers.append(provider)


def witness(witness: Witness) -> None:
    """Call `witness` with the outcome of every `require`; mere checks are not told."""
    if witness not in _witnesses:
        _witnesses.append(witness)


def keep_books(begin: Callable[[], None], settle: Callable[[], None]) -> None:
    """Call `begin` when a unit of work begins and `settle` when it has ended, its transaction included."""
    if (begin, settle) not in _bookkeepers:
        _bookkeepers.append((begin, settle))


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A job or a command, its transactions inside: refusals are recorded after it, also when it failed.

    Requests have a middleware of their own.
    """
    for begin, _write in _bookkeepers:
        begin()
    try:
        yield
    finally:
        settle()


def settle() -> None:
    """Let everybody who keeps books of refusals write them down."""
    for _begin, write in _bookkeepers:
        write()


def check(request: Request) -> list[Refusal]:
    """All refusals for a request; empty when the act may be done."""
    return [refusal for provider in _providers for refusal in provider(request)]


def require(
    act: str,
    *,
    actor: Actor,
    subject: tuple[str, int],
    customer_id: int,
    contract_id: int | None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Raises GateRefused with every missing condition, unless the act may be done."""
    request = Request(
        act=act,
        subject=subject,
        customer_id=customer_id,
        contract_id=contract_id,
        actor=actor,
        facts=facts or {},
    )
    refusals = check(request)
    for tell in _witnesses:
        tell(request, refusals)
    if refusals:
        raise GateRefused("\n".join(str(refusal.message) for refusal in refusals), refusals=refusals)
