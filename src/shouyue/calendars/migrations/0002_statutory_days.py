"""The statutory holidays of China as the installed package knows them; `shouyue calendar refresh` keeps them up."""

import hashlib
import json
from datetime import UTC, date, datetime
from importlib.metadata import version

from django.db import connection, migrations


def enter_days(apps, schema_editor):
    from chinese_calendar.constants import holidays, workdays

    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('calendars_version_seq')")
        number = cursor.fetchone()[0]
    apps.get_model("calendars", "CalendarState").objects.create(id=1, version=number)
    table = apps.get_model("calendars", "HolidayTable").objects.create(
        name="CN",
        title="中国法定节假日",
        region="中国大陆",
        source=f"chinesecalendar {version('chinesecalendar')}",
        reaches_until=date(max(holidays).year, 12, 31),
        version=number,
        created_at=now,
    )
    days = {day: ("holiday", name) for day, name in holidays.items()}
    days |= {day: ("workday", name) for day, name in workdays.items()}
    Holiday = apps.get_model("calendars", "Holiday")
    Holiday.objects.bulk_create(
        Holiday(table=table, day=day, kind=kind, name=name, origin="package", changed_at=now)
        for day, (kind, name) in sorted(days.items())
    )
    kept = {day.isoformat(): [kind, name, []] for day, (kind, name) in sorted(days.items())}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    apps.get_model("calendars", "TableVersion").objects.create(
        table=table,
        number=number,
        days=kept,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        summary={"added": len(kept)},
        created_at=now,
    )


def forget_days(apps, schema_editor):
    for name in ("TableVersion", "Holiday", "HolidayTable", "CalendarState"):
        apps.get_model("calendars", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("calendars", "0001_initial")]

    operations = [migrations.RunPython(enter_days, forget_days)]
