"""The secret calendar addresses people give to their calendar programs."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class CalendarFeed(models.Model):
    """One person's secret address. It is shown once; only its SHA-256 is kept. A person has one living at most."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="calendar_feeds"
    )
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("user",),
                condition=models.Q(revoked_at__isnull=True),
                name="commitments_feed_one_living",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"
