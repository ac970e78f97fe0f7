"""The provider's own row: customer 0, so that its people and records have an owner like everybody's."""

from datetime import UTC, datetime

from django.db import migrations


def make_provider(apps, schema_editor):
    apps.get_model("parties", "Customer").objects.create(
        id=0,
        code="PROVIDER",
        name="本公司",
        short_name="本公司",
        name_key="bengongsi bgs",
        created_at=datetime.now(UTC),
    )


def remove_provider(apps, schema_editor):
    apps.get_model("parties", "Customer").objects.filter(id=0).delete()


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_initial")]

    operations = [migrations.RunPython(make_provider, remove_provider)]
