"""Error pages and error fragments, one design for all statuses, in the language of the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.errors import NotFound
from shouyue.web import rest
from shouyue.web.navigation import Text


@dataclass(frozen=True)
class Explanation:
    """What an error page says: what happened, and what the reader can do."""

    icon: str
    title: Text
    text: Text


EXPLANATIONS: dict[int, Explanation] = {
    400: Explanation(
        "alert-circle",
        _("The request could not be read"),
        _("Something in the address or the form is not as expected. Go back and try again."),
    ),
    401: Explanation(
        "lock",
        _("Your session has ended"),
        _("Sign in again and come back: your text is kept in this tab."),
    ),
    403: Explanation(
        "lock",
        _("Not allowed"),
        _("Your role does not allow this. If you need it for your work, ask your administrator."),
    ),
    404: Explanation(
        "search",
        _("Nothing here"),
        _("There is no such page, or it is not yours to see. Check the address or the number."),
    ),
    405: Explanation(
        "route",
        _("Not a page of its own"),
        _("This address only takes what a form sends. Go back to the page with the form."),
    ),
    409: Explanation(
        "git-merge",
        _("Someone was faster"),
        _("The record has changed meanwhile. Your text is kept: load the page again and repeat your change."),
    ),
    413: Explanation(
        "upload",
        _("Too much at once"),
        rest.LARGER_THAN_TAKEN,
    ),
    422: Explanation(
        "alert-triangle",
        _("Some values are not valid"),
        _("Correct the marked values and send the form again."),
    ),
    429: Explanation(
        "hourglass",
        _("Too many requests"),
        _("Wait a moment, then try again."),
    ),
    500: Explanation(
        "tool",
        _("Something broke on our side"),
        _("The fault has been recorded. Your last change may not be saved; try again in a moment."),
    ),
    503: Explanation(
        "plug-connected",
        _("Short interruption"),
        _("The service is being started or maintained. This page tries again by itself."),
    ),
}

Fields = Mapping[str, Sequence[str]]


def answer(
    request: HttpRequest, status: int, *, message: str = "", fields: Fields | None = None, url: str = ""
) -> HttpResponse:
    """The error as a page, or for htmx as a fragment that goes into the page's alert region.

    Who is signed in keeps the navigation, unless the fault is ours: then as little as possible is asked of the server.
    url: where a fragment sends the reader who must sign in again."""
    known = EXPLANATIONS.get(status, EXPLANATIONS[500])
    at_home = getattr(request, "actor", None) is not None and status < 500
    context = {
        "layout": "web/base.html" if at_home else "web/bare.html",
        "status": status,
        "icon": known.icon,
        "title": known.title,
        "text": message or known.text,
        "fields": dict(fields or {}),
        "url": url,
        "again_url": _page_before(request),
    }
    if request.headers.get("HX-Request") == "true":
        response = render(request, "web/errors/_fragment.html", context, status=status)
        response["HX-Retarget"] = "#alerts"
        response["HX-Reswap"] = "innerHTML show:none"
        response["X-Error-Fragment"] = "true"
        return response
    return render(request, "web/errors/page.html", context, status=status)


def _page_before(request: HttpRequest) -> str:
    """Where to load the record again: the page the form was sent from, or this page if it was only read."""
    referer = request.headers.get("Referer", "")
    if request.method != "GET" and url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return referer
    return request.get_full_path() if request.method == "GET" else "/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400"""
    return answer(request, 413 if isinstance(exception, rest.TOO_LARGE) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403"""
    message = str(exception) if isinstance(exception, PermissionDenied) else ""
    return answer(request, 403, message=message)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404; never repeats the address, which may be guessed."""
    if request.path.startswith(rest.ROOT):
        return rest.problem(request, 404, code="not_found", detail=NotFound().message)
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; uses neither database, session nor context processors, any of which may be what failed."""
    known = EXPLANATIONS[500]
    context = {"status": 500, "icon": known.icon, "title": known.title, "text": known.text}
    if request.headers.get("HX-Request") == "true":
        html = render_to_string("web/errors/_fragment.html", context)
        headers = {"HX-Retarget": "#alerts", "HX-Reswap": "innerHTML show:none", "X-Error-Fragment": "true"}
        return HttpResponse(html, status=500, headers=headers)
    return HttpResponse(render_to_string("web/errors/standalone.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: nearly always a form that outlived its session, so say so."""
    text = _("This form is too old or your session has ended. Load the page again; your text is kept.")
    return answer(request, 403, message=str(text))
