"""The ticket's page: few statements, the same rights as every other read, nothing kept that is somebody's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.services import remove_member
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import (
    make_agent,
    make_contact,
    make_customer_user,
    make_engineer,
    make_officer,
)
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotFound
from shouyue.tickets import drawing, queries, reading, services
from shouyue.tickets.models import Ticket
from shouyue.web import panels

from .factories import make_resolved, make_ticket
from .test_queue import parts_of
from .test_views import page, statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


def html(actor, ticket, **headers):
    return client_of(actor).get(page(ticket), headers=headers).content.decode()


def test_who_is_shown_a_ticket_is_who_finds_it_in_lists():
    ours, theirs = make_contract(), make_contract()
    end_user = make_customer_user(ours, "customer.end_user")
    tickets = [make_ticket(ours), make_ticket(theirs), make_ticket(ours, actor=end_user)]
    people = [
        make_agent(),
        make_officer(),
        make_engineer(ours),
        make_engineer(theirs),
        make_customer_user(ours),
        make_customer_user(ours, "supervision_firm"),
        make_customer_user(theirs),
        end_user,
    ]
    for actor in people:
        visible = set(Ticket.objects.visible_to(actor).values_list("pk", flat=True))
        shown = {ticket.pk for ticket in tickets if reading.shows(actor, ticket)}
        assert shown == visible, actor
    assert len({frozenset(t.pk for t in tickets if reading.shows(a, t)) for a in people}) >= 4


def test_a_strangers_ticket_is_not_found():
    ticket = make_ticket()
    with pytest.raises(NotFound):
        reading.whole_ticket(make_engineer(make_contract()), ticket.number)
    with pytest.raises(NotFound):
        reading.whole_ticket(make_agent(), "nonsense\x00")


def test_the_plain_statement_reads_what_the_query_builder_reads(django_assert_num_queries):
    contract = make_contract()
    contact = make_contact(contract, title="科长", phone="13812345678")
    ticket = make_resolved(contract, requester_id=contact.pk)
    agent = make_agent()
    whole = queries.ticket_with_number(agent, ticket.number)
    with django_assert_num_queries(1):
        found = reading.whole_ticket(agent, ticket.number).ticket
        for field in Ticket._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(whole, field.attname), field.attname
        names = [found.customer.name, str(found.contract), found.site, queries.contact_text(found.requester)]
        assert names == [
            whole.customer.name,
            str(whole.contract),
            whole.site,
            queries.contact_text(whole.requester),
        ]
        assert found.assignee is not None
        assert whole.assignee is not None
        assert found.assignee.name == whole.assignee.name


def test_the_page_is_read_in_few_statements():
    contract = make_contract()
    agent = make_agent()
    ticket = make_resolved(contract, actor=agent)
    client = client_of(agent)
    client.get(page(ticket))
    with CaptureQueriesContext(connection) as captured:
        client.get(page(ticket))
    asked = statements(captured)
    assert len(asked) <= 9, "\n".join(sql[:120] for sql in asked)


def test_parts_are_found_when_they_are_there():
    contract = make_contract()
    agent = make_agent()
    ticket, other = make_ticket(contract), make_ticket(contract, title="同一根因")
    assert reading.whole_ticket(agent, ticket.number).ticket.parts == frozenset()
    services.link_tickets(actor=agent, ticket_id=ticket.pk, other_id=other.pk, kind="relates")
    services.attach_files(actor=agent, ticket_id=ticket.pk, uploads=[upload("现场.png")], public=True)
    for one in (ticket, other):
        assert "links" in (reading.whole_ticket(agent, one.number).ticket.parts or ())
    text = html(agent, ticket)
    assert other.number in text
    assert "现场.png" in text


def test_every_part_with_a_probe_is_a_panel_or_the_pages_own():
    assert set(panels.probes("ticket")) == {"visits", "signoffs", "charge"}
    assert not set(reading.OWN_PROBES) & set(panels.probes("ticket"))


def test_what_one_reader_saw_never_shows_to_another():
    ours, theirs = make_contract(), make_contract()
    agent = make_agent(name="段其昌")
    ticket, strange = make_resolved(ours, actor=agent), make_resolved(theirs, actor=agent, title="邻家的秘密")
    services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="只给自己人看的话")
    for _ in range(2):  # the second time everything that is kept is warm
        for one in (ticket, strange):
            inside = html(agent, one)
            assert 'name="public"' in inside
            assert page(one, "link/") in inside
        outside = html(make_customer_user(ours), ticket)
        for kept_back in (
            "只给自己人看的话",
            "邻家的秘密",
            strange.number,
            page(ticket, "link/"),
            page(ticket, "edit/"),
            page(ticket, "charge/decide/"),
            'name="public"',
            'name="internal"',
            "/desk/",
        ):
            assert kept_back not in outside, kept_back
        watcher = html(make_customer_user(ours, "supervision_firm"), ticket)
        assert page(ticket, "note/") not in watcher
        assert "只给自己人看的话" not in watcher


def test_a_right_taken_away_counts_on_the_next_page():
    contract = make_contract()
    engineer = make_engineer(contract)
    ticket = make_ticket(contract)
    client = client_of(engineer)
    assert page(ticket, "resolve/") in client.get(page(ticket)).content.decode()
    remove_member(actor=SYSTEM, contract_id=contract.pk, user_id=engineer.user_id, role="field_engineer")
    assert client.get(page(ticket)).status_code == 404


def test_the_time_line_hides_from_customers_what_is_internal():
    contract = make_contract()
    agent = make_agent()
    ticket = make_ticket(contract, actor=agent)
    services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="内部")
    services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="公开", public=True)
    for actor, seen in ((agent, {"内部", "公开"}), (make_customer_user(contract), {"公开"})):
        assert {note.text for note in reading.notes_of(actor, ticket)} == seen
        verbs = [event.verb for event in reading.events_of(actor, ticket)]
        assert verbs.count("ticket.commented") == len(seen)
        old = queries.events_of(actor, ticket)
        assert verbs == [event.verb for event in old]


def make_closed(days_ago, actor):
    with clock.at(clock.now() - timedelta(days=days_ago)):
        ticket = make_resolved(make_contract(), actor=actor)
        services.call_back(actor=actor, ticket_id=ticket.pk, text="已回访", to="command_centre")
        services.confirm_resolution(actor=actor, ticket_id=ticket.pk, by_name="赵敏")
        return services.close_ticket(actor=actor, ticket_id=ticket.pk)


def told_of(ticket, verb, **values):
    """An event of the case about something else than the ticket, as the register records verdicts."""
    return events.record(
        verb,
        actor=SYSTEM,
        subject=("obligation", 10**9),
        case=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        **values,
    )


def test_the_time_line_loses_nothing_however_late_it_is_recorded():
    agent = make_agent()
    now = clock.now()
    ticket = make_closed(150, agent)
    before = len(reading.events_of(agent, ticket))
    with clock.at(now - timedelta(days=118)):
        services.attach_file(actor=agent, ticket_id=ticket.pk, upload=upload("现场.png"))
    with clock.at(now - timedelta(days=85)):
        told_of(ticket, "obligation.missed")
    with clock.at(now - timedelta(days=54)):
        told_of(ticket, "obligation.attested", occurred_at=ticket.reported_at)
    services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text="后来的补充")
    with clock.at(now + timedelta(days=20)):  # by a machine whose clock was ahead
        told_of(ticket, "obligation.late")
    shown = [event.verb for event in reading.events_of(agent, ticket)]
    assert shown[:-before] == [
        "obligation.late",
        "ticket.commented",
        "obligation.attested",
        "obligation.missed",
        "file.attached",
    ]
    assert shown == [event.verb for event in queries.events_of(agent, ticket)]


def test_the_time_line_looks_through_the_months_of_the_ticket_alone():
    """Neither those before it was reported nor the empty ones made in advance."""
    agent = make_agent()
    ticket = make_closed(70, agent)
    with CaptureQueriesContext(connection) as seen:
        reading.events_of(agent, ticket)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM kernel_event WHERE case_id = %s", [ticket.pk])
        held = {name for (name,) in cursor.fetchall()}
        cursor.execute(f"EXPLAIN (FORMAT JSON) {seen.captured_queries[0]['sql']}")
        ((plan,),) = cursor.fetchall()
    read = {part["Relation Name"] for part, _above in parts_of(plan[0]["Plan"]) if "Relation Name" in part}
    first, last = clock.now() - timedelta(days=71), clock.now() + timedelta(days=31)
    months = {
        (first + timedelta(days=day)).strftime("kernel_event_%Y_%m") for day in range((last - first).days + 1)
    }
    assert held <= read
    assert read <= months | {"kernel_event_default"}


def test_text_is_escaped_wherever_it_is_filled_in():
    contract = make_contract()
    agent = make_agent(name="<b>段</b>")
    bad = "<script>1</script>\nzwei"
    ticket = make_ticket(contract, actor=agent, title="<i>x</i>", description=bad, affected=bad)
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    services.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text=bad)
    services.start_waiting(actor=agent, ticket_id=ticket.pk, reason="part", note=bad)
    text = html(agent, ticket)
    for tag in ("<script>1", "<i>x", "<b>段"):
        assert tag not in text
    assert "&lt;script&gt;1&lt;/script&gt;<br>zwei" in text
    queue = client_of(agent).get("/desk/").content.decode()
    assert "&lt;i&gt;x&lt;/i&gt;" in queue
    assert "<i>x" not in queue


def test_a_fragment_is_the_body_alone():
    ticket = make_ticket()
    text = html(make_agent(), ticket, **{"HX-Request": "true"})
    assert text.strip().startswith('<div id="ticket"')
    assert "<html" not in text


def test_the_same_acts_in_both_languages():
    ticket = make_ticket()
    chinese, english = html(make_agent(), ticket), html(make_agent(language="en"), ticket)
    assert "Take it" in english
    assert "Take it" not in chinese
    assert drawing._act("take", "en") != drawing._act("take", "zh-hans")
