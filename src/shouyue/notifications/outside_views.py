"""What is open to those without account: providers who report what became of messages, and contacts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from shouyue.kernel import scope
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound, TooMany
from shouyue.parties.access import changes_contacts
from shouyue.parties.models import Contact
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from . import forms, queries, services
from .carriers.reports import Call
from .choices import CONTACT_CHANNELS
from .rules.pace import QUIET_FOR_CONTACTS
from .services.receipts import LARGEST
from .views import actor_of

ANSWERS = {"": (200, 0, "OK"), "signature": (403, 1, "wrong signature"), "unreadable": (400, 2, "unreadable")}


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def receipts(request: HttpRequest, secret: str) -> HttpResponse:
    """A provider reports. `code` 0 is what Alibaba Cloud and others want to read."""
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        return JsonResponse(
            {"code": 6, "msg": "Content-Length is missing: send the body in one piece"}, status=411
        )
    if int(length) > LARGEST:
        return JsonResponse({"code": 3, "msg": f"too large: at most {LARGEST} bytes"}, status=413)
    call = Call(request.body, {name.lower(): value for name, value in request.headers.items()})
    try:
        taken = services.take_receipts(secret=secret, call=call)
    except NotFound:
        return JsonResponse({"code": 4, "msg": "no such address"}, status=404)
    except TooMany:
        return JsonResponse({"code": 5, "msg": "too many"}, status=429, headers={"Retry-After": "60"})
    status, code, text = ANSWERS[taken.problem]
    return JsonResponse({"code": code, "msg": text}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact_choice(request: HttpRequest, token: str) -> HttpResponse:
    """How a contact without account wants to be told, said by himself."""
    try:
        contact, actor = services.open_choice(token)
    except NotFound:
        return render(request, "notifications/contact_closed.html", status=404)
    scope.narrow_to(actor.scope)
    form, saved = _wish_form(request, actor, contact)
    context = {"form": form, "contact": contact, "saved": saved}
    response = render(
        request, "notifications/contact_choice.html", context, status=422 if form.errors else 200
    )
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_http_methods(["GET", "POST"])
def contact_wish(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The same, said by those who keep the contacts."""
    actor = actor_of(request)
    if not changes_contacts(actor):
        raise NotFound
    contact = queries.contact_of(actor, contact_id)
    form, saved = _wish_form(request, actor, contact)
    if saved:
        return go(
            request,
            reverse("parties:customer_contacts", args=[contact.customer_id]),
            _("Your choice is saved."),
        )
    context = {"form": form, "contact": contact}
    status = 422 if form.errors else 200
    return render_page(request, "notifications/contact_wish.html", context, part="content", status=status)


def _wish_form(request: HttpRequest, actor: Actor, contact: Contact) -> tuple[forms.ContactWishForm, bool]:
    """The form, and whether its content was saved just now."""
    form = forms.ContactWishForm(
        request.POST if request.method == "POST" else None, initial=_initial(contact)
    )
    if request.method != "POST" or not form.is_valid():
        return form, False
    try:
        services.save_contact_wish(actor=actor, contact_id=contact.pk, **form.cleaned_data)
    except Invalid as error:
        add_errors(form, error)
        return form, False
    return form, True


def _initial(contact: Contact) -> dict[str, Any]:
    wish = queries.contact_wish(contact)
    if wish is None:
        return {
            "channels": [one.value for one in CONTACT_CHANNELS],
            "quiet_from": QUIET_FOR_CONTACTS[0],
            "quiet_to": QUIET_FOR_CONTACTS[1],
            "urgent_breaks_through": True,
        }
    names = ("channels", "quiet_from", "quiet_to", "urgent_breaks_through")
    return {name: getattr(wish, name) for name in names}
