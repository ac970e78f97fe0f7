"""Who acts: a signed-in user, an API token, a background job or the system itself.

An actor is a value: services take it as their first argument and never look at a request. What an actor may
do follows from `roles` (held anywhere) and `contract_roles` (held in one contract); which rows it may touch
from `scope`. Modules above hand these in: `register_resolver` is called once, by the module that owns membership.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from django.utils.translation import gettext as _

from .errors import NotAllowed
from .scope import EVERYTHING, PROVIDER_ID, Scope

_NO_CONTRACTS: Mapping[int, frozenset[str]] = MappingProxyType({})


def _no_contracts() -> Mapping[int, frozenset[str]]:
    return _NO_CONTRACTS


@dataclass(frozen=True, slots=True)
class Actor:
    """kind and id name the actor in events; customer_id is 0 for the provider's own people. A link is a visitor
    who holds a secret address: no role, one record."""

    kind: Literal["user", "token", "job", "system", "link"]
    id: int
    name: str
    scope: Scope
    user_id: int | None = None
    customer_id: int = PROVIDER_ID
    roles: frozenset[str] = frozenset()
    contract_roles: Mapping[int, frozenset[str]] = field(default_factory=_no_contracts)
    token_scopes: frozenset[str] | None = None
    language: str = "zh-hans"
    time_zone: str = "Asia/Shanghai"

    @property
    def ref(self) -> str:
        """How events name this actor, e.g. `user:12`."""
        return f"{self.kind}:{self.id}"

    @property
    def is_staff(self) -> bool:
        """Whether the actor works for the provider."""
        return self.customer_id == PROVIDER_ID

    @property
    def contracts(self) -> frozenset[int] | None:
        """The contracts this actor is a member of; None when every contract in scope is open to it."""
        return None if self.scope.everything else frozenset(self.contract_roles)

    def has_role(self, *roles: str, contract_id: int | None = None) -> bool:
        """Whether one of `roles` is held globally, or in the contract when one is given."""
        if not self.roles.isdisjoint(roles):
            return True
        if contract_id is None:
            return any(not held.isdisjoint(roles) for held in self.contract_roles.values())
        return not self.contract_roles.get(contract_id, frozenset()).isdisjoint(roles)

    def require_role(self, *roles: str, contract_id: int | None = None) -> None:
        """Raises NotAllowed unless `has_role`; jobs and the system may do everything."""
        if self.kind in ("job", "system") or self.has_role(*roles, contract_id=contract_id):
            return
        raise NotAllowed

    def require_token_scope(self, scope: str) -> None:
        """Raises NotAllowed when the actor is a token that was not given `scope`."""
        if self.token_scopes is not None and scope not in self.token_scopes:
            raise NotAllowed(_("The scopes of this token do not include %(scope)s.") % {"scope": scope})


SYSTEM = Actor(kind="system", id=0, name="system", scope=EVERYTHING)


def job_actor(name: str) -> Actor:
    """The actor of a background job: sees everything, named in events as `job:0` with its task in the facts."""
    return Actor(kind="job", id=0, name=name, scope=EVERYTHING)


@dataclass(frozen=True, slots=True)
class Access:
    """What a user may do: computed by the owner of membership from the user's id and customer."""

    scope: Scope
    roles: frozenset[str]
    contract_roles: Mapping[int, frozenset[str]]


_resolver: Callable[[int, int, frozenset[str]], Access] | None = None


def register_resolver(resolve: Callable[[int, int, frozenset[str]], Access]) -> None:
    """Name the function (user_id, customer_id, global roles) → Access; called once at start-up."""
    global _resolver
    _resolver = resolve


def resolve_access(user_id: int, customer_id: int, roles: frozenset[str]) -> Access:
    """The access of a user; without a registered resolver a user reaches just its own customer's rows."""
    if _resolver is not None:
        return _resolver(user_id, customer_id, roles)
    return Access(scope=Scope(customers=frozenset({customer_id})), roles=roles, contract_roles=_NO_CONTRACTS)
