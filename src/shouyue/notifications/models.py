"""Notices: one row per reader, channel and reason, from the moment it is owed until it is read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor
from shouyue.kernel.fields import CustomerIdField
from shouyue.kernel.scope import VisibleQuerySet

from .choices import Channel, Level, State


class NoticeQuerySet(VisibleQuerySet):
    def of(self, actor: Actor) -> NoticeQuerySet:
        """The reader's own notices."""
        return self.filter(user_id=actor.user_id or 0)


class Notice(models.Model):
    """A message to one person on one channel.

    customer_id: of the reader (0 for the provider's people), so that the wall lets everybody read his own. key:
    says what the notice is about; the same key is never posted twice. about_*: what it is about, for the event of
    its delivery (`records` asks for one).
    """

    customer_id = CustomerIdField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="notices")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.INFO)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"), blank=True)
    url = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=160, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    retry_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("delivered at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    about_type = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(default=0)
    case_type = models.CharField(max_length=40, blank=True)
    case_id = models.BigIntegerField(default=0)
    about_customer_id = models.BigIntegerField(default=0)
    contract_id = models.BigIntegerField(null=True)
    step = models.CharField(max_length=64, blank=True)
    records = models.BooleanField(default=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("user", "-id"), name="notifications_user_idx"),
            models.Index(
                fields=("user",),
                name="notifications_unread_idx",
                condition=models.Q(channel="in_app", read_at__isnull=True),
            ),
            models.Index(fields=("id",), name="notifications_queued_idx", condition=models.Q(state="queued")),
            models.Index(fields=("about_type", "about_id"), name="notifications_about_idx"),
        )
