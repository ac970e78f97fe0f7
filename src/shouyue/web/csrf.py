"""One CSRF token per page: each masking costs as much as drawing a row, and a page has many forms."""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString


def token_of(request: HttpRequest) -> SafeString:
    """The token for this request's forms, masked once; asking for it sets the cookie as Django's own does."""
    kept: SafeString | None = getattr(request, "_masked_token", None)
    if kept is None:
        kept = SafeString(get_token(request))
        request._masked_token = kept  # type: ignore[attr-defined]
    return kept
