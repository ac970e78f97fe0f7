"""Pages and API of sign-offs: who sees and does what, on both sides of the wall."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer, make_officer
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event
from shouyue.kernel.scope import Scope, acting_in
from shouyue.notifications.models import Notice
from shouyue.signoff import services
from shouyue.signoff.models import Answer, Delegation, Link, Signoff, Step
from shouyue.signoff.services import Asked
from shouyue.web.tests.posting import post_json

from .factories import drawn, make_admin, make_asker, make_leader, make_signoff, step_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


@pytest.fixture
def contract():
    return make_contract()


@pytest.fixture
def asked(contract):
    asker, (admin, contact) = make_asker(contract), make_admin(contract)
    return asker, admin, contact, make_signoff(contract, actor=asker)


def page_of(signoff, name="signoff", *more):
    return reverse(f"signoff:{name}", args=[signoff.number, *more])


def text_of(response):
    return response.content.decode()


def test_refuse_without_a_reason_is_shown_again(asked):
    _asker, admin, _contact, signoff = asked
    person, url = client_of(admin), page_of(signoff, "refuse", step_of(signoff).pk)
    assert person.post(url, {"words": ""}).status_code == 422
    assert person.post(url, {"words": "今晚不行"}).status_code == 303
    assert Signoff.objects.get().state == "refused"


def test_late_answer_is_a_conflict_on_the_page(asked):
    asker, admin, _contact, signoff = asked
    services.cancel(actor=asker, signoff_id=signoff.pk, words="不需要")
    page = client_of(admin).post(page_of(signoff, "give", step_of(signoff).pk), {})
    assert page.status_code == 409
    assert "此事项已有人答复或已办结。" in text_of(page)
    assert Answer.objects.count() == 0


def test_whoever_comes_second_is_told_on_the_page(asked):
    asker, admin, contact, signoff = asked
    services.give(actor=admin, step_id=step_of(signoff).pk)
    browser, step = client_of(asker), step_of(signoff).pk
    for name, form, said in (
        (page_of(signoff, "cancel"), {"cancel-words": "不需要"}, "此事项已办结。"),
        (
            page_of(signoff, "make_link", step),
            {"link-contact": contact.pk, "link-hours": 4},
            "此环节目前无需答复。",
        ),
    ):
        page = browser.post(name, form)
        assert page.status_code == 409
        assert said in text_of(page)


def readers(contract, asked):
    asker, admin, _contact, _signoff = asked
    other = make_contract()
    return {
        "visitor": (Client(), 302),
        "asker": (client_of(asker), 200),
        "agent": (client_of(make_agent()), 200),
        "auditor": (client_of(make_officer()), 200),
        "engineer": (client_of(make_engineer(contract)), 200),
        "engineer elsewhere": (client_of(make_engineer(other)), 404),
        "asked": (client_of(admin), 200),
        "leader": (client_of(make_leader(contract)), 200),
        "supervision": (client_of(make_customer_user(contract, "supervision_firm")), 200),
        "end user": (client_of(make_customer_user(contract, "customer.end_user")), 404),
        "stranger": (client_of(make_leader(other)), 404),
    }


@pytest.mark.parametrize("name", ["signoff", "print"])
def test_pages_by_reader(contract, asked, name):
    found = {
        who: client.get(page_of(asked[3], name)).status_code
        for who, (client, _s) in readers(contract, asked).items()
    }
    assert found == {who: status for who, (_c, status) in readers(contract, asked).items()}


@pytest.mark.parametrize("name", ["give", "refuse", "make_link", "record", "scan", "withdraw", "cancel"])
def test_acts_by_those_who_may_not_change_nothing(contract, asked, name):
    signoff = asked[3]
    stepped = name not in ("withdraw", "cancel")
    url = page_of(signoff, name, *([step_of(signoff).pk] if stepped else []))
    form = {"words": "x", "withdraw-words": "x", "cancel-words": "x", "typed_name": "x", "upload": upload()}
    may = {"agent"} if name in ("make_link", "record", "scan", "cancel") else {"asked"}
    for who, (client, _status) in readers(contract, asked).items():
        if who == "asker" and name in ("make_link", "record", "scan", "cancel"):
            continue
        if who in may:
            continue
        assert client.post(url, form).status_code in (302, 403, 404, 409), (who, name)
    assert (Answer.objects.count(), Link.objects.count()) == (0, 0)
    assert Event.objects.filter(subject_type="contract", verb__startswith="consent.").count() == 1
    assert Signoff.objects.get().state == "asked"


def test_the_asker_does_not_consent_to_his_own_question(contract):
    asker = make_asker(contract)
    make_asker(contract)
    signoff = make_signoff(contract, actor=asker, kind="approval", steps=[Asked(role="project_manager")])
    browser = client_of(asker)
    assert "steps/" not in text_of(browser.get(page_of(signoff)))
    assert browser.post(page_of(signoff, "give", step_of(signoff).pk), {}).status_code == 403


def test_what_stays_among_ourselves_is_hidden_from_customers(contract):
    asker, boss = make_asker(contract), make_engineer(contract, "service_manager")
    signoff = make_signoff(
        contract, actor=asker, kind="approval", purpose="cost", steps=[Asked(user_id=boss.user_id)]
    )
    assert signoff.is_internal
    for customer in (make_leader(contract), make_customer_user(contract, "supervision_firm")):
        assert client_of(customer).get(page_of(signoff)).status_code == 404
    assert client_of(boss).get(page_of(signoff)).status_code == 200


def test_link_is_shown_once(asked):
    asker, _admin, contact, signoff = asked
    browser, url = client_of(asker), page_of(signoff, "make_link", step_of(signoff).pk)
    assert browser.post(url, {"link-contact": contact.pk}).status_code == 422
    page = browser.post(url, {"link-contact": contact.pk, "link-hours": 4})
    assert "/answer/" in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert "/answer/" not in text_of(browser.get(page_of(signoff)))
    link = Link.objects.get()
    assert browser.post(page_of(signoff, "revoke_link", link.pk)).status_code == 303
    assert Link.objects.get().revoked_at is not None


def test_spoken_scanned_withdrawn_and_called_off(contract, asked):
    asker, admin, contact, signoff = asked
    browser = client_of(asker)
    said = {
        "record-contact": contact.pk,
        "record-channel": "phone",
        "record-verdict": "given",
        "record-words": "同意",
    }
    assert browser.post(page_of(signoff, "record", step_of(signoff).pk), said).status_code == 303
    text = text_of(browser.get(page_of(signoff)))
    assert asker.name in text
    assert contact.name in text
    person = client_of(admin)
    assert person.post(page_of(signoff, "withdraw"), {"withdraw-words": "改期"}).status_code == 303
    paper = make_signoff(contract, actor=asker, kind="signature", purpose="delivery")
    scan = {"scan-contact": contact.pk, "scan-upload": upload("scan.png")}
    assert browser.post(page_of(paper, "scan", step_of(paper).pk), scan).status_code == 303
    assert "files/" in text_of(browser.get(page_of(paper, "print")))
    third = make_signoff(contract, actor=asker, purpose="change")
    assert browser.post(page_of(third, "cancel"), {"cancel-words": "不需要"}).status_code == 303
    states = Signoff.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["withdrawn", "given", "cancelled"]


def test_drawn_signature_in_the_portal(contract):
    engineer, leader = make_engineer(contract), make_leader(contract)
    signoff = make_signoff(
        contract,
        actor=engineer,
        kind="signature",
        purpose="visit",
        mode="all",
        steps=[Asked(user_id=engineer.user_id), Asked(capacity="leader")],
    )
    for actor, place in ((engineer, 1), (leader, 2)):
        client = client_of(actor)
        assert "data-signature" in text_of(client.get(page_of(signoff)))
        form = {"typed_name": actor.name, "drawing": drawn()}
        assert client.post(page_of(signoff, "give", step_of(signoff, place).pk), form).status_code == 303
    assert Signoff.objects.get().state == "given"
    image = Answer.objects.filter(user_id=leader.user_id).get().image
    assert client.get(reverse("files:download", args=[image.pk])).getvalue()[:4] == b"\x89PNG"
    stranger = client_of(make_leader(make_contract()))
    assert stranger.get(reverse("files:download", args=[image.pk])).status_code == 404


def test_deputies_page(contract):
    leader, colleague = make_leader(contract), make_customer_user(contract, "customer.approver")
    client = client_of(leader)
    until = (clock.now() + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    url = reverse("signoff:delegations")
    assert client.post(url, {"to": colleague.user_id}).status_code == 422
    assert client.post(url, {"to": colleague.user_id, "ends_at": until}).status_code == 303
    made = Delegation.objects.get()
    assert leader.name in text_of(client_of(colleague).get(url))
    end = reverse("signoff:end_delegation", args=[made.pk])
    assert client_of(colleague).post(end).status_code == 403
    assert client_of(make_leader(make_contract())).post(end).status_code == 404
    assert client.post(end).status_code == 303


def test_list_filters_and_export(contract, asked):
    asker, admin, _contact, signoff = asked
    other = make_signoff(contract, actor=asker, purpose="change", scope="=HYPERLINK(1)")
    services.give(actor=admin, step_id=step_of(other).pk)
    url = reverse("signoff:signoffs")
    person = client_of(admin)
    for query, expected in (
        ("", {signoff, other}),
        ("state=asked", {signoff}),
        ("purpose=change", {other}),
        ("due=mine", {signoff}),
        ("due=overdue", set()),
        (f"q={other.number}", {other}),
        ("kind=signature", set()),
    ):
        text = text_of(person.get(f"{url}?{query}"))
        assert {one for one in (signoff, other) if page_of(one) in text} == expected, query
    rows = b"".join(client_of(asker).get(reverse("signoff:export")).streaming_content).decode()
    assert "'=HYPERLINK" in rows
    assert rows.count("\r\n") == 3


def test_list_query_budget(contract, asked):
    asker = asked[0]
    for _n in range(5):
        make_signoff(contract, actor=asker, source_key=None)
    browser = client_of(asker)
    for url, most in (
        (reverse("signoff:signoffs"), 12),
        (page_of(asked[3]), 28),
        (reverse("signoff:waiting"), 9),
    ):
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        assert len(queries) <= most, [q["sql"][:140] for q in queries]


@pytest.mark.parametrize("model", [Signoff, Step, Answer, Link, Delegation], ids=lambda model: model.__name__)
def test_the_database_hides_other_customers_rows(contract, model):
    for one in (contract, make_contract()):
        asker, (admin, contact) = make_asker(one), make_admin(one)
        signoff = make_signoff(one, actor=asker)
        services.make_link(actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk)
        services.give(actor=admin, step_id=step_of(signoff).pk)
        services.delegate(
            actor=admin, to_id=make_leader(one).user_id, ends_at=clock.now() + timedelta(days=1)
        )
    assert model.objects.values("customer_id").distinct().count() == 2
    with acting_in(Scope(customers=frozenset({contract.customer_id}))):
        assert set(model.objects.values_list("customer_id", flat=True)) == {contract.customer_id}
    with acting_in(Scope()):
        assert model.objects.count() == 0


def test_api_asks_and_answers(contract):
    asker, (admin, _contact) = make_asker(contract), make_admin(contract)
    body = {
        "about": f"contract:{contract.pk}",
        "kind": "consent",
        "purpose": "new-version",
        "scope": "启用 3.2 版",
        "steps": [{"capacity": "server_admin"}],
    }
    staff, person = client_of(asker), client_of(admin)
    made = post_json(staff, "/api/signoffs/", body, **{"Idempotency-Key": "a"})
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    again = post_json(staff, "/api/signoffs/", body, **{"Idempotency-Key": "a"})
    assert again.json()["number"] == number
    assert person.get("/api/signoffs/?due=mine").json()["items"][0]["number"] == number
    give = f"/api/signoffs/{number}/give/"
    assert post_json(staff, give).status_code == 403
    given = post_json(person, give)
    assert (given.status_code, given.json()["state"]) == (200, "given")
    stranger = client_of(make_leader(make_contract()))
    assert stranger.get(f"/api/signoffs/{number}/").status_code == 404
    assert post_json(person, give).status_code == 200
    assert Answer.objects.count() == 1


def test_api_says_that_the_time_is_over_or_the_matter_settled(contract):
    asker, (admin, _contact) = make_asker(contract), make_admin(contract)
    ends = clock.now() + timedelta(hours=8)
    over = make_signoff(contract, actor=asker, expires_at=ends)
    settled = make_signoff(contract, actor=asker, purpose="change")
    services.cancel(actor=asker, signoff_id=settled.pk, words="不需要")
    with clock.at(ends + timedelta(seconds=1)):
        services.expire_due(actor=SYSTEM)
        answers = [
            post_json(client_of(who), f"/api/signoffs/{signoff.number}/give")
            for who in (admin, asker)
            for signoff in (over, settled)
        ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "expired"),
        (409, "answered"),
        (403, "not_allowed"),
        (403, "not_allowed"),
    ]


def test_what_the_program_asked_for_itself_says_so_in_the_readers_language():
    asked = Signoff(asked_by_name=SYSTEM.name)
    with translation.override("zh-hans"):
        assert asked.asker == "系统"
    with translation.override("en"):
        assert asked.asker == "the system"
    assert Signoff(asked_by_name="李主任").asker == "李主任"


def test_what_the_title_says_is_not_said_again(contract):
    asker, (admin, contact) = make_asker(contract), make_admin(contract)
    line = "登录 10.1.2.3 只读检查日志"
    plain = make_signoff(contract, actor=asker, label="", scope=line)
    more = make_signoff(contract, actor=asker, label="", scope=f"{line}\n预计三十分钟。")
    for signoff, particulars in ((plain, ""), (more, "预计三十分钟。")):
        assert (signoff.label, signoff.particulars) == (line, particulars)
        _link, token = services.make_link(
            actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk, lasts=timedelta(hours=4)
        )
        link_page = text_of(Client().get(reverse("signoff:answer", args=[token])))
        page, sheet = (text_of(client_of(admin).get(page_of(signoff, view))) for view in ("signoff", "print"))
        for shown in (page, sheet, link_page):
            body = shown.partition("<body")[2]
            assert body.count(line) == 1
            assert particulars in body
    waiting = text_of(client_of(admin).get(reverse("signoff:waiting")))
    assert waiting.partition("<main")[2].count(line) == 2
    bodies = list(Notice.objects.filter(channel="in_app").order_by("id").values_list("body", flat=True))
    assert bodies == [f"请您确认是否同意：{line}", f"请您确认是否同意：{line}\n\n预计三十分钟。"]
