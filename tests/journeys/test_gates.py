"""Nobody gets round a gate: not by page, API, job, shell or the application's own database role.

Every act a plan may put a gate before has a case here; an act without one fails `test_every_act_has_a_case`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from shouyue.accounts.queries import actor_of
from shouyue.accounts.tests.factories import client_of
from shouyue.cli.main import main
from shouyue.commitments.models import Obligation
from shouyue.contracts import services as contracts
from shouyue.contracts.models import Contract, Milestone
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel import clock, gates, jobs
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.models import Event
from shouyue.tickets import services as tickets
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import acting
from shouyue.tickets.tests.factories import make_ticket
from shouyue.visits import services as visits
from shouyue.visits.models import Visit

pytestmark = pytest.mark.django_db
PLAN = """
plan: guarded
title: {{zh: 有关卡的合同, en: Guarded}}
zone: Asia/Shanghai
milestones:
  final-acceptance: {{title: {{zh: 终验, en: Final acceptance}}, signed_by: [provider, customer]}}
stages:
  after-sales: {{title: {{zh: 质保期售后, en: After-sales}}, from: final-acceptance, until: warranty.end}}
warranty:
  starts: final-acceptance
  classes:
    hardware: {{title: {{zh: 硬件, en: Hardware}}, lasts: 3 years}}
defaults: {{owner: service_manager}}
commitments:
  gate:
    kind: gate
    title: {{zh: 先有后做, en: First this}}
    text: {{zh: 合同期满足约定方可进行。, en: Only when the term is as agreed.}}
    internal: true
    act: {act}
    requires: {{guard: contract.term_in_force{length}}}
"""
REFUSING, PASSING = ", with: {length: 99 years}", ""


@dataclass
class Scene:
    """What stands before the act, and who may do it."""

    contract: Contract
    agent: Actor
    manager: Actor
    ticket: Ticket
    visit: Visit | None = None


@dataclass(frozen=True)
class Case:
    """An act. prepare: brings the scene up to it; do: its service; page, api: address and what is sent to it;
    by_orm: the rows it changes, changed behind the service's back; done: whether it has happened."""

    act: str
    do: Callable[[Scene], Any]
    page: Callable[[Scene], tuple[str, dict[str, Any]]]
    api: Callable[[Scene], tuple[str, str, dict[str, Any]]]
    by_orm: Callable[[Scene], Any]
    by_sql: Callable[[Scene], str]
    done: Callable[[Scene], bool]
    prepare: tuple[Callable[[Scene], Any], ...] = field(default=())


def take(scene: Scene) -> None:
    tickets.take_ticket(actor=scene.agent, ticket_id=scene.ticket.pk)


def confirmed(scene: Scene) -> None:
    tickets.resolve_ticket(actor=scene.agent, ticket_id=scene.ticket.pk)
    tickets.confirm_resolution(actor=scene.agent, ticket_id=scene.ticket.pk, by_name="赵敏", via="phone")


def arrived(scene: Scene) -> None:
    sent = visits.dispatch_visit(
        actor=scene.agent, ticket_id=scene.ticket.pk, engineer_id=scene.agent.user_id or 0
    )
    scene.visit = visits.arrive(actor=scene.agent, visit_id=sent.pk)


def ticket_now(scene: Scene) -> Ticket:
    return Ticket.objects.get(pk=scene.ticket.pk)


def visit_now(scene: Scene) -> Visit:
    assert scene.visit is not None
    return Visit.objects.get(pk=scene.visit.pk)


def of_ticket(word: str, data: dict[str, Any]) -> Any:
    return lambda scene: (f"/tickets/{scene.ticket.number}/{word}/", data)


def of_ticket_api(word: str, data: dict[str, Any]) -> Any:
    return lambda scene: ("post", f"/api/tickets/{scene.ticket.number}/{word}", data)


def set_ticket(**values: Any) -> Any:
    return lambda scene: Ticket.objects.filter(pk=scene.ticket.pk).update(**values)


def sql_ticket(assignment: str) -> Any:
    return lambda scene: f"UPDATE tickets_ticket SET {assignment} WHERE id = {scene.ticket.pk}"


def sql_visit(assignment: str) -> Any:
    return lambda scene: f"UPDATE visits_visit SET {assignment} WHERE id = {visit_now(scene).pk}"


def saved(scene: Scene, row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


SIGNED = {"signed_by_provider": "王经理", "signed_by_customer": "李主任"}


def today(scene: Scene) -> str:
    return clock.today(scene.contract.time_zone).isoformat()


def milestone(act: str) -> Case:
    """Both acts of a milestone stand before the same row."""
    return Case(
        act,
        do=lambda scene: contracts.reach_milestone(
            actor=scene.manager,
            contract_id=scene.contract.pk,
            name="final-acceptance",
            happened_on=clock.today(scene.contract.time_zone),
            **SIGNED,
        ),
        page=lambda scene: (
            f"/contracts/{scene.contract.code}/milestones/reach/",
            {"name": "final-acceptance", "happened_on": today(scene), **SIGNED},
        ),
        api=lambda scene: (
            "put",
            f"/api/contracts/{scene.contract.code}/milestones/final-acceptance",
            {"happened_on": today(scene), **SIGNED},
        ),
        by_orm=lambda scene: Milestone.objects.create(
            customer_id=scene.contract.customer_id,
            contract=scene.contract,
            name="final-acceptance",
            happened_on=today(scene),
            recorded_at=clock.now(),
        ),
        by_sql=lambda scene: (
            "INSERT INTO contracts_milestone (customer_id, contract_id, name, happened_on, signed_by_provider,"
            f" signed_by_customer, note, recorded_at) VALUES ({scene.contract.customer_id}, {scene.contract.pk},"
            " 'final-acceptance', current_date, '', '', '', now())"
        ),
        done=lambda scene: Milestone.objects.filter(contract=scene.contract).exists(),
    )


CASES = (
    Case(
        "ticket.assign",
        do=take,
        page=of_ticket("take", {}),
        api=of_ticket_api("take", {}),
        by_orm=lambda scene: set_ticket(assignee_id=scene.agent.user_id, status="accepted")(scene),
        by_sql=lambda scene: sql_ticket(f"assignee_id = {scene.agent.user_id}")(scene),
        done=lambda scene: ticket_now(scene).assignee_id is not None,
    ),
    Case(
        "ticket.raise_tier",
        do=lambda scene: tickets.raise_tier(
            actor=scene.agent, ticket_id=scene.ticket.pk, to_tier="T2", reason="要专家"
        ),
        page=of_ticket("raise-tier", {"to_tier": "T2", "reason": "要专家"}),
        api=of_ticket_api("raise-tier", {"to_tier": "T2", "reason": "要专家"}),
        by_orm=set_ticket(tier="T2"),
        by_sql=sql_ticket("tier = 'T2'"),
        done=lambda scene: ticket_now(scene).tier == "T2",
        prepare=(take,),
    ),
    Case(
        "ticket.resolve",
        do=lambda scene: tickets.resolve_ticket(actor=scene.agent, ticket_id=scene.ticket.pk),
        page=of_ticket("resolve", {"handling": "更换电源", "result": "恢复"}),
        api=of_ticket_api("resolve", {}),
        by_orm=lambda scene: saved(scene, ticket_now(scene), status="resolved", resolved_at=clock.now()),
        by_sql=sql_ticket("status = 'resolved'"),
        done=lambda scene: ticket_now(scene).status == "resolved",
        prepare=(take,),
    ),
    Case(
        "ticket.close",
        do=lambda scene: tickets.close_ticket(actor=scene.agent, ticket_id=scene.ticket.pk),
        page=of_ticket("close", {}),
        api=of_ticket_api("close", {}),
        by_orm=lambda scene: saved(scene, ticket_now(scene), status="closed", closed_at=clock.now()),
        by_sql=sql_ticket("status = 'closed'"),
        done=lambda scene: ticket_now(scene).status == "closed",
        prepare=(take, confirmed),
    ),
    Case(
        "visit.dispatch",
        do=lambda scene: visits.dispatch_visit(
            actor=scene.agent, ticket_id=scene.ticket.pk, engineer_id=scene.agent.user_id or 0
        ),
        page=lambda scene: (
            f"/tickets/{scene.ticket.number}/visits/dispatch/",
            {"engineer_id": scene.agent.user_id},
        ),
        api=lambda scene: (
            "post",
            f"/api/tickets/{scene.ticket.number}/visits",
            {"engineer_id": scene.agent.user_id},
        ),
        by_orm=lambda scene: Visit.objects.create(
            customer_id=scene.contract.customer_id,
            ticket=scene.ticket,
            engineer_id=scene.agent.user_id,
            dispatched_at=clock.now(),
        ),
        by_sql=lambda scene: (
            "INSERT INTO visits_visit (customer_id, ticket_id, engineer_id, state, dispatched_at, note, report,"
            " outcome, backups, diagnosed_with, version) VALUES"
            f" ({scene.contract.customer_id}, {scene.ticket.pk}, {scene.agent.user_id}, 'dispatched', now(), '', '',"
            " '', '', '', 1)"
        ),
        done=lambda scene: Visit.objects.exists(),
        prepare=(take,),
    ),
    Case(
        "visit.begin_work",
        do=lambda scene: visits.begin_work(actor=scene.agent, visit_id=visit_now(scene).pk),
        page=lambda scene: (f"/visits/{visit_now(scene).pk}/begin/", {}),
        api=lambda scene: ("post", f"/api/visits/{visit_now(scene).pk}/begin", {}),
        by_orm=lambda scene: saved(scene, visit_now(scene), work_begun_at=clock.now()),
        by_sql=sql_visit("work_begun_at = now()"),
        done=lambda scene: visit_now(scene).work_begun_at is not None,
        prepare=(take, arrived),
    ),
    Case(
        "visit.leave",
        do=lambda scene: visits.leave(actor=scene.agent, visit_id=visit_now(scene).pk, outcome="solved"),
        page=lambda scene: (
            f"/visits/{visit_now(scene).pk}/leave/",
            {"outcome": "solved", "all_the_same": "1"},
        ),
        api=lambda scene: ("post", f"/api/visits/{visit_now(scene).pk}/leave", {"outcome": "solved"}),
        by_orm=lambda scene: saved(scene, visit_now(scene), state="left", left_at=clock.now()),
        by_sql=sql_visit("state = 'left'"),
        done=lambda scene: visit_now(scene).state == "left",
        prepare=(take, arrived),
    ),
    milestone("contract.reach_milestone"),
    milestone("contract.start_warranty"),
)
every_act = pytest.mark.parametrize("case", CASES, ids=[case.act for case in CASES])


def scene_of(case: Case, length: str = REFUSING) -> Scene:
    """Everything is ready for the act but what the gate asks for."""
    contract = make_contract(text=PLAN.format(act=case.act, length=length))
    agent = make_agent()
    scene = Scene(
        contract,
        agent,
        actor_of(make_member(contract, "project_manager").pk),
        make_ticket(contract, actor=agent),
    )
    for step in case.prepare:
        step(scene)
    assert not case.done(scene)
    return scene


def browser_for(case: Case, scene: Scene) -> Any:
    return client_of(scene.manager if case.act.startswith("contract.") else scene.agent)


def recorded(verb: str, case: Case) -> list[str]:
    """Who was told by events of the gate, in order."""
    rows = Event.objects.filter(verb=verb, facts__act=case.act).order_by("id")
    return list(rows.values_list("actor", flat=True))


def states(scene: Scene) -> list[str]:
    rows = Obligation.objects.filter(contract=scene.contract, commitment__name="gate").order_by("id")
    return list(rows.values_list("state", flat=True))


def test_every_act_has_a_case():
    assert {case.act for case in CASES} == set(gates.declared_acts())


@every_act
def test_a_page_cannot(case):
    scene = scene_of(case)
    path, form = case.page(scene)
    answer = browser_for(case, scene).post(path, form)
    assert answer.status_code in (409, 422), answer.status_code
    assert "先有后做" in answer.content.decode()
    assert not case.done(scene)
    assert len(recorded("gate.refused", case)) == 1
    assert states(scene) == ["refused"]


@every_act
def test_the_api_cannot(case):
    scene = scene_of(case)
    method, path, data = case.api(scene)
    answer = getattr(browser_for(case, scene), method)(
        path, json.dumps(data), content_type="application/json"
    )
    assert answer.status_code == 409, answer.content
    assert answer.json()["code"] == "gate_refused"
    assert not case.done(scene)
    assert len(recorded("gate.refused", case)) == 1
    assert states(scene) == ["refused"]


@every_act
def test_a_job_cannot(case):
    scene = scene_of(case)

    @jobs.task(f"test.{case.act}")
    def work() -> None:
        case.do(scene)

    with pytest.raises(GateRefused):
        work.run()
    assert not case.done(scene)
    assert len(recorded("gate.refused", case)) == 1
    assert states(scene) == ["refused"]


@every_act
def test_a_shell_cannot(case, monkeypatch, capsys):
    """`shouyue manage shell -c`, as an administrator would type it; the refusal is told when the command ends."""
    scene = scene_of(case)
    monkeypatch.setitem(main.__globals__, "probe", (case, scene))
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the test's transaction must go on
    code = (
        "from shouyue.cli.main import main as command; case, scene = command.__globals__['probe']\n"
        "from shouyue.kernel.errors import GateRefused\n"
        "try:\n    case.do(scene)\nexcept GateRefused:\n    print('held back')"
    )
    assert main(["manage", "shell", "--no-imports", "-c", code]) == 0
    assert "held back" in capsys.readouterr().out
    assert not case.done(scene)
    assert len(recorded("gate.refused", case)) == 1
    assert states(scene) == ["refused"]


@every_act
def test_the_system_itself_cannot(case):
    """No actor stands above a gate, however much he may do."""
    scene = scene_of(case)
    above = Scene(scene.contract, scene.agent, SYSTEM, scene.ticket, scene.visit)
    if case.act != "ticket.assign":  # only a person takes a ticket
        above.agent = Actor(
            kind="system", id=0, name="system", scope=SYSTEM.scope, user_id=scene.agent.user_id
        )
    with pytest.raises(GateRefused):
        case.do(above)
    assert not case.done(scene)


@every_act
@pytest.mark.parametrize("way", ["by_orm", "by_sql"])
def test_the_role_of_web_and_worker_cannot(case, way):
    """What holds at commit is asked for here already, as the test's own transaction is never committed."""
    scene = scene_of(case)
    settle()
    with pytest.raises(DatabaseError, match="changed by its service alone"), transaction.atomic():
        if way == "by_orm":
            case.by_orm(scene)
        else:
            with connection.cursor() as cursor:
                cursor.execute(case.by_sql(scene))
        settle()
    assert not case.done(scene)


@every_act
def test_another_event_of_the_same_subject_does_not_open_the_way(case):
    scene = scene_of(case)
    settle()
    with pytest.raises(DatabaseError, match="changed by its service alone"), transaction.atomic():
        acting.record(scene.agent, scene.ticket, "ticket.edited")
        case.by_orm(scene)
        settle()
    assert not case.done(scene)


@every_act
def test_with_what_is_asked_for_it_passes_and_tells(case):
    scene = scene_of(case, PASSING)
    case.do(scene)
    settle()
    assert case.done(scene)
    assert len(recorded("gate.passed", case)) == 1
    assert recorded("gate.refused", case) == []
    assert states(scene) == ["kept"]


def settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
