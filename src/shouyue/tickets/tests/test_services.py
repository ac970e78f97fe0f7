"""The life of a ticket through its services."""

import re
from datetime import timedelta

import pytest

from shouyue.contracts.tests.factories import make_contract, make_contract_site, make_customer, make_site
from shouyue.contracts.tests.people import (
    make_agent,
    make_contact,
    make_customer_user,
    make_engineer,
    make_officer,
)
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, GateRefused, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.tickets import services
from shouyue.tickets.models import Ticket, TicketNote, TicketRevision
from shouyue.tickets.services import StaleVersion

from .factories import make_resolved, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


def verbs(ticket):
    rows = Event.objects.filter(subject_type="ticket", subject_id=ticket.pk).order_by("id")
    return [verb.removeprefix("ticket.") for verb in rows.values_list("verb", flat=True)]


def facts(ticket, verb):
    return (
        Event.objects.filter(subject_type="ticket", subject_id=ticket.pk, verb=f"ticket.{verb}")
        .latest("id")
        .facts
    )


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def test_report_gives_number_zone_group_and_event():
    contract = make_contract(code="GB")
    site = make_contract_site(contract, area="outer", mode="call_out")
    contact = make_contact(contract, is_vip=True)
    ticket = make_ticket(
        contract,
        actor=make_agent(),
        site_id=site.site_id,
        requester_id=contact.pk,
        urgency="high",
        impact="site",
    )
    assert re.fullmatch(rf"GB-{clock.today(contract.time_zone).year}-\d+", ticket.number)
    assert (ticket.zone, ticket.zone_mode, ticket.channel_group) == ("outer", "call_out", "phone")
    assert (ticket.priority, ticket.is_vip, ticket.status, ticket.version) == ("P2", True, "new", 1)
    assert verbs(ticket) == ["reported"]
    found = facts(ticket, "reported")
    assert found["zone"] == "outer"
    assert found["vip"] is True
    assert found["site"] == f"site:{site.site_id}"
    assert "severity" not in found


def test_report_inherits_the_zone_of_the_site_above():
    contract = make_contract()
    served = make_contract_site(contract, area="urban", mode="resident")
    room = make_site(contract.customer, parent=served.site)
    assert make_ticket(contract, site_id=room.pk).zone_mode == "resident"


def test_report_without_contract_then_set_contract():
    contract = make_contract()
    agent = make_agent()
    ticket = services.report_ticket(
        actor=agent,
        customer_id=contract.customer_id,
        channel="email",
        request_type="consultation",
        title="咨询",
    )
    assert ticket.number.startswith(contract.customer.code)
    services.set_contract(actor=agent, ticket_id=ticket.pk, contract_id=contract.pk)
    assert fresh(ticket).contract_id == contract.pk
    assert Event.objects.filter(verb="ticket.contract_set", contract_id=contract.pk).count() == 1


def test_report_refuses_contract_of_another_customer_for_a_known_customer():
    with pytest.raises(NotFound):
        make_ticket(make_contract(), actor=make_agent(), customer_id=make_customer().pk)


def test_report_refuses_foreign_site_and_contact():
    ours, theirs = make_contract(), make_contract()
    with pytest.raises(Invalid) as caught:
        make_ticket(ours, site_id=make_site(theirs.customer).pk)
    assert set(caught.value.fields) == {"site_id"}
    with pytest.raises(Invalid) as caught:
        make_ticket(ours, requester_id=make_contact(theirs).pk)
    assert set(caught.value.fields) == {"requester_id"}


def test_report_twice_with_one_key_makes_one_ticket():
    contract = make_contract()
    first = make_ticket(contract, source_key="form-1")
    assert make_ticket(contract, source_key="form-1").pk == first.pk
    assert make_ticket(contract, source_key="form-2").pk != first.pk
    assert Event.objects.filter(verb="ticket.reported").count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "标" * 201),
        ("title", "\x00 \x00"),
        ("description", "界" * 40_000),
        ("description", "a\ud800b"),
        ("channel", "pigeon"),
        ("request_type", ""),
        ("severity", "L9"),
        ("urgency", "very"),
    ],
)
def test_report_refuses_bad_values_by_field(field, value):
    with pytest.raises(Invalid) as caught:
        make_ticket(**{field: value})
    assert list(caught.value.fields) == [field]
    assert Ticket.objects.count() == 0


def test_report_keeps_emoji_and_rtl_and_drops_nul():
    ticket = make_ticket(title="画面黑屏\x00 📷 שלום", description="第一行\r\n第二行\x07")
    assert ticket.title == "画面黑屏 📷 שלום"
    assert ticket.description == "第一行\n第二行"


def test_report_refuses_times_in_the_future_or_long_ago():
    for shift in (timedelta(hours=1), -timedelta(days=40)):
        with pytest.raises(Invalid):
            make_ticket(reported_at=clock.now() + shift)


def test_the_whole_life():
    contract = make_contract()
    agent, customer = make_agent(), make_customer_user(contract)
    engineer = make_engineer(contract)
    ticket = make_ticket(contract, actor=agent)
    args = {"actor": agent, "ticket_id": ticket.pk}
    services.triage_ticket(**args, urgency="high", impact="group", severity="major")
    services.respond_to_ticket(**args, text="已派工程师。")
    services.assign_ticket(**args, to=engineer.user_id)
    work = {"actor": engineer, "ticket_id": ticket.pk}
    services.accept_ticket(**work)
    services.start_waiting(**work, reason="part", note="等待光模块")
    services.end_waiting(**work)
    services.grade_ticket(**work, complexity="complex")
    services.propose_solution(**work, text="更换光模块")
    services.fix_temporarily(**work, text="切换备用纤芯")
    services.raise_tier(**work, to_tier="T2", reason="需要熔接")
    services.resolve_ticket(
        **work,
        texts={"phenomenon": "黑屏", "judgement": "光衰过大", "handling": "更换光模块", "result": "画面恢复"},
        cause="line_hardware",
        permanent_fix="更换光模块",
    )
    services.call_back(**work, text="已告知指挥中心", to="command_centre")
    services.confirm_resolution(actor=customer, ticket_id=ticket.pk)
    services.close_ticket(**args)
    ticket = fresh(ticket)
    assert ticket.status == "closed"
    assert ticket.priority == "P3"
    assert (ticket.owner_id, ticket.assignee_id) == (engineer.user_id, engineer.user_id)
    assert (ticket.confirmed_by, ticket.confirmed_via, ticket.resolved_tier) == (
        customer.name,
        "portal",
        "T2",
    )
    assert verbs(ticket) == [
        "reported",
        "triaged",
        "responded",
        "assigned",
        "accepted",
        "waiting_started",
        "waiting_ended",
        "graded",
        "solution_proposed",
        "temporarily_fixed",
        "tier_raised",
        "handling_recorded",
        "resolved",
        "called_back",
        "confirmed",
        "closed",
    ]
    assert facts(ticket, "tier_raised")["higher"] is True
    assert facts(ticket, "waiting_started")["reason"] == "part"
    assert facts(ticket, "resolved")["cause"] == "line_hardware"
    stages = (
        "triaged",
        "responded",
        "assigned",
        "accepted",
        "diagnosed",
        "resolved",
        "called_back",
        "confirmed",
    )
    assert all(getattr(ticket, f"{stage}_at") for stage in stages)


@pytest.mark.parametrize(
    "act",
    [
        lambda a: services.take_ticket(**a),
        lambda a: services.respond_to_ticket(**a, text="好的"),
        lambda a: services.start_waiting(**a, reason="vendor"),
        lambda a: services.triage_ticket(**a, urgency="low", impact="single"),
        lambda a: services.grade_ticket(**a, severity="minor"),
        lambda a: services.propose_solution(**a, text="重启"),
        lambda a: services.resolve_ticket(**a),
        lambda a: services.cancel_ticket(**a, reason="mistake"),
        lambda a: services.decide_replacement(**a, accepted=True),
        lambda a: services.set_attribution(**a, attribution="ours"),
    ],
)
def test_doing_the_same_twice_records_it_once(act):
    agent = make_agent()
    ticket = make_ticket(actor=agent)
    act({"actor": agent, "ticket_id": ticket.pk})
    before = (fresh(ticket).version, len(verbs(ticket)), TicketNote.objects.count())
    act({"actor": agent, "ticket_id": ticket.pk})
    assert (fresh(ticket).version, len(verbs(ticket)), TicketNote.objects.count()) == before


def test_take_tells_who_was_faster():
    contract = make_contract()
    ticket = make_ticket(contract)
    first, second = make_agent(name="李静"), make_agent()
    services.take_ticket(actor=first, ticket_id=ticket.pk)
    with pytest.raises(Conflict, match="李静") as caught:
        services.take_ticket(actor=second, ticket_id=ticket.pk)
    assert caught.value.code == "taken"
    assert fresh(ticket).assignee_id == first.user_id


def test_assign_refuses_people_outside_the_contract_and_rolls_back():
    contract, other = make_contract(), make_contract()
    ticket = make_ticket(contract)
    with pytest.raises(Invalid):
        services.assign_ticket(actor=make_agent(), ticket_id=ticket.pk, to=make_engineer(other).user_id)
    assert verbs(ticket) == ["reported"]


def test_accept_is_for_the_assignee():
    contract = make_contract()
    agent, engineer = make_agent(), make_engineer(contract)
    ticket = make_ticket(contract)
    services.assign_ticket(actor=agent, ticket_id=ticket.pk, to=engineer.user_id)
    with pytest.raises(NotAllowed):
        services.accept_ticket(actor=agent, ticket_id=ticket.pk)
    assert services.accept_ticket(actor=engineer, ticket_id=ticket.pk).status == "accepted"


def test_close_needs_the_users_confirmation():
    agent = make_agent()
    ticket = make_resolved(actor=agent)
    with pytest.raises(Conflict) as caught:
        services.close_ticket(actor=agent, ticket_id=ticket.pk)
    assert caught.value.code == "not_confirmed"
    services.confirm_resolution(actor=agent, ticket_id=ticket.pk, by_name="赵敏", via="phone")
    assert services.close_ticket(actor=agent, ticket_id=ticket.pk).status == "closed"


def test_a_gate_refuses_and_nothing_changes(monkeypatch):
    from shouyue.kernel import gates
    from shouyue.tickets.services import guards

    agent = make_agent()
    ticket = make_ticket(actor=agent)
    monkeypatch.setattr(
        gates, "_providers", [lambda request: [r] if (r := guards.handling_recorded(request)) else []]
    )
    monkeypatch.setattr(gates, "check", lambda request: gates._providers[0](request))
    done = {"handling": "重启", "result": "恢复"}
    with pytest.raises(GateRefused):
        services.resolve_ticket(actor=agent, ticket_id=ticket.pk, texts=done)
    assert (fresh(ticket).status, fresh(ticket).handling, verbs(ticket)) == ("new", "", ["reported"])
    services.resolve_ticket(actor=agent, ticket_id=ticket.pk, texts=done, cause="operation")
    assert fresh(ticket).status == "resolved"


def test_reject_and_reopen_lead_back_to_work():
    contract = make_contract()
    agent, customer = make_agent(), make_customer_user(contract)
    ticket = make_resolved(contract, actor=agent)
    services.reject_resolution(actor=customer, ticket_id=ticket.pk, reason="仍然黑屏")
    assert (fresh(ticket).status, fresh(ticket).resolved_at) == ("accepted", None)
    services.resolve_ticket(actor=agent, ticket_id=ticket.pk)
    services.confirm_resolution(actor=customer, ticket_id=ticket.pk)
    services.close_ticket(actor=agent, ticket_id=ticket.pk)
    services.reopen_ticket(actor=customer, ticket_id=ticket.pk, reason="又黑屏了")
    ticket = fresh(ticket)
    assert (ticket.status, ticket.reopen_count, ticket.closed_at) == ("accepted", 1, None)
    assert [note.text for note in ticket.notes.all()] == ["仍然黑屏", "又黑屏了"]


def test_resolving_a_waiting_ticket_ends_the_wait_first():
    agent = make_agent()
    ticket = make_ticket(actor=agent)
    services.start_waiting(actor=agent, ticket_id=ticket.pk, reason="customer")
    services.resolve_ticket(actor=agent, ticket_id=ticket.pk)
    assert verbs(ticket)[-2:] == ["waiting_ended", "resolved"]


def test_wrong_states_are_conflicts():
    agent = make_agent()
    ticket = make_ticket(actor=agent)
    args = {"actor": agent, "ticket_id": ticket.pk}
    for act in (
        lambda: services.close_ticket(**args),
        lambda: services.confirm_resolution(**args, by_name="赵敏"),
        lambda: services.reopen_ticket(**args, reason="x"),
        lambda: services.end_waiting(**args),
        lambda: services.call_back(**args),
    ):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "wrong_state"
    assert verbs(ticket) == ["reported"]


def test_edit_merges_different_fields_and_keeps_both_versions_of_one():
    first, second = make_agent(), make_agent()
    ticket = make_ticket()
    seen = ticket.version
    services.edit_ticket(actor=first, ticket_id=ticket.pk, version=seen, changes={"title": "甲的标题"})
    merged = services.edit_ticket(
        actor=second, ticket_id=ticket.pk, version=seen, changes={"affected": "三号摄像机"}
    )
    assert (merged.title, merged.affected) == ("甲的标题", "三号摄像机")
    with pytest.raises(StaleVersion) as caught:
        services.edit_ticket(actor=second, ticket_id=ticket.pk, version=seen, changes={"title": "乙的标题"})
    assert caught.value.yours == {"title": "乙的标题"}
    assert caught.value.theirs == {"title": "甲的标题"}
    assert fresh(ticket).title == "甲的标题"
    assert [list(revision.changes) for revision in TicketRevision.objects.order_by("id")] == [
        ["title"],
        ["affected"],
    ]
    assert len(facts(ticket, "edited")["changes"]) == 64


def test_edit_is_not_disturbed_by_other_verbs():
    agent = make_agent()
    ticket = make_ticket()
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    edited = services.edit_ticket(actor=agent, ticket_id=ticket.pk, version=1, changes={"title": "新标题"})
    assert edited.title == "新标题"


def test_promised_answer_is_tracked():
    agent = make_agent()
    ticket = make_ticket(actor=agent)
    promised = clock.now() + timedelta(hours=2)
    services.promise_answer(actor=agent, ticket_id=ticket.pk, promised_at=promised)
    assert facts(ticket, "answer_promised")["promised_at"] == promised.isoformat()
    services.give_answer(actor=agent, ticket_id=ticket.pk, text="下午三点到场")
    assert fresh(ticket).answer_given_at is not None
    with pytest.raises(Invalid):
        services.promise_answer(
            actor=agent, ticket_id=ticket.pk, promised_at=clock.now() - timedelta(minutes=5)
        )


def test_links_refuse_self_and_circles():
    contract = make_contract()
    agent = make_agent()
    one, two = make_ticket(contract), make_ticket(contract)
    services.link_tickets(actor=agent, ticket_id=one.pk, other_id=two.pk, kind="parent")
    with pytest.raises(Conflict):
        services.link_tickets(actor=agent, ticket_id=two.pk, other_id=one.pk, kind="parent")
    with pytest.raises(Invalid):
        services.link_tickets(actor=agent, ticket_id=one.pk, other_id=one.pk, kind="relates")
    with pytest.raises(NotFound):
        services.link_tickets(actor=agent, ticket_id=one.pk, other_id=make_ticket().pk, kind="relates")


def test_a_duplicate_is_linked_and_cancelled():
    contract = make_contract()
    one, two = make_ticket(contract), make_ticket(contract)
    services.cancel_ticket(actor=make_agent(), ticket_id=two.pk, reason="duplicate", duplicate_of=one.pk)
    assert fresh(two).status == "cancelled"
    assert fresh(two).links.get().other_id == one.pk


def test_attachments_are_limited(monkeypatch):
    agent = make_agent()
    ticket = make_ticket()
    services.attach_file(actor=agent, ticket_id=ticket.pk, upload=upload())
    Ticket.objects.filter(pk=ticket.pk).update(attachment_count=200)
    with pytest.raises(Conflict) as caught:
        services.attach_file(actor=agent, ticket_id=ticket.pk, upload=upload())
    assert caught.value.code == "too_many_files"


@pytest.mark.parametrize("role", ["audit_admin", "quality_manager"])
def test_readers_change_nothing(role):
    reader = make_officer(role)
    ticket = make_ticket()
    for act in (
        lambda: services.take_ticket(actor=reader, ticket_id=ticket.pk),
        lambda: services.resolve_ticket(actor=reader, ticket_id=ticket.pk),
        lambda: services.edit_ticket(actor=reader, ticket_id=ticket.pk, version=1, changes={"title": "x"}),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert verbs(ticket) == ["reported"]


def test_strangers_find_nothing():
    ours, theirs = make_contract(), make_contract()
    ticket = make_ticket(ours)
    for stranger in (make_engineer(theirs), make_customer_user(theirs)):
        with pytest.raises(NotFound):
            services.comment_on_ticket(actor=stranger, ticket_id=ticket.pk, text="你好", public=True)
    assert TicketNote.objects.count() == 0


def test_an_end_user_sees_only_what_he_reported():
    contract = make_contract()
    user = make_customer_user(contract, "customer.end_user")
    own = services.report_ticket(
        actor=user, contract_id=contract.pk, channel="portal", request_type="incident", title="打印机卡纸"
    )
    make_ticket(contract)
    assert list(Ticket.objects.visible_to(user)) == [own]


def test_customers_write_publicly_and_do_no_desk_work():
    contract = make_contract()
    customer = make_customer_user(contract)
    ticket = make_ticket(contract)
    assert services.comment_on_ticket(actor=customer, ticket_id=ticket.pk, text="急").is_public
    with pytest.raises(NotAllowed):
        services.take_ticket(actor=customer, ticket_id=ticket.pk)


def test_an_engineer_removed_from_the_contract_finds_nothing():
    from shouyue.accounts.queries import actor_of
    from shouyue.contracts.models import Membership

    contract = make_contract()
    engineer = make_engineer(contract)
    ticket = make_ticket(contract)
    services.assign_ticket(actor=make_agent(), ticket_id=ticket.pk, to=engineer.user_id)
    Membership.objects.filter(user_id=engineer.user_id).delete()
    with pytest.raises(NotFound):
        services.accept_ticket(actor=actor_of(engineer.user_id), ticket_id=ticket.pk)
