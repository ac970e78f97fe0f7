"""Secret calendar addresses: given, taken back, and opened by whoever knows one."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction

from shouyue.accounts.queries import actor_of
from shouyue.commitments.feed_models import CalendarFeed
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound
from shouyue.kernel.scope import EVERYTHING, acting_in


@transaction.atomic
def issue_feed(*, actor: Actor) -> str:
    """Give somebody a new secret address; the one before ends at once. Returns the secret, shown just now.

    Raises: NotAllowed for tokens and links. Event: calendar_feed.issued. Locks: the person's feed.
    """
    user_id = _person(actor)
    _end(user_id)
    secret = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(user_id=user_id, digest=_digest(secret), created_at=clock.now())
    _tell(actor, feed, "calendar_feed.issued")
    return secret


@transaction.atomic
def revoke_feed(*, actor: Actor) -> None:
    """End one's own secret address. Raises: NotAllowed; NotFound without one. Event: calendar_feed.revoked."""
    feed = _end(_person(actor))
    if feed is None:
        raise NotFound
    _tell(actor, feed, "calendar_feed.revoked")


def open_feed(secret: str) -> Actor:
    """Whose calendar a secret address shows, with what that person may see now. Raises: NotFound. Queries: three."""
    if not secret or len(secret) > 64:
        raise NotFound
    feed = CalendarFeed.objects.filter(digest=_digest(secret), revoked_at__isnull=True).first()
    if feed is None:
        raise NotFound
    with acting_in(EVERYTHING):  # a visitor sees no memberships, by which the owner's rights are told
        return actor_of(feed.user_id)


def _person(actor: Actor) -> int:
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed
    return actor.user_id


def _end(user_id: int) -> CalendarFeed | None:
    feed = CalendarFeed.objects.select_for_update().filter(user_id=user_id, revoked_at__isnull=True).first()
    if feed is not None:
        feed.revoked_at = clock.now()
        feed.save(update_fields=["revoked_at"])
    return feed


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _tell(actor: Actor, feed: CalendarFeed, verb: str) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("calendar_feed", feed.pk),
        case=("user", feed.user_id),
        customer_id=actor.customer_id,
        facts={"owner": f"user:{feed.user_id}"},
    )
