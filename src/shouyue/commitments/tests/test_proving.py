"""The evidence viewer: what proves a verdict, and who may see which part of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import explaining, obligation_of, proving
from shouyue.commitments.services import waiving
from shouyue.contracts.tests.factories import PLAN as SMALL
from shouyue.contracts.tests.factories import make_plan_version, make_user
from shouyue.kernel import clock

from .factories import contract_under, make_member, promised
from .scenes import RESPOND, START, client_of, lived

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(db):
    with clock.at(START + timedelta(minutes=20)):
        made = contract_under(plan_version_id=make_plan_version(promised()).pk)
        lived(made)
        yield made


def row_of(contract, state, name="respond"):
    return Obligation.objects.get(contract=contract, commitment__name=name, state=state)


def evidence(actor, row):
    return proving.evidence_of(actor, obligation_of(actor, row.pk))


def test_clause_events_and_fingerprints_of_a_kept_obligation(contract):
    actor = actor_from(make_user(roles=["service_manager"]))
    row = row_of(contract, "kept")
    found = evidence(actor, row)
    assert found.clause.promise.source == ("S-01",)
    assert found.clause.number == contract.plan_version.number
    assert [(event.verb, event.part) for event in found.events] == [
        ("ticket.reported", "opened"),
        ("ticket.responded", "kept"),
    ]
    assert [event.seq for event in found.events] == [1, 2]
    assert all(len(event.digest) == 64 for event in found.events)
    assert found.is_sound
    assert found.events[0].facts == (("故障级别", "minor"),)


def test_an_event_whose_fingerprint_does_not_agree_shows(contract, monkeypatch):
    monkeypatch.setattr(
        proving, "_EVENTS", proving._EVENTS.replace(") = e.digest", ") = e.digest AND e.seq <> 2")
    )
    row = row_of(contract, "kept")
    found = evidence(actor_from(make_user(roles=["service_manager"])), row)
    assert not found.is_sound
    assert [event.is_sound for event in found.events] == [True, False]
    browser = client_of(make_user(roles=["service_manager"]))
    page = browser.get(reverse("commitments:evidence", args=[row.pk])).content.decode()
    assert page.count('<tr class="is-bad">') == 1


def test_waivers_files_and_words_are_part_of_it(contract):
    manager = actor_from(make_member(contract, "project_manager"))
    row = row_of(contract, "missed")
    waiving.propose_waiver(
        actor=manager,
        obligation_id=row.pk,
        reason="customer_caused",
        text="机房断电",
        uploads=[SimpleUploadedFile("断电通知.txt", "停电".encode())],
    )
    found = evidence(manager, row)
    assert len(found.objections) == 1
    assert [stored.name for stored in found.files] == ["断电通知.txt"]
    assert "obligation.waiver_proposed" in {event.verb for event in found.events}


def test_the_customer_sees_nothing_of_what_the_provider_has_not_approved(contract):
    manager = actor_from(make_member(contract, "project_manager"))
    leader = actor_from(make_member(contract, "customer.leader"))
    row = row_of(contract, "missed")
    waiving.propose_waiver(
        actor=manager,
        obligation_id=row.pk,
        reason="customer_caused",
        text="机房断电",
        evidence=[row.opened_event_id],
    )
    found = evidence(leader, row)
    assert found.objections == []
    assert {event.verb for event in found.events} == {"ticket.reported", "obligation.missed"}
    assert found.notices == []


@pytest.mark.parametrize("role", ["customer.it_contact", "supervision_firm"])
def test_outsiders_read_their_contract_and_no_other(contract, role):
    browser = client_of(make_member(contract, role))
    row = row_of(contract, "kept")
    other = contract_under(plan_version_id=make_plan_version(promised()).pk)
    lived(other)
    mine = browser.get(reverse("commitments:evidence", args=[row.pk]))
    theirs = browser.get(reverse("commitments:evidence", args=[row_of(other, "kept").pk]))
    assert (mine.status_code, theirs.status_code) == (200, 404)
    assert browser.post(reverse("commitments:evidence", args=[row.pk])).status_code == 405
    promise = browser.get(reverse("commitments:promise_evidence", args=[other.code, "respond"]))
    assert promise.status_code == 404


def test_internal_promises_are_not_shown_to_the_customer(db):
    with clock.at(START + timedelta(minutes=20)):
        contract = contract_under(RESPOND)
        lived(contract)
        row = row_of(contract, "kept")
        for role, status in (("customer.leader", 404), ("project_manager", 200)):
            browser = client_of(make_member(contract, role))
            page = browser.get(reverse("commitments:promise_evidence", args=[contract.code, "respond"]))
            assert page.status_code == status
            assert browser.get(reverse("commitments:evidence", args=[row.pk])).status_code == status


def test_a_promise_in_a_period_lists_its_obligations_with_their_evidence(contract):
    browser = client_of(make_user(roles=["service_manager"]))
    url = reverse("commitments:promise_evidence", args=[contract.code, "respond"])
    page = browser.get(url, {"month": "2026-03"})
    figures = page.context["line"].figures
    assert (figures.kept, figures.late, figures.missed) == (1, 1, 1)
    assert {row["url"] for row in page.context["list"].rows} == {
        reverse("commitments:evidence", args=[row_of(contract, state).pk])
        for state in ("kept", "late", "missed")
    }
    assert browser.get(url, {"month": "2026-02"}).context["list"].rows == []
    assert browser.get(url, {"month": "x"}).status_code in (400, 422)


def test_the_pages_lead_to_the_evidence(contract):
    browser = client_of(make_user(roles=["service_manager"]))
    row = row_of(contract, "kept")
    link = reverse("commitments:promise_evidence", args=[contract.code, "respond"])
    board = browser.get(reverse("commitments:board", args=[contract.code]), {"month": "2026-03"})
    assert f"{link}?month=2026-03" in board.content.decode()
    explained = browser.get(reverse("commitments:obligation", args=[row.pk])).content.decode()
    assert reverse("commitments:evidence", args=[row.pk]) in explained


def test_the_api_tells_the_same(contract):
    browser = client_of(make_member(contract, "customer.it_contact"))
    row = row_of(contract, "kept")
    told = browser.get(f"/api/obligations/{row.pk}/evidence").json()
    assert (told["state"], told["sound"], [event["part"] for event in told["events"]]) == (
        "kept",
        True,
        ["opened", "kept"],
    )
    assert told["clause"]["source"] == ["S-01"]
    url = f"/api/contracts/{contract.code}/commitments/respond/evidence"
    figures = browser.get(url, {"period": "2026-03"}).json()
    assert (figures["kept"], figures["late"], figures["missed"], figures["standing"]) == (1, 1, 1, "broken")
    assert browser.get(f"/api/contracts/{contract.code}/commitments/nothing/evidence").status_code == 404


def test_pauses_bear_the_plans_own_name_of_what_was_waited_for(contract):
    text = SMALL.replace(
        "  customer: {from: ticket",
        "  customer: {title: {zh: 等待用户, en: Waiting for the user}, from: ticket",
    )
    row = Obligation(
        plan_version_id=make_plan_version(text).pk,
        pauses=[
            ["2026-03-02T01:00:00+00:00", None, "customer"],
            ["2026-03-01T01:00:00+00:00", None, "unheard-of"],
        ],
    )
    assert [name for _begin, _end, name in explaining._pauses(row, "zh-hans")] == ["等待用户", "unheard-of"]
