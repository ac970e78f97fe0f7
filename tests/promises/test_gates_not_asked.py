"""An act told of without its gate having been asked stays in the register: board, check of events, operator's page."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from shouyue.accounts.tests.factories import client_of
from shouyue.commitments import tasks
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.services import bypassing
from shouyue.contracts.tests.people import make_officer
from shouyue.insights import services as insights
from shouyue.kernel import clock, events, gates, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import acting

from .story import DAY, HOUR, MINUTE, Story

pytestmark = pytest.mark.django_db

HANDLED = {"handling": "更换电源", "result": "恢复正常"}
CLOSING = "fault-location"
"""Of the platform's contract: whose fault it was is known before a ticket is closed."""


def resolved():
    story = Story("platform-equip").report().take(MINUTE)
    return story.resolve(HOUR, texts=HANDLED, cause="line_hardware").confirm(2 * HOUR)


def closed_in_sql(story, after):
    """As who may run SQL under the role of web and worker would: the row, and the event the database asks for."""
    ticket = story.ticket
    facts = Event.objects.filter(case_type="ticket", case_id=ticket.pk, verb="ticket.confirmed").get().facts
    with story.at(after), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM kernel_record_event('ticket.closed', 'ticket', %s, 'ticket', %s, %s, %s, 'user:1',"
            " %s, %s, NULL, %s::jsonb)",
            [
                ticket.pk,
                ticket.pk,
                ticket.customer_id,
                ticket.contract_id,
                clock.now(),
                clock.now(),
                json.dumps(facts),
            ],
        )
        (event_id,) = cursor.fetchone()
        cursor.execute(
            "UPDATE tickets_ticket SET status = 'closed', closed_at = now() WHERE id = %s", [ticket.pk]
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is asked at commit
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert Ticket.objects.get(pk=ticket.pk).status == "closed"
    return event_id


def noted(story, after):
    with story.at(after):
        tasks.note_bypassed.run()
    return story.states(CLOSING)


def share(story, after):
    with story.at(after):
        lines = board.board_of(SYSTEM, story.contract).lines
    (line,) = [line for line in lines if line.commitment.name == CLOSING]
    return line


def test_what_services_do_leaves_nothing():
    story = resolved().attribute(3 * HOUR).close(4 * HOUR)
    assert story.states(CLOSING) == ["kept"]
    assert noted(story, 5 * HOUR) == ["kept"]
    assert bypassing.findings() == []


def test_acts_on_site_leave_nothing():
    story = Story("gov-build").report().take(MINUTE).arrive(HOUR)
    story.agree(2 * HOUR, "consent", "server-operation", about="visit").begin_work(
        3 * HOUR, "server-operation"
    )
    story.leave(4 * HOUR, outcome="unsolved")
    assert Obligation.objects.filter(contract=story.contract, commitment__kind="gate").exists()
    assert bypassing.findings() == []


def test_an_act_in_sql_is_a_miss_that_everybody_sees():
    story = resolved()
    event_id = closed_in_sql(story, 4 * HOUR)
    assert story.states(CLOSING) == []
    assert noted(story, 5 * HOUR) == ["missed"]
    assert noted(story, 6 * HOUR) == ["missed"], "noted once"
    told = Event.objects.get(verb="gate.bypassed", facts__commitment=CLOSING)
    assert told.facts == {
        **told.facts,
        "act": "ticket.close",
        "commitment": CLOSING,
        "act_event": f"event:{event_id}",
    }
    assert share(story, 7 * HOUR).standing == "broken"
    (row,) = Obligation.objects.filter(contract=story.contract, commitment__name=CLOSING)
    assert (row.case_type, row.case_id, row.opened_event_id) == ("ticket", story.ticket.pk, told.pk)


def test_the_check_of_the_events_names_it_for_ever(settings, tmp_path):
    settings.SHOUYUE_HOME = tmp_path
    story = resolved()
    event_id = closed_in_sql(story, 4 * HOUR)
    noted(story, 5 * HOUR)
    found = [one for one in verification.verify().findings if one.kind == "unasked" and CLOSING in one.detail]
    assert [(one.event_id, one.subject) for one in found] == [(event_id, f"ticket:{story.ticket.pk}")]
    assert "ticket.close" in found[0].detail
    run = insights.ask_verification(actor=make_officer("audit_admin"))
    insights.run_verification(run.pk)
    page = client_of(make_officer("audit_admin")).get("/operate/verification/").content.decode()
    assert found[0].detail in page


def test_an_event_recorded_in_a_shell_is_found_too():
    story = resolved()
    with story.at(4 * HOUR):
        acting.record(story.agent, story.ticket, "ticket.closed")
    assert noted(story, 5 * HOUR) == ["missed"]


def test_a_pass_lets_one_act_through():
    """Closed properly, opened again and closed in SQL: the pass of the first time does not count for the second."""
    story = resolved().attribute(3 * HOUR).close(4 * HOUR).reopen(DAY)
    story.resolve(DAY + HOUR, texts=HANDLED, cause="line_hardware").confirm(DAY + 2 * HOUR)
    with story.at(DAY + 3 * HOUR):
        acting.record(story.agent, story.ticket, "ticket.closed")
    assert noted(story, DAY + 4 * HOUR) == ["kept", "missed"]


def test_what_the_job_missed_in_a_long_stop_the_check_still_names():
    story = resolved()
    closed_in_sql(story, 4 * HOUR)
    assert noted(story, timedelta(days=30)) == []
    assert {one.kind for one in bypassing.findings()} == {"unasked"}


def test_every_act_but_one_is_known_by_its_event():
    """A warranty starts with one milestone of several, so that no event tells of it alone."""
    known = {act for acts in gates.told_acts().values() for act in acts}
    assert set(gates.declared_acts()) - known == {"contract.start_warranty"}
    assert set(gates.told_acts()) <= set(events.declared_verbs())
