"""Pages of signing in and of one's own account."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, TooMany
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.web.htmx import go

from . import forms, services


def client_address(request: HttpRequest) -> str:
    """The browser's address; behind a proxy the one the proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and settings.SECURE_PROXY_SSL_HEADER:
        return forwarded.rsplit(",", 1)[-1].strip()[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _actor(request: HttpRequest) -> Actor | None:
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    return actor


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else reverse(settings.LOGIN_REDIRECT_URL)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page."""
    if _actor(request) is not None:
        return redirect(_next(request))
    form = forms.SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = services.check_sign_in(**form.cleaned_data, address=client_address(request))
            except (Invalid, TooMany) as error:
                form.add_error(None, error.message)
                status = error.status
            else:
                with acting_in(EVERYTHING):
                    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
                request.session.came_from(  # type: ignore[attr-defined]
                    client_address(request), request.headers.get("User-Agent", "")
                )
                return HttpResponseRedirect(_next(request))
    return render(request, "accounts/sign_in.html", {"form": form, "next": _next(request)}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    actor = _actor(request)
    if actor is not None:
        services.note_sign_out(actor=actor)
    logout(request)
    return redirect("accounts:sign_in")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; new people are led here first."""
    actor = _actor(request)
    if actor is None:
        return redirect("accounts:sign_in")
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_password(
                actor=actor,
                old=form.cleaned_data["old"],
                new=form.cleaned_data["new"],
                keep_session=request.session.session_key,
            )
        except Invalid as error:
            for field, texts in error.fields.items():
                for text in texts:
                    form.add_error(field, str(text))
        else:
            return go(request, reverse(settings.LOGIN_REDIRECT_URL), _("Your password is changed."))
    forced = request.session.glance().must_change_password  # type: ignore[attr-defined]
    status = 422 if form.errors else 200
    return render(request, "accounts/password.html", {"form": form, "forced": forced}, status=status)
