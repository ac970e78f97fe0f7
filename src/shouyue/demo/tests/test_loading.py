"""A short life in an empty database, and the refusal to touch any other."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from shouyue.accounts.models import User
from shouyue.commitments.calendar_models import Decision
from shouyue.commitments.models import Obligation
from shouyue.contracts.models import Contract
from shouyue.demo.choices import State
from shouyue.demo.models import DemoProgress, DemoStep, DemoStory
from shouyue.demo.rules import pictures, texts
from shouyue.demo.rules.script import Step
from shouyue.demo.services import acting, erasing, loading, playing
from shouyue.kernel import clock, verification
from shouyue.kernel.errors import Conflict
from shouyue.kernel.models import EventAnchor
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.parties.models import Contact
from shouyue.runtime.errors import Problem
from shouyue.signoff.models import Signoff
from shouyue.tickets.models import Ticket
from shouyue.visits.models import Visit

END = datetime(2026, 3, 12, 6, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_anchors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Copies of anchors outside are an installation's: a test reads and erases none of them."""
    monkeypatch.setattr(verification, "anchor_file", lambda: tmp_path / "events.jsonl")


def load(tickets: int = 40, days: int = 3, end: datetime = END) -> loading.Outcome:
    return loading.load(days=days, tickets=tickets, seed=3, end=end)


def count(what: str, *parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {what}", parameters)
        return int(cursor.fetchone()[0])


def digest_of_life() -> str:
    """What happened, without ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.number, t.title, t.status, t.reported_at::text, t.resolved_at::text, u.username"
            " FROM tickets_ticket t LEFT JOIN accounts_user u ON u.id = t.assignee_id ORDER BY t.number"
        )
        tickets = cursor.fetchall()
        cursor.execute(
            "SELECT t.number, m.name, o.state, o.due_at::text, o.kept_at::text FROM commitments_obligation o"
            " JOIN commitments_commitment m ON m.id = o.commitment_id"
            " JOIN tickets_ticket t ON o.case_type = 'ticket' AND t.id = o.case_id"
            " ORDER BY t.number, m.name, o.occurrence, o.opened_at"
        )
        verdicts = cursor.fetchall()
    assert tickets
    assert verdicts
    return hashlib.sha256(json.dumps([tickets, verdicts]).encode()).hexdigest()


@pytest.mark.django_db
def test_load_makes_the_world_and_settles_promises_in_virtual_time() -> None:
    outcome = load()
    assert outcome.problems == []
    assert outcome.steps > 250
    assert DemoProgress.objects.get().state == State.READY
    assert Ticket.objects.count() == 40
    assert Contract.objects.count() == 8
    assert set(Contract.objects.get(code="ATM").sites.values_list("area", flat=True)) == {
        "city",
        "town",
        "village",
    }
    crossings = Contract.objects.get(code="FV").sites
    assert (crossings.filter(area="urban").count(), crossings.filter(area="outer").count()) == (23, 46)
    assert User.objects.get(username="desk").check_password("keep-our-word")
    approvers = Contact.objects.filter(capacities__contains=["approver"], user__isnull=False)
    assert approvers.values("customer_id").distinct().count() == 8
    assert Visit.objects.filter(state="left").exists()
    assert count("commitments_obligation WHERE state = 'kept'") > 50
    assert count("commitments_obligation WHERE settled_at > %s OR next_at <= %s", END, END) == 0
    assert count("notifications_notice WHERE state = 'queued' OR created_at > %s", END) == 0
    tomorrow = END + timedelta(days=1)
    assert count("commitments_commitment WHERE kind = 'recurring' AND next_at > %s", tomorrow) == 0
    report = verification.verify()
    assert report.events > 300
    assert report.findings == ()
    assert report.anchors == 1
    assert EventAnchor.objects.get().day == date(2026, 3, 11)
    with pytest.raises(Conflict) as refusal:
        load(tickets=5)
    assert refusal.value.code == "loaded"
    assert Ticket.objects.count() == 40


@pytest.mark.django_db(transaction=True)
def test_load_after_erasing_gives_the_same_life() -> None:
    with acting_in(EVERYTHING):
        loading.mark(days=1, tickets=1, seed=1, at=END)
    erasing.erase()  # numbers begin anew, whatever other tests have left
    load(tickets=25)
    with acting_in(EVERYTHING):
        first = digest_of_life()
        verification.anchor_day(date(2026, 3, 12))
    erasing.erase()
    with acting_in(EVERYTHING):
        assert loading.is_empty()
        assert verification.verify().findings == ()
        assert count("kernel_event") == 0
    load(tickets=25)
    with acting_in(EVERYTHING):
        assert digest_of_life() == first


@pytest.mark.django_db(transaction=True)
def test_erase_steps_back_from_those_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with acting_in(EVERYTHING):
        loading.mark(days=1, tickets=1, seed=1, at=END)
    empty, tries = erasing._empty, []

    def counted(admin: psycopg.Connection) -> None:
        tries.append(1)
        if len(tries) == 2:
            other.rollback()
        empty(admin)

    monkeypatch.setattr(erasing, "_empty", counted)
    with psycopg.connect(erasing.admin_url()) as other:
        other.execute("LOCK TABLE tickets_ticket IN ROW EXCLUSIVE MODE")
        erasing.erase()
    assert len(tries) == 2
    with acting_in(EVERYTHING):
        assert loading.is_empty()
        loading.mark(days=1, tickets=1, seed=1, at=END)
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.0)
    with psycopg.connect(erasing.admin_url()) as other:
        other.execute("LOCK TABLE kernel_event IN ACCESS SHARE MODE")
        tries.append(1)
        with pytest.raises(Problem, match="shouyue stop"):
            erasing.erase()
    erasing.erase()


@pytest.mark.django_db
def test_load_refuses_a_database_with_other_data() -> None:
    User.objects.create(username="real", name="真人", name_key="zhenren", created_at=clock.now())
    with pytest.raises(Conflict) as refusal:
        load()
    assert refusal.value.code == "not_empty"
    assert not DemoProgress.objects.exists()
    assert Ticket.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_load_ends_when_the_server_has_let_real_time_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_connection(*_: object, **__: object) -> None:
        with psycopg.connect(erasing.admin_url()) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [loading._server_process()])
        connection.close()

    monkeypatch.setattr(loading, "_live_through", lose_the_connection)
    monkeypatch.setattr(loading, "CHUNK", 10)
    with pytest.raises(Problem, match="was lost"):
        load(tickets=10)
    with acting_in(EVERYTHING):
        assert DemoProgress.objects.get().state == State.FAILED
    erasing.erase()


@pytest.mark.django_db
def test_a_step_that_fails_ends_its_own_story_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def perform(_cast: acting.Cast, _thread: acting.Thread, step: Step) -> None:
        with transaction.atomic():
            DemoStory.objects.create(key=step.verb)
            if step.verb == "impossible":
                raise Conflict("no", code="no")

    monkeypatch.setattr(acting, "perform", perform)
    threads = [acting.Thread("good"), acting.Thread("bad")]
    verbs = [(0, "one"), (1, "impossible"), (1, "given up"), (0, "two")]
    part = [
        loading.Moment(END + timedelta(seconds=number), story, number, Step(END, verb, "desk", {}))
        for number, (story, verb) in enumerate(verbs)
    ]
    outcome = loading.Outcome()
    loading._live_through(part, threads, acting.Cast(), outcome, 50, looks=False)
    assert set(DemoStory.objects.values_list("key", flat=True)) == {"one", "two"}
    assert outcome.steps == 2
    assert outcome.problems == ["bad impossible: no"]
    assert threads[1].gave_up
    assert connection.features.uses_savepoints


@pytest.mark.django_db
def test_erase_and_play_refuse_what_is_no_demo() -> None:
    with pytest.raises(Conflict):
        erasing.erase()
    with pytest.raises(Conflict):
        playing.play_turn(acting.Cast())


@pytest.mark.django_db
def test_play_goes_on_where_life_stopped_and_does_nothing_twice() -> None:
    load()
    due = DemoStep.objects.filter(at__lte=END + timedelta(minutes=40))
    assert due.exists()
    with clock.at(END + timedelta(minutes=40)):
        while playing.play_turn(acting.Cast()).steps:
            pass
        assert not due.exists()
        assert playing.play_turn(acting.Cast()) == playing.Played()
    assert not DemoStory.objects.exclude(gave_up="").exists()
    story = DemoStory.objects.filter(ticket_id__isnull=False, steps__verb="close_ticket").first()
    assert story is not None
    Ticket.objects.filter(pk=story.ticket_id).update(status="cancelled")
    DemoStep.objects.exclude(story=story).delete()
    with clock.at(END + timedelta(days=9)):
        playing.play_turn(acting.Cast())
    assert DemoStory.objects.get(pk=story.pk).gave_up != ""
    assert not DemoStep.objects.filter(story=story).exists()


@pytest.mark.django_db
def test_speed_brings_what_is_to_come_nearer() -> None:
    loading.mark(days=1, tickets=1, seed=1, at=END)
    DemoProgress.objects.update(state=State.READY)
    story = DemoStory.objects.create(key="one")
    step = DemoStep.objects.create(story=story, at=END + timedelta(hours=2), position=0, verb="x", by="desk")
    with clock.at(END):
        playing.set_speed(20)
    step.refresh_from_db()
    assert step.at == END + timedelta(minutes=6)


def test_a_picture_is_a_png_and_the_same_for_the_same_seed() -> None:
    picture = pictures.rack("one")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture == pictures.rack("one")
    assert picture != pictures.rack("two")


@pytest.mark.django_db
def test_a_longer_life_keeps_and_breaks_promises_of_every_kind_in_unseen_contracts() -> None:
    outcome = load(tickets=220, days=32)
    assert outcome.problems == []
    kinds = set(
        Obligation.objects.filter(
            contract__code__in=("HOSP", "CAMPUS", "ATM"), state__in=("kept", "missed", "late")
        ).values_list("commitment__kind", "state")
    )
    assert {kind for kind, state in kinds if state == "kept"} >= {
        "deadline",
        "gate",
        "recurring",
        "standing",
    }
    assert {kind for kind, state in kinds if state != "kept"} >= {"deadline", "quota", "recurring"}
    assert {kind for kind, _state in kinds} >= {"quota", "target"}  # which way is a matter of few cases
    assert Decision.objects.filter(source="entitlement").exists()
    assert Signoff.objects.filter(state="given", contract__code="ATM").exists()


def test_every_phrase_can_be_filled() -> None:
    words = texts.Words(
        dict.fromkeys(
            ("title", "place", "n", "port", "dept", "floor", "source", "person", "engineer", "hours"), "某处"
        )
    )
    for sort, phrases in texts._talk().items():
        for phrase in phrases:
            assert words.fill(phrase), sort
    for row in texts.contracts():
        for fault in texts.faults(row["plan"]):
            assert fault.cause in texts.CAUSES
            assert all(words.fill(said) for said in fault.says)
