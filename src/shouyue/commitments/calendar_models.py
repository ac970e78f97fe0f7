"""Tables of promises that the calendar runs: attestations, draws, contributions, spans of a condition, decisions."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.contracts.models import ContractPartQuerySet
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey

from .choices import Condition


class Attestation(models.Model):
    """Somebody in a named role vouches for what no system can see. Never changed; its files hang on it.

    obligation_id: the one it keeps, null when none ran. case: the thread a gate asked about, mostly the contract.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    commitment = SameCustomerForeignKey(
        "commitments.Commitment", models.PROTECT, db_index=False, related_name="attestations"
    )
    obligation_id = models.BigIntegerField(null=True)
    case_type = models.CharField(max_length=40)
    case_id = models.BigIntegerField()
    role = models.CharField(_("role"), max_length=40)
    note = models.TextField(_("note"))
    files = ArrayField(models.BigIntegerField(), default=list)
    event_id = models.BigIntegerField()
    attested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    attested_at = models.DateTimeField(_("attested at"))

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-attested_at", "-id")
        indexes = (models.Index(fields=("commitment", "-attested_at"), name="commitments_attested_idx"),)


class Draw(models.Model):
    """A random sample of a period, with what is needed to draw it again. Never changed.

    population: item ids it was drawn from; resting: those drawn lately; size: how many were wanted.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    commitment = SameCustomerForeignKey(
        "commitments.Commitment", models.PROTECT, db_index=False, related_name="draws"
    )
    period = models.CharField(_("period"), max_length=80)
    seed = models.CharField(_("seed"), max_length=64)
    population = ArrayField(models.BigIntegerField(), default=list)
    resting = ArrayField(models.BigIntegerField(), default=list)
    size = models.PositiveIntegerField(default=0)
    drawn = ArrayField(models.BigIntegerField(), default=list)
    drawn_at = models.DateTimeField()

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-drawn_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("commitment", "period"), name="commitments_draw_period_uniq"),
        )


class Contribution(models.Model):
    """What one event added to a quota of a period; a correction is another row, mostly negative.

    amount: seconds where the quota is a duration, else as told. token: what `distinct` tells apart.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    obligation = SameCustomerForeignKey(
        "commitments.Obligation", models.PROTECT, db_index=False, related_name="contributions"
    )
    event_id = models.BigIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    token = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField(_("happened at"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("obligation", "event_id"), name="commitments_contribution_uniq"),
        )


class ConditionSpan(models.Model):
    """How long a standing promise's condition was held or broken; the last one is open. obligation_id: of a breach."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    commitment = SameCustomerForeignKey(
        "commitments.Commitment", models.PROTECT, db_index=False, related_name="condition_spans"
    )
    condition = models.CharField(_("condition"), max_length=8, choices=Condition)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    event_id = models.BigIntegerField(null=True)
    obligation_id = models.BigIntegerField(null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("since", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("commitment",), name="commitments_span_open_uniq", condition=Q(until__isnull=True)
            ),
        )
        indexes = (models.Index(fields=("commitment", "since"), name="commitments_span_idx"),)


class Decision(models.Model):
    """A right of the contract, or its lack, applied to something: what was decided and which line says so.

    source: entitlement, catalogue, warranty or term. A later decision about the same subject replaces an earlier one
    (`is_current`); all of them stay.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    decision = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    commitment = SameCustomerForeignKey(
        "commitments.Commitment", models.PROTECT, null=True, db_index=False, related_name="decisions"
    )
    source = models.CharField(max_length=12)
    name = models.CharField(max_length=80, blank=True, default="")
    outcome = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    event_id = models.BigIntegerField()
    decided_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-decided_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("decision", "subject_type", "subject_id"),
                name="commitments_decision_current_uniq",
                condition=Q(is_current=True),
            ),
        )
        indexes = (
            models.Index(fields=("commitment", "decided_at"), name="commitments_decision_used_idx"),
            models.Index(fields=("contract", "decided_at"), name="commitments_decision_idx"),
        )
