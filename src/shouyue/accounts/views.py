"""Pages of signing in and of one's own account: profile, password, sessions, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, TooMany
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.web import rest
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go

from . import forms, queries, services
from .browsers import browser_of
from .models import User


def client_address(request: HttpRequest) -> str:
    """The browser's address; behind a proxy the one the proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and settings.SECURE_PROXY_SSL_HEADER:
        return forwarded.rsplit(",", 1)[-1].strip()[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else reverse(settings.LOGIN_REDIRECT_URL)


# --- signing in and out ----------------------------------------------------------------------------------------


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page."""
    if request.actor is not None:  # type: ignore[attr-defined]
        return HttpResponseRedirect(_next(request))
    form = forms.SignInForm(request.POST or None)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            user = services.check_sign_in(**form.cleaned_data, address=client_address(request))
        except (Invalid, TooMany) as error:
            add_errors(form, error)
            status = error.status
        else:
            _begin_session(request, user)
            return HttpResponseRedirect(_next(request))
    return render(request, "accounts/sign_in.html", {"form": form, "next": _next(request)}, status=status)


def _begin_session(request: HttpRequest, user: User) -> None:
    with acting_in(EVERYTHING):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.came_from(  # type: ignore[attr-defined]
        client_address(request), request.headers.get("User-Agent", "")
    )


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if request.actor is not None:  # type: ignore[attr-defined]
        services.note_sign_out(actor=_actor(request))
    logout(request)
    return redirect("accounts:sign_in")


# --- one's own account -----------------------------------------------------------------------------------------


def _page(request: HttpRequest, name: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    tabs = [
        {"key": "profile", "label": _("Profile"), "url": reverse("accounts:profile"), "icon": "user"},
        {
            "key": "sessions",
            "label": _("Sessions"),
            "url": reverse("accounts:sessions"),
            "icon": "device-desktop",
        },
        {"key": "tokens", "label": _("API tokens"), "url": reverse("accounts:tokens"), "icon": "key"},
    ]
    return render(request, f"accounts/{name}.html", {"tabs": tabs, "active": name, **context}, status=status)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; people with a password set by somebody else are led here first."""
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        key = request.session.session_key
        try:
            services.change_password(actor=_actor(request), old=old, new=new, keep_session=key)
        except Invalid as error:
            add_errors(form, error)
        else:
            return go(request, reverse(settings.LOGIN_REDIRECT_URL), _("Your password is changed."))
    forced = request.session.glance().must_change_password  # type: ignore[attr-defined]
    status = 422 if form.errors else 200
    return render(request, "accounts/password.html", {"form": form, "forced": forced}, status=status)


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, phone, e-mail, language and time zone."""
    user = queries.own_profile(_actor(request))
    form = forms.ProfileForm(request.POST or None, initial=profile_of(user))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_profile(actor=_actor(request), **form.cleaned_data)
        except (Conflict, Invalid) as error:
            add_errors(form, error)
        else:
            return go(request, reverse("accounts:profile"), _("Your profile is saved."))
    return _page(request, "profile", {"form": form, "user": user}, status=422 if form.errors else 200)


def profile_of(user: User) -> dict[str, Any]:
    """The initial values of a profile form."""
    names = ("version", "name", "phone", "email", "language", "time_zone")
    return {name: getattr(user, name) for name in names}


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    here = request.session.session_key
    rows = [
        {"session": session, "browser": browser_of(session.agent), "here": session.session_key == here}
        for session in queries.sessions_of(_actor(request))
    ]
    rows.sort(key=lambda row: not row["here"])
    return _page(request, "sessions", {"rows": rows})


@require_POST
def revoke_session(request: HttpRequest, handle: UUID) -> HttpResponse:
    """Sign out of one other browser."""
    services.revoke_session(actor=_actor(request), handle=handle)
    return go(request, reverse("accounts:sessions"), _("The session has ended."))


@require_POST
def revoke_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    ended = services.revoke_other_sessions(actor=_actor(request), keep_session=request.session.session_key)
    text = ngettext("%(n)d session has ended.", "%(n)d sessions have ended.", ended) % {"n": ended}
    return go(request, reverse("accounts:sessions"), text)


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own API tokens; a new one is shown here, this once."""
    form = forms.TokenForm(request.POST or None)
    made: services.NewToken | None = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        until = clock.now() + timedelta(days=data["days"])
        try:
            made = services.create_token(
                actor=_actor(request), name=data["name"], scopes=data["scopes"], expires_at=until
            )
        except (Conflict, Invalid) as error:
            add_errors(form, error)
        else:
            form = forms.TokenForm()
    scopes = rest.declared_scopes()
    rows = [
        {"token": token, "scopes": [scopes.get(name, name) for name in token.scopes]}
        for token in queries.tokens_of(_actor(request))
    ]
    context = {"form": form, "made": made, "rows": rows, "now": clock.now()}
    return _page(request, "tokens", context, status=422 if form.errors else 200)


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of one's own tokens."""
    services.revoke_token(actor=_actor(request), token_id=token_id)
    return go(request, reverse("accounts:tokens"), _("The token is revoked."))
