"""Writes of drafts and proposals: one function per verb."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import access
from shouyue.contracts.choices import OPEN_PROPOSALS, PlanStep, ProposalState
from shouyue.contracts.models import Contract, PlanDraft, PlanProposal, PlanProposalStep
from shouyue.contracts.planning import approvals, queries
from shouyue.contracts.planning.telling import tell_in_force, tell_refused
from shouyue.contracts.services import put_in_force, steps, store_plan_version
from shouyue.kernel import clock, jobs
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.locks import lock_row

_log = logging.getLogger(__name__)

MOST_TEXT = 2_000_000
_VERBS = {
    PlanStep.PROPOSED: "contract.plan_proposed",
    PlanStep.PROVIDER_APPROVED: "contract.plan_approved",
    PlanStep.CUSTOMER_APPROVED: "contract.plan_approved",
    PlanStep.REFUSED: "contract.plan_refused",
    PlanStep.WITHDRAWN: "contract.plan_withdrawn",
}


# Drafts


@transaction.atomic
def create_draft(
    *, actor: Actor, contract_id: int, start: str, name: str = "", text: str | None = None
) -> PlanDraft:
    """Begin a draft with a text at hand (`queries.starts`). text: another one instead.

    Raises: NotAllowed, NotFound; Invalid when too long. Event: plan.draft_created.
    """
    contract = _managed(actor, contract_id)
    found, based_on = queries.start_text(actor, contract, start)
    text = found if text is None else _kept(text)
    draft = PlanDraft.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        name=name.strip()[:100] or str(_("Draft")),
        text=text,
        based_on=based_on or contract.plan_version,
        updated_at=clock.now(),
        updated_by_id=actor.user_id,
    )
    steps.record("plan.draft_created", actor, contract, draft=f"draft:{draft.pk}")
    return draft


@transaction.atomic
def save_draft(*, actor: Actor, contract_id: int, draft_id: int, text: str, version: int) -> PlanDraft:
    """Keep a draft's text, errors and all. version: as read.

    Raises: NotAllowed, NotFound; Invalid when too long; Conflict when somebody saved since. Event: plan.draft_saved.
    Locks: the draft.
    """
    contract = _managed(actor, contract_id)
    draft: PlanDraft = lock_row(PlanDraft.objects.visible_to(actor).filter(contract=contract), pk=draft_id)
    text = _kept(text)
    if draft.version != version:
        raise Conflict
    if draft.text == text:
        return draft
    draft.text, draft.version = text, draft.version + 1
    draft.updated_at, draft.updated_by_id = clock.now(), actor.user_id
    draft.save(update_fields=["text", "version", "updated_at", "updated_by"])
    steps.record("plan.draft_saved", actor, contract, draft=f"draft:{draft.pk}", number=draft.version)
    return draft


def _kept(text: str) -> str:
    """The text as it is stored. Raises: Invalid."""
    if len(text.encode()) > MOST_TEXT:
        raise Invalid(fields={"text": [_("A plan file is at most 2 MB long.")]})
    return text.replace("\r\n", "\n").replace("\x00", "")


@transaction.atomic
def delete_draft(*, actor: Actor, contract_id: int, draft_id: int) -> None:
    """Throw a draft away. Raises: NotAllowed, NotFound. Event: plan.draft_deleted."""
    contract = _managed(actor, contract_id)
    gone, _rows = PlanDraft.objects.visible_to(actor).filter(contract=contract, pk=draft_id).delete()
    if not gone:
        raise NotFound
    steps.record("plan.draft_deleted", actor, contract, draft=f"draft:{draft_id}")


# Proposals


@transaction.atomic
def propose_plan(
    *, actor: Actor, contract_id: int, text: str, effective_on: date | None = None, note: str = ""
) -> PlanProposal:
    """Store a text as a plan version and propose it to both sides. effective_on: a day to come; empty: at once.

    Raises: NotAllowed, NotFound; Invalid with every problem of the text, for a day past or the version in force;
    Conflict while another proposal is open. Events: plan.stored, contract.plan_proposed. Locks: the contract.
    """
    contract = steps.managed(actor, contract_id)
    if effective_on is not None and effective_on < clock.today(contract.time_zone):
        said = _("%(day)s is past; give today, %(today)s, or a later day.")
        days = {"day": effective_on.isoformat(), "today": clock.today(contract.time_zone).isoformat()}
        raise Invalid(fields={"effective_on": [said % days]})
    pending = PlanProposal.objects.filter(contract=contract, state__in=OPEN_PROPOSALS).first()
    if pending is not None:
        said = _("Another proposal, of %(day)s, is still open; decide or withdraw it first.")
        raise Conflict(said % {"day": pending.proposed_at.astimezone(ZoneInfo(contract.time_zone)).date()})
    version = store_plan_version(actor=actor, text=text, plan=contract.plan_version.plan)
    if version.pk == contract.plan_version_id:
        raise Invalid(fields={"text": [_("This text is already in force.")]})
    if clash := steps.clashing_plan(contract, version.pk):
        raise Invalid(fields={"text": [clash]})
    proposal = PlanProposal.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        plan_version=version,
        effective_on=effective_on,
        note=note.strip()[:4000],
        proposed_by_id=actor.user_id,
        proposed_at=clock.now(),
    )
    _step(actor, contract, proposal, PlanStep.PROPOSED)
    approvals.ask(actor=actor, proposal=proposal, side="provider")
    return proposal


@transaction.atomic
def approve_plan(*, actor: Actor, contract_id: int, proposal_id: int) -> PlanProposal:
    """Approve a proposal: first the provider, not by the one who proposed it, then the customer.

    With the second approval it takes effect, at once or on its day. Raises: NotAllowed, NotFound; Conflict when
    it is not this side's turn. Events: contract.plan_approved, contract.plan_applied. Locks: contract, proposal.
    """
    contract, proposal = _locked(actor, contract_id, proposal_id)
    if proposal.state == ProposalState.PROPOSED:
        if not access.may_approve_for_provider(actor, contract_id):
            raise NotAllowed
        if actor.user_id is not None and actor.user_id == proposal.proposed_by_id:
            raise NotAllowed(_("Nobody approves his own proposal."))
    elif proposal.state == ProposalState.PROVIDER_APPROVED:
        if not access.may_approve_for_customer(actor, contract_id):
            raise NotAllowed
    else:
        raise Conflict(_("This proposal is decided already."))
    if approvals.answer(actor=actor, proposal=proposal, words="", is_given=True):
        proposal.refresh_from_db()
        return proposal
    return _approve(Said(actor), contract, proposal)


@dataclass(frozen=True, slots=True)
class Said:
    """Who decided, with which words; role: in which capacity, where it is not one of his roles in the contract."""

    actor: Actor
    words: str = ""
    role: str = ""


@transaction.atomic
def take_approval(*, proposal_id: int, said: Said) -> PlanProposal:
    """A side has approved elsewhere, where it was checked who may. Raises: NotFound; Conflict when decided."""
    contract, proposal = _held(proposal_id)
    if proposal.state not in (ProposalState.PROPOSED, ProposalState.PROVIDER_APPROVED):
        raise Conflict(_("This proposal is decided already."))
    return _approve(said, contract, proposal)


@transaction.atomic
def take_refusal(*, proposal_id: int, said: Said) -> PlanProposal:
    """A side has refused elsewhere, where it was checked who may. Raises: NotFound; Conflict when decided."""
    contract, proposal = _held(proposal_id)
    _end(said, contract, proposal, ProposalState.REFUSED, PlanStep.REFUSED)
    approvals.call_off(actor=said.actor, proposal=proposal, words=said.words)
    return proposal


@transaction.atomic
def let_lapse(*, proposal_id: int, said: Said) -> PlanProposal:
    """Nobody has answered in time: the proposal is taken back. Raises: NotFound; Conflict when decided."""
    contract, proposal = _held(proposal_id)
    _end(said, contract, proposal, ProposalState.WITHDRAWN, PlanStep.WITHDRAWN)
    return proposal


def _approve(said: Said, contract: Contract, proposal: PlanProposal) -> PlanProposal:
    if proposal.state == ProposalState.PROPOSED:
        _move(proposal, ProposalState.PROVIDER_APPROVED)
        _step(said.actor, contract, proposal, PlanStep.PROVIDER_APPROVED, said.words, said.role)
        approvals.ask(actor=said.actor, proposal=proposal, side="customer")
    else:
        _move(proposal, ProposalState.APPROVED)
        _step(said.actor, contract, proposal, PlanStep.CUSTOMER_APPROVED, said.words, said.role)
        _apply_if_due(said.actor, contract, proposal, said.role)
    return proposal


@transaction.atomic
def refuse_plan(*, actor: Actor, contract_id: int, proposal_id: int, reason: str) -> PlanProposal:
    """Refuse a proposal, with a reason; either side may as long as it is not in force.

    Raises: NotAllowed, NotFound; Invalid without a reason; Conflict when decided. Event: contract.plan_refused.
    """
    contract, proposal = _locked(actor, contract_id, proposal_id)
    if not (
        access.may_approve_for_provider(actor, contract_id)
        or access.may_approve_for_customer(actor, contract_id)
    ):
        raise NotAllowed
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why.")]})
    if approvals.answer(actor=actor, proposal=proposal, words=reason, is_given=False):
        proposal.refresh_from_db()
        return proposal
    _end(Said(actor, reason), contract, proposal, ProposalState.REFUSED, PlanStep.REFUSED)
    approvals.call_off(actor=actor, proposal=proposal, words=reason)
    return proposal


@transaction.atomic
def withdraw_plan(*, actor: Actor, contract_id: int, proposal_id: int, reason: str = "") -> PlanProposal:
    """Take a proposal back. Raises: NotAllowed, NotFound; Conflict when decided. Event: contract.plan_withdrawn."""
    contract, proposal = _locked(actor, contract_id, proposal_id)
    if not access.can_manage(actor, contract_id):
        raise NotAllowed
    _end(Said(actor, reason), contract, proposal, ProposalState.WITHDRAWN, PlanStep.WITHDRAWN)
    approvals.call_off(actor=actor, proposal=proposal, words=reason)
    return proposal


@transaction.atomic
def apply_due_plans(*, actor: Actor) -> int:
    """Put approved proposals in force whose day has come, and tell the people concerned.

    What would let stages run at once by then, or was overtaken by another version, is refused with the reason.
    Returns how many. Locks: the contracts, in order. A contract that fails holds up no other: it is written to the log
    and tried again the next time.
    """
    latest = clock.today("Pacific/Kiritimati")
    due = PlanProposal.objects.filter(state=ProposalState.APPROVED, effective_on__lte=latest)
    applied = 0
    for contract_id, proposal_id in sorted(due.values_list("contract_id", "pk")):
        said = "plan proposal %s of contract %s could not be put in force"
        with jobs.one_of_many(_log, said, proposal_id, contract_id):
            contract, proposal = _locked(actor, contract_id, proposal_id)
            if _apply_if_due(actor, contract, proposal):
                tell_in_force(contract, proposal)
                applied += 1
    return applied


# Shared steps


def _apply_if_due(actor: Actor, contract: Contract, proposal: PlanProposal, role: str = "") -> bool:
    if proposal.state != ProposalState.APPROVED:
        return False
    if proposal.effective_on is not None and proposal.effective_on > clock.today(contract.time_zone):
        return False
    if why := _hindrance(contract, proposal):
        _end(Said(SYSTEM, why), contract, proposal, ProposalState.REFUSED, PlanStep.REFUSED)
        tell_refused(contract, proposal, why)
        return False
    put_in_force(actor=actor, contract=contract, plan_version_id=proposal.plan_version_id)
    _move(proposal, ProposalState.IN_FORCE)
    _step(actor, contract, proposal, PlanStep.APPLIED, role=role)
    return True


def _hindrance(contract: Contract, proposal: PlanProposal) -> str:
    """Why what was agreed may not take effect as things stand now; empty when it may. Queries: those of `compiled`."""
    if contract.plan_version_id == proposal.plan_version_id:
        return ""
    if newer := queries.put_in_force_since(contract, proposal.proposed_at):
        said = _("Version %(number)s was put in force after this was proposed; propose it again.")
        return said % {"number": newer}
    return steps.clashing_plan(contract, proposal.plan_version_id) or ""


def _end(
    said: Said, contract: Contract, proposal: PlanProposal, state: ProposalState, step: PlanStep
) -> None:
    if not ProposalState(proposal.state).is_open:
        raise Conflict(_("This proposal is decided already."))
    _move(proposal, state)
    _step(said.actor, contract, proposal, step, said.words.strip()[:4000], said.role)


def _move(proposal: PlanProposal, state: ProposalState) -> None:
    proposal.state = state
    proposal.settled_at = None if state.is_open else clock.now()
    proposal.save(update_fields=["state", "settled_at"])


def _step(
    actor: Actor,
    contract: Contract,
    proposal: PlanProposal,
    step: PlanStep,
    reason: str = "",
    role: str = "",
) -> None:
    PlanProposalStep.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        proposal=proposal,
        step=step,
        actor_id=actor.user_id,
        name=actor.name if actor.kind in ("user", "token", "link") else "",
        role=role or _role(actor, contract.pk, step),
        reason=reason,
        happened_at=clock.now(),
    )
    if step not in _VERBS:
        return
    side = "provider" if actor.is_staff else "customer"
    facts = {"proposal": f"proposal:{proposal.pk}", "side": side, "number": proposal.plan_version.number}
    if step is PlanStep.PROPOSED:
        facts |= {"effective_on": proposal.effective_on}
    steps.record(_VERBS[step], actor, contract, plan=proposal.plan_version.plan, **facts)


def _role(actor: Actor, contract_id: int, step: PlanStep) -> str:
    """In which capacity somebody acts: the role that lets him."""
    wanted = access.DECIDES_FOR_CUSTOMER if not actor.is_staff else access.MANAGES
    held = [role for role in wanted if actor.has_role(role, contract_id=contract_id)]
    return held[0] if held else ""


def _managed(actor: Actor, contract_id: int) -> Contract:
    """The contract, for those who manage it: its drafts change, it does not. Raises: NotFound, NotAllowed."""
    contract: Contract | None = Contract.objects.visible_to(actor).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound
    if not access.can_manage(actor, contract_id):
        raise NotAllowed
    return contract


def _locked(actor: Actor, contract_id: int, proposal_id: int) -> tuple[Contract, PlanProposal]:
    contract: Contract = lock_row(Contract.objects.visible_to(actor), pk=contract_id)
    proposal: PlanProposal = lock_row(queries.proposals_shown_to(actor, contract_id), pk=proposal_id)
    return contract, proposal


def _held(proposal_id: int) -> tuple[Contract, PlanProposal]:
    """Both rows, locked in the same order as everywhere; the caller has checked who may. Raises: NotFound."""
    found = PlanProposal.objects.filter(pk=proposal_id).values_list("contract_id", flat=True).first()
    contract: Contract = lock_row(Contract.objects.all(), pk=found)
    proposal: PlanProposal = lock_row(PlanProposal.objects.all(), pk=proposal_id)
    return contract, proposal
