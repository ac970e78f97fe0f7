"""Stored events replayed under another plan: what differs, and that nothing is written."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.utils import InternalError
from django.test import Client

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.commitments.models import Obligation
from shouyue.commitments.replay_models import Replay
from shouyue.commitments.services import replays
from shouyue.commitments.services.replaying import replay_plan
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.planning import services as planning
from shouyue.contracts.tests.factories import PLAN, make_contract, make_member
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event

from .factories import beijing, contract_under, happens, plan_text

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
    """One ticket solved after five hours, one never solved; both answered at once, whatever hours these were."""
    happen(contract, 1, "ticket.reported", 40)
    happen(contract, 1, "ticket.responded", 39.9)
    happen(contract, 1, "ticket.resolved", 35)
    happen(contract, 2, "ticket.reported", 30)
    happen(contract, 2, "ticket.responded", 29.9)
    return contract


def replayed(contract: Contract, text: str, *, until: timedelta = timedelta()):
    plan = parse_text(text).plan
    assert plan is not None
    now = clock.now()
    return replay_plan(
        contract.pk, plan, since=now - timedelta(days=9), until=now - until, language="zh-hans"
    )


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
    assert replayed(story, STRICT).cases == 2
    assert replayed(story, STRICT, until=timedelta(days=5)).cases == 0


def asked(contract, text=STRICT, actor=SYSTEM, days=9):
    today = clock.today(contract.time_zone)
    return replays.ask_replay(
        actor=actor,
        contract_id=contract.pk,
        text=text,
        label="v2",
        first=today - timedelta(days=days),
        last=today,
    )


def test_a_job_keeps_what_it_found_and_writes_nothing_else(story):
    made = asked(story)
    assert (made.state, made.progress) == ("waiting", 0)
    before = (Event.objects.count(), list(Obligation.objects.order_by("pk").values()))
    replays.make_replay.run(replay_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.progress, made.result["cases"]) == ("ready", 100, 2)
    resolve = next(one for one in made.result["lines"] if one["name"] == "resolve")
    assert (resolve["then"]["late"], resolve["differs"]) == (1, True)
    assert (Event.objects.count(), list(Obligation.objects.order_by("pk").values())) == before


def test_the_database_refuses_to_write_while_replaying(story):
    with pytest.raises(InternalError, match="read-only"), replays.reading():
        Obligation.objects.filter(contract=story).update(state="void")
    assert not Obligation.objects.filter(contract=story, state="void").exists()


def test_twice_changes_nothing_and_deleted_is_left_alone(story):
    made = asked(story)
    replays.make_replay.run(replay_id=made.pk)
    finished = Replay.objects.get(pk=made.pk).finished_at
    replays.make_replay.run(replay_id=made.pk)
    assert Replay.objects.get(pk=made.pk).finished_at == finished
    replays.delete_replay(actor=SYSTEM, replay_id=made.pk)
    replays.make_replay.run(replay_id=made.pk)
    assert not Replay.objects.exists()


def test_a_wrong_text_or_time_is_refused_and_the_fourth_waits(story):
    with pytest.raises(Invalid):
        asked(story, text="plan: x")
    with pytest.raises(Invalid):
        asked(story, days=900)
    for _ in range(3):
        asked(story)
    with pytest.raises(Conflict):
        asked(story)


def test_only_who_manages_the_plan_asks_reads_and_deletes(story):
    made = asked(story)
    for role in (Role.LEADER, Role.AGENT, Role.SUPERVISION_FIRM):
        person = actor_from(make_member(story, role))
        with pytest.raises(NotAllowed):
            asked(story, actor=person)
        with pytest.raises(NotFound):
            replays.delete_replay(actor=person, replay_id=made.pk)
        client = Client()
        client.force_login(User.objects.get(pk=person.user_id))
        assert client.get(f"/promises/{story.code}/replay/").status_code == 403
        assert client.get(f"/replays/{made.pk}/").status_code == 404
        assert client.get(f"/api/contracts/{story.code}/replays").status_code == 403
    assert Replay.objects.count() == 1


def test_page_asks_shows_progress_and_result_and_deletes(story):
    manager = make_member(story, Role.PROJECT_MANAGER)
    draft = planning.create_draft(
        actor=SYSTEM, contract_id=story.pk, start=f"version:{story.plan_version_id}", text=STRICT
    )
    today = clock.today(story.time_zone)
    client = Client()
    client.force_login(manager)
    given = {"plan": f"draft:{draft.pk}", "from": today - timedelta(days=9), "to": today}
    response = client.post("/promises/GB/replay/", given)
    made = Replay.objects.get()
    assert response.headers["Location"] == f"/replays/{made.pk}/"
    assert 'hx-trigger="every 2s"' in client.get(f"/replays/{made.pk}/").content.decode()
    replays.make_replay.run(replay_id=made.pk)
    page = client.get(f"/replays/{made.pk}/?show=changed")
    assert [line["name"] for line in page.context["lines"]] == ["resolve"]
    assert "75.0%" in page.content.decode()
    assert "50.0%" in page.content.decode()
    assert client.get("/promises/GB/replay/").context["rows"] == [made]
    client.post(f"/replays/{made.pk}/delete/")
    assert not Replay.objects.exists()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from": "x"}, 422),
        ({"from": "2026-05-01", "to": "2020-01-01"}, 422),
        ({"plan": "draft:99999"}, 404),
        ({"plan": "zzz"}, 404),
        ({"plan": ""}, 422),
    ],
)
def test_bad_questions_are_answered(story, change, status):
    client = Client()
    client.force_login(make_member(story, Role.PROJECT_MANAGER))
    given = {"plan": f"version:{story.plan_version_id}", "from": "2026-01-01", "to": "2026-02-01"}
    assert client.post(f"/promises/{story.code}/replay/", given | change).status_code == status
    assert not Replay.objects.exists()


def test_api_asks_once_and_tells_the_result(story):
    client = Client()
    client.force_login(make_member(story, Role.PROJECT_MANAGER))
    today = clock.today(story.time_zone)
    body = {"text": STRICT, "first_on": str(today - timedelta(days=9)), "last_on": str(today)}
    url = f"/api/contracts/{story.code}/replays"
    first, again = (
        client.post(url, body, content_type="application/json", headers={"Idempotency-Key": "one"})
        for _ in range(2)
    )
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    replays.make_replay.run(replay_id=first.json()["id"])
    told = client.get(f"/api/replays/{first.json()['id']}").json()
    assert (told["state"], told["cases"]) == ("ready", 2)
    assert [line["name"] for line in told["lines"] if line["differs"]] == ["resolve"]
    assert client.delete(f"/api/replays/{first.json()['id']}").status_code == 204
    assert client.get(url).json() == []


# Promises the calendar runs

PERIODS = """
report:
  kind: recurring
  every: week
  kept_by: ticket.closed
calls:
  kind: quota
  every: month
  amount: {count: ticket.resolved}
  at_least: 2
fast:
  kind: target
  every: month
  measure: commitment.kept_share
  with: {commitment: respond}
  at_least: 90%
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 60 min
nda:
  kind: standing
  holds: {guard: contract.term_in_force}
  check: 1 day
"""


def in_march(contract):
    """Two faults answered after half an hour, two closed in the first week, one in the third."""
    for case, day in ((11, 3), (12, 4)):
        for verb, minutes in (("ticket.reported", 0), ("ticket.responded", 30), ("ticket.resolved", 90)):
            at = beijing(f"2026-03-0{day} 09:00") + timedelta(minutes=minutes)
            happens(contract, case, verb, at, severity="minor")
    for case, day in ((11, "04"), (12, "05"), (13, "17")):
        happens(contract, case, "ticket.closed", beijing(f"2026-03-{day} 10:00"))


def march(contract, text):
    plan = parse_text(text).plan
    assert plan is not None, parse_text(text).problems
    with clock.at(beijing("2026-05-01 00:00")):
        return replay_plan(
            contract.pk,
            plan,
            since=beijing("2026-03-01 00:00"),
            until=beijing("2026-04-01 00:00"),
            language="en",
        )


@pytest.fixture
def lived_march(db):
    with clock.at(beijing("2026-02-20 09:00")):
        contract = contract_under(PERIODS)
    in_march(contract)
    return contract


def test_recurring_quota_and_target_are_replayed(lived_march):
    text = plan_text(PERIODS, lived_march.plan_version.plan)
    found = march(lived_march, text)
    report, calls, fast = (line(found, name) for name in ("report", "calls", "fast"))
    assert (report.then.kept, report.then.late, report.then.missed) == (2, 1, 2)
    assert [(one.period, one.amount, one.state) for one in calls.amounts_then] == [("2026-03", 2.0, "kept")]
    assert [(one.amount, one.state) for one in fast.amounts_then] == [(100.0, "kept")]
    assert not any(one.differs for one in found.lines)


def test_other_numbers_give_other_verdicts(lived_march):
    text = plan_text(
        PERIODS.replace("every: week", "every: month")
        .replace("at_least: 2", "at_least: 3")
        .replace("60 min", "20 min"),
        lived_march.plan_version.plan,
    )
    found = march(lived_march, text)
    report, calls, fast = (line(found, name) for name in ("report", "calls", "fast"))
    assert (report.then.kept, report.then.missed) == (1, 0)
    assert (calls.now.kept, calls.then.missed) == (1, 1)
    assert [(one.amount, one.state) for one in fast.amounts_then] == [(0.0, "missed")]


def test_what_was_not_recorded_is_said_not_guessed(lived_march):
    same = march(lived_march, plan_text(PERIODS, lived_march.plan_version.plan))
    assert (line(same, "nda").basis, line(same, "nda").reason) == ("recorded", "condition")
    changed = PERIODS.replace("check: 1 day", "check: 1 h").replace("every: week", "max_gap: 2 days")
    found = march(lived_march, plan_text(changed, lived_march.plan_version.plan))
    assert {one.name: one.reason for one in found.lines if one.basis == "none"} == {
        "nda": "condition",
        "report": "silence",
    }
    assert found.left_out == 2


ENDING = """
last-look:
  kind: recurring
  every: once
  due: warranty.end
  kept_by: ticket.closed
"""


def test_another_plan_has_its_own_warranty(db):
    """Under the plan in force the warranty ends next year, under the other one within the time replayed."""
    warranty = """warranty:
  starts: contract.start
  classes:
    hardware: {title: {zh: 硬件, en: Hardware}, lasts: %s}
zone: Asia"""
    text = plan_text(ENDING, "ending")
    with clock.at(beijing("2026-02-20 09:00")):
        contract = make_contract(
            text=text.replace("zone: Asia", warranty % "1 year", 1), starts_on=date(2026, 2, 1)
        )
    found = line(march(contract, text.replace("zone: Asia", warranty % "6 weeks", 1)), "last-look")
    assert (found.now.missed, found.then.missed) == (0, 1)
