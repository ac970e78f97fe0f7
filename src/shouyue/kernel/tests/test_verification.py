"""Tampering is found and named: a changed, missing, inserted or cut row, and rewritten heads."""

from datetime import date

import pytest
from django.db import connection

from shouyue.kernel import events, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.events import FactType, Verb

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _chain(monkeypatch, settings, tmp_path):
    settings.SHOUYUE_HOME = tmp_path
    monkeypatch.setattr(
        events, "_verbs", {"thing.made": Verb("thing.made", "Made", {"size": FactType.INTEGER})}
    )
    monkeypatch.setattr(events, "_consumers", [])
    monkeypatch.setattr(events, "_enrichers", [])
    for subject in (1, 2):
        for size in range(4):
            events.record("thing.made", actor=SYSTEM, subject=("thing", subject), facts={"size": size})


def findings():
    return [(f.kind, f.subject, f.seq) for f in verification.verify().findings]


def test_an_untouched_chain_is_sound():
    report = verification.verify()
    assert (report.events, report.subjects, report.findings) == (8, 2, ())


def test_python_computes_the_same_digest_as_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prev_digest, digest, id, seq, verb, subject_type, subject_id, case_type, case_id, customer_id,"
            " coalesce(contract_id::text, ''), actor, (extract(epoch FROM occurred_at) * 1000000)::bigint,"
            " (extract(epoch FROM recorded_at) * 1000000)::bigint, '', facts::text FROM kernel_event"
        )
        for prev, digest, *fields in cursor.fetchall():
            assert verification.digest_of(bytes(prev), [str(field) for field in fields]) == bytes(digest)


def test_anchor_is_made_once_and_written_outside():
    first = verification.anchor_day(date(2026, 1, 5))
    events.record("thing.made", actor=SYSTEM, subject=("thing", 1))
    assert verification.anchor_day(date(2026, 1, 5)).digest == first.digest
    assert first.digest in verification.anchor_file().read_text()
    assert verification.verify().findings == ()


def test_anchor_differing_from_its_outside_copy_is_found():
    verification.anchor_day(date(2026, 1, 5))
    path = verification.anchor_file()
    path.write_text(path.read_text().replace('"digest": "', '"digest": "0'))
    assert [f.kind for f in verification.verify().findings] == ["anchor"]


def test_an_anchor_taken_out_of_the_database_is_found_by_its_copy():
    anchor = verification.anchor_day(date(2026, 1, 5))
    anchor.delete()
    report = verification.verify()
    assert report.anchors == 1
    assert [f.detail for f in report.findings] == [
        f"anchor of 2026-01-05 is in {verification.anchor_file()}, but no longer in the database"
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"day": "2026-01-',
        '{"day": 5, "heads": 2, "last_event_id": 8, "digest": "x"}',
        '{"day": "2026-01-06", "heads": 2, "last_event_id": "x", "digest": "x"}',
        '{"day": "2026-01-06", "heads": Infinity, "last_event_id": 8, "digest": "x"}',
        "[" * 5000,
    ],
)
def test_a_line_outside_that_is_no_anchor_is_named(text):
    verification.anchor_day(date(2026, 1, 5))
    with verification.anchor_file().open("a") as file:
        file.write(text)
    assert [f.detail for f in verification.verify().findings] == [
        f"line 2 of {verification.anchor_file()} cannot be read"
    ]


def test_a_torn_line_takes_no_anchor_with_it():
    verification.anchor_day(date(2026, 1, 5))
    with verification.anchor_file().open("a") as file:
        file.write('{"day": "2026-01-')
    verification.anchor_day(date(2026, 1, 6)).delete()
    assert [f.detail for f in verification.verify().findings] == [
        f"anchor of 2026-01-06 is in {verification.anchor_file()}, but no longer in the database",
        f"line 2 of {verification.anchor_file()} cannot be read",
    ]
