"""The JSON API of visits: from sending to leaving, wrong order, wrong role, walls, few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer
from shouyue.kernel.models import Event
from shouyue.tickets.tests.factories import make_ticket
from shouyue.visits import services
from shouyue.visits.models import Visit
from shouyue.web.tests.posting import post_json

pytestmark = pytest.mark.django_db


def step(actor, visit, name, data=None):
    return post_json(client_of(actor), f"/api/visits/{visit.pk}/{name}", data)


def test_the_desk_sends_an_engineer_once(ticket, engineer):
    client = client_of(make_agent())
    path, body = f"/api/tickets/{ticket.number}/visits", {"engineer_id": engineer.user_id, "note": "带梯子"}
    first = post_json(client, path, body, **{"Idempotency-Key": "k1"})
    assert first.status_code == 201, first.content
    assert first.json()["state"] == "dispatched"
    assert first.json()["note"] == "带梯子"
    assert post_json(client, path, body, **{"Idempotency-Key": "k1"}).json() == first.json()
    assert [row["id"] for row in client.get(path).json()] == [Visit.objects.get().pk]


def test_from_receipt_to_leaving(visit, engineer):
    states = [step(engineer, visit, name).json()["state"] for name in ("receive", "depart", "arrive")]
    assert states == ["received", "departed", "arrived"]
    assert step(engineer, visit, "begin").json()["work_begun_at"] is not None
    left = step(engineer, visit, "leave", {"outcome": "solved", "report": "更换光模块"})
    assert (left.status_code, left.json()["state"], left.json()["outcome"]) == (200, "left", "solved")
    verbs = list(Event.objects.filter(subject_type="visit").order_by("id").values_list("verb", flat=True))
    assert [verb.removeprefix("visit.") for verb in verbs] == [
        "dispatched",
        "received",
        "departed",
        "arrived",
        "work_begun",
        "left",
    ]


@pytest.mark.parametrize(
    ("done", "wrong", "data"),
    [
        ([], "leave", {"outcome": "solved"}),
        ([], "begin", {}),
        (["arrive"], "depart", {}),
        (["arrive"], "cancel", {"reason": "用户取消"}),
        (["depart"], "receive", {}),
    ],
)
def test_steps_in_the_wrong_order_conflict_and_change_nothing(visit, engineer, done, wrong, data):
    for name in done:
        step(engineer, visit, name)
    before = client_of(engineer).get(f"/api/visits/{visit.pk}").json()
    answer = step(engineer, visit, wrong, data)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert client_of(engineer).get(f"/api/visits/{visit.pk}").json() == before


def test_calling_off_needs_a_reason(visit):
    agent = make_agent()
    assert step(agent, visit, "cancel", {"reason": " "}).status_code == 422
    assert step(agent, visit, "cancel", {"reason": "用户取消"}).json()["state"] == "cancelled"


def test_only_the_engineer_and_the_desk_take_steps(contract, ticket, visit):
    colleague, customer = make_engineer(contract), make_customer_user(contract)
    assert step(colleague, visit, "arrive").status_code == 403
    assert step(customer, visit, "arrive").status_code == 403
    sent = post_json(
        client_of(colleague), f"/api/tickets/{ticket.number}/visits", {"engineer_id": colleague.user_id}
    )
    assert sent.status_code == 403
    visit.refresh_from_db()
    assert visit.state == "dispatched"
    assert step(make_agent(), visit, "arrive").json()["state"] == "arrived"


def test_another_customer_learns_nothing(ticket, visit):
    foreign = make_contract()
    for stranger in (make_engineer(foreign), make_customer_user(foreign)):
        client = client_of(stranger)
        assert client.get(f"/api/visits/{visit.pk}").status_code == 404
        assert client.get(f"/api/tickets/{ticket.number}/visits").status_code == 404
        assert client.get("/api/visits").json()["items"] == []
        assert step(stranger, visit, "arrive").status_code == 404


def test_the_list_takes_few_statements_however_long(contract, ticket, visit, engineer):
    client = client_of(engineer)
    assert client.get("/api/visits", {"engineer": "me"}).json()["items"][0]["id"] == visit.pk
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get("/api/visits", {"engineer": "me"})
    for _number in range(4):
        services.dispatch_visit(
            actor=make_agent(), ticket_id=make_ticket(contract).pk, engineer_id=engineer.user_id
        )
    with CaptureQueriesContext(connection) as five:
        found = client.get("/api/visits", {"engineer": "me", "state": "dispatched"}).json()["items"]
    assert len(found) == 5
    assert len(five) == len(one)
    assert len(five) <= 7, [query["sql"] for query in five]
