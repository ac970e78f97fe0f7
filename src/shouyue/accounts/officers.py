"""User administration reaches the accounts of every customer, though officers see none of their business."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest

from shouyue.kernel.actor import Actor
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import access

R = TypeVar("R")


@contextmanager
def all_users(actor: Actor) -> Iterator[Actor]:
    """All accounts in reach within the block. Raises: NotAllowed for everybody but the officers, first of all."""
    access.require_sees_users(actor)
    with acting_in(EVERYTHING):
        yield actor


def over_all_users(view: Callable[..., R]) -> Callable[..., R]:
    """Run a page of user administration within `all_users`."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        with all_users(request.actor):  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

    return wrapper
