"""All routes: one prefix per module."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from shouyue.config.api import api
from shouyue.demo import queries as demo
from shouyue.kernel.actor import Actor

# Officers have no business at the desk; the first role that fits decides.
STARTS = {
    "system_admin": "insights:system",
    "security_admin": "accounts:users",
    "audit_admin": "insights:events",
    "field_engineer": "visits:mine",
    "resident_engineer": "visits:mine",
}


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Where a person starts: desk, own visits or administration for staff, the portal for customers."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    if actor is None:
        return redirect("demo:preparing" if demo.is_being_prepared() else "accounts:sign_in")
    if not actor.is_staff:
        return redirect("portal:home")
    held = actor.roles.union(*actor.contract_roles.values())
    return redirect(next((name for role, name in STARTS.items() if held == {role}), "tickets:queue"))


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
    path("", include("shouyue.signoff.urls")),
    path("", include("shouyue.commitments.urls")),
    path("", include("shouyue.tickets.urls")),
    path("", include("shouyue.visits.urls")),
    path("", include("shouyue.insights.urls")),
    path("", include("shouyue.portal.urls")),
    path("", include("shouyue.demo.urls")),
]

handler400 = "shouyue.web.views.bad_request"
handler403 = "shouyue.web.views.permission_denied"
handler404 = "shouyue.web.views.page_not_found"
handler500 = "shouyue.web.views.server_error"
