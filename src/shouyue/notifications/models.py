"""Notices: one row per reader, channel and reason, from the moment it is owed until it is read."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.models import User
from shouyue.kernel.actor import Actor
from shouyue.kernel.fields import CustomerIdField, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet
from shouyue.parties.models import Contact

from .choices import Arrival, Channel, GatewayKind, Level, State


class Gateway(models.Model):
    """A way out of the house for text messages or robots, set up by the system administrator.

    settings: what may be shown; sealed: what may not (keys, tokens, a robot's address), encrypted. failures: in a row;
    until open_until nothing is sent through it (the breaker, or the provider asked for a pause). receipt_digest: of
    the secret address at which it reports what became of messages.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=GatewayKind)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    settings = models.JSONField(default=dict)
    sealed = models.TextField(blank=True)
    per_minute = models.PositiveIntegerField(_("messages a minute at most"), default=20)
    is_active = models.BooleanField(_("in use"), default=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_failed_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    secrets_changed_at = models.DateTimeField(null=True)
    receipt_digest = models.CharField(max_length=64, blank=True)
    last_receipt_at = models.DateTimeField(null=True)
    receipts_error = models.CharField(max_length=300, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("channel", "id")

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """How one person wants to be told where a plan leaves the choice, and when not to be disturbed (own zone).

    Of a contact without account: the only ways he may be told by; none of them when he wants to hear nothing.
    """

    customer_id = CustomerIdField()
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="notice_preference",
    )
    contact = SameCustomerForeignKey(
        Contact, models.CASCADE, null=True, db_index=False, related_name="notice_preferences"
    )
    channels = ArrayField(models.CharField(max_length=8), default=list)
    robot = models.ForeignKey(Gateway, models.SET_NULL, null=True, related_name="+")
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    urgent_breaks_through = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("contact",),
                condition=Q(contact__isnull=False),
                name="notifications_contact_wish_uniq",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) ^ Q(contact__isnull=False), name="notifications_wish_of_one"
            ),
        )


class Acknowledgement(models.Model):
    """Somebody is on it: this person needs no further notice about that; whom it was handed on to gets them instead."""

    customer_id = CustomerIdField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="+")
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    handed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("about_type", "about_id", "user"), name="notifications_acknowledgement_uniq"
            ),
        )


class NoticeQuerySet(VisibleQuerySet):
    def of(self, actor: Actor) -> NoticeQuerySet:
        """The reader's own notices."""
        return self.filter(user_id=actor.user_id or 0)


class Notice(models.Model):
    """A message to one person on one channel: a user, or a contact without account.

    customer_id: of the reader (0 for the provider's people), so that the wall lets everybody read his own. key:
    says what the notice is about; the same key is never posted twice. about_*: what it is about, for the event of
    its delivery (`records` asks for one). digest: the notice that tells this one and others in one message; parts:
    how many a digest tells. gateway, tried_at, answer: by which way it went last, when, and what the provider said;
    provider_id: what the provider calls the message. turn: how often it was sent anew after it had failed for sure.
    """

    customer_id = CustomerIdField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="notices"
    )
    contact = SameCustomerForeignKey(
        Contact, models.PROTECT, null=True, db_index=False, related_name="notices"
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.INFO)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"), blank=True)
    url = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=160)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    retry_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    about_type = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(default=0)
    case_type = models.CharField(max_length=40, blank=True)
    case_id = models.BigIntegerField(default=0)
    about_customer_id = models.BigIntegerField(default=0)
    contract_id = models.BigIntegerField(null=True)
    step = models.CharField(max_length=64, blank=True)
    records = models.BooleanField(default=False)
    digest = SameCustomerForeignKey("self", models.CASCADE, null=True, db_index=False, related_name="members")
    parts = models.PositiveIntegerField(default=0)
    gateway = models.ForeignKey(Gateway, models.SET_NULL, null=True, db_index=False, related_name="notices")
    tried_at = models.DateTimeField(null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    provider_id = models.CharField(max_length=80, blank=True)
    turn = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            # as a constraint, not a unique field: that would bring a second index, for prefixes, of every notice
            models.UniqueConstraint(fields=("key",), name="notifications_notice_key_uniq"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) ^ Q(contact__isnull=False), name="notifications_notice_of_one"
            ),
        )
        indexes = (
            models.Index(fields=("user", "-id"), name="notifications_user_idx"),
            models.Index(
                fields=("user", "-id"),
                name="notifications_open_digest_idx",
                condition=models.Q(channel="in_app", parts__gt=0, read_at__isnull=True),
            ),
            models.Index(
                fields=("-id",),
                name="notifications_mail_test_idx",
                condition=models.Q(key__startswith="test:0:"),
            ),
            models.Index(
                fields=("user",),
                name="notifications_unread_idx",
                condition=models.Q(channel="in_app", read_at__isnull=True, digest__isnull=True),
            ),
            models.Index(
                fields=("id",),
                name="notifications_waiting_idx",
                condition=models.Q(state__in=("queued", "held", "sending")),
            ),
            models.Index(
                fields=("user", "channel", "-tried_at"),
                name="notifications_tried_idx",
                condition=models.Q(tried_at__isnull=False),
            ),
            models.Index(
                fields=("contact", "channel", "-tried_at"),
                name="notifications_contact_idx",
                condition=models.Q(contact__isnull=False),
            ),
            models.Index(
                fields=("provider_id",),
                name="notifications_provider_idx",
                condition=~models.Q(provider_id=""),
            ),
            models.Index(
                fields=("gateway", "-tried_at"),
                name="notifications_gateway_idx",
                condition=models.Q(gateway__isnull=False),
            ),
            models.Index(
                fields=("digest",), name="notifications_digest_idx", condition=models.Q(digest__isnull=False)
            ),
            models.Index(fields=("about_type", "about_id"), name="notifications_about_idx"),
        )

    @property
    def reader(self) -> User | Contact:
        """Whom it is for."""
        found = self.user or self.contact
        assert found is not None
        return found

    @property
    def sent_key(self) -> str:
        """The key providers know it by: another at each turn, or one that knows the first would swallow the next."""
        return f"{self.key}~{self.turn}" if self.turn else self.key

    @property
    def zone(self) -> str:
        """By whose clock its reader's day goes."""
        return self.user.time_zone if self.user else self.contact.customer.time_zone

    @property
    def language(self) -> str:
        """In which language its reader is told."""
        return self.user.language if self.user else settings.LANGUAGE_CODE


class Receipt(models.Model):
    """What a provider said later about one message. notice: empty as long as nobody knows which is meant.

    customer_id: of the notice's reader. of_letter: it is about a message that is no notice, whose sender was told.
    message: how the provider named it. digest: the same report is kept once.
    """

    customer_id = CustomerIdField()
    gateway = models.ForeignKey(Gateway, models.CASCADE, db_index=False, related_name="receipts")
    notice = SameCustomerForeignKey(
        Notice, models.CASCADE, null=True, db_index=False, related_name="receipts"
    )
    message = models.CharField(_("message"), max_length=160)
    provider_id = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(_("result"), max_length=8, choices=Arrival)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    reported_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(_("received at"))
    digest = models.CharField(max_length=64)
    of_letter = models.BooleanField(default=False)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("digest",), name="notifications_receipt_uniq"),)
        indexes = (
            models.Index(
                fields=("notice",), name="notifications_receipt_idx", condition=Q(notice__isnull=False)
            ),
            models.Index(fields=("gateway", "-id"), name="notifications_receipts_idx"),
            models.Index(
                fields=("-id",),
                name="notifications_unknown_idx",
                condition=Q(notice__isnull=True, of_letter=False),
            ),
        )
