"""Preferences, the server's clock, the style guide."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shouyue.kernel import clock
from shouyue.kernel.errors import NotFound
from shouyue.web import errors, preferences, styleguide
from shouyue.web.errors import bad_request, csrf_failure, page_not_found, permission_denied, server_error
from shouyue.web.htmx import render_page, toast

__all__ = [
    "bad_request",
    "csrf_failure",
    "offline",
    "offline_worker",
    "page_not_found",
    "permission_denied",
    "server_error",
    "server_now",
    "set_language",
    "set_theme",
    "style_guide",
    "style_guide_part",
]


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the interface language: cookie, and profile when signed in; back to the page it came from."""
    language = request.POST.get("language", "")
    response = _back(request)
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        preferences.save(request, "language", language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=preferences.COOKIE_AGE,
            samesite="Lax",
            httponly=True,
        )
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Switch between automatic, light and dark; the script has already changed the page."""
    theme = request.POST.get("theme", "")
    response = _back(request)
    if theme in preferences.THEMES:
        preferences.save(request, "theme", theme)
        response.set_cookie(preferences.THEME_COOKIE, theme, max_age=preferences.COOKIE_AGE, samesite="Lax")
    return response


@login_not_required
@never_cache
@require_GET
def server_now(request: HttpRequest) -> HttpResponse:
    """The server's clock; countdowns set themselves by it when a tab wakes up."""
    return JsonResponse({"now": clock.now().isoformat()})


@login_not_required
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """The page a phone shows without network; it needs no session."""
    return render(request, "web/errors/offline.html")


@login_not_required
@require_GET
def offline_worker(request: HttpRequest) -> HttpResponse:
    """The script of the offline page; served from the root, because a worker rules only what lies below it."""
    return HttpResponse(
        _worker_source(), content_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@cache
def _worker_source() -> str:
    path = finders.find("web/js/offline-worker.js")
    return Path(str(path)).read_text("utf-8")


def style_guide(request: HttpRequest) -> HttpResponse:
    """All components on one page, for those who build pages and for the browser tests."""
    _staff_only(request)
    samples = styleguide.samples(request)
    return render_page(request, "web/styleguide.html", samples)


def style_guide_part(request: HttpRequest, name: str) -> HttpResponse:
    """Fragments the style guide's examples ask for."""
    _staff_only(request)
    if name == "options":
        return render(request, "web/components/options.html", {"options": styleguide.options(request)})
    if name == "toast":
        return toast(HttpResponse(status=204), _("Saved."), "success")
    if name == "drawer":
        return render(request, "web/styleguide_drawer.html")
    if name == "rows":
        return styleguide.live_rows(request)
    if name.isdigit() and int(name) in errors.EXPLANATIONS:
        return errors.answer(request, int(name))
    raise NotFound


def _staff_only(request: HttpRequest) -> None:
    actor = getattr(request, "actor", None)
    if not settings.DEBUG and (actor is None or not actor.is_staff):
        raise NotFound


def _back(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true" or request.headers.get("Sec-Fetch-Dest") == "empty":
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if safe else "/")
