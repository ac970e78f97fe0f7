"""What gates stand before changes only with its event."""

from typing import ClassVar

from django.db import migrations

from shouyue.kernel.postgres.schema import told_sql

TABLE = "visits_visit"
GUARDED = {
    "visit_dispatched": ("INSERT", "visit.dispatched"),
    "visit_work_begun": (
        "UPDATE OF work_begun_at: NEW.work_begun_at IS NOT NULL"
        " AND OLD.work_begun_at IS DISTINCT FROM NEW.work_begun_at",
        "visit.work_begun",
    ),
    "visit_arrived": (
        "UPDATE OF state: OLD.state IS DISTINCT FROM NEW.state AND NEW.state = 'arrived'",
        "visit.arrived",
    ),
    "visit_left": (
        "UPDATE OF state: OLD.state IS DISTINCT FROM NEW.state AND NEW.state = 'left'",
        "visit.left",
    ),
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("visits", "0002_work_on_site"), ("kernel", "0003_told_acts")]
    operations: ClassVar = [
        migrations.RunSQL(
            told_sql(TABLE, name, subject="visit", when=when, verbs=verbs),
            f"DROP TRIGGER {name} ON {TABLE}",
        )
        for name, (when, verbs) in GUARDED.items()
    ]
