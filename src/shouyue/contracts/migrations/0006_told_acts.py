"""Milestones, and which plan version is in force, change only with their events."""

from typing import ClassVar

from django.db import migrations

from shouyue.kernel.postgres.schema import told_sql

REACHED = "contract.milestone_reached contract.milestone_corrected"
GUARDED = {
    "milestone_reached": ("contracts_milestone", "contract_id", "INSERT", REACHED),
    "milestone_corrected": (
        "contracts_milestone",
        "contract_id",
        "UPDATE OF happened_on: OLD.happened_on IS DISTINCT FROM NEW.happened_on",
        REACHED,
    ),
    "contract_plan": (
        "contracts_contract",
        "id",
        "UPDATE OF plan_version_id: OLD.plan_version_id IS DISTINCT FROM NEW.plan_version_id",
        "contract.plan_applied",
    ),
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("contracts", "0005_proposal_step_names"), ("kernel", "0003_told_acts")]
    operations: ClassVar = [
        migrations.RunSQL(
            told_sql(table, name, subject="contract", key=key, when=when, verbs=verbs),
            f"DROP TRIGGER {name} ON {table}",
        )
        for name, (table, key, when, verbs) in GUARDED.items()
    ]
