"""Tables of what follows a verdict: objections to it, closed periods with their corrections, evidence packs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.contracts.models import ContractPartQuerySet
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey

from .choices import (
    ClosingStep,
    ObjectionAct,
    ObjectionKind,
    ObjectionState,
    PackState,
    State,
    WaiverReason,
)


class Objection(models.Model):
    """Somebody holds that a verdict should not stand: the provider asks for a waiver, the customer disputes it.

    verdict_before, verdict_after: states of the obligation. evidence: ids of events that speak for it; files hang on
    it. What each side said is in its acts, which are never changed.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    obligation = SameCustomerForeignKey(
        "commitments.Obligation", models.PROTECT, db_index=False, related_name="objections"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ObjectionKind)
    reason = models.CharField(_("reason"), max_length=20, choices=WaiverReason)
    text = models.TextField(_("explanation"))
    evidence = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(_("state"), max_length=10, choices=ObjectionState)
    verdict_before = models.CharField(max_length=8, choices=State)
    verdict_after = models.CharField(max_length=8, choices=State, blank=True, default="")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    settled_at = models.DateTimeField(null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("obligation",),
                name="commitments_objection_open_uniq",
                condition=Q(settled_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(state__in=ObjectionState.values), name="commitments_objection_state_check"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=WaiverReason.values), name="commitments_objection_reason_check"
            ),
        )
        indexes = (models.Index(fields=("contract", "state", "-id"), name="commitments_objection_list_idx"),)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to say something."""
        return self.settled_at is None


class ObjectionStep(models.Model):
    """What one side said about an objection: who, in which role, when; never changed or deleted."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract_id = models.BigIntegerField()
    objection = SameCustomerForeignKey(Objection, models.PROTECT, related_name="steps")
    act = models.CharField(max_length=10, choices=ObjectionAct)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=40, blank=True)
    words = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("objection", "act"), name="commitments_objectionstep_act_uniq"),
        )


class Closing(models.Model):
    """A period whose figures are frozen. snapshot: canonical JSON; digest: its SHA-256; number: how often closed.

    Nothing of it is ever changed but `reopened_at`, once; the next closing of the period has the next number.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    period = models.CharField(_("period"), max_length=7)
    number = models.PositiveSmallIntegerField(default=1)
    since = models.DateTimeField()
    until = models.DateTimeField()
    snapshot = models.TextField()
    digest = models.CharField(max_length=64)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    closed_by_name = models.CharField(max_length=100)
    closed_at = models.DateTimeField(_("closed at"))
    reopened_at = models.DateTimeField(null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-since", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "period", "number"), name="commitments_closing_number_uniq"
            ),
            models.UniqueConstraint(
                fields=("contract", "since"),
                name="commitments_closing_in_force_uniq",
                condition=Q(reopened_at__isnull=True),
            ),
        )


class Reopening(models.Model):
    """Asking to open a closed period again, and a second person's answer; never changed or deleted."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract_id = models.BigIntegerField()
    closing = SameCustomerForeignKey(Closing, models.PROTECT, related_name="reopenings")
    round = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=8, choices=ClosingStep)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    name = models.CharField(max_length=100)
    why = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("closing", "round", "step"), name="commitments_reopening_step_uniq"
            ),
        )


class Adjustment(models.Model):
    """A verdict that changed after its period was frozen. Written by the database itself, never changed.

    before, after: states, empty where the obligation was not in the period. who: as events name actors.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract_id = models.BigIntegerField()
    closing = SameCustomerForeignKey(Closing, models.PROTECT, related_name="adjustments")
    commitment = SameCustomerForeignKey(
        "commitments.Commitment", models.PROTECT, db_index=False, related_name="+"
    )
    obligation = SameCustomerForeignKey(
        "commitments.Obligation", models.PROTECT, db_index=False, related_name="+"
    )
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8, blank=True)
    event_id = models.BigIntegerField(null=True)
    objection_id = models.BigIntegerField(null=True)
    who = models.CharField(max_length=40)
    at = models.DateTimeField()

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)


class Pack(models.Model):
    """An evidence pack of a contract and a period, made by a job. figures: how many rows of what it holds."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    period = models.CharField(_("period"), max_length=7)
    since = models.DateTimeField()
    until = models.DateTimeField()
    language = models.CharField(max_length=10, default="zh-hans")
    with_internal = models.BooleanField(default=True)
    state = models.CharField(_("state"), max_length=8, choices=PackState, default=PackState.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)
    figures = models.JSONField(default=dict)
    file = SameCustomerForeignKey(
        "files.StoredFile", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    digest = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_by_name = models.CharField(max_length=100)
    asked_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("contract", "-id"), name="commitments_pack_contract_idx"),)
