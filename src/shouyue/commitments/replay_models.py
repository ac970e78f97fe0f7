"""Replays that were asked for: which plan, which time, how far, and what was found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shouyue.contracts.models import ContractPartQuerySet
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey

from .choices import PackState


class Replay(models.Model):
    """A replay of a contract's stored events under another plan, made by a job.

    text: the plan as it stood when it was asked for, digest: its SHA-256; label: what it is called. first_on, last_on:
    days in the contract's zone, both included. result: see `replaying.Replayed.as_json`; problem: why it failed.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey("contracts.Contract", models.PROTECT, db_index=False, related_name="+")
    label = models.CharField(_("plan"), max_length=160)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    in_force = models.ForeignKey("contracts.PlanVersion", models.PROTECT, db_index=False, related_name="+")
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("until"))
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(_("state"), max_length=8, choices=PackState, default=PackState.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_by_name = models.CharField(max_length=100)
    asked_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("contract", "-id"), name="commitments_replay_idx"),)

    @property
    def is_open(self) -> bool:
        """Whether the job has still to finish it."""
        return self.state in (PackState.WAITING, PackState.WORKING)
