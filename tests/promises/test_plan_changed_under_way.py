"""A plan proposed, withdrawn, replaced or switched off by page and API while its obligations run."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.tests.factories import plan_text
from shouyue.contracts import tasks
from shouyue.contracts.models import Contract, PlanProposal
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel import clock
from shouyue.tickets.services import work
from shouyue.tickets.tests.factories import make_ticket

from .seasons import MONDAY, pass_to
from .story import DAY, HOUR, MINUTE

pytestmark = pytest.mark.django_db

PLAN = plan_text(
    """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 4 h
weekly:
  kind: recurring
  every: week
  kept_by: visit.left
answers:
  kind: quota
  every: month
  amount: {count: ticket.responded}
  at_least: 10
""",
    "changing",
)
STRICTER = PLAN.replace("within: 4 h", "within: 1 h").replace("at_least: 10", "at_least: 20")
FEWER = PLAN[: PLAN.index("  weekly:")]


class Scene:
    def __init__(self) -> None:
        with clock.at(MONDAY):
            self.contract = make_contract(text=PLAN, starts_on=date(2026, 3, 1), ends_on=date(2027, 2, 28))
            self.manager = self.person("project_manager")
            self.approver = self.person("service_manager")
            self.leader = self.person("customer.leader")
            self.agent = make_agent()
            self.ticket = make_ticket(self.contract, actor=self.agent)
        pass_to(MONDAY)

    def person(self, role):
        return client_of(actor_of(make_member(self.contract, role).pk))

    def call(self, browser, method, path, data=None, at=MONDAY + HOUR, **headers):
        with clock.at(at):
            return getattr(browser, method)(
                f"/api/contracts/{self.contract.code}{path}",
                json.dumps(data or {}),
                content_type="application/json",
                headers=headers,
            )

    def proposed(self, text, **more):
        answer = self.call(self.manager, "post", "/plan-proposals", {"text": text, **more})
        assert answer.status_code == 201, answer.content
        return answer.json()["id"]

    def states(self, name):
        rows = Obligation.objects.filter(contract=self.contract, commitment__name=name).order_by(
            "due_at", "id"
        )
        return [row.state for row in rows]

    def row(self, name, **wanted):
        return Obligation.objects.filter(contract=self.contract, commitment__name=name, **wanted).earliest(
            "id"
        )


@pytest.fixture
def scene(db):
    return Scene()


def all_of(scene):
    return list(Obligation.objects.filter(contract=scene.contract).order_by("id").values())


def test_a_proposal_withdrawn_by_api_leaves_everything_as_it_runs(scene):
    before = all_of(scene)
    proposal = scene.proposed(STRICTER)
    answer = scene.call(scene.manager, "post", f"/plan-proposals/{proposal}/withdraw", {"reason": "再议"})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert all_of(scene) == before
    with clock.at(MONDAY + 2 * HOUR):
        tasks.apply_due_plans.run()
    assert all_of(scene) == before


def test_a_proposal_withdrawn_on_its_page_after_both_have_approved_never_comes_into_force(scene):
    proposal = scene.proposed(STRICTER, effective_on="2026-03-09")
    for browser in (scene.approver, scene.leader):
        answer = scene.call(browser, "post", f"/plan-proposals/{proposal}/approve")
        assert answer.status_code == 200, answer.content
    with clock.at(MONDAY + DAY):
        page = scene.manager.post(
            f"/contracts/{scene.contract.code}/proposals/{proposal}/withdraw/", {"reason": "客户改主意"}
        )
    assert page.status_code in (200, 303), page.content
    assert PlanProposal.objects.get(pk=proposal).state == "withdrawn"
    in_force(scene, MONDAY + 8 * DAY)
    assert scene.contract.plan_version_id == Contract.objects.get(pk=scene.contract.pk).plan_version_id
    with clock.at(MONDAY + 8 * DAY):
        ticket = make_ticket(scene.contract, actor=scene.agent)
    assert scene.row("respond", case_id=ticket.pk).due_at == MONDAY + 8 * DAY + 4 * HOUR


def in_force(scene, at):
    with clock.at(at):
        tasks.apply_due_plans.run()
    pass_to(at)


def test_replaced_by_api_what_runs_keeps_its_limit_and_what_opens_has_the_new_one(scene):
    proposal = scene.proposed(STRICTER)
    for browser in (scene.approver, scene.leader):
        scene.call(browser, "post", f"/plan-proposals/{proposal}/approve")
    assert PlanProposal.objects.get(pk=proposal).state == "in_force"
    assert scene.row("respond").due_at == MONDAY + 4 * HOUR
    with clock.at(MONDAY + HOUR + MINUTE):
        ticket = make_ticket(scene.contract, actor=scene.agent)
    assert scene.row("respond", case_id=ticket.pk).due_at == MONDAY + 2 * HOUR + MINUTE
    pass_to(MONDAY + 2 * HOUR)
    quota = scene.row("answers")
    assert (quota.state, quota.plan_version_id) == ("running", scene.contract.plan_version_id)
    assert scene.states("weekly").count("running") == 1


def test_replaced_on_the_page_a_promise_that_is_dropped_asks_for_nothing_more(scene):
    """What a case owes runs on; what the calendar would have asked for is void; what was missed stays missed."""
    pass_to(MONDAY + 7 * DAY)
    assert scene.states("weekly")[0] == "missed"
    with clock.at(MONDAY + 7 * DAY + HOUR):
        ticket = make_ticket(scene.contract, actor=scene.agent)
    proposal = scene.proposed(FEWER)
    for browser in (scene.approver, scene.leader):
        with clock.at(MONDAY + 7 * DAY + 2 * HOUR):
            page = browser.post(f"/contracts/{scene.contract.code}/proposals/{proposal}/approve/")
        assert page.status_code == 303, page.content
    assert PlanProposal.objects.get(pk=proposal).state == "in_force"
    pass_to(MONDAY + 7 * DAY + 3 * HOUR)
    states = scene.states("weekly")
    assert states[0] == "missed"
    assert set(states[1:]) == {"void"}
    assert set(scene.states("answers")) == {"void"}
    assert not Commitment.objects.get(contract=scene.contract, name="weekly").is_active
    assert scene.row("respond", case_id=ticket.pk).state == "running"
    with clock.at(MONDAY + 7 * DAY + 4 * HOUR):
        work.respond_to_ticket(actor=scene.agent, ticket_id=ticket.pk)
    assert scene.row("respond", case_id=ticket.pk).state == "kept"
    before = all_of(scene)
    pass_to(MONDAY + 40 * DAY)
    kept = {"settled_at", "next_at"}  # how long a miss may be made good is no verdict
    assert [_without(row, kept) for row in all_of(scene)] == [_without(row, kept) for row in before]


def _without(row, names):
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize("way", ["api", "page"])
def test_a_contract_switched_off_and_on_again(scene, way):
    def switch(on, at):
        row = Contract.objects.get(pk=scene.contract.pk)
        if way == "api":
            answer = scene.call(
                scene.manager, "patch", "", {"is_active": on}, at=at, **{"if-match": f'"{row.version}"'}
            )
        else:
            form = {name: getattr(row, name) for name in ("name", "starts_on", "ends_on", "time_zone")}
            form |= {"version": row.version, "desk_phone": "", "service_level": ""}
            with clock.at(at):
                answer = scene.manager.post(
                    f"/contracts/{scene.contract.code}/edit/", form | ({"is_active": "on"} if on else {})
                )
        assert answer.status_code in (200, 204, 303), answer.content
        assert Contract.objects.get(pk=scene.contract.pk).is_active is on
        pass_to(at)

    switch(False, MONDAY + DAY)
    assert set(scene.states("weekly")) == {"void"}
    assert set(scene.states("answers")) == {"void"}
    assert scene.row("respond").state == "missed", "what was missed before stays missed"
    pass_to(MONDAY + 20 * DAY)
    assert set(scene.states("weekly")) == {"void"}
    switch(True, MONDAY + 21 * DAY)
    pass_to(MONDAY + 21 * DAY + timedelta(minutes=1))
    assert scene.states("weekly").count("running") == 1
    assert "missed" not in scene.states("weekly"), "nothing is owed for the time it was off"


def test_the_board_of_a_version_that_is_gone_still_counts(scene):
    pass_to(MONDAY + 7 * DAY)
    proposal = scene.proposed(FEWER)
    for browser in (scene.approver, scene.leader):
        scene.call(browser, "post", f"/plan-proposals/{proposal}/approve", at=MONDAY + 8 * DAY)
    with clock.at(MONDAY + 9 * DAY):
        answer = scene.manager.get(
            f"/api/obligations?contract={scene.contract.code}&commitment=weekly&state=missed"
        )
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1
