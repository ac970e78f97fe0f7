"""Plan proposals through sign-offs: both sides asked, by link too, reminded, lapsed; nobody approves his own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from shouyue.accounts.queries import actor_of
from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.services import plan_signoffs
from shouyue.contracts.choices import Role
from shouyue.contracts.planning import services as planning
from shouyue.contracts.tests.factories import (
    PLAN,
    make_contract,
    make_member,
    make_plan_version,
    make_user,
)
from shouyue.contracts.tests.people import make_contact
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotAllowed
from shouyue.notifications.models import Notice
from shouyue.signoff import queries as signoffs
from shouyue.signoff import services as signing
from shouyue.signoff.models import Signoff

from .factories import contract_under, promised

pytestmark = pytest.mark.django_db
NEW = PLAN.replace("within: 8 h", "within: 6 h")


class Scene:
    def __init__(self) -> None:
        self.contract = make_contract(code="GB")
        self.manager = actor_of(make_member(self.contract, Role.PROJECT_MANAGER).pk)
        self.boss = actor_of(make_user(roles=["service_manager"]).pk)
        self.leader = actor_of(make_member(self.contract, Role.LEADER).pk)

    def proposed(self, actor=None):
        return planning.propose_plan(
            actor=actor or self.manager, contract_id=self.contract.pk, text=NEW, note="更快修复"
        )


@pytest.fixture
def scene(db):
    return Scene()


def asked_of(proposal):
    return Signoff.objects.filter(subject_type="plan_proposal", subject_id=proposal.pk).order_by("id")


def give(actor, signoff):
    for step in signoffs.steps_of(signoff):
        if signoffs.standing_of(actor, signoff, step) is not None:
            return signing.give(actor=actor, step_id=step.pk)
    raise NotAllowed


def test_the_signoffs_of_both_sides_bring_it_into_force(scene):
    proposal = scene.proposed()
    first = asked_of(proposal).get()
    assert (first.is_internal, first.purpose, first.case_type) == (True, "plan-version", "contract")
    assert "更快修复" in first.scope
    assert Notice.objects.filter(user_id=scene.boss.user_id, about_type="signoff").exists()
    give(scene.boss, first)
    proposal.refresh_from_db()
    assert proposal.state == "provider_approved"
    second = asked_of(proposal).last()
    assert Notice.objects.filter(user_id=scene.leader.user_id, about_id=second.pk).exists()
    give(scene.leader, second)
    proposal.refresh_from_db()
    scene.contract.refresh_from_db()
    assert (proposal.state, scene.contract.plan_version_id) == ("in_force", proposal.plan_version_id)
    assert Notice.objects.filter(user_id=scene.manager.user_id, about_id=second.pk).exists()


def test_what_is_asked_names_only_the_sentences_that_change(db):
    text = promised()
    contract = contract_under(plan_version_id=make_plan_version(text).pk)
    make_user(roles=["service_manager"])
    manager = actor_of(make_member(contract, Role.PROJECT_MANAGER).pk)
    new = text.replace("within: 10 min", "within: 20 min")
    proposal = planning.propose_plan(actor=manager, contract_id=contract.pk, text=new, note="")
    lines = asked_of(proposal).get().scope.splitlines()
    (gone,), (come,) = ([line for line in lines if line.startswith(sign)] for sign in "－＋")
    assert gone.replace("10分钟", "20分钟")[1:] == come[1:]


def test_the_page_answers_the_same_signoff(scene):
    proposal = scene.proposed()
    for actor in (scene.boss, scene.leader):
        planning.approve_plan(actor=actor, contract_id=scene.contract.pk, proposal_id=proposal.pk)
    proposal.refresh_from_db()
    assert proposal.state == "in_force"
    assert [one.state for one in asked_of(proposal)] == ["given", "given"]
    assert [(step.step, step.name) for step in proposal.steps.order_by("id")][1:3] == [
        ("provider_approved", scene.boss.name),
        ("customer_approved", scene.leader.name),
    ]


def test_a_leader_without_account_approves_on_his_phone(scene):
    contact = make_contact(scene.contract, name="韩局长", capacities=["leader"])
    proposal = scene.proposed()
    give(scene.boss, asked_of(proposal).get())
    step = next(one for one in signoffs.steps_of(asked_of(proposal).last()) if one.capacity == "leader")
    _link, token = signing.make_link(actor=scene.manager, step_id=step.pk, contact_id=contact.pk)
    signing.give_by_link(token=token, typed_name="韩局长")
    proposal.refresh_from_db()
    assert proposal.state == "in_force"
    approved = proposal.steps.get(step="customer_approved")
    assert (approved.name, approved.actor_id, approved.role) == ("韩局长", None, "customer.leader")


def test_the_page_leads_an_approver_to_what_waits_for_him(scene):
    user = make_member(scene.contract, Role.IT_CONTACT)
    make_contact(scene.contract, name=user.name, capacities=["approver"], user=user)
    proposal = scene.proposed()
    give(scene.boss, asked_of(proposal).get())
    waiting = asked_of(proposal).last()
    link = f'<a class="btn btn-primary mt-2" href="{reverse("signoff:signoff", args=[waiting.number])}">'
    address = reverse("contracts:proposal", args=[scene.contract.code, proposal.pk])
    page = client_of(actor_of(user.pk)).get(address).content.decode()
    assert link in page
    assert "审批</h2>" not in page  # nothing is decided on the page itself
    own = client_of(scene.manager).get(address).content.decode()
    assert "审批</h2>" in own
    assert link not in own


def test_nobody_approves_his_own(scene):
    proposal = scene.proposed(actor=scene.boss)
    signoff = asked_of(proposal).first()
    with pytest.raises(NotAllowed):
        give(scene.boss, signoff)
    with pytest.raises(NotAllowed):
        planning.approve_plan(actor=scene.boss, contract_id=scene.contract.pk, proposal_id=proposal.pk)


def test_refused_withdrawn_and_lapsed_end_the_signoff_too(scene):
    refused = scene.proposed()
    planning.refuse_plan(
        actor=scene.boss, contract_id=scene.contract.pk, proposal_id=refused.pk, reason="做不到"
    )
    assert (asked_of(refused).get().state, refused.steps.last().reason) == ("refused", "做不到")
    withdrawn = scene.proposed()
    planning.withdraw_plan(actor=scene.manager, contract_id=scene.contract.pk, proposal_id=withdrawn.pk)
    assert asked_of(withdrawn).get().state == "cancelled"
    lapsed = scene.proposed()
    with clock.at(clock.now() + plan_signoffs.LAPSES_AFTER + timedelta(days=1)):
        signing.expire_due(actor=SYSTEM)
    lapsed.refresh_from_db()
    assert (lapsed.state, asked_of(lapsed).get().state) == ("withdrawn", "expired")
