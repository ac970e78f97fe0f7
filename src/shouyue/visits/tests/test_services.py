"""Visits through their services."""

from datetime import timedelta

import pytest

from shouyue.contracts.models import Membership
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer
from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.tickets.tests.factories import make_resolved, make_ticket
from shouyue.visits import guards, services
from shouyue.visits.models import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    contract = make_contract()
    agent, engineer = make_agent(), make_engineer(contract)
    ticket = make_ticket(contract)
    visit = services.dispatch_visit(
        actor=agent, ticket_id=ticket.pk, engineer_id=engineer.user_id, note="带光功率计"
    )
    return contract, agent, engineer, ticket, visit


def verbs():
    rows = Event.objects.filter(subject_type="visit").order_by("id")
    return [verb.removeprefix("visit.") for verb in rows.values_list("verb", flat=True)]


def test_a_visit_from_dispatch_to_leaving(case):
    _contract, _agent, engineer, ticket, visit = case
    act = {"actor": engineer, "visit_id": visit.pk}
    for step in (services.receive_visit, services.depart, services.arrive):
        step(**act)
    services.leave(**act, outcome="solved", report="更换光模块，画面恢复")
    visit.refresh_from_db()
    assert (visit.state, visit.outcome) == ("left", "solved")
    assert verbs() == ["dispatched", "received", "departed", "arrived", "left"]
    event = Event.objects.get(verb="visit.arrived")
    assert (event.case_type, event.case_id, event.contract_id) == ("ticket", ticket.pk, ticket.contract_id)
    assert event.facts["engineer"] == f"user:{engineer.user_id}"
    assert event.facts["request_type"] == "incident"


def test_arriving_without_receipt_records_the_receipt(case):
    _contract, _agent, engineer, _ticket, visit = case
    services.arrive(actor=engineer, visit_id=visit.pk)
    assert verbs() == ["dispatched", "received", "arrived"]


def test_steps_twice_are_recorded_once_and_never_go_back(case):
    _contract, _agent, engineer, ticket, visit = case
    services.depart(actor=engineer, visit_id=visit.pk)
    services.depart(actor=engineer, visit_id=visit.pk)
    assert verbs() == ["dispatched", "received", "departed"]
    with pytest.raises(Conflict):
        services.receive_visit(actor=engineer, visit_id=visit.pk)
    again = services.dispatch_visit(actor=_agent, ticket_id=ticket.pk, engineer_id=engineer.user_id)
    assert again.pk == visit.pk


def test_times_told_later_must_follow_each_other(case):
    _contract, agent, _engineer, _ticket, visit = case
    with clock.at(clock.now() + timedelta(hours=1)):
        services.arrive(actor=agent, visit_id=visit.pk, at=clock.now() - timedelta(minutes=10))
        with pytest.raises(Invalid):
            services.leave(
                actor=agent, visit_id=visit.pk, outcome="solved", at=clock.now() - timedelta(minutes=30)
            )


def test_who_may(case):
    contract, agent, _engineer, ticket, visit = case
    other = make_engineer(contract)
    with pytest.raises(NotAllowed):
        services.arrive(actor=other, visit_id=visit.pk)
    with pytest.raises(NotAllowed):
        services.arrive(actor=make_customer_user(contract), visit_id=visit.pk)
    with pytest.raises(NotFound):
        services.arrive(actor=make_engineer(make_contract()), visit_id=visit.pk)
    with pytest.raises(Invalid):
        services.dispatch_visit(
            actor=agent, ticket_id=ticket.pk, engineer_id=make_engineer(make_contract()).user_id
        )
    assert verbs() == ["dispatched"]


def test_nobody_is_sent_for_a_solved_ticket():
    contract = make_contract()
    agent, engineer = make_agent(), make_engineer(contract)
    ticket = make_resolved(contract, actor=agent)
    with pytest.raises(Conflict):
        services.dispatch_visit(actor=agent, ticket_id=ticket.pk, engineer_id=engineer.user_id)
    assert Visit.objects.count() == 0


def test_cancelling_needs_a_reason_and_is_not_possible_on_site(case):
    _contract, agent, engineer, _ticket, visit = case
    with pytest.raises(Invalid):
        services.cancel_visit(actor=agent, visit_id=visit.pk, reason=" ")
    services.arrive(actor=engineer, visit_id=visit.pk)
    with pytest.raises(Conflict):
        services.cancel_visit(actor=agent, visit_id=visit.pk, reason="用户取消")


def leave_the_contract(engineer):
    Membership.objects.filter(user_id=engineer.user_id).delete()


def test_who_has_left_the_contract_is_not_sent_again(case):
    _contract, agent, engineer, ticket, visit = case
    leave_the_contract(engineer)
    with pytest.raises(Invalid) as refused:
        services.dispatch_visit(actor=agent, ticket_id=ticket.pk, engineer_id=engineer.user_id)
    assert list(refused.value.fields) == ["engineer_id"]
    services.cancel_visit(actor=agent, visit_id=visit.pk, reason="已离开项目")
    assert verbs() == ["dispatched", "cancelled"]


def test_one_dispatch_sent_twice_is_one_whatever_happened_between(case):
    contract, agent, _engineer, ticket, _visit = case
    engineer = make_engineer(contract)
    sent = {"actor": agent, "ticket_id": ticket.pk, "engineer_id": engineer.user_id, "source_key": "one"}
    first = services.dispatch_visit(**sent, note="带梯子")
    leave_the_contract(engineer)
    assert services.dispatch_visit(**sent, note="带梯子").pk == first.pk


def test_other_words_for_an_engineer_under_way_are_refused_and_not_lost(case):
    _contract, agent, engineer, ticket, visit = case
    sent = {"actor": agent, "ticket_id": ticket.pk, "engineer_id": engineer.user_id}
    assert services.dispatch_visit(**sent, note="带光功率计").pk == visit.pk
    for words in ({"note": "带梯子"}, {"planned_at": clock.now() + timedelta(hours=2)}):
        with pytest.raises(Conflict, match=engineer.name) as refused:
            services.dispatch_visit(**sent, **words)
        assert refused.value.code == "under_way"
    assert verbs() == ["dispatched"]


def test_leaving_twice_in_other_words_is_refused_and_not_lost(case):
    _contract, agent, engineer, _ticket, visit = case
    services.arrive(actor=engineer, visit_id=visit.pk)
    said = {"visit_id": visit.pk, "outcome": "solved", "report": "更换光模块"}
    services.leave(actor=engineer, **said)
    assert services.leave(actor=agent, **said).report == "更换光模块"
    with pytest.raises(Conflict):
        services.leave(actor=agent, **{**said, "report": "重启"})
    assert verbs()[-1] == "left"
    assert verbs().count("left") == 1


def test_permissions_that_are_missing_are_named_one_after_the_other(case):
    _contract, _agent, engineer, ticket, visit = case
    told = {"uses": "server-operation data-copy"}
    request = services.request_for(engineer, visit, ticket, "visit.begin_work", told)
    refusal = guards.permissions_given(request)
    assert str(refusal.message) == "缺少许可：操作服务器、拷贝数据。"
    assert [wanted.purpose for wanted in refusal.wanted] == told["uses"].split()
