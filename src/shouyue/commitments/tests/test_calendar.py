"""Promises the calendar runs, with a database: planning, keeping, attesting, figures, conditions."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouyue.accounts.queries import actor_of
from shouyue.calendars.services import refresh_statutory, set_days
from shouyue.commitments import calendar_views
from shouyue.commitments.calendar_models import ConditionSpan, Contribution, Draw
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.queries import board, outlook, vouching
from shouyue.commitments.rules import figures as rules
from shouyue.commitments.rules.figures import Limits
from shouyue.commitments.services import attesting, figures, tending
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts import services as contracts
from shouyue.contracts.plan_language.model import Bounds, Range, Share, Unset
from shouyue.contracts.tests.factories import make_contract_site, make_member
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.models import Notice

from .factories import beijing, contract_under, happens, new_case, states

pytestmark = pytest.mark.django_db

MONDAY = beijing("2026-03-02 09:00")
DAY = timedelta(days=1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e221bc330000000049454e44ae426082"
)
WEEKLY = """
weekly:
  kind: recurring
  every: week
  due: friday window closes
  window: office
  kept_by: ticket.responded
"""


def contract_at(commitments, at=MONDAY, **changes):
    with clock.at(at):
        contract = contract_under(
            commitments, **{"starts_on": date(2026, 1, 1), "ends_on": date(2028, 12, 31)} | changes
        )
        tending.tend_all()
    return contract


def pass_to(at):
    with clock.at(at):
        tending.tend_all()
        sweep_all()


def rows(contract, name="weekly", **wanted):
    return list(
        Obligation.objects.filter(contract=contract, commitment__name=name, **wanted).order_by("due_at", "id")
    )


def keys(contract, name="weekly", **wanted):
    return [row.period for row in rows(contract, name, **wanted)]


# Planning


def test_obligations_exist_sixty_days_ahead():
    contract = contract_at(WEEKLY)
    found = rows(contract)
    assert found[0].period == "2026-W10"
    assert found[0].due_at == beijing("2026-03-06 18:00")
    assert found[0].state == "running"
    assert {row.state for row in found[1:]} == {"waiting"}
    assert found[-1].due_at >= MONDAY + 55 * DAY


def test_planning_twice_changes_nothing():
    contract = contract_at(WEEKLY)
    before = list(Obligation.objects.filter(contract=contract).order_by("id").values())
    with clock.at(MONDAY):
        Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
        assert tending.tend_all() == 1
        assert tending.tend_all() == 0
    assert list(Obligation.objects.filter(contract=contract).order_by("id").values()) == before


def test_an_event_keeps_the_running_week():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY + DAY):
        happens(contract, new_case(), "ticket.responded")
    assert (rows(contract)[0].state, rows(contract)[1].state) == ("kept", "waiting")
    pass_to(MONDAY + 12 * DAY)
    assert [row.state for row in rows(contract)[:3]] == ["kept", "missed", "waiting"]


def test_what_comes_late_counts_for_the_running_week_first():
    contract = contract_at(WEEKLY)
    pass_to(MONDAY + 7 * DAY)
    assert [row.state for row in rows(contract)[:2]] == ["missed", "running"]
    with clock.at(MONDAY + 8 * DAY):
        happens(contract, new_case(), "ticket.responded")
    assert [row.state for row in rows(contract)[:2]] == ["missed", "kept"]
    with clock.at(MONDAY + 9 * DAY):
        happens(contract, new_case(), "ticket.responded")
    assert [row.state for row in rows(contract)[:2]] == ["late", "kept"]


def test_catching_up_after_a_stop_judges_by_when_it_happened():
    contract = contract_at(WEEKLY)
    Obligation.objects.filter(contract=contract, state="waiting").delete()
    with clock.at(MONDAY + 9 * DAY):
        happens(contract, new_case(), "ticket.responded")
    pass_to(MONDAY + 30 * DAY)
    assert [row.state for row in rows(contract)[:4]] == ["late", "kept", "missed", "missed"]


def test_a_new_holiday_moves_what_has_not_come_due():
    text = WEEKLY.replace("friday window closes", "last open day")
    contract = contract_at(text.replace("every: week", "every: month"))
    assert rows(contract)[0].due_at == beijing("2026-03-31 18:00")
    with clock.at(MONDAY + DAY):
        refresh_statutory(actor=SYSTEM)
        set_days(
            actor=SYSTEM, table="CN", first=date(2026, 3, 31), kind="holiday", name="停电", reason="临时调休"
        )
        tending.tend_all()
    assert rows(contract)[0].due_at == beijing("2026-03-30 18:00")


def test_a_plan_given_up_leaves_nothing_running():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY + DAY):
        contracts.change_contract(actor=SYSTEM, contract_id=contract.pk, is_active=False)
        tending.tend_all()
    assert {row.state for row in rows(contract)} == {"void"}
    assert {row.ending for row in rows(contract)} == {"stopped"}


def test_the_task_is_handed_to_the_owner_in_time():
    contract = contract_at(WEEKLY + "  lead: 2 days\n  owner: project_manager\n  escalate: none\n")
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    pass_to(beijing("2026-03-04 17:00"))
    assert Notice.objects.count() == 0
    pass_to(beijing("2026-03-04 19:00"))
    assert [notice.user_id for notice in Notice.objects.filter(channel="in_app")] == [manager.pk]
    with clock.at(beijing("2026-03-04 19:00")):
        assert [row.period for row in outlook.owed_by_roles(actor_of(manager.pk))] == ["2026-W10"]


# Covered things


PER_SITE = """
visits:
  kind: recurring
  every: month
  covers: {item: site, zone: outer}
  kept_by: contract.site_set
"""


def test_each_covered_site_has_its_own():
    contract = contract_at(PER_SITE)
    with clock.at(MONDAY):
        outer = make_contract_site(contract, area="outer")
        make_contract_site(contract, area="urban")
        tending.tend_all()
    assert keys(contract, "visits") == [f"2026-03:site:{outer.site_id}", f"2026-04:site:{outer.site_id}"]
    with clock.at(MONDAY + DAY):
        contracts.set_site_zone(
            actor=SYSTEM, contract_id=contract.pk, site_id=outer.site_id, area="outer", mode="resident"
        )
    assert rows(contract, "visits")[0].state == "kept"


def test_a_site_that_leaves_and_comes_back_within_the_month():
    contract = contract_at(PER_SITE)
    with clock.at(MONDAY):
        site = make_contract_site(contract, area="outer")
        tending.tend_all()
    with clock.at(MONDAY + DAY):
        contracts.remove_site(actor=SYSTEM, contract_id=contract.pk, site_id=site.site_id)
        tending.tend_all()
    assert [row.state for row in rows(contract, "visits")] == ["void", "void"]
    with clock.at(MONDAY + 2 * DAY):
        make_contract_site(contract, site=site.site, area="outer")
        tending.tend_all()
    again = rows(contract, "visits", occurrence=2)
    assert [row.state for row in again] == ["running", "waiting"]
    assert again[0].opened_at >= MONDAY + DAY


SAMPLE = """
look:
  kind: recurring
  every: week
  sample: {item: site, share: 50%, at_least: 1, drawn: at random, seed: recorded, not_again_for: 2 weeks}
  kept_by: contract.site_set
"""


def test_a_sample_is_drawn_once_with_its_seed_and_rests():
    contract = contract_at(SAMPLE)
    with clock.at(MONDAY):
        for _ in range(4):
            make_contract_site(contract)
        Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
        Obligation.objects.filter(contract=contract).delete()
    pass_to(MONDAY + 7 * DAY)
    pass_to(MONDAY + 13 * DAY)
    pass_to(MONDAY + 14 * DAY)
    draws = list(Draw.objects.filter(contract=contract).order_by("drawn_at"))
    assert [(draw.period, len(draw.drawn)) for draw in draws[-2:]] == [("2026-W11", 2), ("2026-W12", 2)]
    assert set(draws[-1].drawn).isdisjoint(draws[-2].drawn)
    from shouyue.commitments.rules.drawing import draw as again

    one = draws[-2]
    assert again(one.population, one.size, one.seed, dict.fromkeys(one.resting, 0)) == one.drawn


# Silence


def test_a_short_silence_slides_and_a_long_one_is_missed_once():
    contract = contract_at("beat:\n  kind: recurring\n  max_gap: 5 min\n  kept_by: ticket.responded\n")
    for minute in (4, 8, 12):
        with clock.at(MONDAY + timedelta(minutes=minute)):
            happens(contract, new_case(), "ticket.responded")
    assert states(contract, "beat") == ["running"]
    pass_to(MONDAY + timedelta(minutes=20))
    assert states(contract, "beat") == ["missed"]
    with clock.at(MONDAY + timedelta(minutes=21)):
        happens(contract, new_case(), "ticket.responded")
    assert states(contract, "beat") == ["late", "running"]


# Attesting


UNIFORM = """
uniform:
  kind: standing
  holds: {attested_by: regional_supervisor, every: month, evidence: photo}
"""


def photo():
    return SimpleUploadedFile("uniform.png", PNG, "image/png")


def attest(contract, user, at, **changes):
    with clock.at(at):
        return attesting.attest(
            actor=actor_of(user.pk),
            commitment_id=Commitment.objects.get(contract=contract).pk,
            **{"note": "全员着装", "uploads": [photo()]} | changes,
        )


def test_attesting_in_time_keeps_and_opens_the_next():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY):
        supervisor = make_member(contract, "regional_supervisor")
    attest(contract, supervisor, MONDAY + 10 * DAY)
    found = rows(contract, "uniform")
    assert [row.state for row in found] == ["kept", "running"]
    assert found[1].due_at == beijing("2026-04-12 09:00")
    pass_to(beijing("2026-04-12 09:01"))
    assert states(contract, "uniform") == ["kept", "missed"]
    attest(contract, supervisor, beijing("2026-04-20 09:00"))
    assert states(contract, "uniform") == ["kept", "late", "running"]


def test_attesting_needs_role_note_and_evidence():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY):
        supervisor = make_member(contract, "regional_supervisor")
        manager = make_member(contract, "project_manager")
    with pytest.raises(NotAllowed):
        attest(contract, manager, MONDAY + DAY)
    with pytest.raises(Invalid):
        attest(contract, supervisor, MONDAY + DAY, note=" ")
    with pytest.raises(Invalid):
        attest(contract, supervisor, MONDAY + DAY, uploads=[])
    with pytest.raises(Invalid):
        attest(
            contract, supervisor, MONDAY + DAY, uploads=[SimpleUploadedFile("a.txt", b"text", "text/plain")]
        )
    assert states(contract, "uniform") == ["running"]


def test_what_events_keep_nobody_attests():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    with pytest.raises(Conflict):
        attest(contract, manager, MONDAY + DAY)


def test_a_recurring_duty_kept_by_attestation():
    contract = contract_at(
        "overhaul:\n  kind: recurring\n  every: month\n  kept_by: {attested_by: project_manager}\n"
    )
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    attest(contract, manager, MONDAY + DAY, uploads=[])
    assert rows(contract, "overhaul")[0].state == "kept"


# Quotas


QUOTA = """
answers:
  kind: quota
  every: month
  amount: {count: ticket.responded, when: {channel: phone}}
  at_least: 2
"""


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


TARGET = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
share:
  kind: target
  every: month
  measure: commitment.kept_share
  with: {commitment: respond}
  at_least: 60%
"""


def answered(contract, at, after):
    case = new_case()
    with clock.at(at):
        happens(contract, case, "ticket.reported")
    with clock.at(at + after):
        sweep_all()
        happens(contract, case, "ticket.responded")


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


# Standing conditions


STANDING = """
share:
  kind: standing
  holds: {guard: contract.term_in_force, with: {length: 1 year}}
  check: 1 day
"""


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
        with CaptureQueriesContext(connection) as seen:
            happens(contract, case, "ticket.commented")
    assert [query["sql"] for query in seen.captured_queries if "commitments_" in query["sql"]] == []


def test_the_term_bounds_what_is_asked():
    contract = contract_at(WEEKLY, starts_on=date(2026, 3, 5), ends_on=date(2026, 3, 20))
    assert keys(contract) == ["2026-W10", "2026-W11", "2026-W12"]


# Pages


def test_my_promises_lead_to_attesting_and_the_evidence_is_shown():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY + DAY):
        supervisor = make_member(contract, "regional_supervisor")
        (row,) = rows(contract, "uniform")
        actor = actor_of(supervisor.pk)
        assert [one.pk for one in vouching.awaiting_word(actor)] == [row.pk]
        assert vouching.may_attest(actor, row)
        stranger = actor_of(make_member(contract_at(WEEKLY), "regional_supervisor").pk)
        assert not vouching.may_attest(stranger, row)
        assert vouching.awaiting_word(stranger) == []
    attest(contract, supervisor, MONDAY + 2 * DAY)
    request = RequestFactory().get("/")
    request.actor = actor
    shown = calendar_views.figures_panel(request, rows(contract, "uniform")[0])
    assert "全员着装" in shown


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
    assert words["kept-share"] == "100 % (≥ 60 %)"
    assert (found["share"].standing, found["answers"].standing) == ("kept", "at_risk")


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_planners_at_once_double_nothing():
    with acting_in(EVERYTHING), clock.at(MONDAY):
        contract = contract_under(
            WEEKLY + PER_SITE + QUOTA, starts_on=date(2026, 1, 1), ends_on=date(2028, 12, 31)
        )
        for _ in range(5):
            make_contract_site(contract, area="outer")

    def plan():
        try:
            with acting_in(EVERYTHING), clock.at(MONDAY):
                Commitment.objects.filter(contract=contract).update(next_at=MONDAY)
            with acting_in(EVERYTHING), clock.at(MONDAY):
                tending.tend_all()
        finally:
            connection.close()

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with acting_in(EVERYTHING):
        found = list(
            Obligation.objects.filter(contract=contract).values_list("commitment", "period", "occurrence")
        )
        assert len(found) == len(set(found))
        assert {occurrence for _commitment, _period, occurrence in found} == {1}
        assert len([period for _c, period, _o in found if ":site:" in period]) == 10
