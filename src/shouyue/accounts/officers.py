"""User administration reaches the accounts of every customer, though officers see none of their business."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest

from shouyue.kernel.scope import EVERYTHING, acting_in

from . import access

R = TypeVar("R")


def over_all_users(view: Callable[..., R]) -> Callable[..., R]:
    """Run a view or operation of user administration with all accounts in reach.

    Raises: NotAllowed for everybody but the officers, before anything is looked up.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        access.require_sees_users(request.actor)  # type: ignore[attr-defined]
        with acting_in(EVERYTHING):
            return view(request, *args, **kwargs)

    return wrapper
