"""Pages of calendars: who reaches them, what they show, what forms do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouyue.calendars import queries
from shouyue.calendars.models import CustomerDay, Holiday, HolidayTable, TableVersion
from shouyue.contracts.choices import Role
from shouyue.contracts.tests.calendars.factories import client_with, make_calendar, make_table, signed_in
from shouyue.contracts.tests.factories import make_contract, make_customer, make_member, make_user
from shouyue.kernel import clock
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with clock.at(NOVEMBER):
        yield


@pytest.fixture
def manager() -> Client:
    return client_with("service_manager")


def text_of(response) -> str:
    return response.content.decode()


def test_list_shows_groups(manager):
    make_contract(code="GB")
    make_calendar(name="机关作息")
    text = text_of(manager.get("/calendars/"))
    for shown in ("table:CN", "window:GB:office", "window:GB:always", "机关作息", "plain:always"):
        assert shown in text


def test_list_shows_only_windows_and_calendars_of_ones_own():
    contract = make_contract(code="GB")
    make_contract(code="XX")
    calendar = make_calendar(contract.customer, name="我方作息")
    make_calendar(name="他方作息")
    for role in (Role.PROJECT_MANAGER, Role.IT_CONTACT):
        text = text_of(signed_in(make_member(contract, role)).get("/calendars/"))
        assert "window:GB:office" in text
        assert f"own:{calendar.pk}" in text
        assert "window:XX" not in text
        assert "他方作息" not in text


def test_month_names_holidays_and_make_up_days(manager):
    text = text_of(manager.get("/calendars/plain:five-by-eight/?month=2026-02"))
    assert "春节" in text
    assert text.count('<td class="is-holiday"') == 9
    assert text.count('<td class="is-make-up"') == 2


def test_month_marks_today_and_begins_on_monday(manager):
    text = text_of(manager.get("/calendars/plain:always/"))
    assert text.count('aria-current="date"') == 1
    assert text.index('datetime="2026-10-26"') < text.index('datetime="2026-11-01"')


@pytest.mark.parametrize("month", ["", "nonsense", "2026-13", "0001-01"])
def test_a_month_that_cannot_be_is_this_month(manager, month):
    assert "2026-11</h2>" in text_of(manager.get(f"/calendars/plain:always/?month={month}"))


@pytest.mark.parametrize(
    ("start", "target", "due"),
    [
        ("2026-02-13T17:00", "4 小时", "2026-02-14 星期六 12:00"),
        ("2026-02-13T17:00", "4 h", "2026-02-14 星期六 12:00"),
        ("2026-02-13T17:00", "3个工作日", "2026-02-25 星期三 18:00"),
        ("2026-02-13T17:00", "1 周", "2026-02-20 星期五 17:00"),
        ("2026/02/13 17:00", "3 months", "2026-05-13 星期三 17:00"),
    ],
)
def test_try_it_tells_when_it_is_due(manager, start, target, due):
    answer = text_of(manager.get("/calendars/plain:five-by-eight/", {"start": start, "target": target}))
    assert due in answer
    assert "sy-span-line" in answer


def test_try_it_explains_pauses(manager):
    data = {
        "start": "2026-02-13T17:00",
        "target": "5 小时",
        "pause": ["2026-02-14T10:00", ""],
        "resume": ["2026-02-14T16:00", ""],
        "why": ["等待进场", ""],
    }
    text = text_of(manager.get("/calendars/plain:five-by-eight/", data))
    assert "2026-02-24 星期二 10:00" in text
    assert "等待进场" in text
    assert text.count('name="pause"') == 2


def test_try_it_on_another_window(manager):
    make_contract(code="GB")
    data = {"on": "window:GB:always", "start": "2026-02-13T17:00", "target": "4 h"}
    assert "2026-02-13 星期五 21:00" in text_of(manager.get("/calendars/plain:five-by-eight/", data))


def test_try_it_never_due(manager):
    data = {"start": "2026-02-13T17:00", "target": "4 h", "pause": "2026-02-13T17:30", "resume": ""}
    assert "永不到期" in text_of(manager.get("/calendars/plain:always/", data))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"start": "yesterday", "target": "4 h"}, "yesterday"),
        ({"start": "2026-02-13T17:00", "target": "4 m"}, "4 m"),
        ({"start": "2026-02-13T17:00", "target": "900 years"}, "太长"),
        ({"start": "2298-12-31T17:00", "target": "40 years"}, "无法计算"),
        ({"start": "2026-02-13T17:00", "target": "4 h", "resume": "2026-02-13T18:00", "pause": ""}, "暂停"),
        ({"start": "2026-02-13T17:00", "target": "4 h", "on": "window:NO:always"}, "没有这个日历"),
    ],
)
def test_try_it_says_what_it_cannot_read(manager, data, told):
    response = manager.get("/calendars/plain:always/", data)
    assert response.status_code == 200
    assert told in text_of(response)
    assert "sy-answer" not in text_of(response)


@pytest.mark.parametrize(
    "key", ["table:NO", "own:999999", "own:x", "window:NO:always", "nothing", "window:GB", "plain:x"]
)
def test_an_unknown_calendar_is_not_found(manager, key):
    assert manager.get(f"/calendars/{key}/").status_code == 404


def test_days_are_entered_with_a_reason(manager):
    data = {
        "first": "2027-01-01",
        "last": "2027-01-03",
        "kind": "holiday",
        "name": "元旦",
        "reason": "国办通知",
    }
    response = manager.post("/calendars/table:CN/days/set/", data)
    assert response.status_code == 303
    row = Holiday.objects.get(table__name="CN", day=date(2027, 1, 2))
    assert (row.kind, row.name, row.reason, row.origin) == ("holiday", "New Year's Day", "国办通知", "hand")
    assert "元旦" in text_of(manager.get("/calendars/table:CN/days/?year=2027"))
    event = Event.objects.filter(verb="calendar.changed").latest("id")
    assert event.facts["added"] == 3
    assert event.facts["calendar"] == "CN"


def test_a_day_without_a_reason_is_refused(manager):
    data = {"first": "2027-01-01", "kind": "holiday", "name": "元旦", "reason": ""}
    assert manager.post("/calendars/table:CN/days/set/", data).status_code == 422
    assert not Holiday.objects.filter(day__year=2027).exists()


def test_hours_on_a_day_off_are_refused_at_the_field(manager):
    data = {"first": "2027-01-01", "kind": "holiday", "windows": "09:00-12:00", "reason": "x"}
    response = manager.post("/calendars/table:CN/days/set/", data)
    assert response.status_code == 422
    assert "id_windows_error" in text_of(response)


def test_a_day_is_taken_out(manager):
    assert (
        manager.post("/calendars/table:CN/days/remove/", {"day": "2026-10-01", "reason": "试"}).status_code
        == 303
    )
    assert date(2026, 10, 1) not in queries.holiday_table("CN").holidays


def test_import_of_a_file_names_every_bad_line_and_enters_nothing(manager):
    upload = SimpleUploadedFile(
        "a.csv", "日期,类型,名称\n2027-01-01,休,元旦\n2027-02-30,休,x\n2027-03-01,?,y\n".encode()
    )
    response = manager.post("/calendars/table:CN/import/", {"file": upload, "source": "国办"})
    text = text_of(response)
    assert response.status_code == 422
    assert "2027-02-30,休,x" in text
    assert "2027-03-01,?,y" in text
    assert not Holiday.objects.filter(day__year=2027).exists()
    response = manager.post(
        "/calendars/table:CN/import/",
        {"text": "2027-01-01,休,元旦\nbad", "source": "国办", "good_only": "on"},
    )
    assert Holiday.objects.filter(day__year=2027).count() == 1
    assert "bad</textarea>" in text_of(response)


def test_import_of_pasted_lines(manager):
    response = manager.post("/calendars/table:CN/import/", {"text": "2027-01-01,休,元旦", "source": "国办"})
    assert response.status_code == 303
    assert queries.table("CN").reaches_until == date(2027, 12, 31)


@pytest.mark.parametrize("form", ["csv", "ics"])
def test_export(manager, form):
    response = manager.get(f"/calendars/table:CN/export.{form}?year=2026")
    assert f'filename="table-CN-2026.{form}"' in response["Content-Disposition"]
    assert "春节" in text_of(response)


def test_a_customers_calendar_is_entered_and_changed(manager):
    customer = make_customer()
    week = {f"weekly_{day}": "08:30-12:00" for day in range(5)}
    data = {
        "customer_id": customer.pk,
        "name": "作息",
        "time_zone": "Asia/Shanghai",
        "based_on": "CN",
        **week,
    }
    response = manager.post("/calendars/create/", data)
    assert response.status_code == 303
    row = customer.calendars.get()
    assert row.weekly["4"] == [["08:30", "12:00"]]
    changed = {**data, "version": row.version, "is_active": "on", "weekly_5": "09:00-10:00"}
    assert manager.post(f"/calendars/own:{row.pk}/change/", changed).status_code == 303
    assert manager.post(f"/calendars/own:{row.pk}/change/", changed).status_code == 422
    row.refresh_from_db()
    assert row.weekly["5"] == [["09:00", "10:00"]]


def test_bad_hours_are_told_at_their_weekday(manager):
    data = {
        "customer_id": make_customer().pk,
        "name": "作息",
        "time_zone": "Asia/Shanghai",
        "weekly_2": "9-25",
    }
    response = manager.post("/calendars/create/", data)
    assert response.status_code == 422
    assert "id_weekly_2_error" in text_of(response)


def test_versions_tell_who_and_why(manager):
    manager.post(
        "/calendars/table:CN/days/set/", {"first": "2027-01-01", "kind": "holiday", "reason": "国办通知"}
    )
    assert "国办通知" in text_of(manager.get("/calendars/table:CN/versions/"))


CHANGES = [
    ("/calendars/{key}/days/set/", {"first": "2027-05-01", "kind": "holiday", "reason": "x"}),
    ("/calendars/{key}/days/remove/", {"day": "2026-10-01", "reason": "x"}),
    ("/calendars/{key}/import/", {"text": "2027-05-01,休", "source": "x"}),
    ("/calendars/{key}/change/", {"version": 1, "title": "x", "name": "x"}),
    ("/calendars/create-table/", {"name": "ZZ", "title": "x"}),
]


@pytest.mark.parametrize(("url", "data"), CHANGES)
@pytest.mark.parametrize("who", ["agent", "project_manager", "customer", "auditor", "anonymous"])
def test_tables_are_changed_by_those_who_may(who, url, data):
    contract = make_contract()
    clients = {
        "agent": lambda: client_with("desk_agent"),
        "project_manager": lambda: signed_in(make_member(contract, Role.PROJECT_MANAGER)),
        "customer": lambda: signed_in(make_member(contract, Role.LEADER)),
        "auditor": lambda: client_with("audit_admin"),
        "anonymous": Client,
    }
    versions, events = (
        TableVersion.objects.count(),
        Event.objects.filter(verb__startswith="calendar.").count(),
    )
    response = clients[who]().post(url.format(key="table:CN"), data)
    assert response.status_code == (302 if who == "anonymous" else 403)
    assert TableVersion.objects.count() == versions
    assert Event.objects.filter(verb__startswith="calendar.").count() == events


@pytest.mark.parametrize(
    ("who", "status"), [("own", 303), ("other", 404), ("engineer", 403), ("customer", 403)]
)
def test_a_customers_days_are_changed_by_those_who_may(who, status):
    contract = make_contract()
    calendar = make_calendar(contract.customer)
    clients = {
        "own": lambda: make_member(contract, Role.PROJECT_MANAGER),
        "other": lambda: make_member(make_contract(), Role.PROJECT_MANAGER),
        "engineer": lambda: make_member(contract, Role.FIELD_ENGINEER),
        "customer": lambda: make_member(contract, Role.IT_CONTACT),
    }
    data = {
        "first": "2026-10-01",
        "kind": "workday",
        "windows": "20:00-08:00",
        "name": "值班",
        "reason": "节日值守",
    }
    response = signed_in(clients[who]()).post(f"/calendars/own:{calendar.pk}/days/set/", data)
    assert response.status_code == status
    assert CustomerDay.objects.filter(calendar=calendar).count() == (1 if status == 303 else 0)


def test_readers_see_no_way_to_change(manager):
    reader = client_with("desk_agent")
    for url in ("/calendars/", "/calendars/table:CN/", "/calendars/table:CN/days/"):
        assert "/import/" not in text_of(reader.get(url))
    assert "/import/" in text_of(manager.get("/calendars/table:CN/"))


def test_everything_is_there_for_staff_abroad():
    user = make_user(roles=["desk_agent"], time_zone="Europe/Berlin", language="en")
    text = text_of(
        signed_in(user).get("/calendars/plain:always/", {"start": "2026-02-13T17:00", "target": "4 h"})
    )
    assert "2026-02-13 Friday 21:00" in text
    assert ZoneInfo("Asia/Shanghai").key in text


def main_of(response) -> str:
    return text_of(response).split("<main")[1].split("<section")[0]


def test_a_missing_year_is_told_with_the_way_to_mend_it(manager):
    assert "tone-warn" not in main_of(manager.get("/calendars/"))
    HolidayTable.objects.update(reaches_until=date(2025, 12, 31))
    assert "2026" in main_of(manager.get("/calendars/"))
    assert "/calendars/table:CN/import/" in main_of(manager.get("/calendars/"))
    assert "/import/" not in main_of(client_with("desk_agent").get("/calendars/"))


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/calendars/", 12),
        ("/calendars/window:GB:office/", 13),
        ("/calendars/table:CN/days/", 12),
        ("/calendars/table:CN/versions/", 10),
    ],
)
def test_query_budget(manager, url, most, django_assert_max_num_queries):
    for number in range(4):
        make_calendar(make_contract(code=f"A{number}").customer)
    make_contract(code="GB")
    make_table()
    manager.get(url)
    with django_assert_max_num_queries(most):
        manager.get(url)
