"""Events: typed, chained, append-only."""

import pytest
from django.db import DatabaseError, connection, transaction

from shouyue.kernel import events
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
