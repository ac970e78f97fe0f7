"""Reads of accounts, and the actor of a user."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor, resolve_access
from shouyue.kernel.errors import NotFound
from shouyue.kernel.pinyin import search_text
from shouyue.web import rest

from . import access
from .models import ApiToken, Session, User


def actor_of(user_id: int) -> Actor:
    """The actor of an active user. Raises: NotFound. Queries: one, plus the membership resolver's."""
    user = active_user(user_id)
    if user is None:
        raise NotFound
    return actor_from(user)


def actor_from(user: User) -> Actor:
    """The actor of a user at hand. Queries: the membership resolver's."""
    granted = resolve_access(user.id, user.customer_id, frozenset(user.roles))
    return Actor(
        kind="user",
        id=user.id,
        name=user.name,
        scope=granted.scope,
        user_id=user.id,
        customer_id=user.customer_id,
        roles=granted.roles,
        contract_roles=granted.contract_roles,
        language=user.language,
        time_zone=user.time_zone,
    )


def kept_actor(user_id: int, access_version: int) -> Actor:
    """The actor of a user as kept in this process; call it only before the transaction has changed anything.

    A change of access raises the version in its own transaction; memberships that begin or end by date do so at
    somebody's midnight, which is always at a quarter of an hour. Queries: none when kept.
    """
    return _kept_actor(user_id, access_version, int(clock.now().timestamp()) // 900)


@lru_cache(maxsize=4096)
def _kept_actor(user_id: int, access_version: int, quarter: int) -> Actor:
    return actor_of(user_id)


_BEARER = """
SELECT t.id, t.user_id, t.scopes, t.last_used_at, u.access_version, u.must_change_password
FROM accounts_apitoken t JOIN accounts_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.revoked_at IS NULL AND t.expires_at > %s AND u.is_active
"""


def token_bearer(digest: str) -> tuple[Actor, datetime | None] | None:
    """The actor of a token and when the token was last used; None when it is unknown, expired or revoked.

    Queries: one by unique key, so that a revoked token or changed membership counts at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEARER, [digest, clock.now()])
        row = cursor.fetchone()
    if row is None or row[5]:
        return None
    quarter = int(clock.now().timestamp()) // 900
    return _token_actor(row[0], row[1], tuple(row[2]), row[4], quarter), row[3]


_REFUSED = """
SELECT t.revoked_at IS NOT NULL, t.expires_at FROM accounts_apitoken t JOIN accounts_user u ON u.id = t.user_id
WHERE t.digest = %s AND u.is_active
"""


def why_refused(digest: str) -> Callable[[], str]:
    """Says in the reader's language why a token is not taken; empty for one that nobody has made. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [digest])
        row = cursor.fetchone()
    now = clock.now()

    def said() -> str:
        if row is None:
            return ""
        is_revoked, expires_at = row
        if is_revoked:
            return _("This token has been revoked.")
        if expires_at <= now:
            return _("This token expired at %(at)s. Make a new one under “My account → API tokens”.") % {
                "at": f"{expires_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
            }
        return _("The owner of this token must set a new password first.")

    return said


@lru_cache(maxsize=4096)
def _token_actor(token_id: int, user_id: int, scopes: tuple[str, ...], version: int, quarter: int) -> Actor:
    owner = _kept_actor(user_id, version, quarter)
    return replace(owner, kind="token", id=token_id, token_scopes=rest.expand_scopes(scopes))


def users_visible_to(actor: Actor) -> QuerySet[User]:
    """Users whose names the actor may see."""
    visible: QuerySet[User] = User.objects.visible_to(actor)
    return visible


def names_by_ref(actor: Actor, refs: Iterable[str]) -> dict[str, str]:
    """Names of people by how events name them: `user:12`, or `token:3` for what their program did.

    Those the actor may not know, and all who are no people, are left out. Queries: one, two with tokens among them.
    """
    ids: dict[str, set[int]] = {"user": set(), "token": set()}
    for ref in refs:
        kind, _colon, number = ref.partition(":")
        if kind in ids and number.isdigit():
            ids[kind].add(int(number))
    found: dict[str, str] = {}
    for kind, key in (("user", "id"), ("token", "tokens__id")):
        if ids[kind]:
            rows = users_visible_to(actor).filter(**{f"{key}__in": ids[kind]}).values_list(key, "name")
            found |= {f"{kind}:{number}": name for number, name in rows}
    return found


def managed_users(actor: Actor, *, text: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    """Users for the officers' list: by name, pinyin, user name, e-mail or phone. Raises: NotAllowed.

    state: `active`, `inactive` or empty.
    """
    access.require_sees_users(actor)
    users: QuerySet[User] = User.objects.all()
    if role:
        users = users.filter(roles__contains=[role])
    if state:
        users = users.filter(is_active=state == "active")
    return users.filter(matching(text)) if text.strip() else users


def matching(text: str) -> Q:
    """Condition of a search in users."""
    wanted = text.strip()
    digits = "".join(character for character in wanted if character.isdigit())
    condition = (
        Q(name__icontains=wanted)
        | Q(username__icontains=wanted)
        | Q(email__icontains=wanted)
        | Q(name_key__contains=search_text(wanted))
    )
    return condition | Q(phone_digits__contains=digits) if len(digits) >= 3 else condition


def managed_user(actor: Actor, user_id: int) -> User:
    """One user for the officers' pages. Raises: NotAllowed, NotFound."""
    access.require_sees_users(actor)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    found: User = user
    return found


def find_user(username: str) -> User | None:
    """The user with this name, in whatever case, for signing in."""
    found: User | None = User.objects.filter(username__iexact=username).first()
    return found


def active_user(user_id: int) -> User | None:
    """The user, unless shut out, for signing in."""
    found: User | None = User.objects.filter(pk=user_id, is_active=True).first()
    return found


def user_named(username: str) -> User:
    """The user with this name, for the command line. Raises: NotFound."""
    found = find_user(username)
    if found is None:
        raise NotFound
    return found


def own_profile(actor: Actor) -> User:
    """The actor's own user. Raises: NotFound for jobs and the system."""
    user = User.objects.filter(pk=actor.user_id or 0).first()
    if user is None:
        raise NotFound
    found: User = user
    return found


def sessions_of(actor: Actor) -> QuerySet[Session]:
    """The actor's own sessions that have not ended, the latest used first."""
    return Session.objects.filter(user_id=actor.user_id or 0, expire_date__gt=clock.now())


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens that are not revoked, newest first."""
    return ApiToken.objects.filter(user_id=actor.user_id or 0, revoked_at=None)
