"""A campus network: each executable row kept once and broken, refused or ended once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.commitments.models import Obligation
from shouyue.commitments.services.gating import record_refusals
from shouyue.contracts.tests.factories import make_member
from shouyue.kernel.errors import GateRefused
from shouyue.signoff import services as signoffs
from shouyue.signoff.queries import steps_of
from shouyue.signoff.services import Asked

from . import seasons
from .seasons import MONDAY
from .story import DAY, HOUR, MINUTE, Story, beijing
from .test_calendar_rows import kept_then_broken

pytestmark = pytest.mark.django_db

PLAN = "campus-network"


def network(severity="building", start=MONDAY, **changes):
    return Story(f"examples/{PLAN}", start).report(severity=severity, **changes)


def test_n_01_answer_kept():
    assert network("campus").respond(5 * MINUTE).state("answer") == "kept"
    assert network("user", channel="im").respond(2 * HOUR).state("answer") == "kept"


def test_n_01_answer_broken():
    assert network("room").respond(16 * MINUTE).state("answer") == "late"


def test_n_01_one_user_at_night_is_answered_when_teaching_begins():
    story = network("user", beijing("2026-03-02 21:50"))  # ten minutes tonight, twenty from eight on
    assert story.due("answer") == beijing("2026-03-03 08:20") - story.start


def test_n_02_on_the_spot_kept():
    assert network().take(MINUTE).arrive(30 * MINUTE).state("on-the-spot") == "kept"


def test_n_02_on_the_spot_broken():
    assert network("room").wait(HOUR + MINUTE).state("on-the-spot") == "missed"


def test_n_03_restored_kept_while_the_carrier_is_waited_for():
    story = network().take(MINUTE).hold(HOUR, "vendor").go_on(5 * HOUR)
    assert story.due("restored") == 6 * HOUR
    assert story.resolve(6 * HOUR).state("restored") == "kept"


def test_n_03_restored_broken():
    assert network("campus").wait(HOUR + MINUTE).state("restored") == "missed"


def test_n_04_examinations_kept():
    story = network("room", request_class="examination").take(MINUTE).arrive(15 * MINUTE)
    assert story.state("examinations") == "kept"


def test_n_04_examinations_broken():
    assert network("room", request_class="examination").wait(16 * MINUTE).state("examinations") == "missed"


def test_n_04_an_ordinary_day_has_no_such_limit():
    assert network("room").wait(16 * MINUTE).state("examinations") == "none"


def test_n_05_dormitories_kept():
    assert network("user", channel="im").take(HOUR).resolve(16 * HOUR).state("dormitories") == "kept"


def test_n_05_dormitories_broken():
    assert network("user", channel="im").wait(16 * HOUR + MINUTE).state("dormitories") == "missed"


def test_n_06_raised_kept():
    story = network("campus").take(MINUTE).wait(HOUR + MINUTE)
    assert story.due("raised") == HOUR + 10 * MINUTE
    assert story.raise_tier(HOUR + 9 * MINUTE, "T2").state("raised") == "kept"


def test_n_06_raised_broken():
    assert network("campus").take(MINUTE).wait(HOUR + MINUTE).wait(HOUR + 11 * MINUTE).state("raised") == (
        "missed"
    )


def test_n_07_promised_times_kept():
    story = network().take(MINUTE).promise(2 * MINUTE, 2 * HOUR).answer(2 * HOUR)
    assert story.state("promised-times") == "kept"


def test_n_07_promised_times_broken():
    assert network().take(MINUTE).promise(2 * MINUTE, HOUR).wait(HOUR + MINUTE).state("promised-times") == (
        "missed"
    )


def asked_to_stop():
    story = network("campus", request_type="change")
    with story.at(HOUR):
        asking = actor_of(make_member(story.contract, "project_manager").pk)
        contact = actor_of(make_member(story.contract, "customer.it_contact").pk)
        signoff = signoffs.ask(
            actor=asking,
            kind="consent",
            purpose="change",
            subject=("ticket", story.ticket.pk),
            customer_id=story.contract.customer_id,
            contract_id=story.contract.pk,
            scope="凌晨停机四十分钟",
            steps=[Asked(capacity="it_contact")],
        )
    return story, contact, steps_of(signoff)[0]


def reply(story):
    return Obligation.objects.get(contract=story.contract, commitment__name="university-replies")


def test_n_09_university_replies_kept():
    story, contact, step = asked_to_stop()
    with story.at(DAY):
        signoffs.give(actor=contact, step_id=step.pk)
    assert reply(story).state == "kept"


def test_n_09_university_replies_broken_and_silence_is_consent():
    story, _contact, _step = asked_to_stop()
    assert reply(story).due_at == beijing("2026-03-05 17:30")
    story.wait(4 * DAY)
    assert reply(story).state == "missed"


def test_n_17_confirmed_kept():
    story = network().take(MINUTE).resolve(HOUR).confirm(2 * HOUR).close(3 * HOUR)
    assert story.state("confirmed") == "kept"


def test_n_17_confirmed_broken():
    story = network().take(MINUTE).resolve(HOUR)
    with pytest.raises(GateRefused):
        story.close(2 * HOUR)
    record_refusals()
    assert story.state("confirmed") == "refused"


def test_n_20_few_returns_kept_and_broken():
    story = network().take(MINUTE).resolve(HOUR).confirm(2 * HOUR).close(3 * HOUR)
    seasons.pass_to(beijing("2026-04-01 00:05"))
    assert seasons.states(story.contract, "few-returns")[0] == "kept"
    story = network().take(MINUTE).resolve(HOUR).confirm(2 * HOUR).close(3 * HOUR).reopen(DAY)
    seasons.pass_to(beijing("2026-04-01 00:05"))
    assert seasons.states(story.contract, "few-returns")[0] == "missed"


def test_n_22_events_included_kept_twelve_times_a_contract_year():
    contract = seasons.contract_under(PLAN)
    found = [
        seasons.charged(contract, "event-network", MONDAY + day * DAY, request_type="event_support")[1]
        for day in range(13)
    ]
    assert found[:12] == ["events-included"] * 12
    assert found[12] != "events-included"


def test_n_23_weekly_rounds_kept_and_broken():
    contract = seasons.contract_under(PLAN, areas=["urban"])
    site = contract.sites.get().site_id
    seasons.happened(
        contract, MONDAY + DAY, "visit.left", request_type="inspection", outcome="solved", site=f"site:{site}"
    )
    seasons.pass_to(MONDAY + 14 * DAY)
    assert seasons.states(contract, "weekly-rounds")[:2] == ["kept", "missed"]


def test_n_24_asked_afterwards_kept_and_broken():
    contract = seasons.contract_under(PLAN)
    seasons.happened(contract, MONDAY + DAY, "ticket.called_back", 10, request_type="incident")
    seasons.pass_to(beijing("2026-05-01 09:00"))
    assert seasons.states(contract, "asked-afterwards")[:2] == ["kept", "missed"]


def test_n_25_rooms_in_order_kept_and_broken():
    kept_then_broken(f"examples/{PLAN}", "rooms-in-order", "service_manager", timedelta(days=31))
