"""The JSON API of tickets: create, read, change, verbs, walls."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer, make_officer
from shouyue.files.tests.factories import upload
from shouyue.tickets import services
from shouyue.tickets.models import Ticket
from shouyue.web.tests.posting import post_json

from .factories import make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
LIST = "/api/tickets"


def test_create_answers_the_ticket_with_etag_and_location():
    contract = make_contract()
    response = post_json(
        client_of(make_agent()), LIST, {"contract_id": contract.pk, "title": "黑屏 📷", "urgency": "high"}
    )
    assert response.status_code == 201, response.content
    ticket = Ticket.objects.get()
    data = response.json()
    assert (data["number"], data["title"], data["status"]) == (ticket.number, "黑屏 📷", "new")
    assert response["ETag"] == '"1"'
    assert response["Location"] == f"/api/tickets/{ticket.number}"
    assert "take" in data["moves"]


def test_create_repeated_with_one_key_makes_one_ticket():
    contract = make_contract()
    client = client_of(make_agent())
    body = {"contract_id": contract.pk, "title": "黑屏"}
    first = post_json(client, LIST, body, **{"Idempotency-Key": "k1"})
    again = post_json(client, LIST, body, **{"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert Ticket.objects.count() == 1
    other = post_json(client, LIST, {**body, "title": "别的"}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_create_needs_few_statements():
    contract = make_contract()
    client = client_of(make_agent())
    post_json(client, LIST, {"contract_id": contract.pk, "title": "热身"})
    with CaptureQueriesContext(connection) as captured:
        assert post_json(client, LIST, {"contract_id": contract.pk, "title": "黑屏"}).status_code == 201
    # a contract changed in the same transaction is looked up each time; otherwise once
    own = {q["sql"] for q in captured if "commitments_" not in q["sql"] and "SAVEPOINT" not in q["sql"]}
    assert len(own) <= 6, "\n".join(sql[:150] for sql in own)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": "a" * 100_001}, "description"),
    ],
)
def test_create_says_which_field_is_wrong(change, field):
    contract = make_contract()
    response = post_json(
        client_of(make_agent()), LIST, {"contract_id": contract.pk, "title": "黑屏", **change}
    )
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("number", [10**22, -(10**22)])
@pytest.mark.parametrize("name", ["contract_id", "customer_id"])
def test_list_refuses_a_number_no_record_can_have(name, number):
    response = client_of(make_officer("hq")).get(LIST, {name: number})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, f"query.{name}")


def test_list_answers_rows_and_cursor():
    contract = make_contract()
    numbers = [make_ticket(contract).number for _ in range(3)]
    client = client_of(make_agent())
    first = client.get(LIST, {"limit": 2}).json()
    rest = client.get(LIST, {"limit": 2, "cursor": first["next"]}).json()
    assert {row["number"] for row in first["items"] + rest["items"]} == set(numbers)
    assert rest["next"] is None
    assert first["items"][0]["contract"] == contract.code


def test_edit_needs_the_version_seen():
    ticket = make_ticket()
    client = client_of(make_agent())
    path = f"{LIST}/{ticket.number}/"

    def patch(**headers):
        return client.patch(
            path, json.dumps({"title": "新"}), content_type="application/json", headers=headers
        )

    assert patch().status_code == 428
    assert patch(**{"If-Match": '"9"'}).status_code == 412
    done = patch(**{"If-Match": '"1"'})
    assert (done.status_code, done["ETag"], done.json()["title"]) == (200, '"2"', "新")


VERBS = [
    ("triage", {"urgency": "high", "impact": "site"}, "ticket.triaged"),
    ("take", {}, "ticket.accepted"),
    ("respond", {"text": "已安排"}, "ticket.responded"),
    ("grade", {"severity": "major"}, "ticket.graded"),
    ("wait", {"reason": "part"}, "ticket.waiting_started"),
    ("resume", {}, "ticket.waiting_ended"),
    ("raise-tier", {"to_tier": "T3", "reason": "原厂"}, "ticket.tier_raised"),
    ("request-escalation", {"reason": "催办"}, "ticket.escalation_requested"),
    ("promise-answer", {"promised_at": "2099-01-01T00:00:00Z"}, "ticket.answer_promised"),
    ("give-answer", {"text": "明日到场"}, "ticket.answer_given"),
    ("propose-solution", {"text": "更换"}, "ticket.solution_proposed"),
    ("fix-temporarily", {"text": "切换"}, "ticket.temporarily_fixed"),
    ("handling", {"judgement": "光衰"}, "ticket.handling_recorded"),
    ("replacement", {"accepted": True}, "ticket.replacement_decided"),
    ("attribution", {"attribution": "ours"}, "ticket.attribution_set"),
    ("priority", {"urgency": "low", "impact": "single"}, "ticket.priority_set"),
    ("resolve", {"handling": "更换", "result": "恢复", "cause": "line_hardware"}, "ticket.resolved"),
    ("call-back", {"text": "已告知", "to": "command_centre"}, "ticket.called_back"),
    ("confirm", {"by_name": "赵敏"}, "ticket.confirmed"),
    ("reopen", {"reason": "又坏"}, "ticket.reopened"),
    ("cancel", {"reason": "withdrawn"}, "ticket.cancelled"),
]


def test_every_verb_by_its_path():
    from shouyue.kernel.models import Event

    ticket = make_ticket()
    client = client_of(make_agent())
    for verb, body, event in VERBS:
        response = post_json(client, f"{LIST}/{ticket.number}/{verb}/", body)
        assert response.status_code == 200, (verb, response.content)
        read = client.get(f"{LIST}/{ticket.number}")
        assert (response.json(), response["ETag"]) == (read.json(), read["ETag"]), verb
        assert Event.objects.filter(subject_type="ticket", subject_id=ticket.pk).latest("id").verb == event


def test_notes_and_files():
    contract = make_contract()
    ticket = make_ticket(contract)
    staff, customer = client_of(make_agent()), client_of(make_customer_user(contract))
    path = f"{LIST}/{ticket.number}/"
    assert post_json(staff, f"{path}notes/", {"text": "内部：备件不足"}).status_code == 201
    assert post_json(staff, f"{path}notes/", {"text": "正在处理", "public": True}).status_code == 201
    assert [note["text"] for note in customer.get(f"{path}notes/").json()] == ["正在处理"]
    stored = staff.post(f"{path}files/", {"file": upload()})
    assert stored.status_code == 201, stored.content
    assert stored.json()["media_type"] == "image/png"
    content = customer.get(f"/api/files/{stored.json()['id']}/content/")
    assert b"".join(content.streaming_content)[:4] == b"\x89PNG"
    refused = staff.post(f"{path}files/", {"file": upload("photo.png", b"<html><script>1</script>")})
    assert refused.status_code == 422


def test_walls_of_every_path():
    ours, theirs = make_contract(), make_contract()
    ticket = make_ticket(ours)
    path = f"{LIST}/{ticket.number}/"
    unknown = f"{LIST}/XX-2026-1/"
    for stranger in (make_engineer(theirs), make_customer_user(theirs)):
        client = client_of(stranger)
        assert client.get(LIST).json()["items"] == []
        refused, missing = client.get(path), client.get(unknown)
        assert (refused.status_code, refused.content) == (404, missing.content)
        for verb, body, _event in VERBS:
            assert post_json(client, f"{path}{verb}/", body).status_code == 404
        assert client.get(f"{path}notes/").status_code == 404
        refused = post_json(client, LIST, {"contract_id": ours.pk, "title": "x"})
        assert refused.status_code == 404, refused.content.decode()
    assert (Ticket.objects.get().version, Ticket.objects.count()) == (1, 1)


def test_readers_and_visitors_are_refused(client):
    ticket = make_ticket()
    path = f"{LIST}/{ticket.number}/"
    assert client.get(path).status_code == 401
    reader = client_of(make_officer())
    assert reader.get(path).status_code == 200
    for verb, body, _event in VERBS:
        assert post_json(reader, f"{path}{verb}/", body).status_code == 403, verb
    assert Ticket.objects.get().version == 1


def test_an_end_user_reports_and_finds_his_own():
    contract = make_contract()
    user = make_customer_user(contract, "customer.end_user")
    client = client_of(user)
    make_ticket(contract)
    made = post_json(
        client, LIST, {"contract_id": contract.pk, "title": "打印机卡纸", "channel": "phone", "is_vip": True}
    )
    assert (made.status_code, made.json()["channel"], made.json()["is_vip"]) == (201, "portal", False)
    assert [row["number"] for row in client.get(f"{LIST}/mine/").json()["items"]] == [made.json()["number"]]
    done = services.take_ticket(actor=make_agent(), ticket_id=made.json()["id"])
    services.resolve_ticket(actor=make_agent(), ticket_id=done.pk)
    assert post_json(client, f"{LIST}/{done.number}/confirm/").json()["status"] == "confirmed"


def test_no_address_ends_with_a_slash_and_one_that_does_is_answered_alike(client):
    schema = client.get("/api/openapi.json").json()
    assert [path for path in schema["paths"] if path.endswith("/")] == []
    contract = make_contract()
    browser = client_of(make_agent())
    made = post_json(browser, "/api/tickets/", {"contract_id": contract.pk, "title": "黑屏"})
    assert made.status_code == 201
    assert browser.get(f"{made['Location']}/").json() == browser.get(made["Location"]).json()
    assert browser.get("/api/tickets/?limit=1").json() == browser.get("/api/tickets?limit=1").json()
    assert browser.get("/api/").status_code == 404


def test_a_note_of_the_customer_ends_waiting_for_the_customer():
    contract = make_contract()
    customer, agent = make_customer_user(contract), make_agent()
    waiting, parts = make_ticket(contract), make_ticket(contract)
    for ticket, reason in ((waiting, "customer"), (parts, "part")):
        services.triage_ticket(actor=agent, ticket_id=ticket.pk, urgency="high", impact="site")
        services.start_waiting(actor=agent, ticket_id=ticket.pk, reason=reason)
    path = f"{LIST}/{waiting.number}/notes"
    assert post_json(client_of(agent), path, {"text": "再问一次", "public": True}).status_code == 201
    waiting.refresh_from_db()
    assert waiting.status == "waiting"
    assert post_json(client_of(customer), path, {"text": "型号是 X1"}).status_code == 201
    assert post_json(client_of(customer), f"{LIST}/{parts.number}/notes", {"text": "好的"}).status_code == 201
    waiting.refresh_from_db()
    parts.refresh_from_db()
    assert (waiting.status, parts.status) == ("triaged", "waiting")
