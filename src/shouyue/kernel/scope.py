"""Whose rows may be touched: the second wall between customers, held by the database.

Every unit of work runs in a transaction under one of two database roles. `shouyue_all` sees every customer
(staff who serve all of them, jobs); `shouyue_scoped` sees the customers listed in the transaction's setting
`app.customers`. Outside such a block the login role has no rights at all, so a forgotten scope fails loudly.
The first wall is `visible_to(actor)` on every query set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import connection, models, transaction

if TYPE_CHECKING:
    from .actor import Actor

PROVIDER_ID = 0
"""The customer id of the provider's own rows."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers whose rows may be read and written; `everything` for all of them."""

    everything: bool = False
    customers: frozenset[int] = frozenset()


EVERYTHING = Scope(everything=True)
NOTHING = Scope()

_current: ContextVar[Scope | None] = ContextVar("database_scope", default=None)


def current() -> Scope | None:
    """The scope of the running block, None outside any."""
    return _current.get()


@contextmanager
def acting_in(scope: Scope) -> Iterator[None]:
    """Run the block in a transaction that sees just `scope`; blocks may nest, the outer scope returns after.

    Queries: one with which the transaction begins; for a nested block one at its start and one at its end.
    """
    outer = _current.get()
    with transaction.atomic():
        narrow_to(scope)
        try:
            yield
        finally:
            _current.set(outer)
    if outer is not None and connection.in_atomic_block and not connection.needs_rollback:
        _apply(outer)


def narrow_to(scope: Scope) -> None:
    """Change the scope for the rest of the running transaction (used once the actor is known)."""
    _apply(scope)
    _current.set(scope)


def _apply(scope: Scope) -> None:
    role = f"{settings.DATABASE_ROLE_PREFIX}_{'all' if scope.everything else 'scoped'}"
    customers = ",".join(map(str, sorted(scope.customers)))
    if connection.in_atomic_block and connection.begin_as(role, customers):  # type: ignore[attr-defined]
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('app.customers', %s, true)",
            [role, customers],
        )


class VisibleQuerySet(models.QuerySet[Any]):
    """A query set whose rows belong to a customer, and often to one contract of that customer."""

    contract_field: str | None = None
    """Name of the column that holds the contract id; None when rows belong to the customer as a whole."""

    def visible_to(self, actor: Actor) -> Self:
        """The rows this actor may read: by customer, and by contract for those bound to contracts."""
        if actor.scope.everything:
            return self
        rows = self.filter(customer_id__in=actor.scope.customers)
        if self.contract_field and actor.contracts is not None:
            rows = rows.filter(**{f"{self.contract_field}__in": actor.contracts})
        return rows
