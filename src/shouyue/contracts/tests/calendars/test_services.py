"""Changes of calendars, their versions, and who sees them when."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from shouyue.calendars import checks, loading, queries, services, statutory
from shouyue.calendars.models import CustomerCalendar, Holiday, HolidayTable, TableVersion
from shouyue.calendars.rules import DayEntry
from shouyue.contracts import calendars_of
from shouyue.contracts.tests.calendars.factories import make_calendar, make_table
from shouyue.contracts.tests.factories import PLAN, make_contract, make_customer, make_site
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.servicetime import ServiceCalendar

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = date(2027, 1, 1)
CUSTOMERS_HOURS = PLAN.replace("  always: 7x24\n", "  always: 7x24\n  customer-hours: {calendar: customer}\n")


def set_day(day: date = FIRST, **changes) -> services.Changed:
    values = {"actor": SYSTEM, "table": "CN", "kind": "holiday", "name": "元旦", "reason": "通知"}
    return services.set_days(first=day, **values | changes)


def test_the_statutory_table_is_there_from_the_start():
    table = queries.holiday_table("CN", 2026, 2026)
    assert len(table.holidays) == 33
    assert table.workdays[date(2026, 2, 14)] == "Spring Festival"
    assert table.reaches_until == date(2026, 12, 31)
    assert queries.table("CN").source.startswith("chinesecalendar 1.")


def test_a_change_holds_at_once_and_bears_a_version():
    before = queries.holiday_table("CN")
    assert set_day(last=date(2027, 1, 3)).counts == {"added": 3, "changed": 0, "removed": 0}
    after = queries.holiday_table("CN")
    assert (FIRST in before.holidays, FIRST in after.holidays) == (False, True)
    assert after.version > before.version
    assert after.digest != before.digest


def test_the_same_change_again_is_none():
    set_day()
    versions = TableVersion.objects.count()
    assert not set_day()
    assert TableVersion.objects.count() == versions


def test_an_earlier_answer_is_found_again():
    with clock.at(datetime(2026, 12, 1, tzinfo=UTC)):
        set_day()
    with clock.at(datetime(2026, 12, 5, tzinfo=UTC)):
        services.remove_day(actor=SYSTEM, table="CN", day=FIRST, reason="误录")
    assert FIRST not in queries.holiday_table("CN").days
    assert FIRST in queries.holiday_table("CN", at=datetime(2026, 12, 3, tzinfo=UTC)).days


def test_a_regional_table_follows_its_base_and_may_differ():
    make_table()
    services.set_days(
        actor=SYSTEM,
        table="CN-XJ",
        first=date(2026, 5, 27),
        kind="holiday",
        name="古尔邦节",
        reason="自治区通知",
    )
    services.remove_day(actor=SYSTEM, table="CN-XJ", day=date(2026, 10, 1), reason="试")
    table = queries.holiday_table("CN-XJ")
    assert table.holidays[date(2026, 5, 27)] == "古尔邦节"
    assert date(2026, 10, 1) not in table.days
    assert date(2026, 10, 2) in table.days
    set_day()
    assert FIRST in queries.holiday_table("CN-XJ").holidays


def test_a_day_of_the_package_taken_out_comes_back_when_the_change_is_taken_back():
    day = date(2026, 10, 1)
    services.remove_day(actor=SYSTEM, table="CN", day=day, reason="试")
    assert day not in queries.holiday_table("CN").days
    services.refresh_statutory(actor=SYSTEM)
    assert day not in queries.holiday_table("CN").days
    services.remove_day(actor=SYSTEM, table="CN", day=day, reason="恢复")
    assert queries.holiday_table("CN").holidays[day] == "National Day"


def test_refresh_is_repeatable_and_mends_what_the_package_says():
    assert not services.refresh_statutory(actor=SYSTEM)
    Holiday.objects.filter(table__name="CN", day__year=2026).delete()
    HolidayTable.objects.filter(name="CN").update(
        source="chinesecalendar 1.10.0", reaches_until=date(2025, 12, 31)
    )
    assert services.refresh_statutory(actor=SYSTEM).added == 39
    assert queries.table("CN").reaches_until == date(2026, 12, 31)


def test_refresh_makes_the_table_when_there_is_none():
    TableVersion.objects.all().delete()
    Holiday.objects.all().delete()
    HolidayTable.objects.all().delete()
    loading.mark_changed()
    assert queries.holiday_table("CN").days == statutory.days()
    services.refresh_statutory(actor=SYSTEM)
    assert queries.holiday_table("CN").days == statutory.days()


def test_import_wins_over_the_package_and_survives_a_refresh():
    entry = DayEntry(date(2026, 10, 8), "holiday", "National Day")
    done = services.import_days(actor=SYSTEM, table="CN", entries=[entry], source="通知")
    assert done.total == 1
    services.refresh_statutory(actor=SYSTEM)
    assert date(2026, 10, 8) in queries.holiday_table("CN").holidays


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last": date(2026, 1, 1)}, "last"),
        ({"last": date(2036, 1, 1)}, "last"),
        ({"kind": "x"}, "kind"),
        ({"reason": " "}, "reason"),
        ({"windows": "09:00-12:00"}, "windows"),
        ({"kind": "workday", "windows": "x"}, "windows"),
    ],
)
def test_wrong_values_are_told(changes, field):
    with pytest.raises(Invalid) as refused:
        set_day(**changes)
    assert list(refused.value.fields) == [field]


def test_a_table_changed_meanwhile_is_a_conflict():
    with pytest.raises(Conflict):
        services.change_table(actor=SYSTEM, name="CN", version=-1, title="x")


def test_an_unknown_table_is_told():
    with pytest.raises(Invalid, match="XX"):
        queries.holiday_table("XX")
    with pytest.raises(NotFound):
        set_day(table="XX")


def test_check_warns_in_december():
    with clock.at(datetime(2026, 11, 30, 15, tzinfo=UTC)):
        assert checks.check_tables().level == "ok"
    with clock.at(datetime(2026, 11, 30, 16, tzinfo=UTC)):
        found = checks.check_tables()
        assert found.level == "warning"
        assert "CN 2027" in found.text


# --- contracts -------------------------------------------------------------------------------------------------


def test_windows_of_contracts_follow_the_table():
    contract = make_contract()
    friday = datetime(2026, 12, 31, 17, 30, tzinfo=SHANGHAI)
    before = calendars_of.calendar_for(contract.pk, "office")
    assert before.deadline(friday, 3600) == datetime(2027, 1, 1, 9, 30, tzinfo=SHANGHAI)
    with clock.at(datetime(2026, 11, 25, tzinfo=UTC)):
        set_day(last=date(2027, 1, 3))
    after = calendars_of.calendar_for(contract.pk, "office")
    assert after.deadline(friday, 3600) == datetime(2027, 1, 4, 9, 30, tzinfo=SHANGHAI)
    assert after.spec_digest() != before.spec_digest()
    assert calendars_of.calendar_for(contract.pk, "office") is after


def test_the_calendar_of_an_earlier_instant_has_its_digest():
    contract = make_contract()
    before = calendars_of.calendar_for(contract.pk, "office")
    set_day()
    earlier = datetime(2020, 1, 1, tzinfo=UTC)
    assert calendars_of.calendar_for(contract.pk, "office", at=earlier).spec_digest() == before.spec_digest()


def test_the_customers_own_hours_are_its_calendar_with_holiday_shifts():
    contract = make_contract(text=CUSTOMERS_HOURS)
    assert calendars_of.calendar_for(contract.pk, "customer-hours") == ServiceCalendar.always("Asia/Shanghai")
    row = make_calendar(contract.customer)
    services.set_customer_days(
        actor=SYSTEM,
        calendar_id=row.pk,
        first=date(2026, 10, 1),
        kind="workday",
        name="国庆值班",
        windows="20:00-08:00",
        reason="节日值守",
    )
    calendar = calendars_of.calendar_for(contract.pk, "customer-hours")
    assert calendar.windows(date(2026, 10, 1)) == [("20:00", "08:00")]
    assert calendar.windows(date(2026, 10, 2)) == []
    assert calendar.windows(date(2026, 10, 10)) == [("09:00", "12:00"), ("13:00", "18:00")]
    services.remove_customer_day(actor=SYSTEM, calendar_id=row.pk, day=date(2026, 10, 1), reason="取消")
    assert calendars_of.calendar_for(contract.pk, "customer-hours").windows(date(2026, 10, 1)) == []


def test_a_site_may_have_its_own():
    customer = make_customer()
    make_calendar(customer)
    site = make_site(customer)
    make_calendar(customer, site_id=site.pk, weekly={0: "10:00-11:00"}, based_on="")
    assert queries.customer_hours(customer.pk, [site.pk])["weekly"] == {"0": [["10:00", "11:00"]]}
    assert len(queries.customer_hours(customer.pk)["weekly"]) == 5
    with pytest.raises(Invalid):
        make_calendar(customer)


def test_a_site_of_another_customer_is_not_found():
    with pytest.raises(NotFound):
        make_calendar(make_customer(), site_id=make_site(make_customer()).pk)


def test_state_costs_no_query_of_its_own_behind_a_contract(django_assert_num_queries):
    contract = make_contract()
    calendars_of.calendar_for(contract.pk, "office")
    connection.run_on_commit.clear()
    with django_assert_num_queries(1):
        calendars_of.calendar_for(contract.pk, "office")
    with django_assert_num_queries(0):
        calendars_of.calendar_for(contract.pk, "office")


# --- walls -----------------------------------------------------------------------------------------------------


def stranger(customer_id: int) -> Actor:
    scope = Scope(customers=frozenset({customer_id}))
    return Actor(kind="user", id=1, name="x", scope=scope, customer_id=customer_id)


def test_calendars_of_customers_stand_behind_the_wall():
    mine, other = make_calendar(), make_calendar()
    services.set_customer_days(actor=SYSTEM, calendar_id=other.pk, first=FIRST, kind="holiday", reason="x")
    assert list(queries.customer_calendars(stranger(mine.customer_id))) == [mine]
    with pytest.raises(NotFound):
        queries.customer_calendar(stranger(mine.customer_id), other.pk)
    with acting_in(Scope(customers=frozenset({mine.customer_id}))):
        assert list(CustomerCalendar.objects.values_list("pk", flat=True)) == [mine.pk]
        for table in ("calendars_customerday", "calendars_customercalendarversion"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {table} WHERE customer_id = {other.customer_id}")
                assert cursor.fetchone() == (0,)


# --- other processes -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_committed_change_holds_in_the_next_transaction_elsewhere_and_a_rolled_back_one_nowhere():
    with acting_in(EVERYTHING):
        services.refresh_statutory(actor=SYSTEM)
        assert FIRST not in queries.holiday_table("CN").days

    def elsewhere() -> None:
        try:
            with acting_in(EVERYTHING):
                set_day()
        finally:
            connection.close()

    worker = threading.Thread(target=elsewhere)
    worker.start()
    worker.join()
    with acting_in(EVERYTHING):
        assert FIRST in queries.holiday_table("CN").days
    with pytest.raises(KeyError), acting_in(EVERYTHING):
        set_day(date(2027, 1, 2))
        assert date(2027, 1, 2) in queries.holiday_table("CN").days
        raise KeyError
    with acting_in(EVERYTHING):
        assert date(2027, 1, 2) not in queries.holiday_table("CN").days
