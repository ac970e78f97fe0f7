"""Refusals of gates survive the change they refused."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from .services import gating


def refusal_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record what gates held back, after the refused change is rolled back, in the request's own transaction."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        gating.forget_refusals()
        response = get_response(request)
        if response.status_code < 500:
            gating.record_refusals()
        return response

    return middleware
