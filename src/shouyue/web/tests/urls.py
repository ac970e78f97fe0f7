"""Routes of the shell alone, so that its tests need no other module."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path

from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.web import errors

RAISED = {
    "conflict": Conflict,
    "invalid": lambda: Invalid(fields={"title": ["Too long."]}),
    "not-allowed": NotAllowed,
    "not-found": NotFound,
    "broken": RuntimeError,
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]()


def protected(request: HttpRequest) -> HttpResponse:
    return redirect("/sign-in/?next=/desk/")


def blank(request: HttpRequest) -> HttpResponse:
    return render(request, "web/base.html")


urlpatterns = [
    path("", include("shouyue.web.urls")),
    path("fail/<str:name>/", fail),
    path("protected/", protected),
    path("sign-in/", blank, name="sign_in"),
    path("desk/", blank, name="desk"),
    path("portal/", blank, name="portal"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
