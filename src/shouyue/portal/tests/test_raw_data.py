"""Raw data of a contract: who may take them, what they hold, that they prove themselves, that taking is noted."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel.models import Event
from shouyue.kernel.verification import digest_of
from shouyue.portal.tests.factories import (
    make_colleague,
    make_person,
    make_portal_contract,
    make_watcher,
    report,
    solve,
)
from shouyue.tickets import services as tickets

pytestmark = pytest.mark.django_db
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def contract():
    return make_portal_contract()


def page(contract, kind, form="csv", month=""):
    return f"/portal/contracts/{contract.code}/raw/{kind}.{form}" + (f"?month={month}" if month else "")


def body(response):
    return b"".join(response.streaming_content).decode()


def test_watcher_takes_events_as_csv_with_their_chain(contract):
    ticket = report(make_person(contract), contract)
    agent = solve(ticket)
    tickets.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="内部", public=False)
    response = client_of(make_watcher(contract)).get(page(contract, "events"))
    rows = list(csv.DictReader(io.StringIO(body(response).removeprefix("\ufeff"))))
    of_ticket = [row for row in rows if row["subject_type"] == "ticket"]
    assert response.status_code == 200
    assert {"ticket.reported", "ticket.resolved"} <= {row["verb"] for row in of_ticket}
    assert all(len(row["digest"]) == 64 for row in of_ticket)
    first, second = of_ticket[:2]
    assert second["prev_digest"] == first["digest"]
    assert not [
        row for row in of_ticket if row["verb"] == "ticket.commented" and "public=False" in row["facts"]
    ]


def micros(text):
    return (
        "" if text is None else str(round((datetime.fromisoformat(text) - EPOCH) / timedelta(microseconds=1)))
    )


def test_the_published_rows_prove_themselves(contract):
    report(make_person(contract), contract)
    rows = json.loads(body(client_of(make_watcher(contract)).get(page(contract, "events", "json"))))
    assert len(rows) >= 3
    names = ["id", "seq", "verb", "subject_type", "subject_id", "case_type", "case_id"]
    names += ["customer_id", "contract_id", "actor"]
    for row in rows:
        fields = [str(row[name]) for name in names]
        fields += [micros(row[name]) for name in ("occurred_at", "recorded_at", "device_at")]
        fields.append(json.dumps(row["facts"], ensure_ascii=False))
        assert digest_of(bytes.fromhex(row["prev_digest"]), fields).hex() == row["digest"]


def test_tickets_as_json_hold_every_stage_and_no_judgement(contract):
    ticket = report(make_person(contract), contract)
    agent = solve(ticket)
    tickets.record_handling(actor=agent, ticket_id=ticket.pk, texts={"judgement": "内部判断"})
    text = body(client_of(make_watcher(contract)).get(page(contract, "tickets", "json")))
    (row,) = json.loads(text)
    assert (row["number"], row["result"], row["status"]) == (ticket.number, "更换搓纸轮", "resolved")
    assert row["resolved_at"]
    assert "内部判断" not in text


def test_a_month_narrows(contract):
    report(make_person(contract), contract)
    client = client_of(make_watcher(contract))
    assert json.loads(body(client.get(page(contract, "tickets", "json", "2020-01")))) == []
    assert client.get(page(contract, "tickets", "json", "later")).status_code == 422


def test_the_contract_offers_a_month_and_all_time(contract):
    shown = client_of(make_watcher(contract)).get(f"/portal/contracts/{contract.code}/?month=2026-03")
    for kind in ("events", "tickets"):
        for address in (page(contract, kind, month="2026-03"), page(contract, kind)):
            assert f'href="{address}"' in shown.content.decode()


def test_taking_is_noted(contract):
    watcher = make_watcher(contract)
    body(client_of(watcher).get(page(contract, "events")))
    noted = Event.objects.get(verb="raw_data.read")
    assert (noted.actor, noted.contract_id, noted.facts["kind"]) == (watcher.ref, contract.pk, "events")


@pytest.mark.parametrize("kind", ["events", "tickets"])
def test_who_may_take_raw_data(contract, client, kind):
    url = page(contract, kind)
    assert client.get(url).status_code == 302
    assert client_of(make_watcher(make_portal_contract())).get(url).status_code == 404
    assert client_of(make_colleague(contract)).get(url).status_code == 404
    assert client_of(make_person(contract)).get(url).status_code == 403
    assert client_of(make_agent()).get(url).status_code == 403
    assert not Event.objects.filter(verb="raw_data.read").exists()
    assert client_of(make_person(contract, "leader")).get(url).status_code == 200
    assert client_of(make_watcher(contract)).get(url).status_code == 200


def test_two_alike_customers_never_mix(contract):
    twin = make_portal_contract()
    own = report(make_person(contract), contract)
    other = report(make_person(twin), twin)
    text = body(client_of(make_watcher(contract)).get(page(contract, "tickets")))
    assert own.number in text
    assert other.number not in text
    events = json.loads(body(client_of(make_watcher(contract)).get(page(contract, "events", "json"))))
    assert other.pk not in {row["subject_id"] for row in events if row["subject_type"] == "ticket"}


@pytest.mark.parametrize("tail", ["events.xml", "people.csv"])
def test_unknown_kinds_are_not_found(contract, tail):
    assert (
        client_of(make_watcher(contract)).get(f"/portal/contracts/{contract.code}/raw/{tail}").status_code
        == 404
    )


def test_api_walks_by_cursor_and_notes_once(contract):
    person = make_person(contract)
    for _ in range(3):
        report(person, contract)
    client = client_of(make_watcher(contract))
    first = client.get(f"/api/contracts/{contract.code}/raw/tickets/?limit=2").json()
    rest_ = client.get(f"/api/contracts/{contract.code}/raw/tickets/?limit=2&cursor={first['next']}").json()
    assert (len(first["items"]), len(rest_["items"]), rest_["next"]) == (2, 1, None)
    assert Event.objects.filter(verb="raw_data.read").count() == 1


def test_api_of_events_by_reader(contract, client):
    url = f"/api/contracts/{contract.code}/raw/events/"
    assert client.get(url).status_code == 401
    assert client_of(make_watcher(make_portal_contract())).get(url).status_code == 404
    assert client_of(make_person(contract)).get(url).status_code == 403
    found = client_of(make_watcher(contract)).get(url).json()
    assert found["items"][0]["verb"].startswith("contract.")
