"""Drafts and proposals by API: versions, both sides' approval, who may not."""

from __future__ import annotations

import pytest

from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, PlanDraft, PlanProposal
from shouyue.contracts.tests.factories import PLAN, make_contract, make_member

from .test_api import Caller

pytestmark = pytest.mark.django_db
STRICT = PLAN.replace("within: 8 h", "within: 6 h")


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB")


@pytest.fixture
def manager(contract):
    return Caller(make_member(contract, Role.PROJECT_MANAGER))


@pytest.fixture
def leader(contract):
    return Caller(make_member(contract, Role.LEADER))


@pytest.fixture
def approver(contract):
    return Caller(make_member(contract, Role.SERVICE_MANAGER))


def begun(manager):
    return manager.call("POST", "contracts/GB/plan-drafts", {"name": "六小时", "text": STRICT}).json()


def test_a_draft_is_begun_once_read_and_listed(manager):
    calls = [
        manager.call("POST", "contracts/GB/plan-drafts", {"name": "x"}, **{"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [call.status_code for call in calls] == [201, 201]
    assert PlanDraft.objects.count() == 1
    made = calls[0].json()
    read = manager.call("GET", f"contracts/GB/plan-drafts/{made['id']}")
    assert (read.json()["text"], read.headers["ETag"]) == (made["text"], '"1"')
    listed = manager.call("GET", "contracts/GB/plan-drafts").json()
    assert [row["id"] for row in listed["items"]] == [made["id"]]
    assert "text" not in listed["items"][0]


def test_saving_needs_the_version_it_was_read_with(manager):
    path = f"contracts/GB/plan-drafts/{begun(manager)['id']}"
    assert manager.call("PUT", path, {"text": "a"}).status_code == 428
    assert manager.call("PUT", path, {"text": "a"}, **{"If-Match": '"7"'}).status_code == 412
    saved = manager.call("PUT", path, {"text": "a"}, **{"If-Match": '"1"'})
    assert (saved.status_code, saved.json()["version"], saved.headers["ETag"]) == (200, 2, '"2"')
    assert manager.call("DELETE", path).status_code == 204
    assert manager.call("GET", path).status_code == 404


def test_check_tells_problems_with_their_places_and_keeps_nothing(manager):
    made = begun(manager)
    path = f"contracts/GB/plan-drafts/{made['id']}/check"
    assert manager.call("POST", path, {}).json()["errors"] == 0
    wrong = manager.call("POST", path, {"text": STRICT.replace("6 h", "6 moons")}).json()
    assert wrong["errors"] >= 1
    assert wrong["problems"][0]["line"] > 1
    assert PlanDraft.objects.get().text == made["text"]


def test_both_sides_approve_then_it_is_in_force(contract, manager, approver, leader):
    draft = begun(manager)
    made = manager.call("POST", "contracts/GB/plan-proposals", {"draft_id": draft["id"], "note": "更快"})
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    path = f"contracts/GB/plan-proposals/{made.json()['id']}"
    assert manager.call("POST", f"{path}/approve").status_code == 403
    assert approver.call("POST", f"{path}/approve").json()["state"] == "provider_approved"
    done = leader.call("POST", f"{path}/approve").json()
    assert done["state"] == "in_force"
    assert [step["step"] for step in done["steps"]] == [
        "proposed",
        "provider_approved",
        "customer_approved",
        "applied",
    ]
    assert leader.call("POST", f"{path}/approve").status_code == 409
    contract.refresh_from_db()
    assert contract.plan_version.number == done["plan_number"]


def test_refusing_needs_a_reason_and_withdrawing_the_manager(manager, leader, approver):
    made = manager.call("POST", "contracts/GB/plan-proposals", {"text": STRICT}).json()
    path = f"contracts/GB/plan-proposals/{made['id']}"
    assert leader.call("POST", f"{path}/refuse", {"reason": "太紧"}).status_code == 404
    assert approver.call("POST", f"{path}/approve", {}).status_code == 200
    refused = leader.call("POST", f"{path}/refuse", {"reason": " "})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert leader.call("POST", f"{path}/withdraw", {}).status_code == 403
    assert manager.call("POST", f"{path}/withdraw", {}).json()["state"] == "withdrawn"
    again = manager.call("POST", "contracts/GB/plan-proposals", {"text": STRICT}).json()
    assert approver.call("POST", f"contracts/GB/plan-proposals/{again['id']}/approve", {}).status_code == 200
    told = leader.call("POST", f"contracts/GB/plan-proposals/{again['id']}/refuse", {"reason": "太紧"}).json()
    assert (told["state"], told["steps"][-1]["reason"]) == ("refused", "太紧")


@pytest.mark.parametrize("data", [{}, {"draft_id": 1, "text": "x"}, {"text": "plan: x"}])
def test_a_proposal_is_a_draft_or_a_text_without_errors(manager, data):
    assert manager.call("POST", "contracts/GB/plan-proposals", data).status_code == 422
    assert not PlanProposal.objects.exists()


def test_drafts_are_the_managers_own(contract, manager, leader):
    made = begun(manager)
    stranger = Caller(make_member(make_contract(), Role.PROJECT_MANAGER))
    agent = Caller(make_member(contract, Role.AGENT))
    for caller, status in ((leader, 403), (agent, 403), (stranger, 404)):
        for method, path, data in (
            ("GET", "contracts/GB/plan-drafts", None),
            ("GET", f"contracts/GB/plan-drafts/{made['id']}", None),
            ("PUT", f"contracts/GB/plan-drafts/{made['id']}", {"text": "x"}),
            ("DELETE", f"contracts/GB/plan-drafts/{made['id']}", None),
            ("POST", "contracts/GB/plan-proposals", {"text": STRICT}),
        ):
            assert caller.call(method, path, data).status_code == status, (method, path)
    assert PlanDraft.objects.get().version == 1
