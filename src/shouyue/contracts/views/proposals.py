"""Proposed plan versions: what would change, who approved, approving and refusing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from shouyue.contracts import access, forms, loading, plan_page, queries
from shouyue.contracts.choices import ProposalState
from shouyue.contracts.models import Contract, PlanProposal
from shouyue.contracts.planning import queries as planning
from shouyue.contracts.planning import services
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page


@require_GET
def show(request: HttpRequest, code: str, proposal_id: int) -> HttpResponse:
    """A proposal beside the version in force, in plain sentences, with its steps."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    proposal = planning.proposal_of(actor, contract.pk, proposal_id)
    return render_page(
        request, "contracts/proposal.html", _context(actor, contract, proposal, forms.ReasonForm())
    )


def _context(
    actor: Actor, contract: Contract, proposal: PlanProposal, form: forms.ReasonForm
) -> dict[str, Any]:
    inside = access.sees_provider_side(actor, contract.pk)
    before = planning.version_before(actor, proposal)
    old, new = loading.plan_of(before), loading.plan_of(proposal.plan_version_id)
    language = get_language() or "zh-hans"
    return {
        "contract": contract,
        "proposal": proposal,
        "form": form,
        "steps": planning.steps_of(actor, proposal.pk),
        "promises": plan_page.promises_differing(old, new, language, for_customer=not inside),
        "parts": plan_page.others_differing(old, new) if inside else [],
        "inside": inside,
        **_rights(actor, contract, proposal),
    }


def _rights(actor: Actor, contract: Contract, proposal: PlanProposal) -> dict[str, bool]:
    state = ProposalState(proposal.state)
    provider = access.may_approve_for_provider(actor, contract.pk)
    customer = access.may_approve_for_customer(actor, contract.pk)
    own = actor.user_id is not None and actor.user_id == proposal.proposed_by_id
    return {
        "can_approve": (state == ProposalState.PROPOSED and provider and not own)
        or (state == ProposalState.PROVIDER_APPROVED and customer),
        "can_refuse": state.is_open and (provider or customer),
        "can_withdraw": state.is_open and access.can_manage(actor, contract.pk),
        "is_own": own and state == ProposalState.PROPOSED,
    }


@require_POST
def approve(request: HttpRequest, code: str, proposal_id: int) -> HttpResponse:
    """Approve for one's side."""
    return _decide(request, code, proposal_id, services.approve_plan, _("Approved."))


@require_POST
def refuse(request: HttpRequest, code: str, proposal_id: int) -> HttpResponse:
    """Refuse, with a reason."""
    given = {"reason": request.POST.get("reason", "")}
    return _decide(request, code, proposal_id, services.refuse_plan, _("Refused."), **given)


@require_POST
def withdraw(request: HttpRequest, code: str, proposal_id: int) -> HttpResponse:
    """Take a proposal back."""
    given = {"reason": request.POST.get("reason", "")}
    return _decide(request, code, proposal_id, services.withdraw_plan, _("Withdrawn."), **given)


def _decide(
    request: HttpRequest,
    code: str,
    proposal_id: int,
    act: Callable[..., PlanProposal],
    done: str | Promise,
    **given: str,
) -> HttpResponse:
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    url = reverse("contracts:proposal", args=[code, proposal_id])
    try:
        act(actor=actor, contract_id=contract.pk, proposal_id=proposal_id, **given)
    except Invalid as error:
        form = forms.ReasonForm(given)
        forms.show_error(form, error)
        proposal = planning.proposal_of(actor, contract.pk, proposal_id)
        context = _context(actor, contract, proposal, form)
        return render_page(request, "contracts/proposal.html", context, status=422)
    except Conflict as error:
        return go(request, url, error.message, "error")
    return go(request, url, done)


def waiting_panel(request: HttpRequest, shown: object) -> str | None:
    """On the contract's pages: a proposal under way, with a link to decide. None when there is none."""
    contract = getattr(shown, "contract", shown)
    if not isinstance(contract, Contract):
        return None
    actor = actor_of(request)
    proposal = planning.open_proposal(actor, contract.pk)
    if proposal is None:
        return None
    context = {"contract": contract, "proposal": proposal, **_rights(actor, contract, proposal)}
    return render_to_string("contracts/_proposal_panel.html", context, request)
