"""Who can sign in: users with their profile, sessions, API tokens, and counts of failed attempts."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, actor: Actor) -> Self:
        """The provider's people and those of the customers in the actor's scope.

        Names of the provider's staff stand on tickets, so customers see them; the wall of the table says the same.
        """
        if actor.scope.everything:
            return self
        return self.filter(models.Q(customer_id=0) | models.Q(customer_id__in=actor.scope.customers))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(username__iexact=username)
        return user


class User(AbstractBaseUser):
    """A person of the provider (customer_id 0) or of one customer.

    `roles` are those held everywhere (three officers, HQ, desk); roles within a contract are memberships.
    `access_version` rises with every change of what an actor holds (roles, memberships, name, language, zone,
    being active), so that access kept in a process is never stale.
    """

    username = models.CharField(_("user name"), max_length=150)
    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=200, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    phone_digits = models.CharField(max_length=40, blank=True, editable=False)
    customer_id = models.BigIntegerField(default=0)
    roles = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(default=False)
    access_version = models.BigIntegerField(default=1)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (models.UniqueConstraint(Lower("username"), name="accounts_user_username_uniq"),)
        indexes = (
            models.Index(fields=("name_key", "id"), name="accounts_user_name_idx"),
            models.Index(fields=("customer_id", "name_key"), name="accounts_user_customer_idx"),
        )

    def __str__(self) -> str:
        return self.name


class Session(AbstractBaseSession):
    """One browser. The key is the cookie's secret; pages name a session by its `handle`."""

    handle = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        ordering = ("-last_seen_at", "session_key")

    @classmethod
    def get_session_store_class(cls):  # type: ignore[no-untyped-def]
        from .sessions import SessionStore

        return SessionStore


class ApiToken(models.Model):
    """A program's key. The secret is shown once; only its SHA-256 is kept, and the prefix to recognise it by."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInCount(models.Model):
    """Failed sign-ins of one user from one address, or of one address; the key is a keyed digest of either."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.IntegerField()
    since = models.DateTimeField()

    class Meta:
        ordering = ("key",)
        indexes = (models.Index(fields=("since",), name="accounts_signincount_since_idx"),)
