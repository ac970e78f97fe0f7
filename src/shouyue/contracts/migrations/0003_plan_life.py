"""Drafts and proposals of plans; what was done to a proposal is only ever added to."""

import django.db.models.deletion
import shouyue.kernel.fields
from django.conf import settings
from django.db import migrations, models


STAY = """
CREATE FUNCTION contracts_planproposalstep_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'steps of a proposal are never changed or deleted' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER contracts_planproposalstep_stays BEFORE UPDATE OR DELETE ON contracts_planproposalstep
    FOR EACH ROW EXECUTE FUNCTION contracts_planproposalstep_refuse();
"""

GO = """
DROP TRIGGER contracts_planproposalstep_stays ON contracts_planproposalstep;
DROP FUNCTION contracts_planproposalstep_refuse;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0002_plan_versions_stay'),
        ('parties', '0002_provider'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('proposed', 'waits for the provider'), ('provider_approved', 'waits for the customer'), ('approved', 'approved by both'), ('in_force', 'taken into force'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='proposed', max_length=20, verbose_name='state')),
                ('effective_on', models.DateField(blank=True, null=True, verbose_name='takes effect on')),
                ('note', models.TextField(blank=True, verbose_name='what changes and why')),
                ('proposed_at', models.DateTimeField(editable=False)),
                ('settled_at', models.DateTimeField(editable=False, null=True)),
                ('contract', shouyue.kernel.fields.SameCustomerForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='contracts.contract')),
                ('customer', shouyue.kernel.fields.CustomerKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.customer')),
                ('plan_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='contracts.planversion')),
                ('proposed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-proposed_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='PlanProposalStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('proposed', 'Proposed'), ('provider_approved', 'Approved by the provider'), ('customer_approved', 'Approved by the customer'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('applied', 'Taken into force')], max_length=20, verbose_name='step')),
                ('role', models.CharField(blank=True, max_length=40, verbose_name='role')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('happened_at', models.DateTimeField()),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contract', shouyue.kernel.fields.SameCustomerForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contracts.contract')),
                ('customer', shouyue.kernel.fields.CustomerKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.customer')),
                ('proposal', shouyue.kernel.fields.SameCustomerForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='contracts.planproposal')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='PlanDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('text', models.TextField(verbose_name='text')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('based_on', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contracts.planversion', verbose_name='based on')),
                ('contract', shouyue.kernel.fields.SameCustomerForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='contracts.contract')),
                ('customer', shouyue.kernel.fields.CustomerKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.customer')),
                ('updated_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-updated_at', '-id'),
                'indexes': [models.Index(fields=['contract', '-updated_at'], name='contracts_plandraft_list_idx')],
            },
        ),
        migrations.AddIndex(
            model_name='planproposal',
            index=models.Index(fields=['contract', '-proposed_at'], name='contracts_planproposal_idx'),
        ),
        migrations.AddIndex(
            model_name='planproposal',
            index=models.Index(condition=models.Q(('state', 'approved')), fields=['effective_on'], name='contracts_planproposal_due_idx'),
        ),
        migrations.AddConstraint(
            model_name='planproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('proposed', 'provider_approved', 'approved'))), fields=('contract',), name='contracts_planproposal_open_uniq'),
        ),
        migrations.RunSQL(STAY, GO),
    ]
