"""An act told of without its gate having been asked stays in the register: board, check of events, operator's page."""

from __future__ import annotations

import json
from datetime import timedelta
from textwrap import dedent

import pytest
from django.db import connection

from shouyue.accounts.tests.factories import client_of
from shouyue.commitments import tasks
from shouyue.commitments.models import Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.services import bypassing
from shouyue.commitments.tests.factories import contract_under, promised
from shouyue.contracts.tests.factories import make_plan_version, reach
from shouyue.contracts.tests.people import make_agent, make_officer
from shouyue.insights import services as insights
from shouyue.kernel import clock, events, gates, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.models import Event
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import acting, assignment
from shouyue.tickets.tests.factories import make_ticket

from .duty import reached
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


@pytest.mark.parametrize(
    ("milestone", "expected"), [("qualified-acceptance", ["missed"]), ("preliminary-acceptance", [])]
)
def test_a_warranty_started_past_its_gate_is_found_too(milestone, expected):
    """With the milestone it starts with, not with another of the same event."""
    story = Story("gov-build")
    with story.at(HOUR):
        reached(story.contract, milestone, story.contract.starts_on)
    with story.at(2 * HOUR):
        tasks.note_bypassed.run()
    assert story.states("warranty-start") == expected
    acts = {one.act for one in bypassing.unasked() if one.commitment == "warranty-start"}
    assert acts == ({"contract.start_warranty"} if expected else set())


@pytest.mark.parametrize("tier", ["T1", "T3"])
def test_a_gate_is_known_by_what_was_before_the_act_not_by_what_it_made_of_it(tier):
    """Handed from T1 to T3: what T3 alone is asked before handing on was not meant, and nobody is accused of it."""
    gate = f"""
        handing-on:
          kind: gate
          act: ticket.raise_tier
          when: {{tier: {tier}}}
          requires: {{guard: ticket.reason_given}}
    """
    contract = contract_under(dedent(gate))
    agent = make_agent()
    ticket = make_ticket(contract, actor=agent)
    assignment.take_ticket(actor=agent, ticket_id=ticket.pk)
    assignment.raise_tier(actor=agent, ticket_id=ticket.pk, to_tier="T3", reason="请原厂协助")
    assert bypassing.findings() == []


STAGES = """
milestones:
  final: {title: {zh: 终验, en: Final acceptance}, signed_by: [provider]}
stages:
  building: {title: {zh: 建设, en: Building}, from: contract.start, until: final}
  service: {title: {zh: 服务, en: Service}, from: final}
""".lstrip("\n")


def test_a_milestone_that_begins_a_stage_is_asked_for_nothing_of_that_stage():
    gate = """
        corrections:
          kind: gate
          act: contract.reach_milestone
          stages: service
          requires: {guard: contract.term_in_force, with: {length: 90 years}}
    """
    version = make_plan_version(promised(dedent(gate), STAGES))
    contract = contract_under(plan_version_id=version.pk)
    reach(contract, "final", clock.today(contract.time_zone))
    assert bypassing.findings() == []
    with pytest.raises(GateRefused):
        reach(contract, "final", contract.starts_on)


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


def test_the_events_of_all_times_are_read_bit_by_bit():
    story = Story("platform-equip").report().take(MINUTE)
    reading = bypassing._events([story.contract.pk], ["ticket.reported", "ticket.assigned"], None)
    assert next(reading).verb == "ticket.reported"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (1,)
    assert [event.verb for event in reading] == ["ticket.assigned"]


def test_every_act_is_known_by_its_event():
    assert set(gates.declared_acts()) == {act for acts in gates.told_acts().values() for act in acts}
    assert set(gates.told_acts()) <= set(events.declared_verbs())
