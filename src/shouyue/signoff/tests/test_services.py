"""Sign-offs through their services."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import override

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_contact, make_customer_user, make_engineer, make_officer
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice
from shouyue.signoff import queries, services
from shouyue.signoff.models import Answer, Delegation, Signoff, Step
from shouyue.signoff.services import Asked, Traces
from shouyue.signoff.wording import line_of

from .factories import data_url, drawn, make_admin, make_asker, make_leader, make_signoff, step_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


@pytest.fixture
def contract():
    return make_contract()


@pytest.fixture
def asker(contract):
    return make_asker(contract)


def verbs():
    return list(
        Event.objects.filter(verb__regex="^(consent|approval|signature|delegation)[.]")
        .order_by("id")
        .values_list("verb", flat=True)
    )


# asking


def test_ask_tells_who_has_the_capacity_and_nobody_else(contract, asker):
    admin, _contact = make_admin(contract)
    make_admin(contract, "end_user")
    signoff = make_signoff(contract, actor=asker)
    assert (signoff.state, signoff.number) == (
        "asked",
        f"{contract.code}-S-{clock.today(contract.time_zone).year}-1",
    )
    assert list(Notice.objects.values_list("user_id", flat=True)) == [admin.user_id]
    event = Event.objects.get(verb="consent.asked")
    assert (event.subject_type, event.subject_id) == ("contract", contract.pk)
    assert event.facts["purpose"] == "remote-check"
    assert len(signoff.digest) == 64


def test_numbers_begin_anew_with_the_year_where_the_contract_is():
    with clock.at(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)):  # midnight in Beijing
        contract = make_contract()
        make_admin(contract)
        signoff = make_signoff(contract, actor=make_asker(contract))
    assert signoff.number == f"{contract.code}-S-2027-1"


def test_ask_twice_with_one_key_is_kept_once(contract, asker):
    make_admin(contract)
    first = make_signoff(contract, actor=asker, source_key="k1")
    assert make_signoff(contract, actor=asker, source_key="k1") == first
    assert Signoff.objects.count() == 1
    assert verbs() == ["consent.asked"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "blessing"}, "kind"),
        ({"purpose": "Remote Check"}, "purpose"),
        ({"scope": "  "}, "scope"),
        ({"steps": []}, "steps"),
        ({"steps": [Asked(capacity="security_officer")]}, "steps"),
        ({"steps": [Asked(capacity="king")]}, "steps"),
        ({"steps": [Asked(capacity="server_admin")] * 2}, "steps"),
        ({"steps": [Asked(user_id=10**9)]}, "steps"),
        ({"steps": [Asked(capacity="server_admin", code="Bad Code")]}, "steps"),
        ({"reply_due_at": -timedelta(hours=1)}, "reply_due_at"),
        ({"expires_at": timedelta(hours=1)}, "reply_due_at"),
        ({"document_id": 10**9}, "document"),
    ],
)
def test_ask_refuses_bad_input_and_keeps_nothing(contract, asker, changes, field):
    """Times are from now on."""
    make_admin(contract)
    now = clock.now()
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(Invalid) as refused:
        make_signoff(contract, actor=asker, **given)
    assert field in refused.value.fields
    assert (Signoff.objects.count(), verbs()) == (0, [])


def test_ask_of_a_contact_without_the_capacity_is_refused(contract, asker):
    _actor, contact = make_admin(contract, "end_user")
    with pytest.raises(Invalid):
        make_signoff(contract, actor=asker, steps=[Asked(contact_id=contact.pk, capacity="server_admin")])
    stranger = make_contact(make_contract(), capacities=["server_admin"])
    with pytest.raises(Invalid):
        make_signoff(contract, actor=asker, steps=[Asked(contact_id=stranger.pk)])


def test_customers_and_officers_do_not_ask(contract):

    admin, _contact = make_admin(contract)
    for actor, error in (
        (make_leader(contract), NotAllowed),
        (make_officer("audit_admin"), NotAllowed),
        (admin, NotFound),
    ):
        with pytest.raises(error):
            make_signoff(contract, actor=actor)
    assert Signoff.objects.count() == 0


# answering


def test_give_keeps_who_when_how_and_what(contract, asker):
    admin, _contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    given = services.give(
        actor=admin, step_id=step_of(signoff).pk, words="同意", traces=Traces("10.0.0.9", "Firefox")
    )
    assert given.state == "given"
    answer = Answer.objects.get()
    assert (answer.user_id, answer.capacity, answer.channel) == (admin.user_id, "server_admin", "portal")
    assert (answer.words, answer.digest, len(answer.address_digest)) == ("同意", signoff.digest, 64)
    assert "10.0.0.9" not in answer.address_digest
    event = Event.objects.get(verb="consent.given")
    assert (event.facts["by_customer"], event.facts["capacity"]) == (True, "server_admin")
    assert Notice.objects.filter(user_id=asker.user_id, subject__contains=signoff.number).exists()


def test_the_same_answer_twice_is_kept_once_and_another_is_refused(contract, asker):
    admin, _contact = make_admin(contract)
    second, _other = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    step = step_of(signoff).pk
    services.give(actor=admin, step_id=step)
    services.give(actor=admin, step_id=step)
    for late in (admin, second):
        with pytest.raises(Conflict):
            services.refuse(actor=late, step_id=step, words="不")
    assert (Answer.objects.count(), verbs().count("consent.given")) == (1, 1)


def test_without_the_capacity_nobody_answers(contract, asker):
    make_admin(contract)
    outsider, contact = make_admin(contract, "end_user")
    colleague = make_engineer(contract)
    signoff = make_signoff(contract, actor=asker)
    step = step_of(signoff).pk
    for actor, error in ((outsider, NotFound), (colleague, NotAllowed), (make_leader(contract), NotAllowed)):
        with pytest.raises(error):
            services.give(actor=actor, step_id=step)
    assert Answer.objects.count() == 0
    contact.capacities = ["server_admin"]
    contact.save(update_fields=["capacities"])
    assert services.give(actor=outsider, step_id=step).state == "given"


def test_a_capacity_that_was_lost_counts_no_more(contract, asker):
    admin, contact = make_admin(contract)
    make_admin(contract)
    signoff = make_signoff(
        contract, actor=asker, steps=[Asked(contact_id=contact.pk, capacity="server_admin")]
    )
    contact.capacities = []
    contact.save(update_fields=["capacities"])
    with pytest.raises(NotAllowed):
        services.give(actor=admin, step_id=step_of(signoff).pk)


def test_nobody_approves_what_he_asks_for_himself(contract, asker):
    other = make_asker(contract)
    with pytest.raises(Invalid):
        make_signoff(contract, actor=asker, kind="approval", steps=[Asked(user_id=asker.user_id)])
    signoff = make_signoff(contract, actor=asker, kind="approval", steps=[Asked(role="project_manager")])
    step = step_of(signoff).pk
    with pytest.raises(NotAllowed):
        services.give(actor=asker, step_id=step)
    services.delegate(actor=other, to_id=asker.user_id, ends_at=clock.now() + timedelta(days=1))
    with pytest.raises(NotAllowed):
        services.give(actor=asker, step_id=step)
    assert services.give(actor=other, step_id=step).state == "given"


def test_chain_in_order_asks_one_after_another(contract, asker):
    first, second = make_engineer(contract, "service_supervisor"), make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=asker,
        kind="approval",
        purpose="departure",
        steps=[Asked(role="service_supervisor", code="supervisor"), Asked(capacity="leader")],
    )
    assert [step.state for step in queries.steps_of(signoff)] == ["asked", "waiting"]
    with pytest.raises(Conflict):
        services.give(actor=second, step_id=step_of(signoff, 2).pk)
    services.give(actor=first, step_id=step_of(signoff).pk)
    assert Notice.objects.filter(user_id=second.user_id).exists()
    assert services.give(actor=second, step_id=step_of(signoff, 2).pk).state == "given"
    assert verbs() == ["approval.asked", "approval.step_given", "approval.given"]


def test_one_refusal_ends_a_chain_and_needs_a_reason(contract, asker):
    first = make_engineer(contract, "service_supervisor")
    make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=asker,
        kind="approval",
        mode="all",
        steps=[Asked(role="service_supervisor"), Asked(capacity="leader")],
    )
    with pytest.raises(Invalid):
        services.refuse(actor=first, step_id=step_of(signoff).pk, words="")
    refused = services.refuse(actor=first, step_id=step_of(signoff).pk, words="时间不合适")
    assert refused.state == "refused"
    assert [step.state for step in queries.steps_of(signoff)] == ["refused", "closed"]
    assert verbs()[-1] == "approval.refused"


def test_any_of_several_suffices(contract, asker):
    first, second = make_engineer(contract, "service_supervisor"), make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=asker,
        mode="any",
        steps=[Asked(role="service_supervisor"), Asked(capacity="leader")],
    )
    services.refuse(actor=first, step_id=step_of(signoff).pk, words="不行")
    assert services.give(actor=second, step_id=step_of(signoff, 2).pk).state == "given"


def test_a_signature_without_a_drawing_is_shown_as_such(contract):
    for drawing, is_said in (("", True), (drawn(), False)):
        engineer = make_engineer(contract)
        signoff = make_signoff(
            contract, actor=engineer, kind="signature", steps=[Asked(user_id=engineer.user_id)]
        )
        services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="李工", drawing=drawing)
        with override("zh-hans"):
            (line,) = map(line_of, queries.answers_of(signoff))
        assert ("仅键入姓名，未手写签名" in line.how) is is_said


def test_signature_of_both_sides_by_drawing_and_by_name(contract):
    engineer, leader = make_engineer(contract), make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=engineer,
        kind="signature",
        purpose="visit",
        mode="all",
        steps=[Asked(user_id=engineer.user_id), Asked(capacity="leader")],
    )
    with pytest.raises(Invalid) as missing:
        services.give(actor=leader, step_id=step_of(signoff, 2).pk)
    assert "typed_name" in missing.value.fields
    services.give(actor=leader, step_id=step_of(signoff, 2).pk, typed_name="李主任", drawing=drawn())
    services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="王工")
    event = Event.objects.get(verb="signature.given")
    assert event.facts["both"] is True
    answer = Answer.objects.get(user_id=leader.user_id)
    assert (answer.typed_name, answer.image.media_type) == ("李主任", "image/png")
    assert answer.image_digest == answer.image.digest
    with pytest.raises(Conflict):
        services.withdraw(actor=leader, signoff_id=signoff.pk, words="反悔")


def test_hostile_drawings_are_refused(contract):
    from PIL import Image

    engineer = make_engineer(contract)
    signoff = make_signoff(
        contract, actor=engineer, kind="signature", steps=[Asked(user_id=engineer.user_id)]
    )
    blank = data_url(Image.new("RGBA", (300, 100), (0, 0, 0, 0)))
    huge = data_url(Image.new("L", (5000, 10), 0))
    jpeg = data_url(Image.new("RGB", (30, 10)), "JPEG")
    for bad in (
        blank,
        huge,
        jpeg,
        "data:image/png;base64,AAAA",
        "http://evil/x.png",
        "data:image/png;base64,§§",
    ):
        with pytest.raises(Invalid):
            services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="王", drawing=bad)
    assert Answer.objects.count() == 0


# paper and telephone


def test_spoken_consent_names_who_wrote_it_down(contract, asker):
    _admin, contact = make_admin(contract)
    _other, wrong = make_admin(contract, "end_user")
    signoff = make_signoff(contract, actor=asker)
    say = {"actor": asker, "step_id": step_of(signoff).pk, "verdict": "given", "channel": "phone"}
    for bad in ({"contact_id": wrong.pk, "words": "同意"}, {"contact_id": contact.pk, "words": ""}):
        with pytest.raises(Invalid):
            services.record_answer(**say, **bad)
    services.record_answer(**say, contact_id=contact.pk, words="电话中同意,工号1024")
    answer = Answer.objects.get()
    assert (answer.contact_id, answer.user_id, answer.recorded_by_id) == (contact.pk, None, asker.user_id)
    assert answer.channel == "phone"


def test_approvals_are_not_taken_by_telephone(contract, asker):
    _admin, contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker, kind="approval")
    with pytest.raises(Invalid):
        services.record_answer(
            actor=asker,
            step_id=step_of(signoff).pk,
            contact_id=contact.pk,
            verdict="given",
            channel="phone",
            words="行",
        )


def test_signed_paper_is_kept_with_its_digest(contract, asker):
    _admin, contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker, kind="signature")
    with pytest.raises(Invalid):
        services.upload_scan(
            actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk, upload=upload("a.txt", b"text")
        )
    signed = services.upload_scan(
        actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk, upload=upload("scan.png")
    )
    answer = Answer.objects.get()
    assert (signed.state, answer.channel, answer.image_digest) == ("given", "paper", answer.image.digest)
    assert queries.reads_file(asker, answer.image)


def test_document_is_fixed_by_its_digest(contract, asker):
    make_admin(contract)
    signoff = make_signoff(contract, actor=asker, upload=upload("plan.png"))
    signoff.refresh_from_db()
    assert signoff.document_digest == signoff.document.digest
    assert len(signoff.digest) == 64


# withdrawing, calling off, deputies


def test_withdraw_ends_a_consent(contract, asker):
    admin, _contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    services.give(actor=admin, step_id=step_of(signoff).pk)
    with pytest.raises(NotAllowed):
        services.withdraw(actor=asker, signoff_id=signoff.pk, words="x")
    assert services.withdraw(actor=admin, signoff_id=signoff.pk, words="改期").state == "withdrawn"
    services.withdraw(actor=admin, signoff_id=signoff.pk, words="改期")
    assert verbs() == ["consent.asked", "consent.given", "consent.withdrawn"]
    assert list(Answer.objects.order_by("id").values_list("verdict", flat=True)) == ["given", "withdrawn"]


def test_withdrawal_by_telephone_of_who_gave_it(contract, asker):
    _admin, contact = make_admin(contract)
    _second, other = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    services.record_answer(
        actor=asker,
        step_id=step_of(signoff).pk,
        contact_id=contact.pk,
        verdict="given",
        channel="phone",
        words="行",
    )
    with pytest.raises(Invalid):
        services.withdraw(actor=asker, signoff_id=signoff.pk, words="来电取消", contact_id=other.pk)
    services.withdraw(actor=asker, signoff_id=signoff.pk, words="来电取消", contact_id=contact.pk)
    assert Answer.objects.get(verdict="withdrawn").recorded_by_id == asker.user_id


def test_cancel_by_who_asked_while_it_waits(contract, asker):
    admin, _contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    with pytest.raises(NotAllowed):
        services.cancel(actor=make_engineer(contract), signoff_id=signoff.pk, words="不需要")
    assert services.cancel(actor=asker, signoff_id=signoff.pk, words="不需要").state == "cancelled"
    with pytest.raises(Conflict):
        services.give(actor=admin, step_id=step_of(signoff).pk)
    with pytest.raises(Conflict):
        services.withdraw(actor=asker, signoff_id=signoff.pk, words="x")


def test_deputy_answers_for_a_time_and_both_names_stand(contract, asker):
    admin, _contact = make_admin(contract)
    deputy = make_customer_user(contract, "customer.end_user")
    signoff = make_signoff(contract, actor=asker)
    with pytest.raises(NotFound):
        services.give(actor=deputy, step_id=step_of(signoff).pk)
    given = services.delegate(actor=admin, to_id=deputy.user_id, ends_at=clock.now() + timedelta(days=2))
    assert [step.pk for step in queries.waiting_for(deputy)] == [step_of(signoff).pk]
    with clock.at(clock.now() + timedelta(days=3)):
        assert queries.waiting_for(deputy) == []
    services.give(actor=deputy, step_id=step_of(signoff).pk)
    answer = Answer.objects.get()
    assert (answer.user_id, answer.on_behalf_of_id, answer.capacity) == (
        deputy.user_id,
        admin.user_id,
        "server_admin",
    )
    with pytest.raises(NotAllowed):
        services.end_delegation(actor=deputy, delegation_id=given.pk)
    services.end_delegation(actor=admin, delegation_id=given.pk)
    assert Delegation.objects.get().revoked_at is not None


def test_deputyship_of_one_contract_opens_no_other(contract, asker):
    leader = make_leader(contract)
    deputy = make_customer_user(contract, "customer.end_user")
    other = make_contract(customer=contract.customer)
    services.delegate(
        actor=leader, to_id=deputy.user_id, contract_id=contract.pk, ends_at=clock.now() + timedelta(days=1)
    )
    manager = make_asker(other)
    signoff = make_signoff(other, actor=manager, steps=[Asked(user_id=leader.user_id)])
    with pytest.raises(NotFound):
        services.give(actor=deputy, step_id=step_of(signoff).pk)


def test_delegation_stays_within_the_organisation(contract):
    leader, engineer = make_leader(contract), make_engineer(contract)
    now = clock.now()
    for bad in (
        {"to_id": engineer.user_id, "ends_at": now + timedelta(days=1)},
        {"to_id": leader.user_id, "ends_at": now + timedelta(days=1)},
        {"to_id": make_leader(contract).user_id, "ends_at": now - timedelta(days=1)},
        {"to_id": make_leader(contract).user_id, "ends_at": now + timedelta(days=800)},
    ):
        with pytest.raises(Invalid):
            services.delegate(actor=leader, **bad)
    with pytest.raises(NotAllowed):
        services.delegate(actor=SYSTEM, to_id=engineer.user_id, ends_at=now + timedelta(days=1))


# time


def test_reminders_escalation_and_their_end(contract, asker):
    admin, _contact = make_admin(contract)
    start = clock.now()
    signoff = make_signoff(contract, actor=asker, reply_due_at=start + timedelta(hours=4))
    told = []
    for hour in range(24 * 8):
        with clock.at(start + timedelta(hours=hour, minutes=1)):
            services.remind_due(actor=SYSTEM)
        told.append(Notice.objects.filter(user_id=admin.user_id).count())
    assert (told[2], told[3], told[4], told[-1]) == (1, 2, 3, 7)
    assert Notice.objects.filter(user_id=asker.user_id).count() == 1
    assert verbs() == ["consent.asked", "consent.escalated"]
    assert step_of(signoff).reminders == 6


def test_consent_expires_whether_given_or_not(contract, asker):
    admin, _contact = make_admin(contract)
    ends = clock.now() + timedelta(hours=8)
    given = make_signoff(contract, actor=asker, expires_at=ends)
    silent = make_signoff(contract, actor=asker, expires_at=ends, purpose="change")
    services.give(actor=admin, step_id=step_of(given).pk)
    with clock.at(ends + timedelta(seconds=1)):
        with pytest.raises(Conflict):
            services.give(actor=admin, step_id=step_of(silent).pk)
        assert services.expire_due(actor=SYSTEM) == 2
        assert services.expire_due(actor=SYSTEM) == 0
    assert list(Signoff.objects.values_list("state", flat=True)) == ["expired", "expired"]
    assert verbs().count("consent.expired") == 2


def test_a_signature_stays_when_the_question_expires(contract):
    engineer = make_engineer(contract)
    ends = clock.now() + timedelta(hours=8)
    signoff = make_signoff(
        contract, actor=engineer, kind="signature", steps=[Asked(user_id=engineer.user_id)], expires_at=ends
    )
    services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="王工")
    with clock.at(ends + timedelta(days=1)):
        assert services.expire_due(actor=SYSTEM) == 0


# nothing is changed afterwards


def test_answers_and_questions_cannot_be_changed(contract, asker):
    admin, _contact = make_admin(contract)
    signoff = make_signoff(contract, actor=asker)
    services.give(actor=admin, step_id=step_of(signoff).pk)
    tampering = [
        lambda: Answer.objects.update(words="不同意"),
        lambda: Answer.objects.all().delete(),
        lambda: Signoff.objects.update(scope="全部服务器"),
        lambda: Signoff.objects.update(document_digest="0" * 64),
        lambda: Step.objects.update(capacity="end_user"),
        lambda: Step.objects.update(state="asked"),
        lambda: Step.objects.update(answered_by_name="别人"),
    ]
    for tamper in tampering:
        with pytest.raises(DatabaseError), transaction.atomic():
            tamper()
    services.withdraw(actor=admin, signoff_id=signoff.pk, words="取消")
    with pytest.raises(DatabaseError), transaction.atomic():
        Signoff.objects.update(state="given")
