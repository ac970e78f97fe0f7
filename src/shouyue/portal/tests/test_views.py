"""Pages of the portal: home, report, follow, acts, walls, export."""

import csv
import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.models import Obligation
from shouyue.contracts.tests.people import make_agent
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.portal.tests.factories import (
    make_colleague,
    make_person,
    make_portal_contract,
    make_watcher,
    report,
    solve,
)
from shouyue.tickets import services as tickets
from shouyue.tickets.models import Ticket, TicketNote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]

ACTS = {
    "message": {"text": "你好"},
    "confirm": {},
    "reject": {"reject-reason": "还是卡"},
    "reopen": {"reopen-reason": "又卡了"},
    "withdraw": {},
    "escalate": {"escalate-reason": "太慢"},
    "replacement": {"accepted": "yes"},
}


@pytest.fixture
def contract():
    return make_portal_contract()


def text_of(response):
    return response.content.decode()


def act(client, ticket, name, **data):
    return client.post(f"/portal/requests/{ticket.number}/{name}/", {**ACTS[name], **data})


# -- home


def test_home_shows_open_requests_and_what_happens_next(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    page = text_of(client_of(person).get("/portal/"))
    assert ticket.number in page
    assert "打印机卡纸" in page
    assert "sy-countdown" in page
    assert "400-800-1234" in page


def test_home_of_an_end_user_shows_nothing_of_colleagues(contract):
    other = report(make_person(contract), contract, title="别人的故障")
    page = text_of(client_of(make_person(contract)).get("/portal/"))
    assert other.number not in page
    assert "别人的故障" not in page


def test_home_of_a_contact_shows_colleagues_requests(contract):
    other = report(make_person(contract), contract)
    assert other.number in text_of(client_of(make_person(contract, "it_contact")).get("/portal/"))


def test_home_is_not_for_staff(contract):
    assert client_of(make_agent()).get("/portal/").status_code == 404


def test_home_query_budget(contract):
    person = make_person(contract, "it_contact")
    for _ in range(5):
        report(person, contract)
        report(make_person(contract), contract)
    client = client_of(person)
    client.get("/portal/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/portal/")
    assert len(queries) <= 22, [q["sql"][:120] for q in queries]


# -- report


def test_report_form_knows_the_reporter(contract):
    page = text_of(client_of(make_person(contract)).get("/portal/report/"))
    assert "13800138000" in page
    assert contract.code in page
    assert 'data-autosave="portal-report"' in page


def test_report_makes_a_ticket_with_pictures(contract):
    person = make_person(contract)
    response = client_of(person).post(
        "/portal/report/",
        {
            "request_type": "incident",
            "text": "三楼打印机卡纸。\n已经重启过。",
            "affected": "HP-03",
            "urgency": "high",
            "impact": "group",
            "phone": "13800138000",
            "pictures": [upload("a.png"), upload("b.png")],
            "idempotency_key": "k1",
        },
    )
    ticket = Ticket.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"/portal/requests/{ticket.number}/")
    assert (ticket.title, ticket.channel, ticket.contract_id) == ("三楼打印机卡纸", "portal", contract.pk)
    assert (ticket.reporter_id, ticket.attachment_count) == (person.user_id, 2)
    assert (ticket.urgency, ticket.impact, ticket.priority) == ("high", "group", "P3")
    assert ticket.requester is not None


def test_report_sent_twice_is_kept_once(contract):
    client = client_of(make_person(contract))
    for _ in range(2):
        data = {"request_type": "incident", "text": "黑屏", "idempotency_key": "same", "pictures": [upload()]}
        assert client.post("/portal/report/", data).status_code == 303
    ticket = Ticket.objects.get()
    assert ticket.attachment_count == 1
    assert Event.objects.filter(verb="ticket.reported").count() == 1


def test_report_without_text_keeps_the_rest(contract):
    response = client_of(make_person(contract)).post(
        "/portal/report/", {"request_type": "incident", "affected": "HP-9"}
    )
    assert response.status_code == 422
    assert "HP-9" in text_of(response)
    assert Ticket.objects.count() == 0


def test_report_with_a_refused_file_makes_nothing(contract):
    data = {
        "request_type": "incident",
        "text": "黑屏",
        "pictures": [upload("x.exe", b"MZ\x90\x00" + b"\0" * 200)],
    }
    response = client_of(make_person(contract)).post("/portal/report/", data)
    assert response.status_code == 422
    assert "黑屏" in text_of(response)
    assert Ticket.objects.count() == 0


def test_report_by_somebody_without_a_role_has_no_contract_yet(contract):
    colleague = make_colleague(contract)
    client_of(colleague).post("/portal/report/", {"request_type": "consultation", "text": "怎么连打印机？"})
    ticket = Ticket.objects.get()
    assert (ticket.contract_id, ticket.customer_id) == (None, contract.customer_id)


@pytest.mark.parametrize("text", ["😀" * 50, "\u202eabc", "a\x00b", "长" * 30_000])
def test_report_takes_odd_text(contract, text):
    response = client_of(make_person(contract)).post(
        "/portal/report/", {"request_type": "incident", "text": text}
    )
    assert response.status_code in (303, 422)
    assert Ticket.objects.count() == (1 if response.status_code == 303 else 0)


def test_report_refuses_a_stranger_contract(contract):
    foreign = make_portal_contract()
    person = make_person(contract)
    client_of(person).post(
        "/portal/report/", {"request_type": "incident", "text": "黑屏", "contract": foreign.pk}
    )
    assert Ticket.objects.get().contract_id == contract.pk


# -- follow


def test_story_shows_public_words_and_hides_internal_ones(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    agent = solve(ticket)
    tickets.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="内部：用户很急", public=False)
    tickets.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="请试一下", public=True)
    page = text_of(client_of(person).get(f"/portal/requests/{ticket.number}/"))
    assert "请试一下" in page
    assert "更换搓纸轮" in page
    assert agent.name in page
    assert "内部：用户很急" not in page


def test_story_shows_the_promised_answer(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    at = clock.now() + timedelta(hours=2)
    tickets.promise_answer(actor=make_agent(), ticket_id=ticket.pk, promised_at=at)
    page = text_of(client_of(person).get(f"/portal/requests/{ticket.number}/"))
    assert f"{at.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" in page
    assert page.count("data-countdown") >= 2


def test_story_query_budget(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    solve(ticket)
    client = client_of(person)
    client.get(f"/portal/requests/{ticket.number}/")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/portal/requests/{ticket.number}/")
    assert len(queries) <= 16, [q["sql"][:120] for q in queries]


def test_pulse_changes_with_the_request(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    client = client_of(person)
    first = client.get(f"/portal/requests/{ticket.number}/pulse/")
    same = client.get(f"/portal/requests/{ticket.number}/pulse/", headers={"If-None-Match": first["ETag"]})
    tickets.comment_on_ticket(actor=make_agent(), ticket_id=ticket.pk, text="好", public=True)
    after = client.get(f"/portal/requests/{ticket.number}/pulse/", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, same.status_code, after.status_code) == (204, 304, 204)


# -- acts


def test_message_with_picture_is_kept_once(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    client = client_of(person)
    for _ in range(2):
        act(client, ticket, "message", idempotency_key="k", pictures=[upload()])
    note = TicketNote.objects.get()
    ticket.refresh_from_db()
    assert (note.text, note.is_public, note.by_customer, ticket.attachment_count) == ("你好", True, True, 1)


def test_message_needs_text_or_picture(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    assert act(client_of(person), ticket, "message", text=" ").status_code == 422
    assert TicketNote.objects.count() == 0


def test_message_ends_the_wait_for_the_customer(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    agent = make_agent()
    tickets.take_ticket(actor=agent, ticket_id=ticket.pk)
    tickets.start_waiting(actor=agent, ticket_id=ticket.pk, reason="customer")
    act(client_of(person), ticket, "message")
    ticket.refresh_from_db()
    assert ticket.status == "accepted"
    assert Event.objects.filter(verb="ticket.waiting_ended").count() == 1


def test_confirm(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    solve(ticket)
    assert act(client_of(person), ticket, "confirm").status_code == 303
    ticket.refresh_from_db()
    assert (ticket.status, ticket.confirmed_by, ticket.confirmed_via) == ("confirmed", person.name, "portal")


def test_reject_needs_a_reason_and_goes_back_to_work(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    solve(ticket)
    client = client_of(person)
    refused = act(client, ticket, "reject", **{"reject-reason": ""})
    assert refused.status_code == 422
    assert not Event.objects.filter(verb="ticket.rejected").exists()
    act(client, ticket, "reject")
    ticket.refresh_from_db()
    assert ticket.status == "accepted"
    assert Event.objects.get(verb="ticket.rejected").facts["by_customer"] is True


def test_reopen_after_confirming(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    solve(ticket)
    client = client_of(person)
    act(client, ticket, "confirm")
    act(client, ticket, "reopen")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.reopen_count) == ("accepted", 1)


def test_withdraw(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    act(client_of(person), ticket, "withdraw")
    ticket.refresh_from_db()
    assert ticket.status == "cancelled"
    assert Event.objects.get(verb="ticket.cancelled").facts["reason"] == "withdrawn"


def test_escalate(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    act(client_of(person), ticket, "escalate")
    assert Event.objects.get(verb="ticket.escalation_requested").facts["by_customer"] is True


def test_replacement_is_asked_and_decided(contract):
    person = make_person(contract)
    ticket = report(person, contract, fault_category="hardware")
    client = client_of(person)
    assert "accepted" in text_of(client.get(f"/portal/requests/{ticket.number}/"))
    act(client, ticket, "replacement", accepted="no")
    assert Event.objects.get(verb="ticket.replacement_decided").facts["decision"] == "declined"


def test_act_in_the_wrong_state_changes_nothing(contract):
    person = make_person(contract)
    ticket = report(person, contract)
    assert act(client_of(person), ticket, "confirm").status_code == 409
    ticket.refresh_from_db()
    assert ticket.status == "new"


# -- who may


@pytest.mark.parametrize("name", ACTS)
def test_acts_of_a_stranger_find_nothing(contract, name):
    ticket = report(make_person(contract), contract)
    solve(ticket)
    before = Event.objects.filter(case_type="ticket").count()
    stranger = make_person(make_portal_contract(), "it_contact")
    colleague = make_person(contract)
    assert act(client_of(stranger), ticket, name).status_code == 404
    assert act(client_of(colleague), ticket, name).status_code == 404
    assert Event.objects.filter(case_type="ticket").count() == before


@pytest.mark.parametrize("name", ACTS)
def test_acts_of_the_supervision_firm_are_refused(contract, name):
    person = make_person(contract)
    ticket = report(person, contract)
    if name in ("confirm", "reject"):
        solve(ticket)
    ticket.refresh_from_db()
    watcher = make_watcher(contract)
    client = client_of(watcher)
    assert client.get(f"/portal/requests/{ticket.number}/").status_code == 200
    assert act(client, ticket, name).status_code == 403
    version = ticket.version
    ticket.refresh_from_db()
    assert ticket.version == version
    assert not Event.objects.filter(actor=watcher.ref, verb__startswith="ticket").exists()


def test_report_by_the_supervision_firm_is_refused(contract):
    client = client_of(make_watcher(contract))
    assert client.get("/portal/report/").status_code == 403
    assert client.post("/portal/report/", {"request_type": "incident", "text": "黑屏"}).status_code == 403
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("name", ACTS)
def test_acts_of_a_visitor_lead_to_sign_in(contract, name, client):
    ticket = report(make_person(contract), contract)
    response = act(client, ticket, name)
    assert (response.status_code, response["Location"]) == (302, "/sign-in/")


@pytest.mark.parametrize("name", ACTS)
def test_acts_of_staff_find_nothing(contract, name):
    ticket = report(make_person(contract), contract)
    assert act(client_of(make_agent()), ticket, name).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/portal/",
        "/portal/report/",
        "/portal/requests/",
        "/portal/requests/export.csv",
        "/portal/contracts/{code}/",
    ],
)
def test_pages_by_reader(contract, client, path):
    path = path.format(code=contract.code)
    assert client.get(path).status_code == 302
    assert client_of(make_agent()).get(path).status_code == 404
    assert client_of(make_person(contract)).get(path).status_code == 200


def test_a_guessed_number_leaks_nothing(contract):
    twin = make_portal_contract()
    theirs = report(make_person(twin), twin)
    client = client_of(make_person(contract))
    client.get("/portal/requests/NO-2026-0/")
    with CaptureQueriesContext(connection) as foreign:
        first = client.get(f"/portal/requests/{theirs.number}/")
    with CaptureQueriesContext(connection) as nothing:
        second = client.get("/portal/requests/NO-2026-1/")
    assert (first.status_code, second.status_code) == (404, 404)
    plain = [re.sub(r"[0-9a-zA-Z:.+-]{19,}", "", text_of(one)) for one in (first, second)]
    assert plain[0].replace(theirs.number, "N") == plain[1].replace("NO-2026-1", "N")
    assert len(foreign) == len(nothing)


# -- lists


def test_list_by_capacity_of_two_alike_customers(contract):
    twin = make_portal_contract()
    own = report(make_person(contract), contract, title="三楼打印机卡纸")
    other = report(make_person(twin), twin, title="三楼打印机卡纸")
    contact = make_person(contract, "leader")
    page = text_of(client_of(contact).get("/portal/requests/?q=打印机"))
    assert own.number in page
    assert other.number not in page
    end_user = text_of(client_of(make_person(contract)).get("/portal/requests/?q=打印机"))
    assert own.number not in end_user


@pytest.mark.parametrize(
    ("query", "expected"),
    [("state=open", 2), ("state=needs_you", 1), ("state=finished", 1), ("", 3), ("whose=mine", 0)],
)
def test_list_filters(contract, query, expected):
    person = make_person(contract)
    report(person, contract)
    solve(report(person, contract))
    tickets.cancel_ticket(actor=person, ticket_id=report(person, contract).pk, reason="withdrawn")
    page = text_of(client_of(make_person(contract, "it_contact")).get(f"/portal/requests/?{query}"))
    assert page.count('<tr id="request-') == expected


def test_list_query_budget(contract):
    contact = make_person(contract, "it_contact")
    for _ in range(10):
        report(contact, contract)
    client = client_of(contact)
    client.get("/portal/requests/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/portal/requests/")
    assert len(queries) <= 13, [q["sql"][:120] for q in queries]


def test_list_pages_by_cursor(contract):
    person = make_person(contract)
    for _ in range(32):
        report(person, contract)
    client = client_of(person)
    page = text_of(client.get("/portal/requests/"))
    assert page.count('<tr id="request-') == 30
    assert client.get("/portal/requests/?after=damaged").status_code == 422


def test_export_holds_own_requests_and_no_formula(contract):
    person = make_person(contract)
    report(person, contract, title="=cmd()")
    report(make_person(contract), contract)
    response = client_of(person).get("/portal/requests/export.csv")
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2
    assert rows[1][1] == "'=cmd()"


# -- contract


def test_contract_page_shows_promises_and_people(contract):
    page = text_of(client_of(make_person(contract)).get(f"/portal/contracts/{contract.code}/"))
    assert "响应" in page
    assert "400-800-1234" in page
    assert "质保期售后" in page


def test_contract_of_another_customer_is_not_found(contract):
    assert (
        client_of(make_person(make_portal_contract())).get(f"/portal/contracts/{contract.code}/").status_code
        == 404
    )


@pytest.mark.parametrize(("role", "sees"), [("end_user", False), ("it_contact", True)])
def test_obligations_of_colleagues_by_capacity(contract, role, sees):
    ticket = report(make_person(contract), contract, title="同事的故障")
    client = client_of(make_person(contract, role))
    page = text_of(client.get("/obligations/"))
    assert (ticket.number in page) is sees
    obligation = Obligation.objects.filter(case_type="ticket", case_id=ticket.pk).first()
    assert client.get(f"/obligations/{obligation.pk}/").status_code == (200 if sees else 404)
