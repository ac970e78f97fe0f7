"""Answers by single-use link, on a phone, without an account. Whatever is wrong with a link looks the same."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shouyue.kernel import scope
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from shouyue.signoff import forms, services
from shouyue.signoff.choices import Kind, Verdict
from shouyue.signoff.services import Opened
from shouyue.signoff.services.links import scope_of_token
from shouyue.signoff.wording import capacity_label, purpose_of
from shouyue.web import errors
from shouyue.web.form_errors import add_errors

from .pages import document_response
from .traces import address_of, traces_of


def _enter(request: HttpRequest, token: str) -> Opened:
    """Open the link and let the rest of the request reach its customer only. Raises: NotFound, TooMany."""
    if len(token) > 64:
        raise NotFound
    scope.narrow_to(scope_of_token(token, address=address_of(request)))
    return services.open_link(token)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, and yes or no."""
    try:
        opened = _enter(request, token)
    except NotFound:
        return closed(request)
    except TooMany:
        return errors.answer(request, 429)
    form = forms.AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _answer(request, token, form.cleaned_data)
            except Invalid as error:
                add_errors(form, error)
            except (NotFound, NotAllowed, Conflict):  # answered, closed or expired in this moment
                return closed(request)
            else:
                return redirect("signoff:answered")
    context = {
        "signoff": opened.signoff,
        "contact": opened.contact,
        "capacity": capacity_label(opened.step.capacity) if opened.step.capacity else "",
        "purpose": purpose_of(opened.signoff, get_language() or "zh-hans"),
        "form": form,
        "token": token,
        "is_signature": opened.signoff.kind == Kind.SIGNATURE,
    }
    return render(request, "signoff/answer.html", context, status=status)


def _answer(request: HttpRequest, token: str, values: dict[str, Any]) -> None:
    traces = traces_of(request)
    if request.POST.get("verdict") == Verdict.REFUSED:
        services.refuse_by_link(
            token=token, words=values["words"], typed_name=values["typed_name"], traces=traces
        )
    else:
        services.give_by_link(token=token, traces=traces, **values)


@login_not_required
@never_cache
@require_safe
def document(request: HttpRequest, token: str) -> HttpResponse | FileResponse:
    """The document a link's holder is to read."""
    try:
        return document_response(_enter(request, token).signoff.document)
    except NotFound:
        return closed(request)
    except TooMany:
        return errors.answer(request, 429)


@login_not_required
@require_safe
def answered(request: HttpRequest) -> HttpResponse:
    """Thanks; says nothing about what was answered."""
    return render(request, "signoff/answered.html")


def closed(request: HttpRequest) -> HttpResponse:
    """The same page for a link that is wrong, used, closed or expired."""
    return render(request, "signoff/closed.html", status=404)
