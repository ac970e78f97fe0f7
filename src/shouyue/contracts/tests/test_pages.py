"""Pages of contracts: who reaches them, what they show, what forms do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shouyue.contracts import queries
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, Membership
from shouyue.contracts.tests.factories import (
    PLAN,
    make_contract,
    make_contract_site,
    make_member,
    make_site,
    make_user,
)
from shouyue.contracts.views.page import TABS
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB", name="政府大楼运维")


@pytest.fixture
def manager(contract: Contract) -> Client:
    return signed_in(make_member(contract, Role.PROJECT_MANAGER, name="王经理"))


@pytest.fixture
def leader(contract: Contract) -> Client:
    return signed_in(make_member(contract, Role.LEADER))


@pytest.fixture
def stranger() -> Client:
    return signed_in(make_member(make_contract(), Role.PROJECT_MANAGER))


def test_list_shows_own_contracts_only(manager, stranger):
    assert "政府大楼运维" in manager.get("/contracts/").content.decode()
    assert "政府大楼运维" not in stranger.get("/contracts/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"), [("q=GB", True), ("q=zzz", False), ("state=running", True), ("state=ended", False)]
)
def test_list_is_narrowed(manager, query, found):
    assert ("政府大楼运维" in manager.get(f"/contracts/?{query}").content.decode()) is found


def test_export_holds_what_the_list_shows(manager, stranger):
    lines = manager.get("/contracts/export.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("GB,政府大楼运维,")
    assert "GB," not in stranger.get("/contracts/export.csv").content.decode()


def test_export_defuses_formulas():
    contract = make_contract(name="=1+1")
    client = signed_in(make_member(contract, Role.PROJECT_MANAGER))
    assert ",'=1+1," in client.get("/contracts/export.csv").content.decode()


@pytest.mark.parametrize("tab", [*TABS])
def test_every_tab_opens_for_manager_and_leader_but_not_for_strangers(
    manager, leader, stranger, contract, tab
):
    make_contract_site(contract)
    url = "/contracts/GB/" if tab == "overview" else f"/contracts/GB/{tab}/"
    assert manager.get(url).status_code == 200
    assert leader.get(url).status_code == 200
    assert stranger.get(url).status_code == 404


def test_the_stage_is_said_with_a_full_colon(manager):
    assert "当前阶段：技术支持期" in manager.get("/contracts/GB/").content.decode()


def test_unknown_tab_is_not_found(manager):
    assert manager.get("/contracts/GB/nonsense/").status_code == 404


def test_unknown_contract_and_foreign_contract_look_alike(stranger, contract):
    foreign, missing = (stranger.get(f"/contracts/{code}/") for code in ("GB", "NONE"))
    said = [answer.content.decode().split("<main")[1].split("</main")[0] for answer in (foreign, missing)]
    assert (foreign.status_code, missing.status_code, said[0]) == (404, 404, said[1])


def test_visitors_are_sent_to_sign_in(contract):
    assert Client().get("/contracts/GB/").status_code == 302


def test_plan_tab_says_promises_and_settlements(manager):
    body = manager.get("/contracts/GB/plan/").content.decode()
    assert "接到申告后，在约定时限内给出有效答复。" in body
    assert "X-1.1" in body
    assert "时限自接到申告起算。" in body


def test_settlements_name_promises_by_their_titles(manager, leader):
    body = manager.get("/contracts/GB/plan/").content.decode()
    assert '#promise-respond">响应</a>' in body
    assert "promise-respond" not in leader.get("/contracts/GB/plan/").content.decode()  # it is internal


def test_what_is_to_be_agreed_is_asked_in_the_plan_s_words():
    asked = "{unset: {zh: 解决时限是多少？, en: What is the limit?}, provisional: 8 h}"
    contract = make_contract(code="UN", text=PLAN.replace("within: 8 h", f"within: {asked}"))
    client = signed_in(make_member(contract, Role.PROJECT_MANAGER))
    body = client.get("/contracts/UN/plan/").content.decode()
    assert "解决时限是多少？" in body.split('id="to-agree"')[1].split("</ul>")[0]


def test_who_may_not_take_a_role_away_has_no_button_for_it(contract):
    boss = make_member(contract, Role.SERVICE_MANAGER)
    for role, expected in ((Role.SERVICE_SUPERVISOR, False), (Role.SERVICE_MANAGER, True)):
        client = signed_in(make_member(contract, role))
        row = Membership.objects.get(contract=contract, user=boss)
        body = client.get("/contracts/GB/members/").content.decode()
        assert (reverse("contracts:remove_member", args=["GB", row.pk]) in body) is expected


def test_customer_does_not_see_internal_promises(leader):
    assert "接到申告后，在约定时限内给出有效答复。" not in leader.get("/contracts/GB/plan/").content.decode()


def test_leader_sees_no_forms(leader):
    for tab in ("sites", "members", "milestones", "responsibilities", "versions"):
        assert b'<form method="post" action="/contracts' not in leader.get(f"/contracts/GB/{tab}/").content


POSTS: list[tuple[str, dict[str, str]]] = [
    ("contracts:edit", {"name": "x"}),
    ("contracts:add_member", {"user": "1", "role": "agent"}),
    ("contracts:set_site", {}),
    ("contracts:reach_milestone", {"name": "final-acceptance", "happened_on": "2026-01-01"}),
    ("contracts:set_responsibility", {"activity": "巡检"}),
    ("contracts:store_version", {"text": PLAN}),
]


@pytest.mark.parametrize(("name", "data"), POSTS)
def test_readers_and_strangers_change_nothing(leader, stranger, contract, name, data):
    agent = signed_in(make_member(contract, Role.AGENT))
    before = (Event.objects.count(), Contract.objects.get(pk=contract.pk).version)
    url = reverse(name, args=["GB"])
    assert [client.post(url, data).status_code for client in (leader, agent, stranger)] == [403, 403, 404]
    assert (Event.objects.count(), Contract.objects.get(pk=contract.pk).version) == before


def test_manager_adds_and_removes_a_member(manager, contract):
    person = make_user(name="张工")
    answer = manager.post("/contracts/GB/members/add/", {"user": person.pk, "role": "field_engineer"})
    assert (answer.status_code, answer["Location"]) == (303, "/contracts/GB/members/")
    row = Membership.objects.get(contract=contract, user=person)
    assert "张工" in manager.get("/contracts/GB/members/").content.decode()
    manager.post(f"/contracts/GB/members/{row.pk}/remove/")
    assert not Membership.objects.filter(pk=row.pk).exists()


def test_removed_member_is_a_stranger_at_once(contract):
    person = make_member(contract, Role.AGENT)
    client = signed_in(person)
    assert client.get("/contracts/GB/").status_code == 200
    manager = signed_in(make_member(contract, Role.PROJECT_MANAGER))
    row = Membership.objects.get(contract=contract, user=person)
    manager.post(f"/contracts/GB/members/{row.pk}/remove/")
    assert client.get("/contracts/GB/").status_code == 404


def test_refused_form_is_shown_again(manager, contract):
    outsider = make_user(customer_id=contract.customer_id)
    answer = manager.post("/contracts/GB/members/add/", {"user": outsider.pk, "role": "agent"})
    assert answer.status_code == 422
    assert Membership.objects.filter(user=outsider).count() == 0


def test_manager_reaches_a_milestone(manager, contract):
    day = clock.today("Asia/Shanghai") - timedelta(days=10)
    data = {
        "name": "final-acceptance",
        "happened_on": day,
        "signed_by_provider": "王",
        "signed_by_customer": "李",
    }
    assert manager.post("/contracts/GB/milestones/reach/", data).status_code == 303
    assert queries.milestones_of(SYSTEM, contract.pk).get().happened_on == day
    assert "质保期售后" in manager.get("/contracts/GB/").content.decode()


def test_milestone_to_come_is_refused(manager):
    day = clock.today("Asia/Shanghai") + timedelta(days=2)
    data = {
        "name": "final-acceptance",
        "happened_on": day,
        "signed_by_provider": "王",
        "signed_by_customer": "李",
    }
    assert manager.post("/contracts/GB/milestones/reach/", data).status_code == 422


def test_manager_sets_a_site(manager, contract):
    site = make_site(contract.customer)
    data = {"site": site.pk, "mode": "resident", "area": "outer"}
    assert manager.post("/contracts/GB/sites/set/", data).status_code == 303
    assert queries.zone_facts(SYSTEM, contract.pk, site.pk) == {"zone": "outer", "zone_mode": "resident"}


def test_site_of_another_customer_is_refused(manager):
    foreign = make_site(make_contract().customer)
    data = {"site": foreign.pk, "mode": "resident", "area": "outer"}
    assert manager.post("/contracts/GB/sites/set/", data).status_code == 422


def test_edit_notices_a_change_by_somebody_else(manager, contract):
    data = {
        "name": "新名",
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "time_zone": "Asia/Shanghai",
        "is_active": "on",
        "version": contract.version,
    }
    assert manager.post("/contracts/GB/edit/", data).status_code == 303
    assert manager.post("/contracts/GB/edit/", {**data, "name": "另一名"}).status_code == 422
    assert Contract.objects.get(pk=contract.pk).name == "新名"


def test_new_plan_version_is_compared_then_applied(manager, contract):
    text = PLAN.replace("within: 8 h", "within: 6 h")
    answer = manager.post("/contracts/GB/versions/store/", {"text": text})
    assert (answer.status_code, answer["Location"]) == (303, "/contracts/GB/versions/2/")
    body = manager.get("/contracts/GB/versions/2/").content.decode()
    assert "within: 8 h" in body
    assert "within: 6 h" in body
    boss = signed_in(make_user(roles=["service_manager"]))
    assert boss.post("/contracts/GB/versions/2/apply/", {"version": contract.version}).status_code == 303
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 2


def test_bad_plan_text_is_refused_with_its_place(manager):
    text = PLAN.replace("ticket.responded", "ticket.respondd")
    answer = manager.post("/contracts/GB/versions/store/", {"text": text})
    assert answer.status_code == 422
    assert "ticket.responded" in answer.content.decode()


def test_customer_reads_no_plan_text(leader, contract):
    assert leader.get("/contracts/GB/versions/1/").status_code == 404
    assert leader.get("/contracts/GB/versions/1/plan.yaml").status_code == 404


def test_supervision_firm_reads_everything_and_changes_nothing(contract):
    firm = signed_in(make_member(contract, Role.SUPERVISION_FIRM))
    assert "接到申告后，在约定时限内给出有效答复。" in firm.get("/contracts/GB/plan/").content.decode()
    assert firm.get("/contracts/GB/versions/1/plan.yaml").status_code == 200
    assert firm.post("/contracts/GB/milestones/reach/", {}).status_code == 403


def test_people_combobox_is_for_those_who_staff(manager, leader, contract):
    make_user(name="张工")
    assert "张工" in manager.get("/contracts/GB/people/?q=张").content.decode()
    assert leader.get("/contracts/GB/people/?q=张").status_code == 403


def test_setting_up_is_for_headquarters_and_service_managers(manager):
    assert manager.get("/contracts/new/").status_code == 403
    assert signed_in(make_user(roles=["service_manager"])).get("/contracts/new/").status_code == 200


def test_expiries_are_listed(contract):
    today = clock.today("Asia/Shanghai")
    make_contract(code="SOON", ends_on=today + timedelta(days=20))
    client = signed_in(make_user(roles=["service_manager"]))
    body = client.get("/contracts/expiries/").content.decode()
    assert "SOON" in body
    assert "/contracts/GB/" not in body


def test_expiries_are_not_for_customers(leader):
    assert leader.get("/contracts/expiries/").status_code == 403


BUDGETS = {"overview": 14, "plan": 10, "sites": 12, "members": 12, "milestones": 12}


@pytest.mark.parametrize(("tab", "budget"), BUDGETS.items())
def test_tabs_keep_their_query_budget(contract, tab, budget, django_assert_max_num_queries):
    for _n in range(5):
        make_contract_site(contract)
        make_member(contract, Role.FIELD_ENGINEER)
    client = signed_in(make_member(contract, Role.PROJECT_MANAGER))
    url = "/contracts/GB/" if tab == "overview" else f"/contracts/GB/{tab}/"
    client.get(url)
    with django_assert_max_num_queries(budget):
        client.get(url)


def test_list_keeps_its_query_budget(django_assert_max_num_queries):
    for _n in range(12):
        make_contract()
    client = signed_in(make_user(roles=["hq"]))
    client.get("/contracts/")
    with django_assert_max_num_queries(10):
        client.get("/contracts/")
