"""Tables of the demo: the mark that this database is one, and what its people will do next."""

from __future__ import annotations

from django.db import models

from .choices import Stage, State


class DemoProgress(models.Model):
    """One row marks the database as a demo, says how far loading is, and how fast life goes on.

    planned_until: faults have been thought up to this instant; next_number: of the next story.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    state = models.CharField(max_length=8, choices=State, default=State.LOADING)
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.WORLD)
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    seed = models.BigIntegerField()
    days = models.PositiveIntegerField()
    tickets = models.PositiveIntegerField()
    speed = models.FloatField(default=1.0)
    started_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    planned_until = models.DateTimeField(null=True)
    next_number = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "demo_progress"
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="demo_progress_single_check"),)


class DemoStory(models.Model):
    """A fault whose story is not over: its ticket and visit once they exist."""

    key = models.CharField(max_length=40, unique=True)
    ticket_id = models.BigIntegerField(null=True)
    visit_id = models.BigIntegerField(null=True)
    gave_up = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ("id",)


class DemoStep(models.Model):
    """One thing a person will do: a verb of a service, at an instant. A step done is deleted."""

    story = models.ForeignKey(DemoStory, models.CASCADE, related_name="steps", db_index=False)
    at = models.DateTimeField()
    position = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    by = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "story_id", "position")
        constraints = (models.UniqueConstraint(fields=("story", "position"), name="demo_step_position_uniq"),)
        indexes = (models.Index(fields=("at", "story", "position"), name="demo_step_at_idx"),)
