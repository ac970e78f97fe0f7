"""Plan versions of a contract: read, compare, store, apply."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from shouyue.contracts import access, forms, plan_page, queries, services
from shouyue.contracts.models import Contract, PlanVersion
from shouyue.contracts.views.page import render_tab, tab_url
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page


def _version(actor: Actor, contract: Contract, number: int) -> PlanVersion:
    """A version of the contract's plan. Raises: NotFound, also for a customer who asks for another than the pinned."""
    if not access.sees_provider_side(actor, contract.pk):
        raise NotFound
    if not queries.plan_versions_of(actor, contract).filter(number=number).exists():
        raise NotFound
    return queries.plan_version(contract.plan_version.plan, number)


@require_GET
def show(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A version beside the pinned one, or beside `?against=`: promises in words, then the text."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    version = _version(actor, contract, number)
    against = request.GET.get("against", "")
    other = _version(actor, contract, int(against)) if against.isdigit() else contract.plan_version
    language = get_language() or "zh-hans"
    same = other.pk == version.pk
    context = {
        "contract": contract,
        "version": version,
        "other": other,
        "same": same,
        "promises": [] if same else plan_page.promise_diffs(other.pk, version.pk, language),
        "parts": [] if same else plan_page.other_diffs(other.pk, version.pk),
        "lines": [] if same else plan_page.text_diff(other.text, version.text),
        "versions": list(queries.plan_versions_of(actor, contract)),
        "can_apply": access.can_apply_plan(actor) and version.pk != contract.plan_version_id,
    }
    return render_page(request, "contracts/version.html", context)


@require_GET
def download(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The text of a version as a file."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    version = _version(actor, contract, number)
    name = f"{version.plan}-v{version.number}.yaml"
    return HttpResponse(
        version.text,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
def store(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a text as a new version of the contract's plan, then show what it would change."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    form = forms.PlanTextForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            version = services.store_plan_version(
                actor=actor, text=form.cleaned_data["text"], plan=contract.plan_version.plan
            )
        except Invalid as error:
            forms.show_error(form, error)
        else:
            return go(request, reverse("contracts:version", args=[code, version.number]))
    return render_tab(request, code, "versions", form=form, status=422)


@require_POST
def apply(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Let the contract run by this version from now on."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    version = _version(actor, contract, number)
    given = request.POST.get("version", "")
    try:
        services.pin_plan_version(
            actor=actor,
            contract_id=contract.pk,
            plan_version_id=version.pk,
            version=int(given) if given.isdigit() else None,
        )
    except (Conflict, Invalid) as error:
        texts = [str(text) for values in error.fields.values() for text in values]
        said = " ".join(texts) or error.message
        return go(request, reverse("contracts:version", args=[code, number]), said, "error")
    return go(
        request, tab_url(code, "plan"), _("Version %(number)s is in force.") % {"number": version.number}
    )
