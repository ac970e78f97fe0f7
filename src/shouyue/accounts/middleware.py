"""Who asks: sets `request.actor` from the session or, under /api/, from a bearer token, and narrows the scope.

What only browsers need (session, CSRF, messages) is left out of requests that bring a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse

from shouyue.kernel import clock, scope
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

from . import queries, services

GetResponse = Callable[[HttpRequest], HttpResponse]

SEEN_EVERY = timedelta(minutes=1)
_OPEN_TO_VISITORS = ("/api/", "/preferences/", "/now/", "/offline/", "/static/")
_OPEN_WITH_OLD_PASSWORD = ("/password/", "/sign-out/", "/preferences/", "/static/", "/now/", "/offline/")


def brings_token(request: HttpRequest) -> bool:
    """Whether the request says who asks by an `Authorization` header of the API: then no session is looked at."""
    return request.path.startswith("/api/") and "HTTP_AUTHORIZATION" in request.META


def browser_middleware(get_response: GetResponse) -> GetResponse:
    """Session, CSRF and messages of Django, around requests that bring no token.

    A token's requests have no `request.session`; `actor_middleware` decides by the same `brings_token`, so that no
    session counts that CSRF has not guarded. Going through them costs 0.08 ms, a twelfth of a small answer of the API.
    """
    csrf = CsrfViewMiddleware(convert_exception_to_response(MessageMiddleware(get_response)))
    session = SessionMiddleware(convert_exception_to_response(csrf))
    for_browsers = cast(GetResponse, convert_exception_to_response(session))

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if brings_token(request) else for_browsers(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        return None if brings_token(request) else csrf.process_view(request, view, args, kwargs)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def actor_middleware(get_response: GetResponse) -> GetResponse:
    """Set `request.actor`: Actor, or None for a visitor, whose transaction may touch no customer's rows.

    A deactivated user, a revoked session or token, and a changed role count from this request on. Pages are for
    those who are signed in, unless the view is marked `login_not_required`; the API answers 401 by itself.
    Queries: one for who asks, one to narrow the scope of those who do not see everything.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        actor, must_change = _actor(request)
        request.actor = actor  # type: ignore[attr-defined]
        if actor is None:
            scope.narrow_to(scope.NOTHING)
        elif not actor.scope.everything:
            scope.narrow_to(actor.scope)
        if must_change and not request.path.startswith(_OPEN_WITH_OLD_PASSWORD):
            return _ask_for_new_password(request, get_response)
        return get_response(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.actor is not None or not getattr(view, "login_required", True):  # type: ignore[attr-defined]
            return None
        if request.path == "/" or request.path.startswith(_OPEN_TO_VISITORS):
            return None
        target = request.get_full_path() if request.method == "GET" else ""
        # A part of a page stays a redirect: the shell makes a notice of it, so that the page and its text remain.
        return HttpResponseRedirect(
            reverse("accounts:sign_in") + (f"?{urlencode({'next': target})}" if target else "")
        )

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def _actor(request: HttpRequest) -> tuple[Actor | None, bool]:
    if brings_token(request):
        return _bearer(request), False
    session = request.session
    glance = session.glance()  # type: ignore[attr-defined]
    if glance is None or not glance.is_active:
        return None, False
    now = clock.now()
    if now - glance.last_seen_at > SEEN_EVERY:
        services.mark_session_seen(str(session.session_key))
    try:
        return queries.kept_actor(glance.user_id, glance.access_version), glance.must_change_password
    except NotFound:  # deactivated between the two queries
        return None, False


def _bearer(request: HttpRequest) -> Actor | None:
    kind, _, secret = request.META["HTTP_AUTHORIZATION"].partition(" ")
    if kind.lower() != "bearer" or not secret:
        return None
    digest = hashlib.sha256(secret.strip().encode()).hexdigest()
    found = queries.token_bearer(digest)
    if found is None:
        request.why_refused = queries.why_refused(digest)  # type: ignore[attr-defined]
        return None
    actor, last_used_at = found
    if last_used_at is None or clock.now() - last_used_at > SEEN_EVERY:
        services.mark_token_used(actor.id)
    return actor


def _ask_for_new_password(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    if request.path.startswith("/api/"):
        request.actor = None  # type: ignore[attr-defined]
        scope.narrow_to(scope.NOTHING)
        return get_response(request)
    return _lead_to(request, reverse("accounts:password"))


def _lead_to(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
