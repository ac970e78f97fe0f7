"""The register of stored files; the bytes lie in the storage under `path`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.fields import CustomerKey
from shouyue.kernel.scope import VisibleQuerySet


class StoredFileQuerySet(VisibleQuerySet):
    """Behind the customer's wall; whether somebody may read one follows from what it is attached to."""


class StoredFile(models.Model):
    """A file attached to a record. digest: SHA-256 of the bytes in hex. is_public: shown to the customer."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract_id = models.BigIntegerField(null=True)
    attached_type = models.CharField(max_length=40)
    attached_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField(_("size"))
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    is_public = models.BooleanField(default=True)
    stored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    stored_by_name = models.CharField(max_length=100)
    stored_at = models.DateTimeField()

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("path",), name="files_storedfile_path_uniq"),)
        indexes = (
            models.Index(fields=("attached_type", "attached_id", "id"), name="files_storedfile_attached_idx"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")
