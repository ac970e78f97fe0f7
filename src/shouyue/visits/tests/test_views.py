"""Pages of visits: the engineer's phone, one visit, steps, sending; who may and who sees nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import PLAN, make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer
from shouyue.tickets.tests.factories import gate_before, make_ticket
from shouyue.visits import forms, services
from shouyue.visits.models import Visit

pytestmark = pytest.mark.django_db


def url(visit, name):
    return reverse("visits:step", args=[visit.pk, name])


def state_of(visit):
    visit.refresh_from_db()
    return visit.state


def test_the_desk_sends_an_engineer(ticket, engineer):
    client, path = client_of(make_agent()), reverse("visits:dispatch", args=[ticket.number])
    assert client.get(path).status_code == 200
    assert client.post(path, {"engineer_id": ""}).status_code == 422
    answer = client.post(path, {"engineer_id": engineer.user_id, "note": "带梯子"})
    assert (answer.status_code, answer["Location"]) == (303, reverse("tickets:ticket", args=[ticket.number]))
    assert Visit.objects.get().note == "带梯子"


def test_engineers_stand_first_and_the_only_one_is_chosen(ticket, engineer):
    agent = make_agent()
    form = forms.DispatchForm(ticket=ticket)
    _nobody, (title, first), (other_title, others) = form.fields["engineer_id"].choices
    assert [pk for pk, _name in first] == [str(engineer.user_id)]
    assert str(agent.user_id) in [pk for pk, _name in others]
    assert (str(title), str(other_title)) == ("工程师", "其他可派人员")
    assert form.initial["engineer_id"] == engineer.user_id


def test_who_works_from_afar_stands_among_the_others(contract, ticket, engineer):
    remote = make_engineer(contract, "remote_engineer")
    _nobody, (_title, first), (_other, others) = (
        forms.DispatchForm(ticket=ticket).fields["engineer_id"].choices
    )
    assert [pk for pk, _name in first] == [str(engineer.user_id)]
    assert str(remote.user_id) in [pk for pk, _name in others]


def test_the_form_that_sends_says_beforehand_what_the_contract_wants():
    gate = gate_before("visit.dispatch", "{guard: ticket.request_complete}")
    contract = make_contract(text=PLAN + gate)
    ticket, engineer = make_ticket(contract), make_engineer(contract)
    client, path = client_of(make_agent()), reverse("visits:dispatch", args=[ticket.number])
    said, edit = "尚需登记：", reverse("tickets:edit", args=[ticket.number])
    shown = client.get(path).content.decode()
    assert said in shown
    assert "尚需登记：用户、联系电话、地点。" in shown  # one after the other, as Chinese is written
    assert f'href="{edit}"' in shown
    refused = client.post(path, {"engineer_id": engineer.user_id})
    assert refused.status_code == 422
    assert refused.content.decode().count(said) == 1
    free = client.get(reverse("visits:dispatch", args=[make_ticket().number])).content.decode()
    assert "合同要求" not in free


def test_the_engineer_goes_from_button_to_button(visit, engineer):
    client = client_of(engineer)
    mine = reverse("visits:mine")
    for name, state in (("receive", "received"), ("depart", "departed"), ("arrive", "arrived")):
        assert url(visit, name) in client.get(mine).content.decode()
        answer = client.post(url(visit, name))
        assert (answer.status_code, answer["Location"]) == (303, mine)
        assert state_of(visit) == state
    assert client.post(url(visit, "begin")).status_code == 303
    assert client.get(url(visit, "leave")).status_code == 200
    assert client.post(url(visit, "leave")).status_code == 422  # what was achieved is missing
    assert client.post(url(visit, "leave"), {"outcome": "solved"}).status_code == 303
    assert state_of(visit) == "left"


def test_a_step_in_the_wrong_order_says_so_on_the_page(visit, engineer):
    client = client_of(engineer)
    answer = client.post(url(visit, "leave"), {"outcome": "solved"})
    assert answer.status_code == 409
    assert answer.context["form"].errors
    assert state_of(visit) == "dispatched"


def test_the_desk_calls_off_with_a_reason(visit):
    client = client_of(make_agent())
    assert client.post(url(visit, "cancel"), {"reason": ""}).status_code == 422
    answer = client.post(url(visit, "cancel"), {"reason": "用户取消"})
    assert answer["Location"] == reverse("tickets:ticket", args=[visit.ticket.number])
    assert state_of(visit) == "cancelled"


def test_a_colleague_reads_the_visit_and_takes_no_step(contract, ticket, visit):
    client = client_of(make_engineer(contract))
    page = reverse("visits:visit", args=[visit.pk])
    answer = client.get(page)
    assert answer.status_code == 200
    assert url(visit, "receive") not in answer.content.decode()
    # A step's page opened by whom it does not belong to leads to what he may read; pressing is refused.
    assert client.get(url(visit, "arrive"))["Location"] == page
    assert client.post(url(visit, "arrive")).status_code == 403
    assert client.get(reverse("visits:dispatch", args=[ticket.number])).status_code == 403
    assert state_of(visit) == "dispatched"


def test_the_ticket_names_the_next_step_of_a_visit(visit, engineer):
    client = client_of(engineer)
    for name, said in (("receive", "我已出发"), ("depart", "我已到场"), ("arrive", "我要离场")):
        client.post(url(visit, name))
        assert said in client.get(reverse("tickets:ticket", args=[visit.ticket.number])).content.decode()


def test_a_step_whose_turn_it_is_not_shows_no_form(visit, engineer):
    client = client_of(engineer)
    page = reverse("visits:visit", args=[visit.pk])
    for name, said in (("begin", "到达现场后方可开始作业"), ("leave", "不能进行此步骤")):
        answer = client.get(url(visit, name))
        assert (answer.status_code, answer["Location"]) == (303, page)
        assert said in client.get(page).content.decode()
    for name in ("receive", "depart", "arrive"):
        client.post(url(visit, name))
    assert client.get(url(visit, "begin")).status_code == 200
    assert client.get(url(visit, "cancel"))["Location"] == page


def test_the_engineer_himself_opens_the_pages_of_his_steps(visit, engineer):
    client = client_of(engineer)
    assert {client.get(url(visit, name)).status_code for name in ("receive", "arrive", "cancel")} == {200}
    assert client.get(url(visit, "fly")).status_code == 404


def test_people_of_the_customer_take_no_steps(contract, visit):
    client = client_of(make_customer_user(contract))
    assert client.post(url(visit, "arrive")).status_code == 403
    assert client.get(reverse("visits:mine")).status_code == 403


def test_another_customer_finds_nothing(ticket, visit):
    foreign = make_contract()
    for stranger in (make_engineer(foreign), make_customer_user(foreign)):
        client = client_of(stranger)
        for path in (
            reverse("visits:visit", args=[visit.pk]),
            url(visit, "arrive"),
            reverse("visits:dispatch", args=[ticket.number]),
        ):
            assert client.get(path).status_code == 404
        assert client.post(url(visit, "arrive")).status_code == 404


def test_the_list_takes_as_many_statements_for_five_visits_as_for_one(contract, visit, engineer):
    client = client_of(engineer)
    client.get(reverse("visits:mine"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("visits:mine"))
    for _number in range(4):
        services.dispatch_visit(
            actor=make_agent(), ticket_id=make_ticket(contract).pk, engineer_id=engineer.user_id
        )
    with CaptureQueriesContext(connection) as five:
        answer = client.get(reverse("visits:mine"))
    assert len(answer.context["open"]) == 5
    assert len(five) == len(one)


def test_the_pulse_changes_with_a_step(visit, engineer):
    client, path = client_of(engineer), reverse("visits:mine_pulse")
    first = client.get(path)
    same = client.get(path, headers={"If-None-Match": first["ETag"]}) if "ETag" in first else client.get(path)
    services.receive_visit(actor=engineer, visit_id=visit.pk)
    then = client.get(path)
    assert (first.content, first.headers.get("ETag")) != (then.content, then.headers.get("ETag"))
    assert same.status_code in (200, 204, 286, 304)
