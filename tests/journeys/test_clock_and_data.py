"""A clock set back doubles nothing; a promise nothing was measured for is never said to be kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.models import Obligation
from shouyue.commitments.services import tending
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.tickets.tests.factories import make_ticket

pytestmark = pytest.mark.django_db
START = clock.now().replace(year=2026, month=3, day=2, hour=1, minute=0, second=0, microsecond=0)
PLAN = """
plan: fine-print
title: {zh: 细则, en: Fine print}
zone: Asia/Shanghai
defaults: {owner: service_manager}
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 十分钟内响应。, en: Within ten minutes.}
    internal: true
    from: ticket.reported
    kept_by: ticket.responded
    within: 10 min
  weekly:
    kind: recurring
    title: {zh: 周检, en: Weekly}
    text: {zh: 每周一次。, en: Once a week.}
    internal: true
    every: week
    kept_by: visit.left
  share:
    kind: target
    title: {zh: 及时率, en: Share in time}
    text: {zh: 每月不低于百分之九十五。, en: At least 95 % a month.}
    internal: true
    every: month
    measure: commitment.kept_share
    with: {commitment: respond}
    at_least: 95%
"""


@pytest.fixture
def contract():
    with clock.at(START - timedelta(days=1)):
        return make_contract(text=PLAN, starts_on=date(2026, 3, 1), ends_on=date(2027, 2, 28))


def pass_to(at):
    with clock.at(at):
        tending.tend_all()
        sweep_all()


def snapshot(contract):
    rows = Obligation.objects.filter(contract=contract).order_by("id")
    told = Event.objects.filter(contract_id=contract.pk, verb__startswith="obligation.").count()
    return list(rows.values_list("id", "state", "due_at", "missed_at")), told


def test_a_clock_set_back_repeats_no_step(contract):
    with clock.at(START):
        make_ticket(contract)
    pass_to(START + timedelta(days=15))
    before = snapshot(contract)
    for back in (14, 7, 1):
        pass_to(START + timedelta(days=back))
    pass_to(START + timedelta(days=15))
    assert snapshot(contract) == before
    with clock.at(START + timedelta(days=3)):
        ticket = make_ticket(contract)
    late = Obligation.objects.get(case_type="ticket", case_id=ticket.pk, commitment__name="respond")
    assert late.due_at == START + timedelta(days=3, minutes=10)


def test_without_data_a_target_has_no_share_anywhere(contract):
    pass_to(START + timedelta(days=40))
    with clock.at(START + timedelta(days=40)):
        browser = client_of(actor_of(make_member(contract, "project_manager").pk))
        board = browser.get(f"/api/contracts/{contract.code}/board", {"month": "2026-03"}).json()
        page = browser.get(f"/promises/{contract.code}/", {"month": "2026-03"}).content.decode()
    (row,) = [row for row in board["lines"] if row["commitment"]["name"] == "share"]
    assert row["share"] is None, row
    assert "100%" not in page
    assert "100 %" not in page
