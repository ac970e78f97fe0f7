"""What a visitor of a demo sees first: how far it is, then the accounts to try."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from . import queries
from .choices import Stage
from .rules.texts import PASSWORD


@login_not_required
@never_cache
@require_GET
def preparing(request: HttpRequest) -> HttpResponse:
    """The page shown while the demo is loaded; htmx asks for its changing part every second."""
    row = queries.progress()
    if not queries.is_being_prepared():
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("accounts:sign_in")})
        return redirect("accounts:sign_in")
    percent = row.percent if row else 0
    stage = Stage(row.stage) if row else Stage.WORLD
    stages = [
        {
            "label": one.label,
            "state": "done" if index < list(Stage).index(stage) else "now" if one is stage else "next",
        }
        for index, one in enumerate(Stage)
    ]
    part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "demo/preparing.html#state" if part else "demo/preparing.html",
        {
            "percent": percent,
            "stages": stages,
            "interrupted": queries.is_interrupted(),
            "error": row.error if row else "",
        },
    )


def accounts_panel(request: HttpRequest, _obj: object) -> str | None:
    """The accounts of the demo under the sign-in form; nothing on other pages or in other databases."""
    if request.path != reverse("accounts:sign_in") or queries.progress() is None:
        return None
    return render_to_string(
        "demo/_accounts.html",
        {"accounts": queries.accounts(), "password": PASSWORD, "next": request.GET.get("next", "")},
        request=request,
    )
