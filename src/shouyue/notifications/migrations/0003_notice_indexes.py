"""Indexes for what is looked for: open digests, tests of the mail server; none for prefixes of keys."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_channels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='key',
            field=models.CharField(max_length=160),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('channel', 'in_app'), ('parts__gt', 0), ('read_at__isnull', True)), fields=['user', '-id'], name='notifications_open_digest_idx'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('key__startswith', 'test:0:')), fields=['-id'], name='notifications_mail_test_idx'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('key',), name='notifications_notice_key_uniq'),
        ),
    ]
