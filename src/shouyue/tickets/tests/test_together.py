"""Two people at one ticket, the second with a page he opened before the first was done: nobody's words are lost."""

import pytest

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.models import Membership
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_engineer
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.tickets import services

from .factories import make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket():
    agent = make_agent()
    made = make_ticket(make_contract(), actor=agent)
    services.record_handling(actor=agent, ticket_id=made.pk, texts={"handling": "查看"}, cause="environment")
    return services.take_ticket(actor=agent, ticket_id=made.pk)


@pytest.fixture
def second():
    return client_of(make_agent())


def path(ticket, slug="handling"):
    return f"/tickets/{ticket.number}/{slug}/"


def sent(answer, **words):
    """What a browser sends back: the hidden fields of a page, its boxes as they were, and what was typed."""
    form = answer.context["form"]
    hidden = {f"seen-{name}": text.replace("\n", "\r\n") for name, text in form.seen.items()}
    assert all(f'name="{name}"' in answer.content.decode() for name in hidden)
    return hidden | {name: form[name].value() or "" for name in form.fields} | words


def record(ticket):
    ticket.refresh_from_db()
    return ticket.handling, ticket.result, ticket.cause


@pytest.mark.parametrize("slug", ["handling", "resolve"])
def test_what_the_first_wrote_meanwhile_stays(ticket, second, slug):
    opened = second.get(path(ticket, slug))
    services.record_handling(actor=make_agent(), ticket_id=ticket.pk, texts={"handling": "换电源\n复测"})
    assert second.post(path(ticket, slug), sent(opened, result="恢复", cause="unknown")).status_code == 303
    assert record(ticket) == ("换电源\n复测", "恢复", "unknown")


def test_what_was_there_can_be_emptied(ticket, second):
    assert second.post(path(ticket), sent(second.get(path(ticket)), handling="")).status_code == 303
    assert record(ticket) == ("", "", "environment")


def test_where_both_wrote_the_second_sees_the_first_and_decides(ticket, second):
    opened = second.get(path(ticket))
    first = {"texts": {"handling": "换电源"}, "cause": "line_hardware"}
    services.record_handling(actor=make_agent(), ticket_id=ticket.pk, **first)
    clash = second.post(path(ticket), sent(opened, handling="重启", cause="configuration"))
    assert clash.status_code == 422
    errors = clash.context["form"].errors
    assert "换电源" in errors["handling"][0]
    assert "通信线路或硬件故障" in errors["cause"][0]
    assert "重启" in clash.content.decode()
    assert record(ticket) == ("换电源", "", "line_hardware")
    assert second.post(path(ticket), sent(clash, result="恢复")).status_code == 303
    assert record(ticket) == ("重启", "恢复", "configuration")


def test_grade_and_triage_of_two_people_stand_side_by_side(ticket, second):
    opened = {slug: second.get(path(ticket, slug)) for slug in ("grade", "triage")}
    first = {"actor": make_agent(), "ticket_id": ticket.pk}
    services.grade_ticket(**first, severity="major")
    services.set_priority(**first, urgency="high", impact="site")
    assert second.post(path(ticket, "grade"), sent(opened["grade"], complexity="complex")).status_code == 303
    clash = second.post(path(ticket, "triage"), sent(opened["triage"], urgency="low", impact="single"))
    assert (clash.status_code, set(clash.context["form"].errors)) == (422, {"urgency", "impact"})
    again = sent(clash, impact="site", fault_category="power")
    assert second.post(path(ticket, "triage"), again).status_code == 303
    ticket.refresh_from_db()
    assert (ticket.severity, ticket.complexity, ticket.fault_category) == ("major", "complex", "power")
    assert (ticket.urgency, ticket.impact) == ("low", "site")


def test_a_second_solution_in_other_words_is_refused_and_keeps_what_was_typed(ticket, second):
    opened = second.get(path(ticket, "resolve"))
    told = {
        "actor": make_agent(),
        "ticket_id": ticket.pk,
        "texts": {"result": "恢复"},
        "permanent_fix": "换新",
    }
    services.resolve_ticket(**told)
    assert services.resolve_ticket(**told).version == services.resolve_ticket(**told).version
    refused = second.post(path(ticket, "resolve"), sent(opened, handling="重启"))
    assert (refused.status_code, "重启" in refused.content.decode()) == (422, True)
    assert record(ticket) == ("查看", "恢复", "environment")
    with pytest.raises(Conflict):
        services.resolve_ticket(**{**told, "permanent_fix": "停用"})
    assert second.post(path(ticket, "resolve"), sent(opened)).status_code == 303


def test_who_has_left_the_contract_meanwhile_is_not_assigned_again():
    contract, agent = make_contract(), make_agent()
    ticket, engineer = make_ticket(contract), make_engineer(contract)
    told = {"actor": agent, "ticket_id": ticket.pk, "to": engineer.user_id}
    services.assign_ticket(**told)
    Membership.objects.filter(user_id=engineer.user_id).delete()
    with pytest.raises(Invalid):
        services.assign_ticket(**told)
