"""Waivers, disputes and closings by API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.commitments.closing_models import Closing, Objection
from shouyue.contracts.tests.factories import make_member
from shouyue.contracts.tests.test_api import Caller
from shouyue.kernel import clock

from .scenes import START, Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        yield Scene()


def caller(scene, role):
    return Caller(make_member(scene.contract, role))


WAIVER = {"reason": "customer_caused", "text": "机房断电"}


def test_a_waiver_from_asking_to_agreement(scene):
    supervisor, manager, leader = (
        caller(scene, role) for role in ("service_supervisor", "project_manager", "customer.leader")
    )
    path = f"obligations/{scene.row('missed').pk}/waivers"
    assert supervisor.call("POST", path, WAIVER).status_code == 422
    proven = WAIVER | {"evidence": [scene.row("missed").opened_event_id]}
    first, again = (supervisor.call("POST", path, proven, **{"Idempotency-Key": "1"}) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
    number = first.json()["id"]
    assert leader.call("GET", f"objections/{number}").status_code == 404
    assert supervisor.call("POST", f"objections/{number}/approve", {}).status_code == 403
    assert manager.call("GET", f"objections/{number}").json()["may"] == ["approve", "refuse"]
    assert (
        manager.call("POST", f"objections/{number}/approve", {"words": "属实"}).json()["state"] == "approved"
    )
    done = leader.call("POST", f"objections/{number}/agree", {}).json()
    assert (done["state"], done["verdict_after"], done["may"]) == ("agreed", "waived", [])
    assert [step["act"] for step in done["steps"]] == ["proposed", "approved", "agreed"]
    assert scene.row("waived")
    listed = leader.call("GET", "objections?state=agreed").json()
    assert [row["id"] for row in listed["items"]] == [number]


def test_a_dispute_is_refused_with_words_or_taken_back(scene):
    leader, manager = caller(scene, "customer.leader"), caller(scene, "project_manager")
    path = f"obligations/{scene.row('kept').pk}/disputes"
    made = leader.call("POST", path, {"text": "没人来"}).json()
    assert leader.call("POST", path, {"text": "没人来"}).status_code == 409
    assert manager.call("POST", f"objections/{made['id']}/refuse", {}).status_code == 422
    assert manager.call("POST", f"objections/{made['id']}/withdraw", {}).status_code == 403
    assert leader.call("POST", f"objections/{made['id']}/withdraw", {}).json()["state"] == "withdrawn"


def test_who_has_no_say_changes_nothing(scene):
    row = scene.row("missed")
    for role in ("agent", "supervision_firm", "customer.it_contact"):
        assert caller(scene, role).call("POST", f"obligations/{row.pk}/waivers", WAIVER).status_code == 403
    assert not Objection.objects.exists()


def test_a_period_is_closed_and_opened_again_by_two(scene):
    one, two = (caller(scene, "project_manager") for _ in range(2))
    path = f"contracts/{scene.contract.code}/periods"
    assert one.call("POST", path, {"period": "2026-03"}).status_code in (409, 422)
    with clock.at(START + timedelta(days=40)):
        made = one.call("POST", path, {"period": "2026-03"})
        assert made.status_code == 201
        number = made.json()["id"]
        assert two.call("POST", path, {"period": "2026-03"}).json()["id"] == number
        assert one.call("POST", f"periods/{number}/ask-reopening", {"why": " "}).status_code == 422
        assert one.call("POST", f"periods/{number}/ask-reopening", {"why": "漏登"}).status_code == 200
        assert one.call("POST", f"periods/{number}/agree-reopening", {}).status_code == 403
        done = two.call("POST", f"periods/{number}/agree-reopening", {}).json()
        assert done["reopened_at"] is not None
        assert [step["step"] for step in done["reopenings"]] == ["asked", "agreed"]
        told = caller(scene, "customer.leader").call("GET", f"periods/{number}").json()
        assert told["reopenings"] == []
    assert Closing.objects.count() == 1
