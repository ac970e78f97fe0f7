"""Gates that ask for consents, approvals and signatures."""

from datetime import timedelta

import pytest
from django.utils import translation

from shouyue.contracts.tests.factories import make_contract, reach
from shouyue.contracts.tests.people import make_engineer
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.gates import Request
from shouyue.signoff import services
from shouyue.signoff.services import Asked, guards

from .factories import make_admin, make_asker, make_leader, make_signoff, step_of

pytestmark = pytest.mark.django_db

PLAN = """
plan: signed-acceptance
title: {zh: 验收签字, en: Signed acceptance}
zone: Asia/Shanghai
windows: {always: 7x24}
milestones:
  final-acceptance: {title: {zh: 终验, en: Final acceptance}}
stages:
  before: {title: {zh: 验收前, en: Before}, from: contract.start, until: final-acceptance}
warranty:
  starts: final-acceptance
  classes: {hardware: {title: {zh: 硬件, en: Hardware}, lasts: 3 years}}
defaults: {owner: service_manager}
commitments:
  warranty-start:
    kind: gate
    title: {zh: 质保起算有据, en: Warranty starts on record}
    text: {zh: 双方签署后质保期起算。, en: Warranty starts once both have signed.}
    internal: true
    act: contract.start_warranty
    requires: {guard: consent.signed_by_both, with: {subject: final-report}}
    given_by: customer.leader
"""


def asked(about, contract, **facts):
    return Request("remote.start", about, contract.customer_id, contract.pk, SYSTEM, facts)


@pytest.fixture
def contract():
    return make_contract()


def test_consent_counts_for_its_purpose_subject_and_time(contract):
    asker, (admin, _contact) = make_asker(contract), make_admin(contract)
    ticket, other = 41, 42
    ends = clock.now() + timedelta(hours=8)
    signoff = make_signoff(contract, actor=asker, subject=("ticket", ticket), expires_at=ends)
    right = asked(("ticket", ticket), contract, purpose="remote-check")
    assert guards.given(right) is not None
    services.give(actor=admin, step_id=step_of(signoff).pk)
    assert guards.given(right) is None
    assert (
        guards.given(asked(("ticket", ticket), contract, purpose="remote-check", capacity="server_admin"))
        is None
    )
    assert (
        guards.given(asked(("remote", 5), contract, purpose="remote-check", case=f"ticket:{ticket}")) is None
    )
    for wrong in (
        asked(("ticket", ticket), contract, purpose="change"),
        asked(("ticket", other), contract, purpose="remote-check"),
        asked(("ticket", ticket), contract, purpose="remote-check", capacity="data_owner"),
        asked(("ticket", ticket), make_contract(), purpose="remote-check"),
    ):
        assert guards.given(wrong).guard == "consent.given"
    with clock.at(ends):
        assert guards.given(right) is not None
    services.withdraw(actor=admin, signoff_id=signoff.pk, words="改期")
    assert guards.given(right) is not None


def test_standing_consent_is_given_for_the_contract(contract):
    asker, (admin, _contact) = make_asker(contract), make_admin(contract)
    request = asked(("ticket", 7), contract, purpose="remote-check")
    assert guards.standing(request) is not None
    signoff = make_signoff(contract, actor=asker)
    services.give(actor=admin, step_id=step_of(signoff).pk)
    assert guards.standing(request) is None
    assert guards.given(request) is not None


def test_signature_of_the_customer_and_of_both(contract):
    engineer, leader = make_engineer(contract), make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=engineer,
        kind="signature",
        purpose="delivery",
        mode="any",
        steps=[Asked(user_id=engineer.user_id), Asked(capacity="leader")],
    )
    request = asked(("contract", contract.pk), contract, subject="delivery")
    services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="王工")
    assert guards.signed(request) is not None, "our own signature is not the customer's"
    assert guards.signed_by_both(request) is not None
    both = make_signoff(
        contract,
        actor=engineer,
        kind="signature",
        purpose="delivery",
        mode="all",
        steps=[Asked(user_id=engineer.user_id), Asked(capacity="leader")],
    )
    services.give(actor=leader, step_id=step_of(both, 2).pk, typed_name="李主任")
    assert guards.signed(request) is not None, "the sheet is not complete"
    services.give(actor=engineer, step_id=step_of(both).pk, typed_name="王工")
    assert (guards.signed(request), guards.signed_by_both(request)) == (None, None)


def test_approval_as_a_whole_and_by_step(contract):
    asker, first, second = (
        make_asker(contract),
        make_engineer(contract, "service_supervisor"),
        make_leader(contract),
    )
    signoff = make_signoff(
        contract,
        actor=asker,
        kind="approval",
        purpose="overtime",
        steps=[
            Asked(role="service_supervisor", code="supervisor"),
            Asked(capacity="leader", code="customer"),
        ],
    )
    about = ("contract", contract.pk)
    by_step = asked(about, contract, step="supervisor")
    whole = asked(about, contract, subject="overtime")
    assert (guards.approved(by_step) is None, guards.approved(whole) is None) == (False, False)
    with translation.override("zh-hans"):
        assert str(guards.approved(by_step).message) == "尚未获得批准（直接上级）"
        assert str(guards.approved(whole).message) == "尚未获得批准（加班）"
    with translation.override("en"):
        assert str(guards.approved(whole).message) == "Approval is missing (Overtime)"
    services.give(actor=first, step_id=step_of(signoff).pk)
    assert (guards.approved(by_step) is None, guards.approved(whole) is None) == (True, False)
    services.give(actor=second, step_id=step_of(signoff, 2).pk)
    assert guards.approved(whole) is None


def test_a_gate_of_a_plan_opens_with_both_signatures():
    contract = make_contract(text=PLAN)
    engineer, leader = make_engineer(contract, "project_manager"), make_leader(contract)
    with pytest.raises(GateRefused) as refused:
        reach(contract, "final-acceptance", contract.starts_on)
    assert "质保起算有据" in str(refused.value)
    signoff = make_signoff(
        contract,
        actor=engineer,
        kind="signature",
        purpose="final-report",
        mode="all",
        steps=[Asked(user_id=engineer.user_id), Asked(capacity="leader")],
    )
    services.give(actor=engineer, step_id=step_of(signoff).pk, typed_name="王工")
    services.give(actor=leader, step_id=step_of(signoff, 2).pk, typed_name="李主任")
    reach(contract, "final-acceptance", contract.starts_on)
    assert contract.milestones.count() == 1
