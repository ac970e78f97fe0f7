"""Stored events replayed under another plan: what differs, and that nothing is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from shouyue.commitments.models import Obligation
from shouyue.commitments.services.replaying import count_cases, replay_plan
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.planning import services as planning
from shouyue.contracts.tests.factories import PLAN, make_contract, make_member
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db
STRICT = PLAN.replace("within: 8 h", "within: 3 h")


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB")


def happen(contract: Contract, case: int, verb: str, hours_ago: float) -> None:
    events.record(
        verb,
        actor=SYSTEM,
        subject=("ticket", case),
        case=("ticket", case),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts={"request_type": "incident"},
        occurred_at=clock.now() - timedelta(hours=hours_ago),
    )


@pytest.fixture
def story(contract) -> Contract:
    """One ticket solved after five hours, one never solved."""
    happen(contract, 1, "ticket.reported", 40)
    happen(contract, 1, "ticket.resolved", 35)
    happen(contract, 2, "ticket.reported", 30)
    return contract


def replayed(contract: Contract, text: str):
    plan = parse_text(text).plan
    assert plan is not None
    now = clock.now()
    return replay_plan(contract.pk, plan, since=now - timedelta(days=9), until=now, language="zh-hans")


def line(found, name):
    return next(one for one in found.lines if one.name == name)


def test_a_stricter_plan_would_have_been_broken_more_often(story):
    found = replayed(story, STRICT)
    resolve = line(found, "resolve")
    assert (resolve.now.kept, resolve.now.late, resolve.now.missed) == (1, 0, 1)
    assert (resolve.then.kept, resolve.then.late, resolve.then.missed) == (0, 1, 1)
    assert (found.cases, resolve.title, resolve.differs) == (2, "解决", True)


def test_the_same_plan_gives_the_same_figures_and_those_of_the_register(story):
    found = replayed(story, PLAN)
    assert not any(one.differs for one in found.lines)
    stored = Obligation.objects.filter(contract=story, commitment__name="resolve", state="kept").count()
    assert line(found, "resolve").then.kept == stored == 1


def test_promises_of_one_plan_alone(story):
    found = replayed(story, PLAN.replace("\n  resolve:\n", "\n  solve:\n"))
    assert (line(found, "solve").now, line(found, "resolve").then) == (None, None)


def test_nothing_is_written(story):
    before = (Event.objects.count(), list(Obligation.objects.order_by("pk").values()))
    replayed(story, STRICT)
    assert (Event.objects.count(), list(Obligation.objects.order_by("pk").values())) == before


def test_only_cases_of_the_contract_and_the_time_count(story):
    other = make_contract()
    happen(other, 3, "ticket.reported", 5)
    now = clock.now()
    assert count_cases(story.pk, now - timedelta(days=9), now) == 2
    assert count_cases(story.pk, now - timedelta(days=9), now - timedelta(days=5)) == 0


def test_page_replays_a_draft_for_managers_alone(story):
    manager = make_member(story, Role.PROJECT_MANAGER)
    draft = planning.create_draft(
        actor=SYSTEM, contract_id=story.pk, start=f"version:{story.plan_version_id}", text=STRICT
    )
    today = clock.today(story.time_zone)
    url = f"/promises/GB/replay/?plan=draft:{draft.pk}&from={today - timedelta(days=9)}&to={today}"
    client = Client()
    client.force_login(manager)
    body = client.get(url).content.decode()
    assert "解决" in body
    assert "50.0%" in body
    for user, expected in (
        (make_member(story, Role.LEADER), 403),
        (make_member(story, Role.AGENT), 403),
        (make_member(make_contract(), Role.PROJECT_MANAGER), 404),
    ):
        client.force_login(user)
        assert client.get(url).status_code == expected


@pytest.mark.parametrize("query", ["from=x", "from=2026-05-01&to=2020-01-01", "plan=draft:99999", "plan=zzz"])
def test_bad_questions_are_answered(story, query):
    client = Client()
    client.force_login(make_member(story, Role.PROJECT_MANAGER))
    assert client.get(f"/promises/GB/replay/?plan=version:1&{query}").status_code in (200, 404)
