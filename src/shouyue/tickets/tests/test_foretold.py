"""What a contract wants before an act: told with the form that asks for it, and all at once when it is refused."""

import pytest

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import PLAN, make_contract
from shouyue.contracts.tests.people import make_agent
from shouyue.tickets import services

from .factories import gate_before, make_resolved, make_ticket

pytestmark = pytest.mark.django_db
RECORDED = "{all: [{guard: ticket.handling_recorded}, {guard: ticket.attribution_known}]}"


def page(ticket, part):
    return f"/tickets/{ticket.number}/{part}"


def test_the_form_that_resolves_says_what_closing_will_ask():
    ticket = make_ticket(make_contract(text=PLAN + gate_before("ticket.close", RECORDED)))
    agent = make_agent()
    client = client_of(agent)
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    text = client.get(page(ticket, "resolve/")).content.decode()
    assert "关闭工单前，合同还要求：" in text
    assert "请先填写故障原因、处理过程和处理结果" in text
    assert "请先判断故障是否由所供产品引起" in text
    assert 'name="attribution"' in text
    for slug in ("handling/", "attribution/"):
        assert page(ticket, slug) not in text  # this very form takes them
    whole = {"handling": "换电源", "result": "恢复", "cause": "configuration"}
    client.post(page(ticket, "handling/"), whole)
    assert "请先填写故障原因" not in client.get(page(ticket, "resolve/")).content.decode()
    assert client.post(page(ticket, "resolve/"), whole | {"attribution": "third_party"}).status_code == 303
    ticket.refresh_from_db()
    assert (ticket.status, ticket.attribution) == ("resolved", "third_party")
    assert "合同还要求" not in client.get(page(ticket, "grade/")).content.decode()


def test_where_the_contract_does_not_ask_what_caused_the_fault_the_form_does_not():
    ticket = make_ticket()
    text = client_of(make_agent()).get(page(ticket, "resolve/")).content.decode()
    assert 'name="attribution"' not in text


def test_a_refused_closing_names_everything_that_is_missing_with_a_link_each():
    ticket = make_resolved(make_contract(text=PLAN + gate_before("ticket.close", RECORDED)))
    client = client_of(make_agent())
    services.confirm_resolution(actor=make_agent(), ticket_id=ticket.pk, by_name="赵敏")
    for answer in (client.get(page(ticket, "close/")), client.post(page(ticket, "close/"))):
        said = answer.content.decode()
        assert "请先填写故障原因、处理过程和处理结果" in said
        assert "请先判断故障是否由所供产品引起" in said
        for slug in ("handling/", "attribution/"):
            assert f'hx-get="{page(ticket, slug)}"' in said
    assert answer.status_code == 422
    assert len(answer.context["form"].non_field_errors()) == 2
    ticket.refresh_from_db()
    assert ticket.status == "confirmed"


def test_a_refused_solution_points_at_the_fields_it_lacks_and_keeps_what_was_typed():
    ticket = make_ticket(make_contract(text=PLAN + gate_before("ticket.resolve", RECORDED)))
    agent = make_agent()
    client = client_of(agent)
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    services.set_attribution(actor=agent, ticket_id=ticket.pk, attribution="ours")
    refused = client.post(page(ticket, "resolve/"), {"handling": "换电源", "result": "恢复"})
    said = refused.content.decode()
    assert refused.status_code == 422
    assert refused.context["form"].errors["cause"] == ["合同要求填写此项。"]
    assert not {"handling", "result"} & set(refused.context["form"].errors)
    assert "换电源" in said
    assert page(ticket, "handling/") not in said
    whole = {"handling": "换电源", "result": "恢复", "cause": "configuration"}
    assert client.post(page(ticket, "resolve/"), whole).status_code == 303
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_the_form_that_assigns_says_what_comes_first():
    text = PLAN + gate_before("ticket.assign", "{guard: ticket.level_set}")
    ticket, client = make_ticket(make_contract(text=text)), client_of(make_agent())
    text = client.get(page(ticket, "assign/")).content.decode()
    assert "合同要求，此步之前须：" in text
    assert f'hx-get="{page(ticket, "triage/")}"' in text
    client.post(page(ticket, "triage/"), {"urgency": "low", "impact": "single", "request_type": "incident"})
    assert "合同要求" not in client.get(page(ticket, "assign/")).content.decode()


def test_a_call_is_logged_with_what_sending_somebody_will_ask():
    text = PLAN + gate_before("visit.dispatch", "{guard: ticket.request_complete}")
    asks, free = make_contract(text=text), make_contract()
    client, said = client_of(make_agent()), "派出工程师前须补齐"
    assert client.get("/desk/log/", {"contract_id": asks.pk}).content.decode().count(said) == 3
    assert said not in client.get("/desk/log/", {"contract_id": free.pk}).content.decode()
