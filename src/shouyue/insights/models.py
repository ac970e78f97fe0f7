"""Tables of insights; they concern the installation as a whole, not a customer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .choices import RunState


class VerificationRun(models.Model):
    """One check of all event chains. done, parts: how far it is; findings: the first of what is wrong."""

    state = models.CharField(_("state"), max_length=8, choices=RunState, default=RunState.QUEUED)
    asked_by = models.CharField(_("asked by"), max_length=100)
    asked_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    done = models.PositiveIntegerField(default=0)
    parts = models.PositiveIntegerField(default=1)
    events = models.BigIntegerField(_("events"), default=0)
    subjects = models.BigIntegerField(_("subjects"), default=0)
    anchors = models.IntegerField(_("anchors"), default=0)
    wrong = models.IntegerField(_("findings"), default=0)
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ("-id",)

    @property
    def is_open(self) -> bool:
        return self.state in (RunState.QUEUED, RunState.RUNNING)
