"""What somebody with the server's own rights does to the event table is found and named by `verify`."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from shouyue.kernel import events, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.events import FactType, Verb
from shouyue.kernel.scope import EVERYTHING, acting_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _chain(monkeypatch, tmp_path):
    monkeypatch.setattr(verification, "anchor_file", lambda: tmp_path / "events.jsonl")
    monkeypatch.setattr(
        events, "_verbs", {"thing.made": Verb("thing.made", "Made", {"size": FactType.INTEGER})}
    )
    monkeypatch.setattr(events, "_consumers", [])
    monkeypatch.setattr(events, "_enrichers", [])
    with acting_in(EVERYTHING):
        for subject in (1, 2):
            for size in range(4):
                events.record("thing.made", actor=SYSTEM, subject=("thing", subject), facts={"size": size})


def attack(sql):
    url = make_conninfo(settings.DATABASES["default"]["ADMIN_URL"], dbname=connection.settings_dict["NAME"])
    with psycopg.connect(url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        assert superuser.execute(sql).rowcount >= 1


def found():
    with acting_in(EVERYTHING):
        return [(f.kind, f.subject, f.seq) for f in verification.verify().findings]


def test_a_changed_byte_is_named():
    attack("""UPDATE kernel_event SET facts = '{"size": 9}' WHERE subject_id = 1 AND seq = 2""")
    assert found() == [("changed", "thing:1", 2)]


def test_a_missing_row_is_named():
    attack("DELETE FROM kernel_event WHERE subject_id = 2 AND seq = 3")
    assert found() == [("missing", "thing:2", 3)]


def test_a_cut_tail_is_named():
    attack("DELETE FROM kernel_event WHERE subject_id = 2 AND seq >= 3")
    assert found() == [("cut", "thing:2", 2)]


def test_a_whole_subject_cut_out_is_named():
    attack("DELETE FROM kernel_event WHERE subject_id = 2")
    assert found() == [("cut", "thing:2", 4)]


def test_an_inserted_row_is_named():
    attack(
        "INSERT INTO kernel_event SELECT nextval('kernel_event_id_seq'), verb, subject_type, subject_id, case_type,"
        " case_id, customer_id, contract_id, actor, occurred_at, recorded_at, device_at, facts, 5, digest, digest"
        " FROM kernel_event WHERE subject_id = 1 AND seq = 4"
    )
    assert ("changed", "thing:1", 5) in found()


def test_a_rewritten_tail_is_found_by_the_anchor():
    with acting_in(EVERYTHING):
        from datetime import date

        verification.anchor_day(date(2026, 1, 5))
    attack("DELETE FROM kernel_event WHERE subject_id = 2 AND seq = 4")
    attack(
        "UPDATE kernel_event_head h SET seq = 3, digest = (SELECT e.digest FROM kernel_event e"
        " WHERE e.subject_id = 2 AND e.seq = 3) WHERE subject_id = 2"
    )
    assert [kind for kind, *_ in found()] == ["anchor"]
