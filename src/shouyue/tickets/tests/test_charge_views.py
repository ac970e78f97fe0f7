"""The charge on the ticket's page: decide, quote, refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory
from django.utils import timezone

from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.models import Obligation
from shouyue.contracts.tests.factories import PLAN, make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice
from shouyue.signoff.models import Signoff
from shouyue.signoff.services import give, remind_due
from shouyue.signoff.tests.factories import make_admin, step_of
from shouyue.tickets import charge_views
from shouyue.tickets.charge_models import TicketCharge
from shouyue.tickets.services import charging

from .factories import gate_before, make_ticket

pytestmark = pytest.mark.django_db


def request_of(actor, data=None):
    request = RequestFactory().post("/", data) if data is not None else RequestFactory().get("/")
    request.actor = actor
    request._messages = CookieStorage(request)
    return request


def ticket_and_agent():
    agent = make_agent()
    contract = make_contract(starts_on=date(2020, 1, 1), ends_on=date(2040, 1, 1))
    return make_ticket(contract=contract, actor=agent), agent


def test_a_decision_shows_free_with_its_reason():
    ticket, agent = ticket_and_agent()
    charge_views.charge(request_of(agent, {"item": "hotline", "warranty_class": ""}), ticket.number, "decide")
    assert TicketCharge.objects.get(ticket=ticket).is_free
    shown = charge_views.panel(request_of(agent), ticket)
    assert shown is not None
    assert "热线咨询" in shown


def test_what_is_charged_must_be_decided_first_and_approved():
    ticket, agent = ticket_and_agent()
    with pytest.raises(Conflict):
        charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(1), text="工料")
    charge = charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    assert not charge.is_free
    with pytest.raises(Conflict):
        charging.state_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(1), text="工料")


@pytest.mark.parametrize("item", ["hotel", "x" * 300])
def test_an_unknown_item_is_not_accepted(item):
    ticket, agent = ticket_and_agent()
    answer = charge_views.charge(request_of(agent, {"item": item}), ticket.number, "decide")
    assert answer.status_code == 422
    assert not TicketCharge.objects.exists()


def test_an_unknown_step_is_not_found():
    ticket, agent = ticket_and_agent()
    with pytest.raises(NotFound):
        charge_views.charge(request_of(agent), ticket.number, "haggle")


def quoted():
    ticket, agent = ticket_and_agent()
    make_admin(ticket.contract, "approver")
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    charge = charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(800), text="换电源")
    return ticket, agent, Signoff.objects.get(number=charge.signoff_number)


def test_the_customer_is_told_why_it_is_charged_when_asked():
    ticket, agent, signoff = quoted()
    reason = charging.shown(agent, ticket).reason
    assert reason
    assert reason in signoff.scope


def test_a_quote_falls_when_the_ticket_turns_out_free():
    ticket, agent, signoff = quoted()
    charge = charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="hotline")
    signoff.refresh_from_db()
    assert signoff.state == "cancelled"
    assert (charge.is_free, charge.quoted, charge.signoff_number) == (True, None, "")


def approved():
    ticket, agent = ticket_and_agent()
    approver, _contact = make_admin(ticket.contract, "approver")
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(800), text="换电源")
    give(actor=approver, step_id=step_of(Signoff.objects.get()).pk)
    return ticket, agent


def test_the_same_quote_sent_twice_asks_the_customer_once():
    ticket, agent, signoff = quoted()
    again = charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal("800.00"), text="换电源 ")
    assert again.signoff_number == signoff.number
    assert Signoff.objects.count() == 1
    other = charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(700), text="换电源")
    signoff.refresh_from_db()
    assert (signoff.state, other.signoff_number != signoff.number) == ("cancelled", True)


def test_an_approval_holds_only_for_the_reason_it_was_asked_with():
    ticket, agent = approved()
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    assert charging.shown(agent, ticket).step == "work"
    charge = charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="hardware-repair")
    assert (charge.is_free, charging.shown(agent, ticket).step) == (False, "quote")
    with pytest.raises(Conflict):
        charging.state_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(800), text="工料")


def test_a_statement_is_made_once_and_a_refusal_says_why():
    ticket, agent = approved()
    told = {"actor": agent, "ticket_id": ticket.pk, "amount": Decimal(700), "text": "工料"}
    first = charging.state_charge(**told)
    assert charging.state_charge(**told).done_at == first.done_at
    assert Event.objects.filter(verb="ticket.charge_stated").count() == 1
    with pytest.raises(Conflict, match="已登记收费"):
        charging.state_charge(**{**told, "amount": Decimal(600)})
    free, agent = ticket_and_agent()
    charging.decide_charge(actor=agent, ticket_id=free.pk, item="hotline")
    with pytest.raises(Conflict, match="合同已涵盖"):
        charging.state_charge(**{**told, "actor": agent, "ticket_id": free.pk})


@pytest.mark.parametrize("amount", ["0", "0.001", "5.005", "NaN", "1e30"])
def test_an_amount_is_above_zero_and_has_cents_at_most(amount):
    ticket, agent = ticket_and_agent()
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    with pytest.raises(Invalid) as refused:
        charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(amount), text="工料")
    assert list(refused.value.fields) == ["amount"]


def test_decided_anew_the_form_begins_with_what_was_said_before():
    ticket, agent = ticket_and_agent()
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade", warranty_class="hardware")
    page = charge_views.charge(request_of(agent), ticket.number, "decide").content.decode()
    for chosen in ("upgrade", "hardware"):
        assert f'<option value="{chosen}" selected>' in page


def test_only_who_may_open_the_approval_finds_a_link_to_it():
    ticket, agent, signoff = quoted()
    link = f'href="/signoffs/{signoff.number}/"'
    for actor, linked in (
        (agent, True),
        (make_customer_user(ticket.contract), True),
        (make_customer_user(ticket.contract, "customer.end_user"), False),
    ):
        shown = charge_views.panel(request_of(actor), ticket)
        assert (signoff.number in shown, link in shown) == (True, linked)


def test_what_waits_for_the_approval_leads_to_the_quote_and_then_to_the_approval():
    gate = gate_before("ticket.resolve", "{guard: ticket.charge_approved}", "customer.approver")
    contract = make_contract(text=PLAN + gate, starts_on=date(2020, 1, 1), ends_on=date(2040, 1, 1))
    agent = make_agent()
    ticket = make_ticket(contract=contract, actor=agent)
    make_admin(contract, "approver")
    client, path = client_of(agent), f"/tickets/{ticket.number}/"
    charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    form = '<p class="sy-chip-list mb-3"><a class="btn btn-sm" href="{}"'.format
    assert form(f"{path}charge/quote/") in client.get(f"{path}resolve/").content.decode()
    charge = charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(800), text="换电源")
    answer = client.post(f"{path}resolve/")
    assert answer.status_code == 422
    assert form(f"/signoffs/{charge.signoff_number}/") in answer.content.decode()


def test_by_api_decided_quoted_and_stated():
    agent = make_agent()
    contract = make_contract(starts_on=date(2020, 1, 1), ends_on=date(2040, 1, 1))
    ticket = make_ticket(contract=contract, actor=agent)
    approver, _contact = make_admin(contract, "approver")
    client = client_of(agent)
    base = f"/api/tickets/{ticket.number}/charge"

    def post(path, **body):
        return client.post(base + path, body, content_type="application/json")

    assert client.get(base).json()["step"] == "decide"
    assert post("", item="hotel").status_code == 422
    assert post("/quote", amount="5", text="工料").status_code == 409
    decided = post("", item="upgrade").json()
    assert (decided["step"], bool(decided["reason"])) == ("quote", True)
    asked = post("/quote", amount="800.00", text="换电源").json()
    assert (asked["step"], asked["quoted"]) == ("approval", "800.00")
    assert post("/statement", amount="700", text="工料").status_code == 409
    give(actor=approver, step_id=step_of(Signoff.objects.get(number=asked["signoff"])).pk)
    assert post("/statement", amount="801", text="工料").status_code == 422
    stated = post("/statement", amount="700.50", text="工料").json()
    assert (stated["step"], stated["stated"], stated["stated_for"]) == ("done", "700.50", "工料")
    event = Event.objects.get(verb="ticket.charge_stated", subject_id=ticket.pk)
    assert event.facts["cents"] == 70050
    assert "¥ 700.50" in client.get(f"/tickets/{ticket.number}/").content.decode()
    page = client_of(make_customer_user(contract)).get(f"/portal/requests/{ticket.number}/")
    assert page.status_code == 200
    told = page.content.decode()
    assert stated["reason"] in told
    assert "700.50" in told


REPLY = """
  quote-answered:
    kind: deadline
    title: {zh: 报价答复, en: Quotes answered}
    text: {zh: 报价后五个工作日内答复。, en: Quotes are answered within five working days.}
    internal: true
    by: customer
    from: {event: approval.asked, when: {purpose: cost}}
    kept_by: [approval.given, approval.refused]
    same: subject
    within: 5 working days
    window: office
"""
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Beijing
PROMISED = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)  # the end of the fifth working day


def priced(text):
    agent = make_agent()
    with clock.at(NOW):
        contract = make_contract(starts_on=date(2020, 1, 1), ends_on=date(2040, 1, 1), text=text)
        ticket = make_ticket(contract=contract, actor=agent)
        approver, _contact = make_admin(contract, "approver")
        charging.decide_charge(actor=agent, ticket_id=ticket.pk, item="upgrade")
    return ticket, agent, approver


def told_about(signoff):
    rows = Notice.objects.filter(about_type="signoff", about_id=signoff.pk, channel="in_app")
    return list(rows.order_by("id").values_list("subject", flat=True))


def test_a_quote_is_answered_by_the_date_of_the_plan_with_reminders():
    ticket, agent, approver = priced(PLAN + REPLY)
    with clock.at(NOW):
        form = charge_views.QuoteForm(ticket=ticket, actor=agent)
        assert form.initial["reply_due_at"] == PROMISED
        charge = charging.quote_charge(actor=agent, ticket_id=ticket.pk, amount=Decimal(800), text="换电源")
        signoff = Signoff.objects.get(number=charge.signoff_number)
        assert (signoff.reply_due_at, step_of(signoff).reply_due_at) == (PROMISED, PROMISED)
        assert charging.shown(agent, ticket).reply_due_at == PROMISED
        panel = charge_views.panel(request_of(agent), ticket)
        assert "答复期限" in panel
    label = f"{ticket.number}：报价 800.00 元"
    assert signoff.label == label
    for days, last in ((6, f"仍在等待您的答复：{label}"), (8, f"您的答复已逾期：{label}")):
        with clock.at(NOW + timedelta(days=days)):
            remind_due(actor=SYSTEM)
        assert last in told_about(signoff)
    assert Event.objects.filter(verb="approval.escalated", subject_id=ticket.pk).count() == 1
    row = Obligation.objects.get(commitment__name="quote-answered")
    assert row.due_at == PROMISED
    with clock.at(NOW + timedelta(days=8)):
        give(actor=approver, step_id=step_of(signoff).pk)
        assert charging.shown(agent, ticket).reply_due_at is None


def test_who_quotes_may_say_another_date_and_without_any_there_is_none():
    ticket, agent, _approver = priced(PLAN)
    with clock.at(NOW), timezone.override("Asia/Shanghai"):
        assert charge_views.QuoteForm(ticket=ticket, actor=agent).initial["reply_due_at"] is None
        quote = {"amount": "800", "text": "换电源"}
        charge_views.charge(request_of(agent, quote), ticket.number, "quote")
        assert Signoff.objects.get().reply_due_at is None
        for _twice in range(2):
            dated = {**quote, "reply_due_at": "2026-03-05T12:00"}
            charge_views.charge(request_of(agent, dated), ticket.number, "quote")
        assert [one.state for one in Signoff.objects.order_by("id")] == ["cancelled", "asked"]
        over = {**quote, "amount": "900", "reply_due_at": "2026-03-01T12:00"}
        answer = charge_views.charge(request_of(agent, over), ticket.number, "quote")
    assert answer.status_code == 422
    assert "该时间已过" in answer.content.decode()
    latest = Signoff.objects.latest("id")
    assert latest.reply_due_at.isoformat() == "2026-03-05T04:00:00+00:00"
    assert latest.state == "asked"
