"""The index boards and compliance count from holds all they count, so that the rows need not be read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commitments", "0007_waivers_lapse"),
        ("contracts", "0005_proposal_step_names"),
        ("parties", "0002_provider"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="obligation",
            name="commitments_falls_idx",
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                fields=["contract", "falls_at", "id"],
                include=("customer", "commitment", "state", "due_at", "warn_at", "settled_at"),
                name="commitments_counted_idx",
            ),
        ),
    ]
