"""Waivers through sign-offs: asked, reminded, answered by deputy or by link; internal ones by the provider alone."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.models import Obligation
from shouyue.commitments.services import waiver_signoffs, waiving
from shouyue.contracts.tests.people import make_contact
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotAllowed
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice
from shouyue.signoff import queries as signoffs
from shouyue.signoff import services as signing
from shouyue.signoff.models import Signoff

from .factories import contract_under, make_member
from .scenes import RESPOND, START, Scene, lived

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        yield Scene()


def asked_of(made):
    return Signoff.objects.filter(subject_type="objection", subject_id=made.pk).order_by("id")


def step_for(signoff, actor):
    return next(
        step for step in signoffs.steps_of(signoff) if signoffs.standing_of(actor, signoff, step) is not None
    )


def test_a_waiver_asks_the_second_person_then_the_customer(scene):
    made = scene.proposed()
    (first,) = asked_of(made)
    assert (first.kind, first.purpose, first.is_internal, first.state) == (
        "approval",
        "waiver",
        True,
        "asked",
    )
    due = made.obligation.due_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"到期：{due:%Y-%m-%d %H:%M}" in first.scope  # though it is asked in nobody's zone
    assert Notice.objects.filter(user_id=scene.manager.user_id, about_type="signoff").exists()
    signing.give(actor=scene.manager, step_id=step_for(first, scene.manager).pk, words="属实")
    made.refresh_from_db()
    assert made.state == "approved"
    second = asked_of(made).last()
    assert (second.is_internal, second.asked_by_id) == (False, scene.supervisor.user_id)
    signing.give(actor=scene.leader, step_id=step_for(second, scene.leader).pk)
    made.refresh_from_db()
    assert (made.state, made.obligation.state) == ("agreed", "waived")
    assert [(step.act, step.role, step.words) for step in made.steps.all()] == [
        ("proposed", "service_supervisor", "机房断电"),
        ("approved", "project_manager", "属实"),
        ("agreed", "customer.leader", ""),
    ]


def test_the_page_answers_the_same_signoff(scene):
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk, words="好")
    waiving.agree_waiver(actor=scene.leader, objection_id=made.pk)
    assert [one.state for one in asked_of(made)] == ["given", "given"]
    assert Event.objects.filter(subject_type="objection", verb="approval.given").count() == 2


def test_a_contact_without_account_agrees_by_link(scene):
    contact = make_contact(scene.contract, name="周主任", capacities=["approver"])
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    signoff = asked_of(made).last()
    step = next(one for one in signoffs.steps_of(signoff) if one.capacity == "approver")
    _link, token = signing.make_link(actor=scene.manager, step_id=step.pk, contact_id=contact.pk)
    signing.give_by_link(token=token, typed_name="周主任", words="同意")
    made.refresh_from_db()
    assert (made.state, made.obligation.state) == ("agreed", "waived")
    last = made.steps.last()
    assert (last.name, last.user_id, last.role, last.words) == ("周主任", None, "customer.approver", "同意")
    waived = Event.objects.get(verb="obligation.waived")
    assert waived.actor.startswith("link:")


def test_the_page_leads_an_approver_to_what_waits_for_him(scene):
    """Who answers by a capacity of the customer's contacts has no role, so no button of the waiver's page is his."""
    user = make_member(scene.contract, "customer.it_contact")
    make_contact(scene.contract, name=user.name, capacities=["approver"], user=user)
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    waiting = asked_of(made).last()
    link = f'<a class="btn btn-primary" href="{reverse("signoff:signoff", args=[waiting.number])}">'
    address = reverse("commitments:objection", args=[made.pk])
    assert link in client_of(actor_from(user)).get(address).content.decode()
    assert link not in client_of(scene.leader).get(address).content.decode()  # he answers on the page itself
    assert link not in client_of(scene.manager).get(address).content.decode()


def test_one_refusal_settles_it(scene):
    made = scene.proposed()
    (signoff,) = asked_of(made)
    signing.refuse(actor=scene.manager, step_id=step_for(signoff, scene.manager).pk, words="不成立")
    made.refresh_from_db()
    assert (made.state, made.obligation.state) == ("refused", "missed")
    assert made.steps.last().words == "不成立"
    assert asked_of(made).count() == 1


def test_nobody_approves_his_own_on_either_page(scene):
    made = scene.proposed(actor=scene.manager)
    (signoff,) = asked_of(made) or [None]
    if signoff is not None:
        for step in signoffs.steps_of(signoff):
            with pytest.raises(NotAllowed):
                signing.give(actor=scene.manager, step_id=step.pk)
    with pytest.raises(NotAllowed):
        waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    made.refresh_from_db()
    assert made.state == "proposed"


def test_what_nobody_answers_lapses_and_taking_back_calls_off(scene):
    made = scene.proposed()
    with clock.at(START + waiver_signoffs.LAPSES_AFTER + timedelta(days=1)):
        signing.expire_due(actor=SYSTEM)
    made.refresh_from_db()
    assert (made.state, made.obligation.state) == ("expired", "missed")
    again = scene.proposed()
    waiving.withdraw_objection(actor=scene.supervisor, objection_id=again.pk)
    assert asked_of(again).get().state == "cancelled"


def test_an_internal_promise_is_waived_by_the_provider_alone(db):
    with clock.at(START + timedelta(minutes=20)):
        contract = contract_under(RESPOND)
        lived(contract)
        supervisor, manager = (
            actor_from(make_member(contract, role)) for role in ("service_supervisor", "project_manager")
        )
        row = Obligation.objects.get(contract=contract, state="missed")
        proof = [row.opened_event_id]
        made = waiving.propose_waiver(
            actor=supervisor, obligation_id=row.pk, reason="other", text="演练", evidence=proof
        )
        waiving.approve_waiver(actor=manager, objection_id=made.pk)
        made.refresh_from_db()
        row.refresh_from_db()
        assert (made.state, row.state) == ("agreed", "waived")
        assert asked_of(made).count() == 1
        verbs = Event.objects.filter(subject_type="obligation", subject_id=row.pk).values_list(
            "verb", flat=True
        )
        assert "obligation.waived_internally" in verbs
        assert "obligation.waived" not in verbs
