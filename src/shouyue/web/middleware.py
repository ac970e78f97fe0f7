"""Language and time zone of the actor; kernel errors as pages or fragments; the server's clock for countdowns."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from shouyue.kernel import clock
from shouyue.kernel.errors import Invalid, ShouyueError
from shouyue.web import errors, rest

GetResponse = Callable[[HttpRequest], HttpResponse]

API = "/api/"
DEFAULT_ZONE = "Asia/Shanghai"


def one_address_middleware(get_response: GetResponse) -> GetResponse:
    """Addresses of the API have no slash at their end; with one they are answered alike, also where a body comes along.

    Must come before everything that looks at the address."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(API) and request.path_info != API and request.path_info[-1] == "/":
            request.path_info = request.path_info.rstrip("/")
            request.path = request.path.rstrip("/")
        return get_response(request)

    return middleware


class ActorLocaleMiddleware:
    """Activate the actor's language and time zone for the request.

    Signed in: the profile decides. Otherwise the language cookie, else the installation's default; the
    browser's ``Accept-Language`` is ignored on purpose: Chinese is the default, and the switch is on every page.
    Must come after the middleware that sets ``request.actor``."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language), timezone.override(zone_of(request)):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Cookie"])
        return response


class ErrorPageMiddleware:
    """Turn errors of views into the designed error page or fragment; tell htmx the server's time."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not request.path.startswith(API):
            allowed = response["Allow"]
            response = errors.answer(request, 405)
            response["Allow"] = allowed
        if request.META.get("HTTP_HX_REQUEST") == "true":  # `headers` would first read them all
            if response.status_code in (301, 302, 303) and _leads_to_sign_in(response):
                response = errors.answer(request, 401, url=_sign_in_url(request))
            response["X-Server-Now"] = clock.now().isoformat()
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """No name and no text holds U+0000, and PostgreSQL takes none: there is nothing at such an address."""
        if "\0" in request.path_info:
            return errors.page_not_found(request)
        if request.path.startswith(API) and "%00" in request.META.get("QUERY_STRING", ""):
            return rest.problem(request, 422, code="invalid", detail=Invalid().message)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ShouyueError) and not request.path.startswith(API):
            return errors.answer(
                request,
                exception.status,
                message=exception.message,
                fields={name: [str(text) for text in texts] for name, texts in exception.fields.items()},
            )
        return None


def _leads_to_sign_in(response: HttpResponse) -> bool:
    """Whether a fragment was answered with the sign-in page, which must not land inside a page."""
    return urlsplit(response.get("Location", "")).path == urlsplit(resolve_url(settings.LOGIN_URL)).path


def _sign_in_url(request: HttpRequest) -> str:
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = page.path + (f"?{page.query}" if page.query else "")
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back or '/'})}"


def language_of(request: HttpRequest) -> str:
    """The language of the profile, else of the cookie, else the default; always a supported code."""
    actor = getattr(request, "actor", None)
    wanted = actor.language if actor is not None else request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    try:
        return translation.get_supported_language_variant(wanted)
    except LookupError:
        return settings.LANGUAGE_CODE


def zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The time zone of the profile, else the provider's."""
    actor = getattr(request, "actor", None)
    try:
        return zoneinfo.ZoneInfo(actor.time_zone if actor is not None else DEFAULT_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(DEFAULT_ZONE)
