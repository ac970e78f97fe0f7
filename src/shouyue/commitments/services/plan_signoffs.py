"""Proposed plans ask through sign-offs: somebody of the provider who did not propose it, then the customer.

The answer brings the proposal on in the same transaction; the proposal's page and the API answer the same sign-off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.contracts import access as contract_access
from shouyue.contracts import loading, plan_page
from shouyue.contracts.choices import OPEN_PROPOSALS
from shouyue.contracts.models import PlanProposal
from shouyue.contracts.planning import approvals
from shouyue.contracts.planning import services as planning
from shouyue.contracts.planning.services import Said
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import RecordedEvent
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.signoff import services as signing
from shouyue.signoff.choices import Kind, Mode, Side
from shouyue.signoff.models import Signoff
from shouyue.signoff.subjects import Subject

from . import approving

PURPOSE: Final = "plan-version"
REPLY_WITHIN: Final = {"provider": timedelta(days=5), "customer": timedelta(days=10)}
LAPSES_AFTER: Final = timedelta(days=60)
LONGEST_TEXT: Final = 3600


class SignoffDesk:
    """Asks both sides by sign-offs; see `contracts.planning.approvals`."""

    def ask(self, *, actor: Actor, proposal: PlanProposal, side: approvals.Side) -> None:
        """Ask whoever may approve for a side; nobody is asked where nobody may."""
        with acting_in(EVERYTHING):
            is_proposer = actor.user_id == proposal.proposed_by_id
            _ask(actor if is_proposer else approving.asker(proposal.proposed_by_id), proposal, side)

    def answer(self, *, actor: Actor, proposal: PlanProposal, words: str, is_given: bool) -> bool:
        """Answer the open sign-off where it asks the actor."""
        return approving.answer(_open(proposal), actor=actor, words=words, is_given=is_given)

    def call_off(self, *, actor: Actor, proposal: PlanProposal, words: str) -> None:
        """Nobody needs to answer any more."""
        approving.call_off(_open(proposal), words=words)


def _open(proposal: PlanProposal) -> Signoff | None:
    return approving.open_signoff(("plan_proposal", proposal.pk), PURPOSE)


def _ask(actor: Actor, proposal: PlanProposal, side: approvals.Side) -> None:
    steps = approving.steps_for(
        Side(side),
        contract_access.SETS_UP if side == "provider" else contract_access.DECIDES_FOR_CUSTOMER,
        customer_id=proposal.customer_id,
        contract_id=proposal.contract_id,
    )
    if not steps:
        return
    now = clock.now()
    signing.ask(
        actor=actor,
        kind=Kind.APPROVAL,
        purpose=PURPOSE,
        subject=("plan_proposal", proposal.pk),
        case=("contract", proposal.contract_id),
        customer_id=proposal.customer_id,
        contract_id=proposal.contract_id,
        label=_("New version of the service plan: %(plan)s") % {"plan": proposal.plan_version},
        scope=_scope(proposal),
        steps=steps,
        mode=Mode.FIRST,
        reply_due_at=now + REPLY_WITHIN[side],
        expires_at=now + LAPSES_AFTER,
        source_key=f"plan-proposal:{proposal.pk}:{side}",
    )


def _scope(proposal: PlanProposal) -> str:
    """What changes, promise by promise, in plain sentences; without what concerns the provider alone."""
    language = translation.get_language() or "zh-hans"
    old = loading.plan_of(proposal.contract.plan_version_id)
    new = loading.plan_of(proposal.plan_version_id)
    day = (
        _("Takes effect on %(day)s") % {"day": proposal.effective_on.isoformat()}
        if proposal.effective_on
        else _("Takes effect as soon as both sides have approved")
    )
    lines = [day, proposal.note] if proposal.note else [day]
    for row in plan_page.promises_differing(old, new, language, for_customer=True):
        lines.append(f"■ {row.title or row.name}")
        lines += [f"－ {line}" for line in row.old if line not in row.new]
        lines += [f"＋ {line}" for line in row.new if line not in row.old]
    text = "\n".join(lines)
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "\n" + _("… the whole comparison stands on the proposal's page.")
    return text


def subject(actor: Actor, proposal_id: int) -> Subject:
    """A proposal as the subject of sign-offs. Raises: NotFound."""
    rows = PlanProposal.objects.visible_to(actor).select_related("contract", "plan_version")
    row = rows.defer("plan_version__text", "plan_version__compiled").filter(pk=proposal_id).first()
    if row is None:
        raise NotFound
    return Subject(
        type="plan_proposal",
        id=row.pk,
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        label=str(row.plan_version),
        url=reverse("contracts:proposal", args=[row.contract.code, row.pk]),
        case=("contract", row.contract_id),
    )


def consume(event: RecordedEvent) -> None:
    """Follow the sign-off of a proposal. Queries: none for any other event. Locks: contract and proposal."""
    if event.subject_type != "plan_proposal" or event.verb not in approving.ANSWERS:
        return
    row = PlanProposal.objects.filter(pk=event.subject_id, state__in=OPEN_PROPOSALS).first()
    if row is None or event.facts.get("purpose") != PURPOSE:
        return
    if event.verb == "approval.expired":
        planning.let_lapse(proposal_id=row.pk, said=Said(SYSTEM, _("Nobody has answered in time.")))
    elif event.verb == "approval.given":
        planning.take_approval(proposal_id=row.pk, said=approving.said_in(event, row.customer_id))
    else:
        planning.take_refusal(proposal_id=row.pk, said=approving.said_in(event, row.customer_id))
