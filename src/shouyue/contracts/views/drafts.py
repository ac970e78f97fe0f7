"""Plans edited in the browser: drafts, their live check, comparison with the version in force, proposing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.contracts import access, forms, loading, plan_page, queries
from shouyue.contracts.models import Contract, PlanDraft
from shouyue.contracts.planning import checking, services
from shouyue.contracts.planning import queries as planning
from shouyue.contracts.views.page import tab_url
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page


def _contract(request: HttpRequest, code: str) -> Contract:
    """A contract whose plan the actor may change. Raises: NotFound, NotAllowed."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    return contract


def _language() -> str:
    return get_language() or "zh-hans"


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a draft: with the version in force, an earlier one, another contract's plan or a template."""
    actor, contract = actor_of(request), _contract(request, code)
    starts = planning.starts(actor, contract, _language())
    chosen = request.GET.get("start", "") or f"version:{contract.plan_version_id}"
    form = forms.DraftForm(request.POST or None, starts=starts, initial={"start": chosen})
    if request.method == "POST" and form.is_valid():
        draft = services.create_draft(actor=actor, contract_id=contract.pk, **form.cleaned_data)
        return go(request, _url(contract, draft))
    context = {"contract": contract, "form": form}
    return render_page(
        request, "contracts/draft_new.html", context, status=422 if request.method == "POST" else 200
    )


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str, draft_id: int) -> HttpResponse:
    """The editor; saving keeps the text, errors and all. Who saved second sees both texts."""
    contract = _contract(request, code)
    draft = planning.draft_of(actor_of(request), contract.pk, draft_id)
    line = _number(request.GET.get("line", ""))
    if request.method == "POST":
        return _save(request, contract, draft)
    return render_page(request, "contracts/draft.html", _editor(contract, draft, draft.text, line))


def _editor(contract: Contract, draft: PlanDraft, text: str, line: int) -> dict[str, Any]:
    return {
        "contract": contract,
        "draft": draft,
        "text": text,
        "line": line or 1,
        "checked": checking.checked(text, _language(), line or 1),
    }


def _save(request: HttpRequest, contract: Contract, draft: PlanDraft) -> HttpResponse:
    text = request.POST.get("text", "").replace("\r\n", "\n")
    actor, line = actor_of(request), _number(request.POST.get("line", ""))
    if request.POST.get("as_copy"):
        copy = services.create_draft(
            actor=actor,
            contract_id=contract.pk,
            start=f"version:{contract.plan_version_id}",
            name=f"{draft.name} (2)",
            text=text,
        )
        return go(request, _url(contract, copy), _("Your text is kept as a draft of its own."))
    try:
        services.save_draft(
            actor=actor,
            contract_id=contract.pk,
            draft_id=draft.pk,
            text=text,
            version=_number(request.POST.get("version", "")),
        )
    except Conflict:
        context = {
            "contract": contract,
            "draft": draft,
            "text": text,
            "lines": plan_page.text_diff(draft.text, text),
        }
        return render_page(request, "contracts/draft_conflict.html", context, status=409)
    except Invalid as error:
        context = _editor(contract, draft, text, line) | {"error": error}
        return render_page(request, "contracts/draft.html", context, status=422)
    return go(request, f"{_url(contract, draft)}?line={line or 1}", _("The draft is saved."))


@require_POST
def check(request: HttpRequest, code: str, draft_id: int) -> HttpResponse:
    """The part beside the editor: problems with their places, and the promise at the cursor. Nothing is kept."""
    contract = _contract(request, code)
    text = request.POST.get("text", "")[: services.MOST_TEXT].replace("\r\n", "\n")
    found = checking.checked(text, _language(), _number(request.POST.get("line", "")))
    return render(request, "contracts/_draft_side.html", {"contract": contract, "checked": found})


@require_GET
def compare(request: HttpRequest, code: str, draft_id: int) -> HttpResponse:
    """The draft beside the version in force: promises in words, other parts, both texts; from here it is proposed."""
    contract = _contract(request, code)
    draft = planning.draft_of(actor_of(request), contract.pk, draft_id)
    return render_page(
        request, "contracts/draft_compare.html", _comparison(request, contract, draft, forms.ProposalForm())
    )


def _comparison(
    request: HttpRequest, contract: Contract, draft: PlanDraft, form: forms.ProposalForm
) -> dict[str, Any]:
    old = loading.plan_of(contract.plan_version_id)
    found = checking.checked(draft.text, _language())
    new = found.plan
    return {
        "contract": contract,
        "draft": draft,
        "form": form,
        "checked": found,
        "other": contract.plan_version,
        "promises": plan_page.promises_differing(old, new, _language()) if new else [],
        "parts": plan_page.others_differing(old, new) if new else [],
        "lines": plan_page.text_diff(contract.plan_version.text, draft.text),
        "open_proposal": planning.open_proposal(actor_of(request), contract.pk),
    }


@require_POST
def propose(request: HttpRequest, code: str, draft_id: int) -> HttpResponse:
    """Store the draft as a version and propose it to both sides."""
    actor, contract = actor_of(request), _contract(request, code)
    draft = planning.draft_of(actor, contract.pk, draft_id)
    form = forms.ProposalForm(request.POST)
    if form.is_valid():
        try:
            made = services.propose_plan(
                actor=actor, contract_id=contract.pk, text=draft.text, **form.cleaned_data
            )
        except (Invalid, Conflict) as error:
            forms.show_error(form, error)
        else:
            url = reverse("contracts:proposal", args=[code, made.pk])
            return go(request, url, _("The version is proposed; the provider approves it first."))
    context = _comparison(request, contract, draft, form)
    return render_page(request, "contracts/draft_compare.html", context, status=422)


@require_POST
def delete(request: HttpRequest, code: str, draft_id: int) -> HttpResponse:
    """Throw a draft away."""
    contract = _contract(request, code)
    services.delete_draft(actor=actor_of(request), contract_id=contract.pk, draft_id=draft_id)
    return go(request, tab_url(code, "versions"), _("The draft is deleted."))


def _url(contract: Contract, draft: PlanDraft) -> str:
    return reverse("contracts:draft", args=[contract.code, draft.pk])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
