"""Tables of the register: commitments of contracts, their obligations, and one clock per case."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet

from . import calendar_models, closing_models, feed_models, replay_models  # noqa: F401 -- Django finds their tables here
from .choices import Ending, Kind, Readiness, State, shown_state


class OfContractQuerySet(VisibleQuerySet):
    contract_field = "contract_id"


class Commitment(models.Model):
    """One promise of one contract, as its present plan version states it.

    A promise that a newer version no longer makes stays, inactive, with its obligations. position: order in the plan.
    awaits: words the system lacks; question: what is still to be agreed. began_at: since when the system executes it;
    planned_until, next_at: how far the calendar was worked out, and when the register must look again by itself.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(
        "contracts.Contract", models.PROTECT, db_index=False, related_name="commitments"
    )
    plan_version = models.ForeignKey(
        "contracts.PlanVersion", models.PROTECT, db_index=False, related_name="+"
    )
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind)
    position = models.PositiveIntegerField()
    source = ArrayField(models.CharField(max_length=16), default=list)
    title_zh = models.CharField(max_length=300)
    title_en = models.CharField(max_length=300)
    text_zh = models.TextField()
    text_en = models.TextField()
    number_zh = models.CharField(max_length=300, blank=True)
    number_en = models.CharField(max_length=300, blank=True)
    scope_zh = models.CharField(max_length=500, blank=True)
    scope_en = models.CharField(max_length=500, blank=True)
    owed_by = models.CharField(max_length=10, default="provider")
    owner = models.CharField(max_length=40)
    readiness = models.CharField(max_length=8, choices=Readiness)
    awaits = ArrayField(models.CharField(max_length=80), default=list)
    question_zh = models.TextField(blank=True)
    question_en = models.TextField(blank=True)
    is_internal = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    began_at = models.DateTimeField(null=True)
    planned_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)

    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ("contract_id", "position")
        constraints = (
            models.UniqueConstraint(fields=("contract", "name"), name="commitments_commitment_name_uniq"),
            # an obligation's key, see there
            models.UniqueConstraint(
                fields=("customer", "contract", "id"), name="commitments_commitment_contract_uniq"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_at",), name="commitments_tend_idx", condition=models.Q(next_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.name

    def title(self, language: str) -> str:
        """A few words."""
        return self.title_zh if language.startswith("zh") else self.title_en

    def text(self, language: str) -> str:
        """The promise in full sentences."""
        return self.text_zh if language.startswith("zh") else self.text_en

    def number(self, language: str) -> str:
        """The limit, rhythm or threshold in words."""
        return self.number_zh if language.startswith("zh") else self.number_en

    def scope(self, language: str) -> str:
        """To what it applies, empty when to everything."""
        return self.scope_zh if language.startswith("zh") else self.scope_en

    def question(self, language: str) -> str:
        """What is still to be agreed with the customer."""
        return self.question_zh if language.startswith("zh") else self.question_en


class Obligation(models.Model):
    """One instance of a promise: started by an event, due, kept or missed, with what explains it.

    subject: what it is about; case: the thread it belongs to. tie: binds it to events beyond its case, mostly
    empty. occurrence tells several of one subject apart, period those the calendar opens
    (`2026-W47:site:12`). falls_at: the moment that decides its period (due time, else the start). facts aimed it;
    opening: facts of the opening event that later ones are compared with. within: the limit as a duration; next_at:
    when the register must look at it again; steps_done: a bit per step taken. kept_at, kept_event_id: when and by what
    it was done; known before the verdict while its limit is not. pauses: [from, until or null, name].
    Plan version and calendar are pinned.
    """

    # one key of the database holds all three, `commitments_obligation_promise_fk`: the promise is of this contract, of
    # this customer
    customer = CustomerKey(
        "parties.Customer", models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    contract = SameCustomerForeignKey(
        "contracts.Contract", models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    commitment = SameCustomerForeignKey(
        Commitment, models.PROTECT, db_index=False, db_constraint=False, related_name="obligations"
    )
    plan_version_id = models.BigIntegerField()
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    case_type = models.CharField(max_length=40)
    case_id = models.BigIntegerField()
    tie = models.CharField(max_length=120, blank=True, default="")
    each = models.CharField(max_length=80, blank=True, default="")
    period = models.CharField(max_length=80, blank=True, default="", db_default="")
    occurrence = models.IntegerField(default=1)
    state = models.CharField(_("state"), max_length=8, choices=State)
    opened_event_id = models.BigIntegerField()
    trigger_at = models.DateTimeField()
    opened_at = models.DateTimeField(_("started at"))
    falls_at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    opening = models.JSONField(default=dict)
    within = models.CharField(max_length=60, blank=True, default="")
    window = models.CharField(max_length=60, blank=True, default="")
    calendar_digest = models.CharField(max_length=16, blank=True, default="")
    is_aimed = models.BooleanField(default=True)
    not_before = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    warn_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    steps_done = models.BigIntegerField(default=0)
    progress = models.IntegerField(default=0)
    pauses = models.JSONField(default=list)
    missed_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(_("kept at"), null=True)
    kept_event_id = models.BigIntegerField(null=True)
    ended_event_id = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending, blank=True, default="")

    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ("falls_at", "id")
        constraints = (
            # the subject first: what a new case opens lies side by side, whatever promises it is of
            models.UniqueConstraint(
                fields=("subject_type", "subject_id", "commitment", "period", "occurrence"),
                name="commitments_obligation_subject_uniq",
            ),
        )
        indexes = (
            models.Index(fields=("case_type", "case_id"), name="commitments_case_idx"),
            # with all that boards and compliance count: a quarter with a million rows is read from the index alone
            models.Index(
                fields=("contract", "falls_at", "id"),
                include=("customer", "commitment", "state", "due_at", "warn_at", "settled_at"),
                name="commitments_counted_idx",
            ),
            models.Index(
                fields=("next_at",), name="commitments_next_idx", condition=models.Q(next_at__isnull=False)
            ),
            models.Index(
                fields=("commitment", "falls_at"),
                name="commitments_open_idx",
                condition=models.Q(settled_at__isnull=True),
            ),
            models.Index(
                fields=("commitment", "period"),
                name="commitments_period_idx",
                condition=~models.Q(period=""),
            ),
            models.Index(
                fields=("tie",),
                name="commitments_tie_idx",
                condition=~models.Q(tie="") & models.Q(settled_at__isnull=True),
            ),
        )

    @property
    def is_unjudged(self) -> bool:
        """Whether it is done, but the verdict waits for a fact that decides the limit."""
        return self.settled_at is None and self.kept_event_id is not None

    @property
    def shown_state(self) -> str:
        """Its state as people are shown it."""
        return shown_state(self.state, is_aimed=self.is_aimed, is_done=self.is_unjudged)


class CaseClock(models.Model):
    """The strictest obligation of a case that is not settled: what the desk's queue is sorted by.

    due_at is null when nothing runs, or the case is closed; then the row only keeps its place. overdue: it is missed
    already; paused: every open obligation of the case stands still.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract_id = models.BigIntegerField()
    case_type = models.CharField(max_length=40)
    case_id = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    warn_at = models.DateTimeField(null=True)
    obligation_id = models.BigIntegerField(null=True)
    commitment_id = models.BigIntegerField(null=True)
    is_overdue = models.BooleanField(default=False)
    is_paused = models.BooleanField(default=False)
    is_closed = models.BooleanField(default=False)

    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("case_type", "case_id"), name="commitments_caseclock_case_uniq"),
        )
        indexes = (
            models.Index(
                fields=("case_type", "due_at", "case_id"),
                name="commitments_clock_due_idx",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(
                fields=("contract_id", "due_at", "case_id"),
                name="commitments_clock_lane_idx",
                condition=models.Q(due_at__isnull=False),
            ),
        )
