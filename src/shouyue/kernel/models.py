"""Tables of the kernel: events with their heads and anchors, and answers kept for repeated API calls."""

from __future__ import annotations

from django.db import models

from .fields import CustomerIdField
from .scope import VisibleQuerySet


class EventQuerySet(VisibleQuerySet):
    contract_field = "contract_id"


class Event(models.Model):
    """One fact that happened; written by `events.record` alone, never changed, never deleted.

    The table is partitioned by month of `recorded_at` and made by hand in the migration; there are no
    foreign keys into or out of it. `facts` holds no free text and no personal data.
    """

    id = models.BigIntegerField(primary_key=True)
    verb = models.TextField()
    subject_type = models.TextField()
    subject_id = models.BigIntegerField()
    case_type = models.TextField()
    case_id = models.BigIntegerField()
    customer_id = CustomerIdField()
    contract_id = models.BigIntegerField(null=True)
    actor = models.TextField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    device_at = models.DateTimeField(null=True)
    facts = models.JSONField()
    seq = models.BigIntegerField()
    prev_digest = models.BinaryField()
    digest = models.BinaryField()

    objects = EventQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "kernel_event"
        ordering = ("id",)


class EventHead(models.Model):
    """The last link of a subject's chain; locking it serialises the chain and reveals a cut tail."""

    subject_type = models.TextField()
    subject_id = models.BigIntegerField()
    customer_id = CustomerIdField()
    seq = models.BigIntegerField()
    digest = models.BinaryField()

    class Meta:
        managed = False
        db_table = "kernel_event_head"
        ordering = ("id",)


class EventAnchor(models.Model):
    """A day's digest over all heads, also written outside the database (see `events.anchor_day`)."""

    day = models.DateField(unique=True)
    heads = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    digest = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("day",)


class KeptAnswer(models.Model):
    """The answer to an API call that carried an Idempotency-Key, given again when the call is repeated."""

    actor = models.TextField()
    key = models.TextField()
    fingerprint = models.TextField()
    status = models.IntegerField()
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("actor", "key"), name="kernel_keptanswer_actor_key_uniq"),
        )
        indexes = (models.Index(fields=("created_at",), name="kernel_keptanswer_created_idx"),)
        ordering = ("id",)
