"""Who can sign in: users with their profile, sessions and API tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person of the provider (customer_id 0) or of one customer.

    `roles` are those held everywhere (three officers, HQ, desk); roles within a contract are memberships.
    `access_version` rises with every change of roles or memberships, so that cached access is never stale.
    """

    username = models.CharField(_("user name"), max_length=150)
    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=200, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    customer_id = models.BigIntegerField(default=0)
    roles = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    is_active = models.BooleanField(_("active"), default=True)
    access_version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ("name_key", "id")
        constraints = (
            models.UniqueConstraint(models.functions.Lower("username"), name="accounts_user_username_uniq"),
        )
        indexes = (models.Index(fields=("customer_id", "name_key"), name="accounts_user_customer_idx"),)

    def __str__(self) -> str:
        return self.name
