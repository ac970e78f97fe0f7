from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signoff", "0004_sendings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="sending",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting"),
                    ("sent", "Sent"),
                    ("arrived", "Arrived"),
                    ("failed", "Not sent"),
                ],
                default="queued",
                max_length=8,
            ),
        ),
    ]
