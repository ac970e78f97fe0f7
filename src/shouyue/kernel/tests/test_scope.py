"""The database's own wall: a scoped transaction sees and writes only its customers' rows."""

import pytest
from django.db import DatabaseError, connection, transaction

from shouyue.kernel import events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.events import Verb
from shouyue.kernel.models import Event, EventHead
from shouyue.kernel.scope import EVERYTHING, NOTHING, Scope, acting_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_customers(monkeypatch):
    monkeypatch.setattr(events, "_verbs", {"thing.made": Verb("thing.made", "Made")})
    monkeypatch.setattr(events, "_consumers", [])
    monkeypatch.setattr(events, "_enrichers", [])
    for customer in (7, 8):
        events.record("thing.made", actor=SYSTEM, subject=("thing", customer), customer_id=customer)


def seen():
    return sorted(Event.objects.values_list("customer_id", flat=True))


def test_each_scope_sees_its_own_rows():
    assert seen() == [7, 8]
    with acting_in(Scope(customers=frozenset({7}))):
        assert seen() == [7]
    with acting_in(Scope(customers=frozenset({7, 8}))):
        assert seen() == [7, 8]
    with acting_in(NOTHING):
        assert seen() == []


def test_the_outer_scope_returns_after_a_nested_block():
    with acting_in(Scope(customers=frozenset({8}))):
        with acting_in(EVERYTHING):
            assert seen() == [7, 8]
        assert seen() == [8]
    assert seen() == [7, 8]


def test_the_outer_scope_returns_after_a_failed_nested_block():
    with acting_in(Scope(customers=frozenset({8}))):
        with pytest.raises(ZeroDivisionError), acting_in(EVERYTHING):
            _ = 1 / 0
        assert seen() == [8]


def test_writing_for_a_foreign_customer_is_refused():
    with acting_in(Scope(customers=frozenset({7}))), pytest.raises(DatabaseError, match="row-level security"):
        with transaction.atomic():
            events.record("thing.made", actor=SYSTEM, subject=("thing", 99), customer_id=8)
    assert Event.objects.filter(subject_id=99).count() == 0


def test_joining_a_foreign_chain_is_refused():
    with acting_in(Scope(customers=frozenset({7}))), pytest.raises(DatabaseError), transaction.atomic():
        events.record("thing.made", actor=SYSTEM, subject=("thing", 8), customer_id=7)
    assert EventHead.objects.get(subject_id=8).seq == 1


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(customers=frozenset({7}))])
def test_partitions_cannot_be_read_directly(scope):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'kernel_event'::regclass"
        )
        partitions = [row[0] for row in cursor.fetchall()]
    assert len(partitions) > 12
    for partition in partitions:
        with acting_in(scope), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(f"SELECT count(*) FROM {partition}")


def test_every_table_with_a_customer_has_its_wall():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
            " AND NOT (c.relrowsecurity AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) = 2)"
        )
        open_tables = {row[0] for row in cursor.fetchall()}
    # users sign in before their customer is known; they are read by name and id only
    assert open_tables <= {"accounts_user"}
