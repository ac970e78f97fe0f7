"""What people and programs send by mistake or on purpose: told in one sentence, kept out, nothing broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shouyue.accounts import services as accounts
from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import client_of, make_user
from shouyue.contracts.models import PlanVersion
from shouyue.contracts.services import add_member, remove_member
from shouyue.contracts.tests.factories import PLAN, make_contract
from shouyue.contracts.tests.people import make_agent, make_engineer
from shouyue.files.models import StoredFile
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.tickets import services
from shouyue.tickets.models import Ticket, TicketNote
from shouyue.tickets.tests.factories import make_ticket
from shouyue.web.tests.posting import post_json

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
TICKETS = "/api/tickets/"
BILLION_LAUGHS = "\n".join(
    ["a0: &a0 [x,x,x,x,x,x,x,x,x]"] + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
)
MEGABYTE = 1024 * 1024
STRANGE = {
    "emoji": "打印机坏了 🖨️🔥 👩‍🔧",
    "right to left": "الطابعة لا تعمل ‏ ثلاثة",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ 7|add:7 }}{% debug %}",
    "sql": "'; DROP TABLE tickets_ticket; --",
    "beyond the first plane": "𠮷野家 𪚥",
    "lines": "一\r\n二\u2028三",
}


@pytest.fixture
def contract():
    return make_contract()


@pytest.fixture
def desk():
    return client_of(make_agent())


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_text_is_kept_as_it_is_and_shown_as_text(contract, desk, text):
    made = post_json(desk, TICKETS, {"contract_id": contract.pk, "title": text[:80], "description": text})
    assert made.status_code == 201, made.content
    ticket = Ticket.objects.get()
    assert ticket.description.splitlines() == text.splitlines()
    page = desk.get(f"/tickets/{ticket.number}/")
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert b"<img src=x" not in page.content
    assert desk.get("/desk/", {"q": text[:40]}).status_code == 200
    assert desk.get("/desk/export.csv").status_code == 200


@pytest.mark.parametrize("field", ["title", "description", "affected"])
def test_nul_is_refused_or_dropped(contract, desk, field):
    answer = post_json(desk, TICKETS, {"contract_id": contract.pk, "title": "黑屏", field: "黑\x00屏"})
    assert answer.status_code in (201, 422), answer.content
    assert not Ticket.objects.filter(**{f"{field}__contains": "\\u0000"}).exists()
    for path in ("/desk/", "/contracts/", "/customers/", "/obligations/", "/portal/requests/", "/desk/log/"):
        assert desk.get(path, {"q": "a\x00b", "caller": "1\x002"}).status_code < 500, path


def test_a_long_text_fits_and_a_longer_one_is_told(contract, desk):
    fits, too_long = "字" * 33_333, "字" * 33_334  # three bytes each; 100,000 fit
    made = post_json(desk, TICKETS, {"contract_id": contract.pk, "title": "长", "description": fits})
    assert made.status_code == 201
    refused = post_json(desk, TICKETS, {"contract_id": contract.pk, "title": "长", "description": too_long})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["description"]
    number = made.json()["number"]
    assert desk.get(f"/tickets/{number}/").status_code == 200
    assert post_json(desk, f"{TICKETS}{number}/notes/", {"text": too_long}).status_code == 422
    assert TicketNote.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"contract_id": 1e400}',
        b'{"contract_id": 99999999999999999999, "title": "x"}',
        b'{"contract_id": "1; --", "title": "x"}',
        b'{"contract_id": -1, "title": "x"}',
        b"\xff\xfe\x00",
        b'{"title": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
    ],
)
def test_a_broken_body_is_told(desk, body):
    answer = desk.post(TICKETS, body, content_type="application/json")
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T10:00:00Z", "soon", "1e9", ""]
)
def test_dates_out_of_range_are_told(contract, desk, moment):
    ticket = make_ticket(contract)
    answer = post_json(desk, f"{TICKETS}{ticket.number}/promise-answer/", {"promised_at": moment})
    assert answer.status_code == 422, answer.content
    engineer = make_engineer(contract)
    sent = {"engineer_id": engineer.user_id, "planned_at": moment}
    assert post_json(desk, f"{TICKETS}{ticket.number}/visits/", sent).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/desk/?after=%00",
        "/desk/?contract=99999999999999999999999",
        "/desk/?contract=%F0%9F%94%A5",
        "/desk/?after=eyJ4IjoxfQ",
        "/contracts/?page=-1",
        "/obligations/?month=9999-99",
        "/obligations/?state=%27",
        "/promises/NOPE/",
        "/tickets/%F0%9F%94%A5/",
        "/tickets/a%00b/",
        "/visits/99999999999999999999/",
        "/files/99999999999999999999/",
        "/calendars/table:CN/?month=0000-13",
        "/calendars/x:y:z/",
        "/api/tickets/?limit=0",
        "/api/tickets/?limit=9999999999999",
        "/api/tickets/?cursor=%FF",
        "/api/obligations?month=2026-13",
        "/api/visits/99999999999999999999/",
        "/api/customers/99999999999999999999",
        "/api/contracts?unit_id=99999999999999999999",
    ],
)
def test_wild_addresses_never_break_a_page(desk, path):
    assert desk.get(path).status_code < 500


def plan_page(contract: Any, text: str | bytes) -> Any:
    manager = make_user(roles=["service_manager"])
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("plan.yaml", data, "application/yaml")
    return client_of(actor_from(manager)).post(
        f"/contracts/{contract.code}/versions/store/", {"file": file, "text": "", "version": contract.version}
    )


@pytest.mark.parametrize(
    "text",
    [
        "plan: [",
        "just words",
        "",
        "a: &a [*a]",
        "a: &a {x: *a}\nplan: *a",
        "plan: x\n" + "  " * 50 + "y: 1",
        "plan: !!python/object/apply:os.system ['true']",
        PLAN.replace("within: 8 h", "within: 99999999999 years"),
        PLAN.replace("within: 8 h", "within: -1 h"),
        PLAN.replace("kept_by: ticket.resolved", "kept_by: ticket.resloved"),
        b"\xff\xfe\x00plan",
        "plan: a\x00b",
        "\n".join(
            ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
            + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
        ),
    ],
    ids=lambda text: repr(text)[:28],
)
def test_a_wrong_plan_is_told_and_not_kept(contract, text):
    before = PlanVersion.objects.count()
    answer = plan_page(contract, text)
    assert answer.status_code in (400, 409, 422), answer.status_code
    assert PlanVersion.objects.count() == before


def test_a_plan_of_ten_megabytes_is_refused_at_once(contract):
    import time

    big = PLAN + "\n".join(f"# {'x' * 96}" for _ in range(10 * MEGABYTE // 100))
    began = time.monotonic()
    answer = plan_page(contract, big)
    assert answer.status_code in (400, 413, 422)
    assert time.monotonic() - began < 10
    assert PlanVersion.objects.count() == 1


def test_two_hundred_files_of_one_ticket(contract, desk):
    ticket = make_ticket(contract)
    refused = desk.post(
        f"/tickets/{ticket.number}/files/", {"files": [upload(f"{n}.png") for n in range(200)]}
    )
    assert refused.status_code in (400, 413, 422)
    assert StoredFile.objects.count() == 0
    for part in range(8):
        sent = [upload(f"{part}-{n}.png") for n in range(25)]
        assert desk.post(f"/tickets/{ticket.number}/files/", {"files": sent}).status_code == 303
    assert StoredFile.objects.count() == 200
    assert desk.get(f"/tickets/{ticket.number}/").status_code == 200
    assert len(desk.get(f"{TICKETS}{ticket.number}/files/").json()) == 200


def test_names_of_files_reach_no_other_folder(contract, desk, tmp_path):
    ticket = make_ticket(contract)
    for name in ("../../etc/passwd.png", "a\x00b.png", "…" * 300 + ".png", "con.png", "＜x＞.png"):
        answer = desk.post(f"{TICKETS}{ticket.number}/files/", {"file": upload(name)})
        assert answer.status_code in (201, 422), (name, answer.content)
    assert all(path.resolve().is_relative_to(tmp_path) for path in tmp_path.rglob("*"))


def test_a_retried_post_makes_one_of_each(contract, desk):
    body = {"contract_id": contract.pk, "title": "黑屏"}
    answers = [post_json(desk, TICKETS, body, **{"Idempotency-Key": "once"}).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    number = answers[0]["number"]
    for _ in range(3):
        post_json(desk, f"{TICKETS}{number}/notes/", {"text": "一次"}, **{"Idempotency-Key": "note"})
    assert (Ticket.objects.count(), TicketNote.objects.count()) == (1, 1)
    form = {"text": "网页一次", "idempotency_key": "page"}
    for _ in range(3):
        desk.post(f"/tickets/{number}/note/", form)
    assert TicketNote.objects.filter(text="网页一次").count() == 1


def test_two_agents_taking_one_ticket(contract):
    ticket = make_ticket(contract)
    first, second = make_agent(), make_agent()
    services.take_ticket(actor=first, ticket_id=ticket.pk)
    page = client_of(second).post(f"/tickets/{ticket.number}/take/", {})
    assert page.status_code in (303, 403, 409, 422)
    assert Ticket.objects.get().assignee_id == first.user_id


def test_an_expired_token_is_refused(contract, client):
    agent = make_agent()
    made = clock.now()
    secret = accounts.create_token(
        actor=agent, name="old", scopes=["tickets:write"], expires_at=made + timedelta(minutes=5)
    ).secret
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(TICKETS, headers=headers).status_code == 200
    with clock.at(made + timedelta(minutes=6)):
        assert client.get(TICKETS, headers=headers).status_code == 401
        refused = post_json(client, TICKETS, {"contract_id": contract.pk, "title": "x"}, **headers)
    assert refused.status_code == 401
    assert Ticket.objects.count() == 0


def test_an_engineer_removed_meanwhile_is_out_at_the_next_request(contract):
    engineer = make_engineer(contract)
    ticket = make_ticket(contract)
    browser = client_of(engineer)
    address = f"/tickets/{ticket.number}/"
    assert browser.get(address).status_code == 200
    remove_member(actor=SYSTEM, contract_id=contract.pk, user_id=engineer.user_id, role="field_engineer")
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}note/", {"text": "还在"}).status_code == 404
    assert browser.get(f"{TICKETS}{ticket.number}/").status_code == 404
    assert TicketNote.objects.count() == 0
    add_member(actor=SYSTEM, contract_id=contract.pk, user_id=engineer.user_id, role="field_engineer")
    assert browser.get(address).status_code == 200


def test_a_deactivated_person_is_out_at_the_next_request(contract):
    user = make_user(roles=["desk_agent"])
    browser = client_of(actor_from(user))
    assert browser.get("/desk/").status_code == 200
    accounts.deactivate_user(actor=SYSTEM, user_id=user.pk)
    assert browser.get("/desk/").status_code == 302
    assert browser.get(TICKETS).status_code == 401
