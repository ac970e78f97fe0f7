"""Closed periods: frozen for good, closed once, corrected in sight, opened again by two."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import InternalError, ProgrammingError
from django.urls import reverse

from shouyue.accounts.models import ApiToken, User
from shouyue.accounts.queries import actor_from
from shouyue.commitments.closing_models import Adjustment, Closing
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.queries import closing as closings
from shouyue.commitments.queries.explaining import explain
from shouyue.commitments.queries.proving import evidence_of
from shouyue.commitments.rules.closing import before, digest_of, period_at, period_of
from shouyue.commitments.services import closing, waiving
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_plan_version, make_user
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in

from .factories import PLAN, beijing, contract_under, happens, make_member, new_case, promised
from .scenes import START, Scene, client_of_actor, lived

APRIL = beijing("2026-04-08 09:00")
SHEET = """scores:
  period: quarter
  areas: {all: {title: {zh: 全部, en: All}, weight: 1}}
"""
database = pytest.mark.django_db


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        made = Scene()
    Contract.objects.filter(pk=made.contract.pk).update(starts_on="2026-03-01")
    made.contract.refresh_from_db()
    with clock.at(APRIL):
        yield made


def march(scene, actor=SYSTEM):
    return closing.close_period(actor=actor, contract_id=scene.contract.pk, period="2026-03")


@pytest.mark.parametrize(
    "key", ["", "2026", "2026-13", "2026-00", "2026-Q5", "1999-01", "2026-3", "２０２６-03"]
)
def test_a_wrong_key_is_no_period(key):
    with pytest.raises(ValueError, match="2|^$|1999|２"):
        period_of(key, "Asia/Shanghai")


def test_periods_follow_each_other_without_a_gap():
    zone = "Europe/Berlin"  # the clocks change within
    period = period_at(beijing("2027-02-03 00:00"), zone, quarterly=True)
    assert (period.key, period.month_keys) == ("2027-Q1", ("2027-01", "2027-02", "2027-03"))
    for _ in range(9):
        earlier = before(period, zone)
        assert earlier.until == period.since
        period = earlier
    assert period.key == "2024-Q4"


@database
def test_a_closed_period_says_what_was(scene):
    made = march(scene)
    snapshot = json.loads(made.snapshot)
    respond = next(row for row in snapshot["commitments"] if row["name"] == "respond")
    assert (respond["figures"]["kept"], respond["figures"]["late"], respond["figures"]["missed"]) == (1, 1, 1)
    assert snapshot["totals"]["running"] == sum(row["figures"]["running"] for row in snapshot["commitments"])
    assert made.digest == digest_of(made.snapshot)
    assert Event.objects.get(verb="period.closed").facts["digest"] == made.digest


@database
def test_closing_twice_gives_the_same(scene):
    assert march(scene).pk == march(scene).pk
    assert Closing.objects.count() == Event.objects.filter(verb="period.closed").count() == 1


@database
def test_what_is_not_over_or_unknown_is_not_closed(scene):
    for period, error in (("2026-04", Conflict), ("2027-01", Conflict), ("2026-4", Invalid), ("", Conflict)):
        with pytest.raises(error):
            closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period=period)
    march(scene)
    with pytest.raises(Conflict):  # shares time with a closed month
        closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period="2026-Q1")


@database
@pytest.mark.parametrize("role", ["agent", "customer.leader", "supervision_firm", "field_engineer"])
def test_only_managers_close(scene, role):
    with pytest.raises(NotAllowed):
        march(scene, scene.person(role))
    assert not Closing.objects.exists()


@database
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE commitments_closing SET snapshot = '{}'",
        "UPDATE commitments_closing SET closed_by_name = 'x'",
        "UPDATE commitments_closing SET reopened_at = NULL, digest = ''",
        "DELETE FROM commitments_closing",
        "UPDATE commitments_adjustment SET after = 'kept'",
        "DELETE FROM commitments_adjustment",
    ],
)
def test_the_database_refuses_to_change_what_is_frozen(scene, sql):
    march(scene)
    Obligation.objects.filter(contract=scene.contract, state="missed").update(state="late")
    with pytest.raises((InternalError, ProgrammingError, IntegrityError)), transaction.atomic():
        connection.cursor().execute(sql)


@database
def test_a_waiver_after_closing_is_a_visible_correction(scene):
    frozen = march(scene)
    made = scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    waiving.agree_waiver(actor=scene.leader, objection_id=made.pk)
    row = Adjustment.objects.get()
    assert (row.before, row.after, row.objection_id) == ("missed", "waived", made.pk)
    assert (row.who, row.at) == (scene.leader.ref, APRIL)
    shown = closings.with_frozen(SYSTEM, board.board_of(SYSTEM, scene.contract, "2026-03"))
    line = next(line for line in shown.board.lines if line.commitment.name == "respond")
    assert (line.figures.missed, line.figures.waived, line.standing) == (1, 0, "broken")
    assert (shown.corrected("respond").missed, shown.corrected("respond").waived) == (0, 1)
    page = client_of_actor(scene.leader).get(reverse("commitments:closing", args=[frozen.pk]))
    (shown,) = page.context["adjustments"]
    assert (shown["who"], str(shown["why"])) == (scene.leader.name, "客户原因")


@database
def test_what_is_told_late_is_a_visible_correction(scene):
    march(scene)
    missed = scene.row("missed")
    happens(scene.contract, missed.case_id, "ticket.responded", at=START + timedelta(minutes=3))
    row = Adjustment.objects.get(obligation=missed)
    assert (row.before, row.after, row.objection_id) == ("missed", "kept", None)
    assert Event.objects.get(pk=row.event_id).verb == "ticket.responded"
    assert row.at == APRIL


@database
def test_a_limit_told_after_closing_is_a_correction_by_who_told_it(scene):
    case = new_case()
    with clock.at(START):
        happens(scene.contract, case, "ticket.reported")
        happens(scene.contract, case, "ticket.resolved", at=START + timedelta(minutes=3))
    march(scene)
    happens(scene.contract, case, "ticket.graded", severity="minor")
    row = Adjustment.objects.get(obligation__case_id=case, obligation__commitment__name="repair")
    assert (row.before, row.after, row.at) == ("running", "kept", APRIL)
    assert Event.objects.get(pk=row.event_id).verb == "ticket.graded"


@database
def test_an_open_period_has_no_corrections(scene):
    happens(scene.contract, scene.row("missed").case_id, "ticket.responded")
    assert not Adjustment.objects.exists()


@database
def test_opening_again_needs_two_people(scene):
    frozen = march(scene)
    other = scene.person("service_manager")
    with pytest.raises(Invalid):
        closing.ask_reopening(actor=scene.manager, closing_id=frozen.pk, why=" ")
    closing.ask_reopening(actor=scene.manager, closing_id=frozen.pk, why="漏报")
    for person in (scene.manager, scene.leader, scene.supervisor, SYSTEM):
        with pytest.raises(NotAllowed):
            closing.agree_reopening(actor=person, closing_id=frozen.pk)
    closing.refuse_reopening(actor=other, closing_id=frozen.pk, why="证据不足")
    with pytest.raises(Conflict):
        closing.agree_reopening(actor=other, closing_id=frozen.pk)
    closing.ask_reopening(actor=scene.manager, closing_id=frozen.pk, why="补充证据")
    closing.agree_reopening(actor=other, closing_id=frozen.pk)
    assert closings.due_periods(scene.contract, clock.now()) == []  # the job leaves it to people
    again = march(scene, scene.manager)
    assert (again.number, again.pk == frozen.pk) == (2, False)
    verbs = Event.objects.filter(verb__startswith="period.").order_by("id").values_list("verb", flat=True)
    assert [verb.removeprefix("period.") for verb in verbs] == [
        "closed",
        "reopening_asked",
        "reopening_refused",
        "reopening_asked",
        "reopened",
        "closed",
    ]


@database
def test_the_job_waits_for_what_is_told_late_and_then_closes_once(scene):
    with clock.at(beijing("2026-04-05 23:59")):
        assert closing.close_due() == (0, 0)
    with clock.at(beijing("2026-04-06 00:00")):
        assert closing.close_due() == (1, 0)
        assert closing.close_due() == (0, 0)
    assert Closing.objects.get().period == "2026-03"


@database
def test_a_plan_may_close_by_quarters():
    version = make_plan_version(promised(PLAN, SHEET))
    contract = contract_under(
        plan_version_id=version.pk, starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31)
    )
    lived(contract)
    with clock.at(APRIL):
        made = closing.close_period(actor=SYSTEM, contract_id=contract.pk, period="2026-Q1")
        shown = closings.with_frozen(SYSTEM, board.board_of(SYSTEM, contract, "2026-03"))
    assert shown.closing.pk == made.pk
    assert [period.key for period in closings.due_periods(contract, APRIL)] == []
    snapshot = json.loads(made.snapshot)
    assert sorted(snapshot["commitments"][0]["months"]) == ["2026-01", "2026-02", "2026-03"]
    assert snapshot["scores"]["total"] == "100.00"


@database
def test_the_pages_close_and_open_again(scene):
    boss, other = client_of_actor(scene.manager), client_of_actor(scene.person("service_manager"))
    page = boss.get(reverse("commitments:periods", args=[scene.contract.code]))
    assert page.context["due"] == ["2026-03"]
    close = reverse("commitments:close_period", args=[scene.contract.code])
    assert boss.post(close, {"period": "2026-04"}).status_code == 409
    assert client_of_actor(scene.leader).post(close, {"period": "2026-03"}).status_code == 403
    assert boss.post(close, {"period": "2026-03"}).status_code == 303
    made = Closing.objects.get()
    shown = boss.get(reverse("commitments:board", args=[scene.contract.code]), {"month": "2026-03"})
    assert shown.context["closing"].pk == made.pk
    ask, agree = (reverse("commitments:reopen", args=[made.pk, act]) for act in ("ask", "agree"))
    assert boss.post(ask, {"why": ""}).status_code == 422
    assert boss.post(ask, {"why": "漏报"}).status_code == 303
    assert boss.post(agree).status_code == 403
    assert other.post(agree).status_code == 303
    stranger = client_of_actor(actor_from(make_member(contract_under(), "project_manager")))
    assert stranger.get(reverse("commitments:closing", args=[made.pk])).status_code == 404
    assert stranger.post(ask, {"why": "x"}).status_code == 404


@database
def test_the_api_lists_closed_periods(scene):
    made = march(scene)
    found = client_of_actor(scene.leader).get(f"/api/contracts/{scene.contract.code}/periods").json()
    assert [(row["period"], row["digest"], row["corrections"]) for row in found] == [
        ("2026-03", made.digest, 0)
    ]


@database
def test_the_api_tells_what_was_corrected_since(scene):
    frozen, made = march(scene), scene.proposed()
    waiving.approve_waiver(actor=scene.manager, objection_id=made.pk)
    waiving.agree_waiver(actor=scene.leader, objection_id=made.pk)
    found = client_of_actor(scene.leader).get(f"/api/periods/{frozen.pk}").json()
    (told,) = found["corrections"]
    assert (told["commitment"], told["before"], told["after"]) == ("respond", "missed", "waived")
    assert (told["by"], told["why"], told["objection"]) == (scene.leader.name, "客户原因", made.pk)
    assert (found["reopenings"], found["corrected_figures"]) == ([], [])


@database
def test_what_a_program_told_late_bears_its_owners_name(scene):
    frozen, missed = march(scene), scene.row("missed")
    stranger, owner = make_user(name="旁人"), User.objects.get(pk=scene.manager.user_id)
    ApiToken.objects.create(
        pk=stranger.pk, user=owner, name="脚本", digest="x", scopes=[], created_at=APRIL, expires_at=APRIL
    )
    program = replace(scene.manager, kind="token", id=stranger.pk)
    events.record(
        "ticket.responded",
        actor=program,
        subject=("ticket", missed.case_id),
        customer_id=scene.contract.customer_id,
        contract_id=scene.contract.pk,
        occurred_at=START + timedelta(minutes=3),
    )
    (told,) = closings.adjustments_of(scene.manager, frozen)
    assert told.adjustment.who == f"token:{stranger.pk}"
    assert told.who == owner.name
    row = Obligation.objects.get(pk=missed.pk)
    assert owner.name in {step.actor for step in explain(scene.manager, row).steps}
    assert owner.name in {event.actor for event in evidence_of(scene.manager, row).events}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_close_once():
    with acting_in(EVERYTHING), clock.at(START + timedelta(minutes=20)):
        contract = Scene().contract
    results, barrier = [], threading.Barrier(2)

    def run():
        try:
            with clock.at(APRIL):
                barrier.wait(10)
                with acting_in(EVERYTHING):
                    results.append(
                        closing.close_period(actor=SYSTEM, contract_id=contract.pk, period="2026-03").pk
                    )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    assert len(set(results)) == 1
