"""The API of contracts: access, versions, repetition."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from shouyue.contracts import vocabulary
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, PlanVersion
from shouyue.contracts.plan_language.vocabulary import read_vocabulary
from shouyue.contracts.tests.factories import (
    PLAN,
    make_contract,
    make_contract_site,
    make_customer,
    make_member,
    make_plan_version,
    make_site,
    make_user,
)
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db


class Caller:
    """A signed-in session that speaks JSON."""

    def __init__(self, user: Any) -> None:
        self.client = Client()
        self.client.force_login(user)

    def call(self, method: str, path: str, data: object = None, **headers: str) -> Any:
        body = json.dumps(data) if data is not None else ""
        return self.client.generic(
            method, f"/api/{path}", body, content_type="application/json", headers=headers
        )


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB")


@pytest.fixture
def manager(contract: Contract) -> Caller:
    return Caller(make_member(contract, Role.PROJECT_MANAGER))


@pytest.fixture
def leader(contract: Contract) -> Caller:
    return Caller(make_member(contract, Role.LEADER))


@pytest.fixture
def stranger() -> Caller:
    return Caller(make_member(make_contract(), Role.LEADER))


READS = ("", "/sites", "/members", "/milestones", "/stages", "/promises", "/charge", "/plan-versions")


@pytest.mark.parametrize("path", READS)
def test_members_read_and_strangers_find_nothing(manager, leader, stranger, contract, path):
    make_contract_site(contract)
    answers = [
        caller.call("GET", f"contracts/GB{path}").status_code for caller in (manager, leader, stranger)
    ]
    assert answers == [200, 200, 404]


WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", "", {"name": "x"}),
    ("PUT", "/sites/1", {"mode": "resident", "area": "urban"}),
    ("DELETE", "/sites/1", {}),
    ("POST", "/members", {"user_id": 1, "role": "agent"}),
    ("DELETE", "/members/1/agent", {}),
    ("PUT", "/milestones/final-acceptance", {"happened_on": "2026-01-01"}),
    ("PUT", "/plan-version", {"plan_version_id": 1}),
)


@pytest.mark.parametrize(("method", "path", "data"), WRITES)
def test_readers_and_strangers_change_nothing(leader, stranger, contract, method, path, data):
    before = (Event.objects.count(), Contract.objects.get(pk=contract.pk).version)
    match = {"If-Match": f'"{contract.version}"'}
    answers = [
        caller.call(method, f"contracts/GB{path}", data, **match).status_code for caller in (leader, stranger)
    ]
    assert answers == [403, 404]
    assert (Event.objects.count(), Contract.objects.get(pk=contract.pk).version) == before


def test_list_is_paged_and_narrowed(contract):
    for _n in range(3):
        make_contract()
    caller = Caller(make_user(roles=["hq"]))
    first = caller.call("GET", "contracts?limit=2").json()
    second = caller.call("GET", f"contracts?limit=2&cursor={first['next']}").json()
    codes = [row["code"] for row in first["items"] + second["items"]]
    assert (len(codes), len(set(codes)), second["next"]) == (4, 4, None)
    assert [row["code"] for row in caller.call("GET", "contracts?text=GB").json()["items"]] == ["GB"]


def test_change_needs_the_version_it_starts_from(manager, contract):
    tag = manager.call("GET", "contracts/GB")["ETag"]
    assert manager.call("PATCH", "contracts/GB", {"name": "新名"}).status_code == 428
    assert manager.call("PATCH", "contracts/GB", {"name": "新名"}, **{"If-Match": '"0"'}).status_code == 412
    answer = manager.call("PATCH", "contracts/GB", {"name": "新名"}, **{"If-Match": tag})
    assert (answer.status_code, answer.json()["name"]) == (200, "新名")
    assert answer["ETag"] != tag


def test_setting_up_may_be_repeated():
    caller, customer, version = (
        Caller(make_user(roles=["service_manager"])),
        make_customer(),
        make_plan_version(),
    )
    data = {
        "customer_id": customer.pk,
        "code": "NEW",
        "name": "新合同",
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "plan_version_id": version.pk,
    }
    answers = [caller.call("POST", "contracts", data, **{"Idempotency-Key": "k1"}) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert caller.call("POST", "contracts", data).status_code == 409


def test_new_plan_version_is_stored_and_pinned(manager, contract):
    stored = manager.call("POST", "contracts/GB/plan-versions", {"text": PLAN.replace("8 h", "6 h")}).json()
    assert (stored["plan"], stored["number"]) == ("small-office", 2)
    match = {"If-Match": f'"{contract.version}"'}
    data = {"plan_version_id": stored["id"]}
    assert manager.call("PUT", "contracts/GB/plan-version", data, **match).status_code == 403
    boss = Caller(make_user(roles=["service_manager"]))
    answer = boss.call("PUT", "contracts/GB/plan-version", data, **match)
    assert (answer.status_code, answer.json()["plan_number"]) == (200, 2)


def test_text_of_another_plan_is_refused(manager):
    text = PLAN.replace("plan: small-office", "plan: other")
    assert manager.call("POST", "contracts/GB/plan-versions", {"text": text}).status_code == 422
    assert PlanVersion.objects.filter(plan="other").count() == 0


def test_site_is_set_and_removed(manager, contract):
    site = make_site(contract.customer)
    answer = manager.call("PUT", f"contracts/GB/sites/{site.pk}", {"mode": "remote_only", "area": "outer"})
    assert (answer.json()["mode"], answer.json()["area"]) == ("remote_only", "outer")
    assert manager.call("DELETE", f"contracts/GB/sites/{site.pk}").status_code == 204
    assert manager.call("GET", "contracts/GB/sites").json() == []


def test_charge_is_told(manager):
    answer = manager.call("GET", "contracts/GB/charge?item=hotline").json()
    assert answer == {"kind": "free", "source": "catalogue", "name": "hotline", "discount": 0}


def test_vocabulary_is_for_staff(manager, leader):
    assert read_vocabulary(manager.call("GET", "vocabulary").json()) == vocabulary.current()
    assert leader.call("GET", "vocabulary").status_code == 404
