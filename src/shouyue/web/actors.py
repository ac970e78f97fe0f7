"""Who asks: the actor the sign-in has put on a request, for pages and the API."""

from __future__ import annotations

from django.http import HttpRequest

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; for what runs after sign-in. Raises: NotFound when nobody is signed in."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotFound
    return actor
