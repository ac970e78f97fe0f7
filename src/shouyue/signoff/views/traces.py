"""Where an answer comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from shouyue.signoff.services import Traces


def address_of(request: HttpRequest) -> str:
    """The browser's address; behind a proxy the one the proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and settings.SECURE_PROXY_SSL_HEADER:
        return forwarded.rsplit(",", 1)[-1].strip()[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def traces_of(request: HttpRequest) -> Traces:
    """Address and browser of a request."""
    return Traces(address_of(request), request.headers.get("User-Agent", "")[:400])
