"""Answers for pages and fragments: one URL, one template, the fragment is a named part of the page."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.http import quote_etag

Level = Literal["success", "info", "warning", "error"]

_LEVELS: dict[Level, int] = {
    "success": messages.SUCCESS,
    "info": messages.INFO,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page (boosted links and history restores get whole pages)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    part: str = "content",
    status: int = 200,
) -> HttpResponse:
    """The page, or for htmx only ``template#part``. Sends ``Vary: HX-Request``.

    A view with several fragments chooses the part by `target_of(request)`."""
    name = f"{template}#{part}" if is_fragment(request) else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def target_of(request: HttpRequest) -> str:
    """The id of the element htmx will fill, or an empty string."""
    return request.headers.get("HX-Target", "")


def toast(response: HttpResponse, text: str | Promise, level: Level = "success") -> HttpResponse:
    """Show a short message after a fragment was swapped; several calls add up."""
    return trigger(response, "toast", {"text": str(text), "level": level})


def trigger(response: HttpResponse, event: str, detail: object = None) -> HttpResponse:
    """Let the browser dispatch an event after the swap (``HX-Trigger``). Toasts of one answer add up."""
    events: dict[str, Any] = json.loads(response.headers.get("HX-Trigger", "{}"))
    if event == "toast":
        queue = events.setdefault("toast", {"items": []})["items"]
        queue.append(detail)
    else:
        events[event] = detail
    response["HX-Trigger"] = json.dumps(events)
    return response


def go(
    request: HttpRequest, url: str, text: str | Promise | None = None, level: Level = "success"
) -> HttpResponse:
    """Redirect after a change: ``HX-Redirect`` for htmx, 303 for plain forms; text is shown on the next page."""
    if text is not None:
        messages.add_message(request, _LEVELS[level], str(text))
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def load_again() -> HttpResponse:
    """Let the browser load the whole page anew: what a fragment followed has come to its end."""
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def pulse(request: HttpRequest, version: object) -> HttpResponse:
    """Answer of a pulse endpoint: 304 while ``version`` is unchanged, else 204 with the new ``ETag``."""
    tag = quote_etag(str(version))
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(status=204)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response
