"""The desk's pages: status, access, fragments, forms without JavaScript, budgets of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract, make_contract_site
from shouyue.contracts.tests.people import (
    make_agent,
    make_contact,
    make_customer_user,
    make_engineer,
    make_officer,
)
from shouyue.files.tests.factories import upload
from shouyue.kernel.models import Event
from shouyue.tickets import actions, queue, services
from shouyue.tickets.models import Ticket, TicketNote

from .factories import make_resolved, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


def page(ticket, part=""):
    return f"/tickets/{ticket.number}/{part}"


def statements(captured):
    """Distinct work: savepoints and the contract's version (looked up again only where a test changed it) left out."""
    skipped = ("SAVEPOINT", "RELEASE", "SELECT version FROM contracts_contract")
    return [q["sql"] for q in captured if not q["sql"].lstrip().startswith(skipped)]


def test_queue_shows_tickets_and_leads_to_them():
    ticket = make_ticket(title="画面黑屏 <b>")
    response = client_of(make_agent()).get("/desk/")
    text = response.content.decode()
    assert response.status_code == 200
    assert ticket.number in text
    assert "画面黑屏 &lt;b&gt;" in text


def test_the_head_of_a_tickets_address_leads_to_the_queue():
    response = client_of(make_agent()).get("/tickets/?due=overdue")
    assert (response.status_code, response["Location"]) == (302, "/desk/?due=overdue")


def test_of_many_contracts_the_queue_is_narrowed_by_words(monkeypatch):
    first, second = make_contract(name="北区视频运维"), make_contract(name="南区机房运维")
    shown, hidden = make_ticket(first).number, make_ticket(second).number
    client = client_of(make_agent())
    assert f'<option value="{first.pk}">' in client.get("/desk/").content.decode()
    monkeypatch.setattr(queue, "MOST_OFFERED", 1)
    page = client.get("/desk/").content.decode()
    assert 'name="contract" value="" placeholder="合同：编号或名称"' in page
    assert f'<option value="{first.pk}">' not in page
    for words in ("北区", first.code.lower(), str(first.pk)):
        for answer in (
            client.get("/desk/", {"contract": words}),
            client.get("/desk/export.csv", {"contract": words}),
        ):
            text = answer.content.decode()
            assert shown in text, words
            assert hidden not in text, words
    nothing = client.get("/desk/", {"contract": "无此%合同"}).content.decode()
    assert shown not in nothing
    assert hidden not in nothing
    everything = client.get("/desk/", {"contract": "区"}).content.decode()
    assert shown in everything
    assert hidden in everything


def test_words_of_a_foreign_contract_narrow_to_nothing(monkeypatch):
    own, foreign = make_contract(), make_contract(name="他人合同")
    hidden = make_ticket(foreign).number
    monkeypatch.setattr(queue, "MOST_OFFERED", 0)
    query = {"contract": "他人"}
    assert hidden not in client_of(make_engineer(own)).get("/desk/", query).content.decode()
    assert hidden in client_of(make_agent()).get("/desk/", query).content.decode()


def test_queue_answers_htmx_with_the_list_alone():
    make_ticket()
    response = client_of(make_agent()).get("/desk/", headers={"HX-Request": "true"})
    assert "HX-Request" in response["Vary"]
    assert b"<html" not in response.content
    assert b'id="queue"' in response.content


def test_queue_pulse_answers_304_until_something_changes():
    contract = make_contract()
    client = client_of(make_agent())
    first = client.get("/desk/pulse/")
    assert client.get("/desk/pulse/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    make_ticket(contract)
    assert client.get("/desk/pulse/", headers={"If-None-Match": first["ETag"]}).status_code == 204


@pytest.mark.parametrize("rows", [1, 12])
def test_queue_budget(rows):
    contract = make_contract()
    for _ in range(rows):
        make_ticket(contract)
    client = client_of(make_agent())
    client.get("/desk/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/desk/")
    assert len(statements(captured)) <= 10, "\n".join(sql[:120] for sql in statements(captured))


def test_ticket_page_budget_does_not_grow_with_history():
    contract = make_contract()
    agent = make_agent()
    ticket = make_ticket(contract, actor=agent)
    client = client_of(agent)

    def cost():
        client.get(page(ticket))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(ticket)).status_code == 200
        return statements(captured)

    before = cost()
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    for text in ("一", "二", "三"):
        services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text=text)
    after = cost()
    assert len(before) <= 9, "\n".join(sql[:120] for sql in before)
    assert len(after) <= len(before) + 1, "\n".join(sql[:120] for sql in after)


def test_who_reaches_what():
    ours, theirs = make_contract(), make_contract()
    ticket = make_ticket(ours)
    cast = {
        "agent": (make_agent(), 200, 200, 200),
        "auditor": (make_officer(), 200, 200, 403),
        "engineer": (make_engineer(ours), 200, 200, 200),
        "customer": (make_customer_user(ours), 403, 302, 403),
        "strange engineer": (make_engineer(theirs), 200, 404, 404),
        "strange customer": (make_customer_user(theirs), 403, 404, 404),
    }
    for name, (actor, desk, ticket_page, act) in cast.items():
        client = client_of(actor)
        got = (
            client.get("/desk/").status_code,
            client.get(page(ticket)).status_code,
            client.get(page(ticket, "respond/")).status_code,
        )
        assert got == (desk, ticket_page, act), name
        assert (ticket.number in client.get("/desk/").content.decode()) == (
            name in ("agent", "auditor", "engineer")
        ), name


def test_visitors_are_led_to_sign_in(client):
    ticket = make_ticket()
    for path in ("/desk/", "/desk/log/", page(ticket), page(ticket, "take/")):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")


def test_the_search_and_export_stay_behind_the_wall():
    ours, theirs = make_contract(), make_contract()
    make_ticket(ours, title="同名故障")
    own = make_ticket(theirs, title="同名故障")
    client = client_of(make_engineer(theirs))
    found = client.get("/desk/export.csv", {"q": "同名"}).content.decode()
    assert own.number in found
    assert found.count("同名故障") == 1
    assert (
        client.get("/desk/", {"contract": ours.pk}).content.decode().count("同名故障") == 1
    )  # filter dropped


def test_export_defuses_formulas():
    make_ticket(title="=HYPERLINK(1)")
    text = client_of(make_agent()).get("/desk/export.csv").content.decode()
    assert "'=HYPERLINK(1)" in text


def test_every_act_has_a_page_that_renders():
    contract = make_contract()
    agent = make_agent()
    ticket = make_resolved(contract, actor=agent)
    client = client_of(agent)
    for slug, action in actions.ACTIONS.items():
        response = client.get(page(ticket, f"{slug}/"))
        assert response.status_code == 200, slug
        fragment = client.get(page(ticket, f"{slug}/"), headers={"HX-Request": "true"})
        assert b"<html" not in fragment.content
        assert escape(str(action.label)) in response.content.decode()


def test_acts_with_a_form_are_links_and_plain_ones_buttons():
    ticket = make_ticket()
    text = client_of(make_agent()).get(page(ticket)).content.decode()
    assert f'href="{page(ticket, "respond/")}"' in text
    assert f'action="{page(ticket, "respond/")}"' not in text
    assert f'action="{page(ticket, "take/")}"' in text


@pytest.mark.parametrize(
    ("slug", "data", "verb"),
    [
        ("take", {}, "ticket.accepted"),
        ("respond", {"text": "马上处理", "at": ""}, "ticket.responded"),
        ("triage", {"urgency": "high", "impact": "site", "request_type": "incident"}, "ticket.triaged"),
        ("wait", {"reason": "part", "note": "光模块"}, "ticket.waiting_started"),
        ("raise-tier", {"to_tier": "T2", "reason": "需要现场"}, "ticket.tier_raised"),
        ("resolve", {"handling": "更换", "result": "恢复", "cause": "line_hardware"}, "ticket.resolved"),
        ("cancel", {"reason": "withdrawn"}, "ticket.cancelled"),
    ],
)
def test_acts_work_without_javascript(slug, data, verb):
    ticket = make_ticket()
    response = client_of(make_agent()).post(page(ticket, f"{slug}/"), data)
    assert (response.status_code, response["Location"]) == (303, page(ticket))
    assert Event.objects.filter(subject_type="ticket", subject_id=ticket.pk).latest("id").verb == verb


def test_a_wrong_form_comes_back_with_its_text_and_changes_nothing():
    ticket = make_ticket()
    response = client_of(make_agent()).post(
        page(ticket, "raise-tier/"), {"to_tier": "T1", "reason": "说明文字"}
    )
    assert response.status_code == 422
    assert "说明文字" in response.content.decode()
    assert Ticket.objects.get().version == 1


def test_a_note_is_kept_once_and_internal_ones_stay_inside():
    contract = make_contract()
    ticket = make_ticket(contract)
    client = client_of(make_agent())
    for _ in range(2):
        client.post(page(ticket, "note/"), {"text": "备件不足", "idempotency_key": "n1"})
    assert TicketNote.objects.count() == 1
    assert "备件不足" in client.get(page(ticket)).content.decode()
    customer = client_of(make_customer_user(contract))
    assert "备件不足" not in customer.get(page(ticket), follow=True).content.decode()


def test_files_are_attached_and_downloaded_by_those_who_read_the_ticket():
    ours, theirs = make_contract(), make_contract()
    ticket = make_ticket(ours)
    agent = client_of(make_agent())
    assert agent.post(page(ticket, "files/"), {"files": [upload(), upload("b.png")]}).status_code == 303
    from shouyue.files.models import StoredFile

    path = f"/files/{StoredFile.objects.first().pk}/"
    for reader in (agent, client_of(make_customer_user(ours))):
        response = reader.get(path)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        for (
            close
        ) in response._resource_closers:  # closing the response itself would end the test's connection
            close()
    assert client_of(make_customer_user(theirs)).get(path).status_code == 404
    assert Ticket.objects.get().attachment_count == 2


def test_all_files_or_none():
    ticket = make_ticket()
    bad = upload("x.html", b"<html></html>")
    response = client_of(make_agent()).post(page(ticket, "files/"), {"files": [upload(), bad]})
    assert response.status_code == 422
    assert Ticket.objects.get().attachment_count == 0


def edit_data(**changes):
    return {"title": "黑屏", "request_type": "incident", "version": "1", **changes}


def test_edit_saves():
    ticket = make_ticket()
    response = client_of(make_agent()).post(
        page(ticket, "edit/"), edit_data(title="新标题", affected="三号摄像机")
    )
    assert response.status_code == 303
    assert Ticket.objects.values_list("title", "affected").get() == ("新标题", "三号摄像机")


def test_edit_shows_both_versions_and_keeps_ones_own_text():
    ticket = make_ticket()
    services.edit_ticket(actor=make_agent(), ticket_id=ticket.pk, version=1, changes={"title": "别人的标题"})
    client = client_of(make_agent())
    response = client.post(page(ticket, "edit/"), edit_data(title="我的标题"))
    text = response.content.decode()
    assert response.status_code == 409
    assert "别人的标题" in text
    assert 'value="我的标题"' in text
    assert Ticket.objects.get().title == "别人的标题"
    again = client.post(page(ticket, "edit/"), edit_data(title="我的标题", version="2"))
    assert (again.status_code, Ticket.objects.get().title) == (303, "我的标题")


@pytest.fixture
def caller():
    contract = make_contract()
    site = make_contract_site(contract, area="urban")
    contact = make_contact(
        contract, name="孙建国", phone="13812345678", phone_digits="13812345678", site=site.site
    )
    return contract, site.site, contact


def test_the_caller_is_guessed_by_number(caller):
    contract, site, contact = caller
    earlier = make_ticket(contract, requester_id=contact.pk, title="上次的故障", affected="三号摄像机")
    response = client_of(make_agent()).get(
        "/desk/log/", {"caller": "138 1234 5678"}, headers={"HX-Request": "true"}
    )
    text = response.content.decode()
    assert "<html" not in text
    assert f'<option value="{contract.pk}" selected>' in text
    assert f'<option value="{site.pk}" selected>' in text
    assert f'<option value="{contact.pk}" selected>' in text
    assert earlier.number in text
    assert "三号摄像机" in text


def test_a_call_is_recorded_with_number_and_title_alone(caller):
    contract, site, contact = caller
    agent = make_agent()
    data = {
        "caller": "13812345678",
        "title": "路口黑屏",
        "request_type": "incident",
        "channel": "phone",
        "answered": "on",
        "take": "on",
        "urgency": "high",
        "impact": "site",
        "idempotency_key": "call-1",
    }
    client = client_of(agent)
    response = client.post("/desk/log/", data)
    ticket = Ticket.objects.get()
    assert (response.status_code, response["Location"]) == (303, page(ticket))
    assert (ticket.contract_id, ticket.site_id, ticket.requester_id) == (contract.pk, site.pk, contact.pk)
    assert (ticket.status, ticket.priority, ticket.assignee_id) == ("accepted", "P2", agent.user_id)
    assert ticket.responded_at is not None
    assert client.post("/desk/log/", data)["Location"] == page(ticket)
    assert Ticket.objects.count() == 1


def test_the_empty_log_page_opens():
    assert client_of(make_agent()).get("/desk/log/").status_code == 200
    assert client_of(make_officer()).get("/desk/log/").status_code == 403


def test_a_call_without_title_keeps_what_was_typed(caller):
    response = client_of(make_agent()).post(
        "/desk/log/",
        {"caller": "13812345678", "title": "", "description": "画面黑", "request_type": "incident"},
    )
    assert response.status_code == 422
    assert "画面黑" in response.content.decode()
    assert Ticket.objects.count() == 0


def test_english_is_complete_on_the_pages():
    ticket = make_ticket()
    agent = make_agent(language="en")
    client = client_of(agent)
    assert "Log a call" in client.get("/desk/").content.decode()
    assert "Take it" in client.get(page(ticket)).content.decode()


def test_people_of_the_customer_are_led_to_their_own_page_of_a_ticket():
    contract = make_contract()
    ticket = make_resolved(contract)
    client = client_of(make_customer_user(contract))
    theirs = f"/portal/requests/{ticket.number}/"
    for asked in (page(ticket), page(ticket, "confirm/")):
        answer = client.get(asked, follow=True)
        assert answer.redirect_chain == [(theirs, 302)]
        assert f"{theirs}confirm/" in answer.content.decode()
    stranger = client_of(make_customer_user(make_contract()))
    assert stranger.get(page(ticket)).status_code == stranger.get("/tickets/NO-SUCH-1/").status_code == 404
