"""What waits for one's word, and giving it, by API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from shouyue.commitments.calendar_models import Attestation
from shouyue.contracts.tests.factories import make_member
from shouyue.kernel import clock

from .seasons import DAY, MONDAY, UNIFORM, contract_at, photo, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
MINE = "/api/obligations/mine"
REPORT = """
report:
  kind: recurring
  every: month
  owner: project_manager
  kept_by: {attested_by: regional_supervisor, evidence: report}
"""


@pytest.fixture
def now():
    with clock.at(MONDAY + DAY):
        yield


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def path_of(row):
    return f"/api/obligations/{row.pk}/attestations"


def test_what_waits_for_my_word_is_listed_whoever_owns_it(now):
    contract = contract_at(REPORT, at=MONDAY)
    supervisor, manager = (
        browser(make_member(contract, role)) for role in ("regional_supervisor", "project_manager")
    )
    (found,) = supervisor.get(MINE).json()
    assert (found["id"], found["may_attest"]) == (rows(contract, "report")[0].pk, True)
    assert (found["roles"], found["evidence"]) == (["regional_supervisor"], ["report"])
    assert manager.get(MINE).json() == []
    assert [one["may_attest"] for one in manager.get(MINE, {"view": "team"}).json()] == [False]
    assert supervisor.get(MINE, {"view": "own"}).json() == []
    assert supervisor.get(MINE, {"contract": "NONE"}).status_code == 404
    assert supervisor.get(MINE, {"view": "all"}).status_code == 422
    assert browser(make_member(contract_at(UNIFORM), "customer.leader")).get(MINE).json() == []


def test_vouching_with_a_photo_keeps_the_obligation_and_is_listed(now):
    contract = contract_at(UNIFORM, at=MONDAY)
    supervisor = browser(make_member(contract, "regional_supervisor"))
    path = path_of(rows(contract, "uniform")[0])
    done = MONDAY + timedelta(hours=2)
    body = {"note": "全员着装", "happened_at": done.isoformat(), "evidence": photo()}
    first = supervisor.post(path, body, headers={"idempotency-key": "1"})
    assert first.status_code == 201, first.content
    assert rows(contract, "uniform")[0].state == "kept"
    (told,) = supervisor.get(path).json()
    assert told == first.json()
    assert (told["note"], told["role"], len(told["files"])) == ("全员着装", "regional_supervisor", 1)
    assert Attestation.objects.get().attested_at == done
    content = supervisor.get(f"/api/files/{told['files'][0]}/content")
    assert b"".join(content.streaming_content).startswith(b"\x89PNG")
    assert supervisor.post(path, {"note": "again", "evidence": photo()}).status_code == 409


def test_vouching_has_the_rules_of_the_page(now):
    contract = contract_at(UNIFORM, at=MONDAY)
    supervisor, manager = (
        browser(make_member(contract, role)) for role in ("regional_supervisor", "project_manager")
    )
    stranger = browser(make_member(contract_at(REPORT), "regional_supervisor"))
    path = path_of(rows(contract, "uniform")[0])
    assert Client().post(path, {"note": "好"}).status_code == 401
    assert stranger.post(path, {"note": "好", "evidence": photo()}).status_code == 404
    assert stranger.get(path).status_code == 404
    assert manager.post(path, {"note": "好", "evidence": photo()}).status_code == 403
    for body, field in (
        ({"note": " ", "evidence": photo()}, "note"),
        ({"note": "好"}, "files"),
        ({"note": "好", "evidence": photo(), "happened_at": "2030-01-01T00:00:00Z"}, "happened_at"),
    ):
        refused = supervisor.post(path, body)
        assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, [field])
    assert not Attestation.objects.exists()


def test_what_is_handed_in_counts_from_now(now):
    contract = contract_at(REPORT, at=MONDAY)
    supervisor = browser(make_member(contract, "regional_supervisor"))
    path = path_of(rows(contract, "report")[0])
    body = {"note": "月报", "happened_at": MONDAY.isoformat()}
    assert supervisor.post(path, {**body, "evidence": photo()}).status_code == 422
    assert supervisor.post(path, {"note": "月报", "evidence": photo()}).status_code == 201
    assert Attestation.objects.get().attested_at == MONDAY + DAY
