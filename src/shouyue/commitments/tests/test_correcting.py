"""Figures corrected by hand: who may, what it does to the verdict, and that frozen figures stay."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.commitments.calendar_models import Contribution
from shouyue.commitments.closing_models import Adjustment
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import closing as closings
from shouyue.commitments.services import closing, correcting
from shouyue.commitments.services.sweep import sweep_all
from shouyue.commitments.services.tending import tend_once
from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event

from .factories import beijing, contract_under, happens, make_member, new_case
from .scenes import client_of

pytestmark = pytest.mark.django_db
QUOTA = """
answers:
  kind: quota
  every: month
  amount: {count: ticket.responded}
  at_least: 2
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 60 min
"""
MARCH = beijing("2026-03-01 09:00")


@pytest.fixture
def contract(db):
    with clock.at(MARCH - timedelta(days=20)):
        made = contract_under(QUOTA)
    with clock.at(MARCH):
        tend_once()
    for day in (1, 2):
        with clock.at(MARCH + timedelta(days=day)):
            happens(made, new_case(), "ticket.responded")
    with clock.at(beijing("2026-04-02 09:00")):
        tend_once()
        sweep_all()
        yield made


def row_of(contract):
    return Obligation.objects.get(contract=contract, commitment__name="answers", period="2026-03")


def manager_of(contract):
    return actor_from(make_member(contract, "project_manager"))


def corrected(contract, actor=None, amount="-1", reason="重复登记"):
    return correcting.correct_figure(
        actor=actor or manager_of(contract),
        obligation_id=row_of(contract).pk,
        amount=Decimal(amount),
        reason=reason,
    )


def test_a_correction_gives_the_verdict_anew_with_who_and_why(contract):
    assert row_of(contract).state == "kept"
    manager = manager_of(contract)
    row = corrected(contract, manager)
    assert (row.state, row.facts["amount"]) == ("missed", 1.0)
    event = Event.objects.get(verb="quota.corrected")
    assert (event.actor, event.subject_id) == (f"user:{manager.user_id}", row.pk)
    made = Contribution.objects.get(event_id=event.pk)
    assert (made.amount, made.reason) == (-1, "重复登记")
    back = corrected(contract, manager, "1", "并未重复")
    assert back.state == "kept"


def test_frozen_figures_stay_and_the_adjustment_stands_beside_them(contract):
    manager = manager_of(contract)
    frozen = closing.close_period(actor=manager, contract_id=contract.pk, period="2026-03")
    digest = frozen.digest
    with clock.at(beijing("2026-04-03 09:00")):
        corrected(contract, manager)
    frozen.refresh_from_db()
    assert frozen.digest == digest
    adjustment = Adjustment.objects.get(closing=frozen)
    assert (adjustment.before, adjustment.after, adjustment.who) == (
        "kept",
        "missed",
        f"user:{manager.user_id}",
    )
    (told,) = closings.adjustments_of(manager, frozen)
    assert (told.who, told.why) == (manager.name, "重复登记")
    (by_hand,) = closings.corrected_by_hand(manager, frozen)
    assert (by_hand.amount, by_hand.who, by_hand.reason) == (-1.0, manager.name, "重复登记")
    page = client_of(make_member(contract, "project_manager")).get(
        reverse("commitments:closing", args=[frozen.pk])
    )
    assert page.content.decode().count("重复登记") == 2
    told = page.client.get(f"/api/periods/{frozen.pk}").json()["corrected_figures"]
    assert [(one["amount"], one["unit"], one["by"], one["why"]) for one in told] == [
        (-1.0, "", manager.name, "重复登记")
    ]
    leader = client_of(make_member(contract, "customer.leader"))  # the promise is the provider's own
    hidden = leader.get(f"/api/periods/{frozen.pk}").json()
    assert (hidden["corrections"], hidden["corrected_figures"]) == ([], [])
    listed = f"/api/contracts/{contract.code}/periods"
    counts = [browser.get(listed).json()[0]["corrections"] for browser in (page.client, leader)]
    assert counts == [1, 0]


@pytest.mark.parametrize("role", ["agent", "supervision_firm", "customer.leader", "service_supervisor"])
def test_who_may_not_changes_nothing(contract, role):
    actor = actor_from(make_member(contract, role))
    with pytest.raises((NotAllowed, NotFound)):
        corrected(contract, actor)
    assert not Event.objects.filter(verb="quota.corrected").exists()
    assert row_of(contract).state == "kept"


@pytest.mark.parametrize(("amount", "reason"), [("0", "x"), ("-1", "  "), ("NaN", "x"), ("-1", "x" * 301)])
def test_wrong_values_are_refused(contract, amount, reason):
    with pytest.raises(Invalid):
        corrected(contract, amount=amount, reason=reason)
    assert not Contribution.objects.exclude(reason="").exists()


def test_only_amounts_are_corrected(contract):
    happens(contract, new_case(), "ticket.reported")
    row = Obligation.objects.filter(contract=contract, commitment__name="respond").first()
    with pytest.raises(Conflict):
        correcting.correct_figure(
            actor=manager_of(contract), obligation_id=row.pk, amount=Decimal(1), reason="x"
        )


def test_page_and_api(contract):
    browser = client_of(make_member(contract, "project_manager"))
    row = row_of(contract)
    url = reverse("commitments:correct", args=[row.pk])
    assert url in browser.get(reverse("commitments:evidence", args=[row.pk])).content.decode()
    assert browser.post(url, {"amount": "0", "reason": "x"}).status_code == 422
    assert browser.post(url, {"amount": "-1", "reason": "重复"}).status_code in (302, 303)
    assert row_of(contract).state == "missed"
    told = browser.post(
        f"/api/obligations/{row.pk}/corrections",
        {"amount": "2", "reason": "漏记"},
        content_type="application/json",
    )
    assert (told.status_code, told.json()) == (201, {"obligation": row.pk, "state": "kept", "amount": 3.0})
    other = client_of(make_member(contract, "agent"))
    assert other.get(url).status_code == 403
