"""Standing conditions: held and broken spans, grace, events that make the register look."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.commitments.calendar_models import ConditionSpan
from shouyue.commitments.services import tending
from shouyue.contracts import services as contracts
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM

from .factories import happens, new_case, states
from .seasons import (
    DAY,
    MONDAY,
    QUOTA,
    STANDING,
    TARGET,
    WEEKLY,
    answered,
    contract_at,
    pass_to,
)

pytestmark = pytest.mark.django_db


def test_a_condition_that_holds_has_one_open_span():
    contract = contract_at(STANDING)
    pass_to(MONDAY + 3 * DAY)
    span = ConditionSpan.objects.get(contract=contract)
    assert (span.condition, span.since, span.until) == ("held", MONDAY, None)
    assert states(contract, "share") == []


def test_a_broken_condition_is_a_miss_until_it_is_mended():
    contract = contract_at(STANDING, ends_on=date(2026, 12, 1))
    pass_to(MONDAY + DAY)
    assert states(contract, "share") == ["missed"]
    with clock.at(MONDAY + 2 * DAY):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, ends_on=date(2027, 12, 31))
        tending.tend_all()
    assert states(contract, "share") == ["late"]
    spans = list(ConditionSpan.objects.filter(contract=contract).order_by("since"))
    assert [span.condition for span in spans] == ["broken", "held"]
    assert spans[0].until == spans[1].since == MONDAY + 2 * DAY


def test_grace_lets_a_short_breach_pass():
    contract = contract_at(STANDING + "  grace: 3 days\n", ends_on=date(2026, 12, 1))
    pass_to(MONDAY + DAY)
    assert states(contract, "share") == ["running"]
    with clock.at(MONDAY + 2 * DAY):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, ends_on=date(2027, 12, 31))
        tending.tend_all()
    assert states(contract, "share") == ["kept"]


def test_a_contract_switched_off_keeps_and_breaks_no_condition():
    contract = contract_at(STANDING)
    switched(contract, MONDAY + DAY, is_active=False)
    pass_to(MONDAY + 3 * DAY)
    span = ConditionSpan.objects.get(contract=contract)
    assert (states(contract, "share"), span.condition, span.until) == ([], "held", MONDAY + DAY)
    switched(contract, MONDAY + 4 * DAY, is_active=True)
    spans = ConditionSpan.objects.filter(contract=contract).order_by("since")
    assert [(one.condition, one.since) for one in spans] == [("held", MONDAY), ("held", MONDAY + 4 * DAY)]


def switched(contract, at, *, is_active):
    with clock.at(at):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, is_active=is_active)
        tending.tend_all()


def test_an_event_makes_the_register_look_at_once():
    contract = contract_at(
        TARGET.split("share:")[0]
        + "ready:\n  kind: standing\n  holds: {measure: commitment.kept_share, at_least: 60%}\n"
        + "  check_on: ticket.responded\n"
    )
    assert not ConditionSpan.objects.filter(contract=contract).exists()
    for day, minutes in ((1, 5), (2, 5), (3, 30), (4, 30)):
        answered(contract, MONDAY + day * DAY, timedelta(minutes=minutes))
    spans = list(ConditionSpan.objects.filter(contract=contract).order_by("since"))
    assert [(span.condition, span.since) for span in spans] == [
        ("held", MONDAY + 2 * DAY + timedelta(minutes=5)),
        ("broken", MONDAY + 4 * DAY + timedelta(minutes=30)),
    ]
    assert states(contract, "ready") == ["running"]


def test_an_event_nobody_cares_about_costs_nothing():
    contract = contract_at(WEEKLY + QUOTA + STANDING)
    with clock.at(MONDAY + DAY):
        case = new_case()
        happens(contract, case, "ticket.commented")
        with CaptureQueriesContext(connection) as seen:
            happens(contract, case, "ticket.commented")
    # the contract was made in this very transaction, so that its version is read anew each time
    sent = [
        query["sql"] for query in seen.captured_queries if "contracts_contract.version" not in query["sql"]
    ]
    assert len(sent) == 1, sent
    assert "kernel_record_event" in sent[0]
