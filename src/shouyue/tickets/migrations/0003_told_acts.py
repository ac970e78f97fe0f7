"""What gates stand before changes only with its event."""

from typing import ClassVar

from django.db import migrations

from shouyue.kernel.postgres.schema import told_sql

TABLE = "tickets_ticket"
GUARDED = {
    "ticket_resolved": (
        "UPDATE OF status: OLD.status IS DISTINCT FROM NEW.status AND NEW.status = 'resolved'",
        "ticket.resolved",
    ),
    "ticket_closed": (
        "UPDATE OF status: OLD.status IS DISTINCT FROM NEW.status AND NEW.status = 'closed'",
        "ticket.closed",
    ),
    "ticket_confirmed": (
        "UPDATE OF confirmed_at: NEW.confirmed_at IS NOT NULL AND OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at",
        "ticket.confirmed",
    ),
    "ticket_assigned": (
        "UPDATE OF assignee_id: NEW.assignee_id IS NOT NULL AND OLD.assignee_id IS DISTINCT FROM NEW.assignee_id",
        "ticket.assigned",
    ),
    "ticket_tier": ("UPDATE OF tier: OLD.tier IS DISTINCT FROM NEW.tier", "ticket.tier_raised"),
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0002_charges"), ("kernel", "0003_told_acts")]
    operations: ClassVar = [
        migrations.RunSQL(
            told_sql(TABLE, name, subject="ticket", when=when, verbs=verbs),
            f"DROP TRIGGER {name} ON {TABLE}",
        )
        for name, (when, verbs) in GUARDED.items()
    ]
