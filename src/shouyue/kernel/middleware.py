"""One transaction per request, under the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from .scope import EVERYTHING, acting_in

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def transaction_middleware(get_response: GetResponse) -> GetResponse:
    """Open the request's transaction, seeing everything until the actor is known; undo it on a server error.

    Stands before the session and authentication middleware, which must read users and sessions; they call
    `scope.narrow_to` once they know the actor.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with acting_in(EVERYTHING):
            response = get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    return middleware
