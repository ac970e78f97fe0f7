"""Rows somebody sees to by a day and vouches for with evidence: each kept once and broken once."""

from __future__ import annotations

from datetime import date

import pytest

from shouyue.commitments.models import Obligation
from shouyue.commitments.services import attesting
from shouyue.contracts.tests.factories import make_member
from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed

from .duty import FIRST_DAY, START, Duty, pass_to
from .story import DAY, HOUR, MINUTE

pytestmark = pytest.mark.django_db

IN_WARRANTY = (("preliminary-acceptance", FIRST_DAY - DAY), ("final-acceptance", FIRST_DAY - DAY))

PERIODIC = [
    ("b0_08", "gov-build", "quarterly-analysis"),
    ("b0_16", "gov-build", "half-yearly-inspection"),
    ("b0_44", "gov-build", "weekly-report"),
    ("b0_45", "gov-build", "weekly-sampling"),
    ("b0_47", "gov-build", "customer-follow-up"),
    ("b1_30", "sw-warranty", "service-reports"),
    ("b1_33", "sw-warranty", "technical-exchange"),
    ("b1_35", "sw-warranty", "follow-up-history"),
    ("b2_23", "platform-equip", "mailbox"),
    ("b2_25", "platform-equip", "process-summary"),
    ("b2_25-year", "platform-equip", "yearly-summary"),
    ("b2_27", "platform-equip", "product-news"),
    ("b3_17", "desktop", "name-scan"),
    ("b3_18", "desktop", "antivirus-statistics"),
    ("b3_19", "desktop", "virus-assessment"),
    ("b3_22", "desktop", "archived-sheets"),
    ("b3_22-month", "desktop", "archived-by-month"),
    ("b3_22-quarter", "desktop", "archived-by-quarter"),
    ("b3_22-half-year", "desktop", "archived-by-half-year"),
    ("b3_22-year", "desktop", "archived-by-year"),
    ("b3_23", "desktop", "repair-statistics"),
    ("b3_23-quarter", "desktop", "repair-statistics-by-quarter"),
    ("b3_23-year", "desktop", "repair-statistics-by-year"),
    ("b3_24", "desktop", "inspection-reports"),
    ("b3_29", "desktop", "routine-meeting"),
    ("b3_30", "desktop", "quarterly-review"),
    ("b3_31", "desktop", "service-level-meeting"),
    ("b3_32", "desktop", "operation-survey"),
    ("b3_33", "desktop", "engineers-workshop"),
    ("b3_35", "desktop", "technical-bulletin"),
    ("b3_36", "desktop", "service-reports"),
    ("b3_47", "desktop", "joint-checks"),
    ("b3_55", "desktop", "quantity-changes"),
    ("b4_16", "field-video", "optimisation-advice"),
    ("b4_17", "field-video", "daily-log"),
    ("b4_19", "field-video", "fault-summary"),
    ("b4_20", "field-video", "management-report"),
    ("b4_21", "field-video", "progress-report"),
    ("b4_25", "field-video", "system-log"),
    ("b4_26", "field-video", "application-check"),
    ("b4_28", "field-video", "security-logs"),
    ("b4_29", "field-video", "backup-daily"),
    ("b4_29-full", "field-video", "backup-full"),
    ("b4_34", "field-video", "internal-audit"),
    ("b4_35", "field-video", "management-review"),
    ("b4_37", "field-video", "quality-report"),
    ("b4_38", "field-video", "quality-meeting"),
    ("b4_39", "field-video", "sla-summary"),
    ("b4_41", "field-video", "owner-appraisal"),
    ("b4_58", "field-video", "work-report-analysis"),
    ("b4_58-quarter", "field-video", "work-report-analysis-quarterly"),
]


@pytest.mark.parametrize(
    ("plan", "name"), [row[1:] for row in PERIODIC], ids=[f"{row[0]}_kept_and_broken" for row in PERIODIC]
)
def test_done_in_one_period_and_forgotten_in_the_next(plan, name):
    assert Duty(plan, name).keep_then_break() == ["kept", "missed"]


def test_b2_15_preventive_maintenance_in_warranty_kept_and_broken():
    assert in_warranty("preventive-maintenance").keep_then_break() == ["kept", "missed"]


def in_warranty(name):
    with pytest.MonkeyPatch.context() as patch:
        from . import duty

        original = duty.only
        patch.setattr(duty, "only", lambda *words: original(*words).replace("lasts: unset", "lasts: 3 years"))
        return Duty("platform-equip", name, milestones=IN_WARRANTY)


ONCE = [
    ("b0_49", "gov-build", "service-archive", ()),
    ("b0_52", "gov-build", "training-materials", (("final-acceptance", date(2026, 9, 1)),)),
    ("b2_10", "platform-equip", "lists-supplied", (("final-acceptance", date(2026, 9, 1)),)),
    ("b4_56", "field-video", "spares-proposal", ()),
    ("b0_17", "gov-build", "pre-expiry-inspection", (("qualified-acceptance", FIRST_DAY),)),
]


@pytest.mark.parametrize(
    ("plan", "name", "milestones"), [row[1:] for row in ONCE], ids=[f"{row[0]}_kept" for row in ONCE]
)
def test_what_is_owed_once_is_handed_in(plan, name, milestones):
    duty = Duty(plan, name, milestones=milestones)
    row = duty.begin()
    duty.attest(max(row.opened_at, START) + DAY)
    assert duty.states == ["kept"]
    pass_to(row.due_at + 40 * DAY)
    assert duty.states == ["kept"]


@pytest.mark.parametrize(
    ("plan", "name", "milestones"), [row[1:] for row in ONCE], ids=[f"{row[0]}_broken" for row in ONCE]
)
def test_what_is_owed_once_is_forgotten(plan, name, milestones):
    duty = Duty(plan, name, milestones=milestones)
    pass_to(duty.begin().due_at + MINUTE)
    assert duty.states == ["missed"]


def test_b0_17_nobody_inspects_before_the_last_three_months():
    duty = Duty("gov-build", "pre-expiry-inspection", milestones=(("qualified-acceptance", FIRST_DAY),))
    (row,) = duty.rows
    assert row.state == "waiting"
    assert row.opened_at.date() == date(2028, 11, 30)  # midnight of December 1st in Shanghai
    with pytest.raises(Conflict):
        duty.attest(START + DAY, obligation_id=row.pk)


STANDING = [
    ("b0_25", "gov-build", "trial-run-staff", 31),
    ("b0_66", "gov-build", "benchmarks", 366),
    ("b1_41", "sw-warranty", "quality-monitoring", 31),
    ("b2_30", "platform-equip", "service-archive", 92),
    ("b3_41", "desktop", "passwords", 31),
]


@pytest.mark.parametrize(
    ("plan", "name", "days"),
    [row[1:] for row in STANDING],
    ids=[f"{row[0]}_kept_and_broken" for row in STANDING],
)
def test_vouched_for_once_and_then_no_more(plan, name, days):
    duty = Duty(plan, name)
    duty.attest(START + 10 * DAY)
    assert duty.states == ["kept", "running"]
    pass_to(START + (days + 12) * DAY)
    assert duty.states == ["kept", "missed"]


def test_b4_40_each_person_is_appraised_kept_and_broken():
    duty = Duty("field-video", "staff-appraisal")
    with clock.at(START):
        engineer = make_member(duty.contract, "field_engineer")
    pass_to(START + DAY)
    due = {row.subject_id: row for row in duty.rows if row.period.startswith("2026-03")}
    assert set(due) == {duty.person.user_id, engineer.pk}
    duty.attest(START + 5 * DAY, obligation_id=due[engineer.pk].pk)
    pass_to(due[engineer.pk].due_at + MINUTE)
    states = {row.subject_id: row.state for row in duty.rows if row.period.startswith("2026-03")}
    assert states == {engineer.pk: "kept", duty.person.user_id: "missed"}


# What vouching asks for


def test_a_report_is_evidence_and_counts_from_when_it_is_handed_in():
    duty = Duty("gov-build", "weekly-report")
    due = duty.begin().due_at
    with pytest.raises(Invalid) as without:
        duty.attest(START + HOUR, uploads=[])
    assert "files" in without.value.fields
    with pytest.raises(Invalid) as backdated:
        duty.attest(due + HOUR, happened_at=due - HOUR)
    assert "happened_at" in backdated.value.fields
    pass_to(due + MINUTE)
    duty.attest(due + HOUR, obligation_id=duty.rows[0].pk)
    assert duty.states[0] == "late"


def test_a_meeting_counts_when_it_was_held_though_its_minutes_come_later():
    duty = Duty("desktop", "routine-meeting")
    row = duty.begin()
    pass_to(row.due_at + MINUTE)
    duty.attest(row.due_at + DAY, obligation_id=row.pk, happened_at=row.due_at - DAY)
    assert Obligation.objects.get(pk=row.pk).state == "kept"
    with pytest.raises(Invalid):
        duty.attest(row.due_at + 2 * DAY, happened_at=row.due_at + 3 * DAY)
    with pytest.raises(Invalid):
        duty.attest(row.due_at + 2 * DAY, happened_at=START - 60 * DAY)


def test_nobody_without_the_role_vouches():
    duty = Duty("gov-build", "weekly-report")
    with clock.at(START):
        other = make_member(duty.contract, "field_engineer")
        from shouyue.accounts.queries import actor_of

        with pytest.raises(NotAllowed):
            attesting.attest(
                actor=actor_of(other.pk), commitment_id=duty.rows[0].commitment_id, note="周报已交"
            )
