"""Changes to accounts: one function per verb. Events name users by id, never by name, phone or address."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from shouyue.kernel.phones import digits_of
from shouyue.kernel.pinyin import name_key
from shouyue.kernel.scope import EVERYTHING, PROVIDER_ID, acting_in
from shouyue.web import rest

from . import access, queries, rules
from .backends import PasswordBackend
from .models import ApiToken, Session, SignInCount, User

Fields = dict[str, list[str | Promise]]


# --- users -----------------------------------------------------------------------------------------------------


@transaction.atomic
def create_user(
    *,
    actor: Actor,
    username: str,
    name: str,
    password: str | None = None,
    customer_id: int = PROVIDER_ID,
    roles: Collection[str] = (),
    email: str = "",
    phone: str = "",
    language: str = "zh-hans",
    time_zone: str = "Asia/Shanghai",
    must_change_password: bool | None = None,
) -> User:
    """Make an account; without a password nobody can sign in with it yet.

    must_change_password: at the first sign-in; when not given, whenever a person sets the password for another.
    Raises: NotAllowed, Invalid.
    """
    access.require_manages_users(actor)
    if roles:
        access.require_grants_roles(actor, None)
    user = User(
        username=username.strip(),
        name=name.strip(),
        customer_id=customer_id,
        roles=sorted(set(roles)),
        email=email.strip(),
        phone=phone.strip(),
        language=language,
        time_zone=time_zone,
        created_at=clock.now(),
    )
    wrong = _profile_errors(user) | _role_errors(user)
    if not rules.valid_username(user.username):
        wrong["username"] = [_("Use letters, digits and . @ + - _ only.")]
    if password is None:
        user.set_unusable_password()
    else:
        wrong |= _password_errors(password, user)
        user.set_password(password)
        user.must_change_password = (
            actor.kind == "user" if must_change_password is None else must_change_password
        )
    if wrong:
        raise Invalid(fields=wrong)
    _derive_keys(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(fields={"username": [_("This user name is taken.")]}) from error
    _record("user.created", actor, user)
    for role in user.roles:
        _record("user.role_changed", actor, user, role=role, held=True)
    return user


@transaction.atomic
def change_user(
    *,
    actor: Actor,
    user_id: int,
    version: int,
    name: str,
    email: str,
    phone: str,
    language: str,
    time_zone: str,
) -> User:
    """Correct somebody's profile. Raises: NotAllowed, NotFound, Conflict, Invalid. Locks: the user."""
    access.require_manages_users(actor)
    return _change(actor, user_id, version, name, email, phone, language, time_zone)


@transaction.atomic
def change_profile(
    *, actor: Actor, version: int, name: str, email: str, phone: str, language: str, time_zone: str
) -> User:
    """Change one's own profile. Raises: NotFound, Conflict, Invalid. Locks: the user."""
    actor.require_token_scope("admin")
    return _change(actor, actor.user_id or 0, version, name, email, phone, language, time_zone)


def _change(
    actor: Actor, user_id: int, version: int, name: str, email: str, phone: str, language: str, time_zone: str
) -> User:
    user = _locked(actor, user_id)
    if user.version != version:
        raise Conflict
    user.name, user.email, user.phone = name.strip(), email.strip(), phone.strip()
    user.language, user.time_zone = language, time_zone
    if wrong := _profile_errors(user):
        raise Invalid(fields=wrong)
    _derive_keys(user)
    user.access_version += 1
    user.version += 1
    user.save(
        update_fields=[
            *("name", "name_key", "email", "phone", "phone_digits", "language", "time_zone"),
            *("access_version", "version"),
        ]
    )
    _record("user.changed", actor, user)
    return user


@transaction.atomic
def choose_language(*, actor: Actor, language: str) -> None:
    """Switch one's own language; does nothing for a language the program does not have."""
    if language not in dict(settings.LANGUAGES) or actor.user_id is None:
        return
    changed = User.objects.filter(pk=actor.user_id).exclude(language=language)
    changed.update(language=language, access_version=F("access_version") + 1, version=F("version") + 1)


@transaction.atomic
def change_roles(*, actor: Actor, user_id: int, roles: Collection[str]) -> User:
    """Set the roles somebody holds everywhere. Raises: NotAllowed, NotFound, Invalid. Locks: the user."""
    access.require_grants_roles(actor, user_id)
    user = _locked(actor, user_id)
    before, user.roles = set(user.roles), sorted(set(roles))
    if wrong := _role_errors(user):
        raise Invalid(fields=wrong)
    if before == set(user.roles):
        return user
    user.access_version += 1
    user.version += 1
    user.save(update_fields=["roles", "access_version", "version"])
    for role in sorted(before ^ set(user.roles)):
        _record("user.role_changed", actor, user, role=role, held=role in user.roles)
    return user


@transaction.atomic
def deactivate_user(*, actor: Actor, user_id: int) -> User:
    """Shut somebody out at the next request; what they did stays. Raises: NotAllowed, NotFound. Locks: the user."""
    access.require_manages_users(actor)
    user = _locked(actor, user_id)
    if actor.user_id == user_id:
        raise NotAllowed(_("Nobody can shut out themselves."))
    if user.is_active:
        _set_active(user, False)
        Session.objects.filter(user=user).delete()
        _record("user.deactivated", actor, user)
    return user


@transaction.atomic
def activate_user(*, actor: Actor, user_id: int) -> User:
    """Let somebody in again. Raises: NotAllowed, NotFound. Locks: the user."""
    access.require_manages_users(actor)
    user = _locked(actor, user_id)
    if not user.is_active:
        _set_active(user, True)
        _record("user.activated", actor, user)
    return user


def _set_active(user: User, active: bool) -> None:
    user.is_active = active
    user.access_version += 1
    user.version += 1
    user.save(update_fields=["is_active", "access_version", "version"])


def bump_access(user_ids: Iterable[int]) -> None:
    """What these users may do has changed: kept access is void when this transaction commits. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_user SET access_version = access_version + 1 WHERE id = ANY(%s)",
            [sorted(set(user_ids))],
        )


# --- passwords -------------------------------------------------------------------------------------------------


@transaction.atomic
def change_password(*, actor: Actor, old: str, new: str, keep_session: str | None = None) -> User:
    """Change one's own password; other sessions end. keep_session: the key of the one that goes on.

    Raises: NotFound, Invalid. Locks: the user.
    """
    user = _locked(actor, actor.user_id or 0)
    if not user.check_password(old):
        raise Invalid(fields={"old": [_("This is not your present password.")]})
    if old == new:
        raise Invalid(fields={"new": [_("Choose another password than the present one.")]})
    if wrong := _password_errors(new, user, field="new"):
        raise Invalid(fields=wrong)
    _store_password(user, new, must_change=False)
    Session.objects.filter(user=user).exclude(pk=keep_session or "").delete()
    _record("user.password_changed", actor, user)
    return user


@transaction.atomic
def set_password(*, actor: Actor, user_id: int, password: str, must_change: bool = True) -> User:
    """Give somebody a new password; all their sessions end. Raises: NotAllowed, NotFound, Invalid. Locks: the user.

    The system administrator may not do so for the other officers, lest one person hold two offices.
    """
    access.require_manages_users(actor)
    user = _locked(actor, user_id)
    if user.roles and not access.grants_roles(actor):
        raise NotAllowed(_("The security administrator sets the passwords of people who hold a role."))
    if wrong := _password_errors(password, user):
        raise Invalid(fields=wrong)
    _store_password(user, password, must_change=must_change)
    Session.objects.filter(user=user).delete()
    _record("user.password_reset", actor, user)
    return user


def generated_password() -> str:
    """A first password that can be read out on the phone: no letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _place in range(4)) for _group in range(4))


def _store_password(user: User, password: str, *, must_change: bool) -> None:
    user.set_password(password)
    user.must_change_password = must_change
    user.version += 1
    user.save(update_fields=["password", "must_change_password", "version"])


# --- signing in and out ----------------------------------------------------------------------------------------


def check_sign_in(*, username: str, password: str, address: str) -> User:
    """The user who gave the right password. Raises: TooMany after several failures, Invalid for a wrong one.

    Counts are in the database, so all processes share them. An attempt is counted before its password is looked
    at: a hundred at once get no more tries than one after another. An unknown name costs the same time, and the
    answer never says which of the two was wrong. Counts and events stay when this raises.
    """
    with acting_in(EVERYTHING):
        pair, source = _throttle_keys(username, address)
        over = _count(pair) > rules.FAILURES_PER_USER or _failures(source) >= rules.FAILURES_PER_ADDRESS
        user = None if over else PasswordBackend().authenticate(None, username, password)
        if user is not None:
            SignInCount.objects.filter(key=pair).delete()
            _record("user.signed_in", queries.actor_from(user), user, address=source)
            return user
        if not over:
            _count(source)
        _record_refusal(username, source, "throttled" if over else "credentials")
    if over:
        raise TooMany(_("Too many failed attempts. Try again in a quarter of an hour."))
    raise Invalid(_("User name or password is wrong."))


def _throttle_keys(username: str, address: str) -> tuple[str, str]:
    name = username.strip().lower()[:150]
    return _keyed(f"{name}\n{address}"), _keyed(address)


def _keyed(text: str) -> str:
    return salted_hmac("shouyue.accounts.sign_in", text, algorithm="sha256").hexdigest()


_COUNT = """
INSERT INTO accounts_signincount AS c (key, failures, since) VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN c.since < %(start)s THEN 1 ELSE c.failures + 1 END,
  since = CASE WHEN c.since < %(start)s THEN excluded.since ELSE c.since END
RETURNING failures
"""


def _count(key: str) -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "now": now, "start": now - rules.WINDOW})
        return int(cursor.fetchone()[0])


def _failures(key: str) -> int:
    recent = SignInCount.objects.filter(key=key, since__gte=clock.now() - rules.WINDOW)
    return sum(recent.values_list("failures", flat=True))


def _record_refusal(username: str, source: str, reason: str) -> None:
    known = User.objects.filter(username__iexact=username.strip()[:150]).first()
    events.record(
        "user.sign_in_refused",
        actor=SYSTEM,
        subject=("user", known.id if known else 0),
        customer_id=known.customer_id if known else PROVIDER_ID,
        facts={"reason": reason, "address": source},
    )


@transaction.atomic
def note_sign_out(*, actor: Actor) -> None:
    """Record that the actor signed out; the session itself is flushed by the caller."""
    _record("user.signed_out", actor, queries.own_profile(actor))


def mark_session_seen(session_key: str) -> None:
    """Note the last use of a session (at most once a minute)."""
    Session.objects.filter(pk=session_key).update(last_seen_at=clock.now())


def mark_token_used(token_id: int) -> None:
    """Note the last use of a token (at most once a minute)."""
    ApiToken.objects.filter(pk=token_id).update(last_used_at=clock.now())


@transaction.atomic
def revoke_session(*, actor: Actor, handle: UUID) -> None:
    """End one of one's own sessions. Raises: NotFound."""
    ended, _rows = queries.sessions_of(actor).filter(handle=handle).delete()
    if not ended:
        raise NotFound
    _record("user.sessions_revoked", actor, queries.own_profile(actor), sessions=1)


@transaction.atomic
def revoke_other_sessions(*, actor: Actor, keep_session: str | None) -> int:
    """Sign out everywhere but here. Returns how many sessions ended."""
    ended, _rows = queries.sessions_of(actor).exclude(pk=keep_session or "").delete()
    if ended:
        _record("user.sessions_revoked", actor, queries.own_profile(actor), sessions=ended)
    return ended


# --- tokens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which nobody can see again."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(*, actor: Actor, name: str, scopes: Collection[str], expires_at: datetime) -> NewToken:
    """Make a token for oneself. Raises: NotAllowed for a token, Invalid."""
    if actor.kind == "token":
        raise NotAllowed(_("A token cannot make tokens."))
    user = queries.own_profile(actor)
    now = clock.now()
    wrong: Fields = {}
    if not 1 <= len(name.strip()) <= 100:
        wrong["name"] = [_("Give it a name of at most 100 characters.")]
    if not scopes or set(scopes) - set(rest.declared_scopes()):
        wrong["scopes"] = [_("Choose at least one of the listed scopes.")]
    if not now < expires_at <= now + timedelta(days=366):
        wrong["expires_at"] = [_("A token lives for a year at most.")]
    if wrong:
        raise Invalid(fields=wrong)
    secret = rules.TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        prefix=secret[:9],
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    events.record(
        "token.created",
        actor=actor,
        subject=("token", token.id),
        case=("user", user.id),
        customer_id=user.customer_id,
        facts={"owner": f"user:{user.id}", "expires_at": expires_at},
    )
    return NewToken(token, secret)


@transaction.atomic
def revoke_token(*, actor: Actor, token_id: int) -> None:
    """End one of one's own tokens at once. Raises: NotFound. Locks: the token."""
    token = locks.lock_row(queries.tokens_of(actor), pk=token_id)
    token.revoked_at = clock.now()
    token.save(update_fields=["revoked_at"])
    events.record(
        "token.revoked",
        actor=actor,
        subject=("token", token.id),
        case=("user", token.user_id),
        customer_id=actor.customer_id,
        facts={"owner": f"user:{token.user_id}"},
    )


def forget_old_rows() -> None:
    """Drop ended sessions and stale counts of failures."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    SignInCount.objects.filter(since__lt=clock.now() - rules.WINDOW).delete()


# --- shared ----------------------------------------------------------------------------------------------------


def _locked(actor: Actor, user_id: int) -> User:
    user: User = locks.lock_row(queries.users_visible_to(actor), pk=user_id)
    return user


def _record(verb: str, actor: Actor, user: User, **facts: events.FactValue) -> None:
    events.record(verb, actor=actor, subject=("user", user.id), customer_id=user.customer_id, facts=facts)


def _derive_keys(user: User) -> None:
    user.name_key = name_key(user.name)
    user.phone_digits = digits_of(user.phone)


def _profile_errors(user: User) -> Fields:
    wrong: Fields = {}
    if not 1 <= len(user.name) <= 100 or "\x00" in user.name:
        wrong["name"] = [_("A name has 1 to 100 characters.")]
    if len(user.phone) > 40 or "\x00" in user.phone:
        wrong["phone"] = [_("A phone number has 40 characters at most.")]
    if user.email:
        try:
            validate_email(user.email)
        except ValidationError as error:
            wrong["email"] = list(error.messages)
    if user.language not in dict(settings.LANGUAGES):
        wrong["language"] = [_("There is no such language.")]
    try:
        ZoneInfo(user.time_zone)
    except (KeyError, ValueError, OSError):
        wrong["time_zone"] = [_("There is no such time zone.")]
    return wrong


def _role_errors(user: User) -> Fields:
    if rules.unknown_roles(user.roles):
        return {"roles": [_("There is no such role.")]}
    if user.roles and user.customer_id != PROVIDER_ID:
        return {"roles": [_("Only the provider's people hold roles in every contract.")]}
    if rules.mixes_offices(user.roles):
        return {"roles": [_("An administrator's role cannot be held together with another role.")]}
    return {}


def _password_errors(password: str, user: User, *, field: str = "password") -> Fields:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {field: list(error.messages)}
    return {}
