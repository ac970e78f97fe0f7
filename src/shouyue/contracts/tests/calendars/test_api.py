"""The API of calendars."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from shouyue.calendars import queries
from shouyue.calendars.models import Holiday
from shouyue.contracts.choices import Role
from shouyue.contracts.tests.calendars.factories import OFFICE, client_with, make_calendar, signed_in
from shouyue.contracts.tests.factories import make_contract, make_customer, make_member

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def manager() -> Client:
    return client_with("service_manager")


def test_list_holds_what_one_may_see(manager):
    contract = make_contract(code="GB")
    make_contract(code="XX")
    keys = {line["key"] for line in manager.get("/api/calendars").json()}
    assert {"table:CN", "window:GB:office", "window:XX:office", "plain:always"} <= keys
    own = signed_in(make_member(contract, Role.IT_CONTACT))
    keys = {line["key"] for line in own.get("/api/calendars").json()}
    assert "window:GB:office" in keys
    assert "window:XX:office" not in keys


def test_rules_with_their_digest(manager):
    found = manager.get("/api/calendars/table:CN").json()
    assert found["rules"]["holidays"]["2026-10-01"] == "National Day"
    assert len(found["digest"]) == 64


def test_due_with_its_reasons(manager):
    query = {
        "start": "2026-02-13T17:00",
        "target": "4 小时",
        "pause": "2026-02-14T10:00",
        "resume": "2026-02-14T11:00",
        "why": "x",
    }
    found = manager.get("/api/calendars/plain:five-by-eight/due", query).json()
    assert found["due"] == "2026-02-14T06:00:00Z"
    assert (found["counted"], found["paused"]) == (4 * 3600, 3600)
    assert sum(part["counted"] for part in found["stretches"]) == 4 * 3600
    assert manager.get("/api/calendars/plain:always/due", {"start": "x", "target": "4 h"}).status_code == 422
    assert (
        manager.get("/api/calendars/window:NO:x/due", {"start": "2026-01-01", "target": "4 h"}).status_code
        == 404
    )


def test_a_day_is_put_and_deleted(manager):
    url = "/api/calendars/table:CN/days/2027-01-01"
    assert (
        manager.put(url, {"kind": "holiday", "name": "元旦", "reason": "通知"}, **JSON).json()["added"] == 1
    )
    assert date(2027, 1, 1) in queries.holiday_table("CN").holidays
    assert [line["day"] for line in manager.get("/api/calendars/table:CN/days?year=2027").json()] == [
        "2027-01-01"
    ]
    assert manager.delete(f"{url}?reason=x").json()["removed"] == 1
    assert manager.delete(f"{url}?reason=x").status_code == 404


def test_import_tells_every_line(manager):
    data = {"content": "2027-01-01,休\n2027-02-30,休", "source": "通知"}
    refused = manager.post("/api/calendars/table:CN/import", data, **JSON)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["line 2"]
    assert not Holiday.objects.filter(day__year=2027).exists()
    done = manager.post("/api/calendars/table:CN/import", {**data, "good_only": True}, **JSON).json()
    assert (done["added"], done["bad"][0]["line"]) == (1, 2)


def test_tables_and_customers_calendars_are_made(manager):
    made = manager.post("/api/calendars", {"name": "CN-XJ", "title": "新疆", "based_on": "CN"}, **JSON)
    assert (made.status_code, made.json()["key"]) == (201, "table:CN-XJ")
    url = f"/api/customers/{make_customer().pk}/calendars"
    key = manager.post(url, {"name": "作息", "weekly": OFFICE}, **JSON).json()["key"]
    tag = manager.get(f"/api/calendars/{key}")["ETag"]
    change = {"name": "新作息", "weekly": {"0": "09:00-10:00"}}
    assert manager.put(f"/api/calendars/{key}", change, **JSON).status_code == 428
    assert (
        manager.put(f"/api/calendars/{key}", change, headers={"If-Match": tag}, **JSON).json()["title"]
        == "新作息"
    )
    assert manager.put(f"/api/calendars/{key}", change, headers={"If-Match": tag}, **JSON).status_code == 412


@pytest.mark.parametrize("role", ["desk_agent", "audit_admin", "system_admin"])
def test_others_change_nothing(role):
    client = client_with(role)
    url = "/api/calendars/table:CN/days/2027-01-01"
    assert client.put(url, {"kind": "holiday", "reason": "x"}, **JSON).status_code == 403
    assert client.delete("/api/calendars/table:CN/days/2026-10-01?reason=x").status_code == 403
    data = {"content": "2027-01-01,休", "source": "x"}
    assert client.post("/api/calendars/table:CN/import", data, **JSON).status_code == 403
    assert not Holiday.objects.filter(day__year=2027).exists()


def test_strangers_find_nothing():
    row = make_calendar()
    stranger = signed_in(make_member(make_contract(), Role.PROJECT_MANAGER))
    for url in (f"/api/calendars/own:{row.pk}", f"/api/calendars/own:{row.pk}/days"):
        assert stranger.get(url).status_code == 404
    assert Client().get("/api/calendars").status_code == 401
