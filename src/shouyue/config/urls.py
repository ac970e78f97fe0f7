"""All routes: one prefix per module."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import include, path, reverse

from shouyue.config.api import api


def home(request: HttpRequest) -> HttpResponse:
    """Where a person starts: the desk for staff, the portal for customers."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor is None:
        return redirect("accounts:sign_in")
    return HttpResponseRedirect(reverse("tickets:queue" if actor.is_staff else "portal:home"))


urlpatterns = [
    path("", home, name="home"),
    path("api/", api.urls),
    path("", include("shouyue.web.urls")),
    path("", include("shouyue.accounts.urls")),
    path("", include("shouyue.parties.urls")),
    path("", include("shouyue.notifications.urls")),
    path("", include("shouyue.files.urls")),
    path("", include("shouyue.calendars.urls")),
    path("", include("shouyue.contracts.urls")),
    path("", include("shouyue.commitments.urls")),
    path("", include("shouyue.tickets.urls")),
    path("", include("shouyue.visits.urls")),
    path("", include("shouyue.portal.urls")),
    path("", include("shouyue.demo.urls")),
]

handler400 = "shouyue.web.views.bad_request"
handler403 = "shouyue.web.views.permission_denied"
handler404 = "shouyue.web.views.page_not_found"
handler500 = "shouyue.web.views.server_error"
