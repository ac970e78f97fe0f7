"""Waivers and disputes: both sides have their say, nobody approves his own, every word stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.commitments import access
from shouyue.commitments.choices import ObjectionState
from shouyue.commitments.closing_models import Objection, ObjectionStep
from shouyue.commitments.models import CaseClock, Obligation
from shouyue.commitments.queries.objections import case_events
from shouyue.commitments.services import waiving
from shouyue.contracts.tests.factories import make_user
from shouyue.files.queries import files_of
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event

from .factories import contract_under, happens, make_member, new_case
from .scenes import START, Scene, client_of_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        yield Scene()


def test_only_the_customers_agreement_waives(scene):
    row = scene.row("missed")
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    row.refresh_from_db()
    assert (row.state, row.settled_at) == ("missed", None)
    waiving.agree_waiver(actor=scene.leader, objection_id=made.pk, words="同意")
    row.refresh_from_db()
    made.refresh_from_db()
    assert (row.state, row.next_at, row.missed_at) == ("waived", None, START + timedelta(minutes=10))
    assert (made.state, made.verdict_before, made.verdict_after) == ("agreed", "missed", "waived")
    assert CaseClock.objects.get(case_id=row.case_id).commitment_id != row.commitment_id
    verbs = Event.objects.filter(subject_type="obligation", subject_id=row.pk).order_by("id")
    assert [event.verb.removeprefix("obligation.") for event in verbs] == [
        "missed",
        "waiver_proposed",
        "waiver_approved",
        "waived",
    ]
    assert [(step.act, step.role) for step in ObjectionStep.objects.filter(objection=made)] == [
        ("proposed", "service_supervisor"),
        ("approved", "project_manager"),
        ("agreed", "customer.leader"),
    ]


def test_nobody_approves_his_own(scene):
    made = scene.proposed(actor=scene.manager)
    with pytest.raises(NotAllowed):
        waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    with pytest.raises(NotAllowed):
        waiving.approve_waiver(actor=SYSTEM, objection_id=made.pk)
    assert Objection.objects.get().state == ObjectionState.PROPOSED
    assert not Event.objects.filter(verb="obligation.waiver_approved").exists()


@pytest.mark.parametrize("role", ["agent", "field_engineer", "supervision_firm", "customer.end_user"])
def test_roles_without_a_say_propose_nothing(scene, role):
    person = scene.person(role)
    with pytest.raises((NotAllowed, NotFound)):
        scene.proposed(actor=person)
    with pytest.raises((NotAllowed, NotFound)):
        waiving.dispute_verdict(actor=person, obligation_id=scene.row("kept").pk, text="x")
    assert not Objection.objects.exists()


def test_the_provider_never_agrees_for_the_customer(scene):
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    for person in (scene.manager, scene.person("hq"), scene.person("customer.it_contact"), SYSTEM):
        with pytest.raises(NotAllowed):
            waiving.agree_waiver(actor=person, objection_id=made.pk)
    assert scene.row("missed").state == "missed"


def test_officers_have_no_say(scene):
    officer = actor_from(make_user(roles=["audit_admin"]))
    assert not access.can_propose(officer, scene.contract.pk)
    assert not access.can_approve(officer, scene.contract.pk)
    assert not access.can_close(officer, scene.contract.pk)


def test_the_customer_reads_a_waiver_only_once_it_is_approved(scene):
    made = scene.proposed()
    browser = client_of_actor(scene.leader)
    url = reverse("commitments:objection", args=[made.pk])
    assert browser.get(url).status_code == 404
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    assert browser.get(url).context["acts"].agree
    refused = scene.proposed("late")
    waiving.refuse_objection(actor=scene.manager, objection_id=refused.pk, words="无依据")
    assert browser.get(reverse("commitments:objection", args=[refused.pk])).status_code == 404


def test_a_refusal_needs_words_and_leaves_the_verdict(scene):
    made = scene.proposed("late")
    with pytest.raises(Invalid):
        waiving.refuse_objection(actor=scene.manager, objection_id=made.pk, words=" ")
    waiving.refuse_objection(actor=scene.manager, objection_id=made.pk, words="证据不足")
    assert scene.row("late").state == "late"
    with pytest.raises(Conflict):
        waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    assert scene.proposed("late").state == "proposed"  # another try is open


def test_one_open_objection_at_a_time(scene):
    scene.proposed()
    with pytest.raises(Conflict):
        scene.proposed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Objection.objects.create(
            customer_id=scene.contract.customer_id,
            contract=scene.contract,
            obligation=scene.row("missed"),
            kind="waiver",
            reason="other",
            text="x",
            state="proposed",
            verdict_before="missed",
            proposed_at=clock.now(),
        )


def test_the_proposal_is_checked(scene):
    foreign = Event.objects.filter(case_id=scene.cases[0]).first()
    with pytest.raises(Invalid) as error:
        scene.proposed(reason="bribe", text=" ", evidence=[foreign.pk])
    assert set(error.value.fields) == {"reason", "text", "evidence"}
    with pytest.raises(Conflict):
        scene.proposed("kept")
    assert not Objection.objects.exists()


def test_the_customer_names_only_what_he_may_read(scene):
    """Whoever reads an objection reads its evidence: the provider's own notes are not to be had that way."""
    row = scene.row("kept")
    inside = happens(scene.contract, row.case_id, "ticket.commented", public=False)
    said = happens(scene.contract, row.case_id, "ticket.commented", public=True)
    offered = {event.pk for event in case_events(scene.leader, (row.case_type, row.case_id))}
    assert said.id in offered
    assert inside.id not in offered
    with pytest.raises(Invalid) as error:
        waiving.dispute_verdict(
            actor=scene.leader, obligation_id=row.pk, text="无人答复", evidence=[inside.id]
        )
    assert set(error.value.fields) == {"evidence"}
    named = [row.opened_event_id, said.id]
    made = waiving.dispute_verdict(actor=scene.leader, obligation_id=row.pk, text="无人答复", evidence=named)
    assert made.evidence == named


def test_what_came_last_in_a_long_case_may_be_named(scene):
    row = scene.row("missed")
    note = events.NewEvent(
        verb="ticket.commented",
        actor=SYSTEM,
        subject=("ticket", row.case_id),
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        facts={"public": False},
    )
    events.record_many([note] * 500)
    last = happens(scene.contract, row.case_id, "ticket.commented", public=False)
    assert case_events(scene.supervisor, ("ticket", row.case_id))[-1].pk == last.id
    assert scene.proposed(evidence=[last.id]).evidence == [last.id]


def test_evidence_files_are_read_by_who_reads_the_objection(scene):
    picture = SimpleUploadedFile("断电.txt", "断电通知".encode(), "text/plain")
    made = scene.proposed(uploads=[picture])
    (stored,) = files_of(scene.manager, ("objection", made.pk))
    url = reverse("files:download", args=[stored.pk])
    answer = client_of_actor(scene.manager).get(url)
    assert b"".join(answer.streaming_content).decode() == "断电通知"
    assert client_of_actor(scene.leader).get(url).status_code == 404
    assert client_of_actor(actor_from(make_member(contract_under(), "agent"))).get(url).status_code == 404


def test_a_dispute_accepted_makes_a_kept_obligation_missed(scene):
    row = scene.row("kept")
    made = waiving.dispute_verdict(actor=scene.leader, obligation_id=row.pk, text="没有人答复")
    with pytest.raises(NotAllowed):
        waiving.accept_dispute(actor=scene.leader, objection_id=made.pk)
    waiving.accept_dispute(actor=scene.manager, objection_id=made.pk, words="属实")
    row.refresh_from_db()
    assert (row.state, row.kept_at, row.missed_at) == ("missed", START + timedelta(minutes=5), row.due_at)
    assert Event.objects.filter(verb="obligation.overturned", subject_id=row.pk).count() == 1


def test_a_limit_told_later_does_not_overturn_what_both_sides_said(scene):
    case = new_case()
    happens(scene.contract, case, "ticket.reported")
    happens(scene.contract, case, "ticket.resolved")
    happens(scene.contract, case, "ticket.closed")
    row = Obligation.objects.get(case_id=case, commitment__name="repair")
    made = waiving.dispute_verdict(actor=scene.leader, obligation_id=row.pk, text="没有修好")
    waiving.accept_dispute(actor=scene.manager, objection_id=made.pk, words="属实")
    happens(scene.contract, case, "ticket.graded", severity="minor")
    row.refresh_from_db()
    assert (row.state, row.shown_state, row.ending) == ("missed", "missed", "")


def test_a_verdict_that_changed_meanwhile_is_not_overturned(scene):
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    Obligation.objects.filter(pk=made.obligation_id).update(state="late")
    with pytest.raises(Conflict):
        waiving.agree_waiver(actor=scene.leader, objection_id=made.pk)
    made.refresh_from_db()
    assert made.state == "approved"


def test_what_was_said_cannot_be_changed(scene):
    made = scene.proposed()
    for sql in (
        "UPDATE commitments_objectionstep SET words = 'x'",
        "DELETE FROM commitments_objectionstep",
        "UPDATE commitments_objection SET text = 'x'",
        "UPDATE commitments_objection SET evidence = '{}'",
        "DELETE FROM commitments_objection",
    ):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
            connection.cursor().execute(sql)
    assert ObjectionStep.objects.get(objection=made).words == "机房断电"


def test_a_settled_objection_stays_settled(scene):
    made = scene.proposed()
    waiving.withdraw_objection(actor=scene.supervisor, objection_id=made.pk)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Objection.objects.filter(pk=made.pk).update(state="agreed")


def test_a_waiver_needs_something_that_proves_it(scene):
    with pytest.raises(Invalid) as error:
        scene.proposed(evidence=[])
    assert set(error.value.fields) == {"evidence"}
    paper = SimpleUploadedFile("断电.txt", "断电通知".encode(), "text/plain")
    assert scene.proposed(evidence=[], uploads=[paper]).is_open


def test_who_raised_it_takes_it_back(scene):
    made = scene.proposed()
    with pytest.raises(NotAllowed):
        waiving.withdraw_objection(actor=scene.manager, objection_id=made.pk)
    waiving.withdraw_objection(actor=scene.supervisor, objection_id=made.pk)
    assert Objection.objects.get().state == "withdrawn"


def test_the_pages_lead_from_the_miss_to_the_waiver(scene):
    row = scene.row("missed")
    browser = client_of_actor(scene.supervisor)
    page = browser.get(reverse("commitments:obligation", args=[row.pk]))
    assert page.context["objections"]["may_waive"]
    url = reverse("commitments:waive", args=[row.pk])
    assert browser.post(url, {"reason": "", "text": ""}).status_code == 422
    event = Event.objects.filter(case_id=row.case_id, verb="ticket.reported").get()
    answer = browser.post(url, {"reason": "force_majeure", "text": "台风", "evidence": [event.pk]})
    assert answer.status_code == 303
    made = Objection.objects.get()
    boss = client_of_actor(scene.manager)
    decide = reverse("commitments:decide_objection", args=[made.pk, "refuse"])
    assert boss.post(decide, {"words": ""}).status_code == 422
    assert boss.post(reverse("commitments:decide_objection", args=[made.pk, "approve"])).status_code == 303
    customer = client_of_actor(scene.leader)
    assert len(customer.get(reverse("commitments:objections")).context["list"].rows) == 1
    assert customer.post(reverse("commitments:decide_objection", args=[made.pk, "agree"])).status_code == 303
    assert boss.post(reverse("commitments:decide_objection", args=[made.pk, "delete"])).status_code == 404
    row.refresh_from_db()
    assert row.state == "waived"


def test_the_list_costs_the_same_for_many(scene):
    browser = client_of_actor(scene.manager)
    scene.proposed()
    browser.get(reverse("commitments:objections"))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("commitments:objections"))
        counts.append(len(captured))
        if len(counts) == 1:
            scene.proposed("late")
    assert counts[0] == counts[1] <= 10
