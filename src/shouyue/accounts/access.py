"""Who may do what with accounts: three officers, separated.

The system administrator makes and repairs accounts; the security administrator also gives roles; the audit
administrator reads. Nobody changes its own roles.
"""

from __future__ import annotations

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

from .choices import GRANTS_ROLES, MANAGES_USERS, GlobalRole


def sees_users(actor: Actor) -> bool:
    return actor.kind in ("job", "system") or not actor.roles.isdisjoint(
        MANAGES_USERS | {GlobalRole.AUDIT_ADMIN}
    )


def manages_users(actor: Actor) -> bool:
    return actor.kind in ("job", "system") or not actor.roles.isdisjoint(MANAGES_USERS)


def grants_roles(actor: Actor) -> bool:
    return actor.kind in ("job", "system") or not actor.roles.isdisjoint(GRANTS_ROLES)


def require_sees_users(actor: Actor) -> None:
    """Raises NotAllowed."""
    actor.require_token_scope("admin")
    if not sees_users(actor):
        raise NotAllowed


def require_manages_users(actor: Actor) -> None:
    """Raises NotAllowed."""
    actor.require_token_scope("admin")
    if not manages_users(actor):
        raise NotAllowed


def require_grants_roles(actor: Actor, user_id: int | None) -> None:
    """Raises NotAllowed, also for one's own roles."""
    require_manages_users(actor)
    if not grants_roles(actor) or (user_id is not None and actor.user_id == user_id):
        raise NotAllowed
