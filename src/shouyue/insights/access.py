"""Who may look: three officers, each at its own part."""

from __future__ import annotations

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound

SYSTEM = frozenset({"system_admin"})
AUDIT = frozenset({"audit_admin"})


def sees_system(actor: Actor) -> bool:
    """The installation's state; no business data."""
    return actor.is_staff and not actor.roles.isdisjoint(SYSTEM)


def reads_events(actor: Actor) -> bool:
    """Every recorded event."""
    return actor.is_staff and not actor.roles.isdisjoint(AUDIT)


def may_verify(actor: Actor) -> bool:
    """Let the chains be checked; this changes nothing."""
    return sees_system(actor) or reads_events(actor)


def require_system(actor: Actor | None) -> Actor:
    """Raises: NotFound for customers, NotAllowed for other staff."""
    return _require(actor, actor is not None and sees_system(actor))


def require_audit(actor: Actor | None) -> Actor:
    """Raises: NotFound for customers, NotAllowed for other staff."""
    return _require(actor, actor is not None and reads_events(actor))


def require_verify(actor: Actor | None) -> Actor:
    """Raises: NotFound for customers, NotAllowed for other staff."""
    return _require(actor, actor is not None and may_verify(actor))


def _require(actor: Actor | None, is_allowed: bool) -> Actor:
    if actor is None or not actor.is_staff:
        raise NotFound
    if not is_allowed:
        raise NotAllowed
    return actor
