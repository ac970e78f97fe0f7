"""Quotas and targets: counted, corrected, weighed, and said on the board."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouyue.commitments.calendar_models import Contribution
from shouyue.commitments.queries import board
from shouyue.commitments.rules import figures as rules
from shouyue.commitments.rules.figures import Limits
from shouyue.commitments.services import figures, tending
from shouyue.contracts import services as contracts
from shouyue.contracts.plan_language.model import Bounds, Range, Share, Unset
from shouyue.contracts.tests.factories import make_contract_site, make_member, make_plan_version
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice

from .factories import beijing, happens, new_case, plan_text, states
from .seasons import (
    DAY,
    MONDAY,
    QUOTA,
    STANDING,
    TARGET,
    WEEKLY,
    answered,
    contract_at,
    keys,
    pass_to,
    rows,
)

pytestmark = pytest.mark.django_db


# Quotas


def answered_by(contract, channel, at, **facts):
    """A ticket answered."""
    with clock.at(at):
        happens(contract, new_case(), "ticket.responded", channel=channel, **facts)


def test_a_quota_is_kept_when_reached_and_missed_when_not():
    contract = contract_at(QUOTA)
    for day in (1, 2):
        with clock.at(MONDAY + day * DAY):
            happens(contract, new_case(), "ticket.responded", channel="phone")
            happens(contract, new_case(), "ticket.responded", channel="email")
    (march,) = rows(contract, "answers")
    assert (march.state, march.facts["amount"], Contribution.objects.count()) == ("kept", 2.0, 2)
    pass_to(beijing("2026-04-02 09:00"))
    pass_to(beijing("2026-05-02 09:00"))
    assert [row.state for row in rows(contract, "answers")] == ["kept", "missed", "running"]


def test_a_correction_takes_a_quota_back():
    contract = contract_at(QUOTA)
    for day in (1, 2):
        with clock.at(MONDAY + day * DAY):
            happens(contract, new_case(), "ticket.responded", channel="phone")
    (march,) = rows(contract, "answers")
    with clock.at(MONDAY + 3 * DAY):
        figures.correct(obligation_id=march.pk, event_id=10**12, amount=-1, at=MONDAY, reason="重复登记")
    march.refresh_from_db()
    assert (march.state, march.facts["amount"]) == ("running", 1.0)


def test_a_figure_put_right_by_hand_is_kept_from_then_on_and_may_be_taken_back():
    contract = contract_at(QUOTA)
    answered_by(contract, "phone", MONDAY + DAY)
    (march,) = rows(contract, "answers")
    at = MONDAY + 3 * DAY
    with clock.at(at):
        figures.correct(obligation_id=march.pk, event_id=10**12, amount=1, at=at, reason="漏记")
    march.refresh_from_db()
    assert (march.state, march.kept_at, march.settled_at) == ("kept", at, at)
    with clock.at(at + DAY):
        figures.correct(obligation_id=march.pk, event_id=10**12 + 1, amount=-1, at=at + DAY, reason="误记")
    march.refresh_from_db()
    assert (march.state, march.settled_at) == ("running", None)


def test_what_was_told_before_its_month_was_opened_counts():
    """The worker stood still over the turn of the month; what people did meanwhile is theirs."""
    contract = contract_at(QUOTA)
    answered_by(contract, "phone", beijing("2026-04-01 00:00"))
    answered_by(contract, "email", beijing("2026-04-01 10:00"))
    answered_by(contract, "phone", beijing("2026-04-02 09:00"))
    for _ in range(2):
        pass_to(beijing("2026-04-02 10:00"))
        march, april = rows(contract, "answers")
        assert (march.state, april.state, april.facts["amount"]) == ("missed", "kept", 2.0)
        assert Contribution.objects.count() == 2


def test_of_each_thing_what_was_told_before_its_month_was_opened_counts():
    contract = contract_at(QUOTA + "  each: site\n", at=beijing("2026-03-31 12:00"))
    with clock.at(beijing("2026-03-31 13:00")):
        sites = [make_contract_site(contract).site_id for _ in range(2)]
        tending.tend_all()
    for _ in range(2):
        answered_by(contract, "phone", beijing("2026-04-01 00:00"), site=f"site:{sites[1]}")
    pass_to(beijing("2026-04-01 00:05"))
    found = {
        row.subject_id: row.facts["amount"] for row in rows(contract, "answers", period__startswith="2026-04")
    }
    assert found == {sites[0]: 0.0, sites[1]: 2.0}


def test_a_new_version_counts_and_judges_from_the_next_month_on():
    contract = contract_at(QUOTA)
    with clock.at(MONDAY + DAY):
        text = plan_text(
            QUOTA.replace("channel: phone", "channel: email").replace("at_least: 2", "at_least: 1"),
            contract.plan_version.plan,
        )
        contracts.pin_plan_version(
            actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk
        )
        tending.tend_all()
    for channel in ("email", "phone"):
        answered_by(contract, channel, MONDAY + 2 * DAY)
    pass_to(MONDAY + 3 * DAY)
    (march,) = rows(contract, "answers")
    assert (march.state, march.facts["amount"], march.facts["low"]) == ("running", 1.0, 2.0)
    pass_to(beijing("2026-04-01 00:05"))
    answered_by(contract, "phone", beijing("2026-04-01 09:00"))
    assert states(contract, "answers") == ["missed", "running"]
    answered_by(contract, "email", beijing("2026-04-01 10:00"))
    assert states(contract, "answers") == ["missed", "kept"]


# A period whose contract ends on another day than it was opened for


SHARED = QUOTA.replace("at_least: 2", "at_least: 31\n  pro_rata: true")


def changed_end(contract, ends_on, at="2026-03-10 09:00"):
    with clock.at(beijing(at)):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, ends_on=ends_on)
        tending.tend_all()


def test_a_period_ends_with_its_contract_and_asks_for_its_share():
    contract = contract_at(SHARED)
    (march,) = rows(contract, "answers")
    assert (march.due_at, march.facts["low"]) == (beijing("2026-04-01 00:00"), pytest.approx(30, abs=0.001))
    changed_end(contract, date(2026, 3, 16))
    march.refresh_from_db()
    assert (march.due_at, march.facts["low"]) == (beijing("2026-03-17 00:00"), pytest.approx(15, abs=0.001))
    pass_to(beijing("2026-03-17 00:05"))
    march.refresh_from_db()
    assert (march.state, march.missed_at) == ("missed", march.due_at)
    assert keys(contract, "answers") == ["2026-03"]


def test_a_contract_that_goes_on_asks_for_more_of_the_period():
    """What had been reached for half of the month is open again, until enough is there for all of it."""
    contract = contract_at(SHARED.replace("31", "2"), ends_on=date(2026, 3, 16))
    answered_by(contract, "phone", MONDAY + DAY)
    (march,) = rows(contract, "answers")
    assert (march.state, march.due_at) == ("kept", beijing("2026-03-17 00:00"))
    changed_end(contract, date(2028, 12, 31))
    march.refresh_from_db()
    assert (march.state, march.due_at, march.kept_at) == ("running", beijing("2026-04-01 00:00"), None)
    answered_by(contract, "phone", beijing("2026-03-20 09:00"))
    march.refresh_from_db()
    assert (march.state, march.facts["amount"]) == ("kept", 2.0)


@pytest.mark.parametrize(("reached", "judged"), [(1, "missed"), (16, "kept")])
def test_a_contract_extended_after_its_end_goes_on_with_the_month_it_cut_short(reached, judged):
    contract = contract_at(SHARED, ends_on=date(2026, 3, 16))
    for _ in range(reached):
        answered_by(contract, "phone", MONDAY + DAY)
    pass_to(beijing("2026-03-18 09:00"))
    assert states(contract, "answers") == [judged]
    answered_by(contract, "phone", beijing("2026-03-19 09:00"))
    changed_end(contract, date(2028, 12, 31), at="2026-03-20 09:00")
    (march,) = rows(contract, "answers")
    assert (march.state, march.due_at, march.facts["amount"]) == (
        "running",
        beijing("2026-04-01 00:00"),
        reached + 1,
    )
    assert (march.facts["low"], march.missed_at, march.kept_at) == (pytest.approx(30, abs=0.001), None, None)
    for _ in range(31 - reached - 1):
        answered_by(contract, "phone", beijing("2026-03-25 09:00"))
    pass_to(beijing("2026-04-01 00:05"))
    assert states(contract, "answers") == ["kept", "running"]


def test_a_contract_extended_when_the_month_is_over_owes_nothing_for_the_time_between():
    contract = contract_at(QUOTA, ends_on=date(2026, 3, 16))
    for day in ("2026-03-18 09:00", "2026-05-19 09:00"):
        pass_to(beijing(day))
    changed_end(contract, date(2028, 12, 31), at="2026-05-20 09:00")
    assert [(row.period, row.state) for row in rows(contract, "answers")] == [
        ("2026-03", "missed"),
        ("2026-05", "running"),
    ]
    assert rows(contract, "answers")[0].due_at == beijing("2026-03-17 00:00")


def test_a_target_without_data_goes_on_with_its_extended_contract():
    contract = contract_at(TARGET, ends_on=date(2026, 3, 16))
    pass_to(beijing("2026-03-18 09:00"))
    assert states(contract, "share") == ["void"]
    changed_end(contract, date(2028, 12, 31), at="2026-03-20 09:00")
    answered(contract, beijing("2026-03-21 09:00"), timedelta(minutes=5))
    pass_to(beijing("2026-04-01 00:05"))
    assert [(row.period, row.state) for row in rows(contract, "share")] == [
        ("2026-03", "kept"),
        ("2026-04", "running"),
    ]


def test_what_came_after_the_contract_ended_does_not_count():
    contract = contract_at(QUOTA)
    for day in ("2026-03-09 09:00", "2026-03-12 09:00"):
        answered_by(contract, "phone", beijing(day))
    assert states(contract, "answers") == ["kept"]
    changed_end(contract, date(2026, 3, 10), at="2026-03-20 09:00")
    (march,) = rows(contract, "answers")
    assert (march.state, march.facts["amount"], march.missed_at) == (
        "missed",
        1.0,
        beijing("2026-03-11 00:00"),
    )
    told = Event.objects.get(verb="obligation.missed", subject_id=march.pk)
    assert told.occurred_at == march.due_at


def test_a_period_behind_the_contracts_end_asks_for_nothing():
    contract = contract_at(QUOTA, at=beijing("2026-02-10 09:00"))
    pass_to(MONDAY)
    changed_end(contract, date(2026, 2, 28))
    pass_to(beijing("2026-04-02 09:00"))
    assert [(row.period, row.state) for row in rows(contract, "answers")] == [
        ("2026-02", "missed"),
        ("2026-03", "void"),
    ]


def test_a_target_ends_with_its_contract_too():
    contract = contract_at(TARGET)
    answered(contract, MONDAY, timedelta(minutes=5))
    changed_end(contract, date(2026, 3, 16))
    pass_to(beijing("2026-03-17 00:05"))
    assert [(row.state, row.due_at) for row in rows(contract, "share")] == [
        ("kept", beijing("2026-03-17 00:00"))
    ]


def test_too_much_breaks_an_upper_bound_at_once():
    contract = contract_at(QUOTA.replace("at_least: 2", "at_most: 1"))
    for day in (1, 2):
        with clock.at(MONDAY + day * DAY):
            happens(contract, new_case(), "ticket.responded", channel="phone")
    assert states(contract, "answers") == ["missed"]


def test_distinct_values_are_counted_once():
    contract = contract_at(
        QUOTA.replace(
            "{count: ticket.responded, when: {channel: phone}}", "{distinct: ticket.responded.channel}"
        )
    )
    for channel in ("phone", "phone", "email"):
        with clock.at(MONDAY + DAY):
            happens(contract, new_case(), "ticket.responded", channel=channel)
    (march,) = rows(contract, "answers")
    assert (march.facts["amount"], march.state) == (2.0, "kept")


@given(st.lists(st.floats(-50, 50), max_size=12), st.floats(0, 100), st.booleans())
def test_a_verdict_follows_from_the_sum_alone(amounts, low, is_over):
    total = sum(amounts)
    verdict = rules.quota_verdict(total, Limits(low), is_over=is_over)
    assert verdict == ("kept" if total >= low else "missed" if is_over else "running")


def test_the_pace_tells_what_comes():
    assert rules.forecast(31, 0.775) == pytest.approx(40)
    assert rules.forecast(3, 0.05) is None
    assert rules.quota_at_risk(10, Limits(40), 0.5) is True
    assert rules.quota_at_risk(20, Limits(40), 0.5) is False
    assert rules.quota_at_risk(6, Limits(high=10), 0.5) is True
    assert rules.elapsed_share(MONDAY, MONDAY, MONDAY) == 1.0


def test_bounds_in_every_form():
    assert rules.limits_of(Bounds(equals=Range(1, 2))) == Limits(1, 2)
    assert rules.limits_of(Bounds(at_least=Share(95))) == Limits(95.0)
    assert rules.limits_of(Bounds(at_least=Unset())) is None
    assert rules.limits_of(Bounds()) is None
    assert rules.told_amount("hours", 3, duration=True) == 10_800
    assert rules.told_amount("hours", True, duration=True) is None


# Targets


def test_a_target_is_weighed_when_its_period_ends():
    contract = contract_at(TARGET)
    answered(contract, MONDAY, timedelta(minutes=5))
    answered(contract, MONDAY + DAY, timedelta(minutes=30))
    pass_to(MONDAY + 2 * DAY)
    (march,) = rows(contract, "share")
    assert (march.state, march.facts["amount"], march.facts["counted"]) == ("running", 50.0, 2)
    assert march.warn_at is not None
    pass_to(beijing("2026-04-01 00:01"))
    march.refresh_from_db()
    assert (march.state, march.facts["amount"]) == ("missed", 50.0)
    answered(contract, beijing("2026-03-20 09:00"), timedelta(minutes=1))
    march.refresh_from_db()
    assert march.facts["amount"] == 50.0


def test_a_target_without_data_is_never_kept():
    contract = contract_at(TARGET)
    pass_to(beijing("2026-04-01 00:01"))
    march = rows(contract, "share")[0]
    assert (march.state, march.ending, march.facts["amount"]) == ("void", "no_data", None)


def test_a_reached_target_warns_nobody():
    contract = contract_at(
        TARGET.replace("at_least: 60%", "at_least: 60%\n  escalate: [{at: 80%, to: owner}]")
    )
    with clock.at(MONDAY):
        make_member(contract, "project_manager")
    answered(contract, MONDAY, timedelta(minutes=5))
    pass_to(beijing("2026-03-28 00:01"))
    assert not Notice.objects.filter(about_id=rows(contract, "share")[0].pk).exists()


# The board


def test_the_board_says_each_kind_in_its_own_words():
    contract = contract_at(
        WEEKLY
        + QUOTA.replace("at_least: 2", "at_least: 4")
        + STANDING
        + TARGET.replace("share:", "kept-share:")
    )
    answered(contract, MONDAY + DAY, timedelta(minutes=5))
    with clock.at(MONDAY + 20 * DAY):
        happens(contract, new_case(), "ticket.responded", channel="phone")
    pass_to(MONDAY + 20 * DAY)
    with clock.at(MONDAY + 20 * DAY), translation.override("en"):
        found = {line.commitment.name: line for line in board.board_of(SYSTEM, contract).lines}
        words = {name: line.words for name, line in found.items()}
    assert words["weekly"] == "done 2 of 3"
    assert words["answers"].startswith("1 (≥ 4), at this pace 1.5")
    assert words["share"] == "held since 2026-03-02 09:00"
    assert words["kept-share"] == "100% (≥ 60%)"
    assert (found["share"].standing, found["answers"].standing) == ("kept", "at_risk")


def test_a_target_of_a_running_month_has_one_figure_on_the_board():
    contract = contract_at(TARGET.replace("share:", "kept-share:"))
    answered(contract, MONDAY, timedelta(minutes=5))
    pass_to(MONDAY + DAY)
    answered(contract, MONDAY + DAY, timedelta(hours=9))
    assert rows(contract, "kept-share")[0].facts["amount"] == 100
    with clock.at(MONDAY + 2 * DAY), translation.override("en"):
        (line,) = (
            one for one in board.board_of(SYSTEM, contract).lines if one.commitment.name == "kept-share"
        )
        assert (line.value, line.words) == ("50%", "50% (≥ 60%)")
