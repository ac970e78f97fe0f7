"""Proposed plans ask through sign-offs: somebody of the provider who did not propose it, then the customer.

The answer brings the proposal on in the same transaction; the proposal's page and the API answer the same sign-off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.accounts.queries import actor_of
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
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.signoff import queries as signoffs
from shouyue.signoff import services as signing
from shouyue.signoff.choices import Kind, Mode, Side, State
from shouyue.signoff.models import Answer, Signoff
from shouyue.signoff.services import Asked
from shouyue.signoff.subjects import Subject

from .waiver_signoffs import role_of

PURPOSE: Final = "plan-version"
REPLY_WITHIN: Final = {"provider": timedelta(days=5), "customer": timedelta(days=10)}
LAPSES_AFTER: Final = timedelta(days=60)
LONGEST_TEXT: Final = 3600
WATCHED: Final = frozenset({"approval.given", "approval.refused", "approval.withdrawn", "approval.expired"})


class SignoffDesk:
    """Asks both sides by sign-offs; see `contracts.planning.approvals`."""

    def ask(self, *, actor: Actor, proposal: PlanProposal, side: approvals.Side) -> None:
        """Ask whoever may approve for a side; nobody is asked where nobody may."""
        with acting_in(EVERYTHING):
            _ask(_asker(actor, proposal), proposal, side)

    def answer(self, *, actor: Actor, proposal: PlanProposal, words: str, is_given: bool) -> bool:
        """Answer the open sign-off where it asks the actor."""
        found = open_signoff(proposal.pk)
        for step in signoffs.steps_of(found) if found is not None else []:
            assert found is not None
            if signoffs.standing_of(actor, found, step) is None:
                continue
            if is_given:
                signing.give(actor=actor, step_id=step.pk, words=words)
            else:
                signing.refuse(actor=actor, step_id=step.pk, words=words)
            return True
        return False

    def call_off(self, *, actor: Actor, proposal: PlanProposal, words: str) -> None:
        """Nobody needs to answer any more."""
        found = open_signoff(proposal.pk)
        if found is not None:
            with acting_in(EVERYTHING):
                signing.cancel(actor=SYSTEM, signoff_id=found.pk, words=words.strip() or _("Taken back"))


def open_signoff(proposal_id: int) -> Signoff | None:
    """The sign-off of a proposal that waits for an answer. Queries: one."""
    found: Signoff | None = Signoff.objects.filter(
        subject_type="plan_proposal", subject_id=proposal_id, purpose=PURPOSE, state=State.ASKED
    ).first()
    return found


def _asker(actor: Actor, proposal: PlanProposal) -> Actor:
    """In whose name it is asked: the proposer's, so that he is told how it ended, and cannot answer himself."""
    if actor.user_id == proposal.proposed_by_id:
        return actor
    try:
        return actor_of(proposal.proposed_by_id or 0)
    except NotFound:
        return SYSTEM


def _ask(actor: Actor, proposal: PlanProposal, side: approvals.Side) -> None:
    words = contract_access.SETS_UP if side == "provider" else contract_access.DECIDES_FOR_CUSTOMER
    steps = []
    for word in words:
        capacity = word.removeprefix("customer.")
        if signoffs.somebody_holds(Side(side), capacity, proposal.customer_id, proposal.contract_id):
            steps.append(Asked(role=capacity) if side == "provider" else Asked(capacity=capacity))
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
        lines += [f"－ {line}" for line in row.old]
        lines += [f"＋ {line}" for line in row.new]
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
    if event.subject_type != "plan_proposal" or event.verb not in WATCHED:
        return
    row = PlanProposal.objects.filter(pk=event.subject_id, state__in=OPEN_PROPOSALS).first()
    if row is None or event.facts.get("purpose") != PURPOSE:
        return
    if event.verb == "approval.expired":
        planning.let_lapse(proposal_id=row.pk, said=Said(SYSTEM, _("Nobody has answered in time.")))
    elif event.verb == "approval.given":
        planning.take_approval(proposal_id=row.pk, said=_said(event, row))
    else:
        planning.take_refusal(proposal_id=row.pk, said=_said(event, row))


def _said(event: RecordedEvent, proposal: PlanProposal) -> Said:
    number = str(event.facts.get("signoff", "")).partition(":")[2]
    answer = Answer.objects.filter(signoff_id=int(number)).select_related("step").order_by("-id").first()
    if answer is None:
        return Said(SYSTEM)
    kind, _colon, of = event.actor.partition(":")
    is_customer = answer.step.side == Side.CUSTOMER
    actor = Actor(
        kind=kind,  # type: ignore[arg-type]
        id=int(of),
        name=answer.name,
        scope=Scope(customers=frozenset({proposal.customer_id})),
        user_id=answer.user_id,
        customer_id=proposal.customer_id if is_customer else 0,
    )
    return Said(actor, answer.words, role_of(answer.capacity, answer.step.side))
