"""Events: typed, chained, append-only."""

import pytest
from django.db import DatabaseError, connection, transaction

from shouyue.kernel import events, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.events import FactType, Verb
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _verbs(monkeypatch):
    monkeypatch.setattr(
        events, "_verbs", {"thing.made": Verb("thing.made", "Made", {"size": FactType.INTEGER})}
    )
    monkeypatch.setattr(events, "_consumers", [])


def make(subject_id=1, **facts):
    return events.record("thing.made", actor=SYSTEM, subject=("thing", subject_id), facts=facts)


def test_record_numbers_the_rows_of_a_subject():
    assert [make().seq, make().seq, make(2).seq] == [1, 2, 1]


def test_record_keeps_typed_facts_and_refuses_others():
    make(size=3)
    assert Event.objects.get().facts == {"size": 3}
    with pytest.raises(ValueError, match="must be integer"):
        make(size="three")
    with pytest.raises(ValueError, match="no fact 'colour'"):
        make(colour="red")
    with pytest.raises(ValueError, match="unknown verb"):
        events.record("thing.lost", actor=SYSTEM, subject=("thing", 1))


@pytest.mark.parametrize("sql", ["UPDATE kernel_event SET verb = 'x'", "DELETE FROM kernel_event"])
def test_the_database_refuses_changes(sql):
    make()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Event.objects.count() == 1


def new(subject_id=1, **changes):
    return events.NewEvent(verb="thing.made", actor=SYSTEM, subject=("thing", subject_id), **changes)


def test_many_events_continue_the_chains_of_their_subjects(settings, tmp_path):
    settings.SHOUYUE_HOME = tmp_path
    make(1)
    found = events.record_many([new(1), new(2), new(1), new(3), new(1)])
    assert [(one.subject_id, one.seq) for one in found] == [(1, 2), (2, 1), (1, 3), (3, 1), (1, 4)]
    assert make(1).seq == 5  # the head of the chain has moved along
    report = verification.verify()
    assert (report.events, report.subjects, report.findings) == (7, 3, ())


def test_many_events_of_two_customers_stay_each_with_its_own():
    found = events.record_many(
        [
            new(1, customer_id=7, facts={"size": 1}),
            new(2, customer_id=8, facts={"size": 2}),
            new(1, customer_id=7),
        ]
    )
    rows = {row.pk: row for row in Event.objects.all()}
    assert [(rows[one.id].customer_id, rows[one.id].facts) for one in found] == [
        (7, {"size": 1}),
        (8, {"size": 2}),
        (7, {}),
    ]


def test_consumers_hear_of_many_events_in_their_order_and_when_all_are_written(monkeypatch):
    heard = []
    monkeypatch.setattr(
        events, "_consumers", [lambda event: heard.append((event.subject_id, Event.objects.count()))]
    )
    events.record_many([new(2), new(1), new(2)])
    assert sorted(heard) == [(1, 3), (2, 3), (2, 3)]


def test_no_events_are_no_work(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(events, "_consumers", [lambda event: pytest.fail("nothing happened")])
    with django_assert_num_queries(0):
        assert events.record_many([]) == []


def test_one_wrong_event_among_many_leaves_none():
    with pytest.raises(ValueError, match="no fact 'colour'"):
        events.record_many([new(1), new(2, facts={"colour": "red"})])
    assert Event.objects.count() == 0
