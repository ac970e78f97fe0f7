"""Tables of contracts. Everything but plan versions belongs to a customer and stands behind its wall."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shouyue.contracts.choices import (
    OPEN_PROPOSALS,
    Area,
    ContractState,
    PlanStep,
    ProposalState,
    Role,
    SiteMode,
)
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet


class PlanVersion(models.Model):
    """One text of a service plan; never changed (a trigger refuses), so a contract's pin always means the same.

    compiled: what the text means, as plain JSON. digest: of the text.
    """

    plan = models.CharField(_("plan"), max_length=64)
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    compiled = models.JSONField(editable=False)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("stored at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )

    class Meta:
        ordering = ("plan", "-number")
        constraints = (
            models.UniqueConstraint(fields=("plan", "number"), name="contracts_planversion_number_uniq"),
            models.UniqueConstraint(fields=("plan", "digest"), name="contracts_planversion_digest_uniq"),
        )

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class ContractQuerySet(VisibleQuerySet):
    contract_field = "id"


class ContractPartQuerySet(VisibleQuerySet):
    contract_field = "contract_id"


class Contract(models.Model):
    """An agreement with a customer, run by one version of a service plan.

    ends_on: the last day of the term. version: a number drawn anew with every change of the contract or its
    parts, never used twice, so that caches may be keyed by it.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, verbose_name=_("customer"), db_index=False)
    code = models.CharField(_("short code"), max_length=16)
    name = models.CharField(_("name"), max_length=200)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    service_level = models.CharField(_("service level"), max_length=40, blank=True)
    plan_version = models.ForeignKey(
        PlanVersion, models.PROTECT, verbose_name=_("plan version"), related_name="contracts"
    )
    unit = models.ForeignKey(
        "parties.ProviderUnit",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("responsible unit"),
        related_name="+",
    )
    supervision_firm = models.ForeignKey(
        "parties.Vendor",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("supervision firm"),
        related_name="+",
    )
    desk_phone = models.CharField(_("service desk's phone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=("code",), name="contracts_contract_code_uniq"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="contracts_contract_term_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def state_on(self, day: date) -> ContractState:
        """Where the contract is in its life; the last 90 days count as ending soon."""
        if not self.is_active:
            return ContractState.STOPPED
        if day < self.starts_on:
            return ContractState.COMING
        if day > self.ends_on:
            return ContractState.ENDED
        return ContractState.EXPIRING if (self.ends_on - day).days < 90 else ContractState.RUNNING


class ContractSite(models.Model):
    """A site served under a contract, how, how far, and by which unit.

    area: a word of the plan's scale `zone`, or one of `Area` where the plan has none.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="sites")
    site = SameCustomerForeignKey("parties.Site", models.PROTECT, verbose_name=_("site"), related_name="+")
    mode = models.CharField(_("mode"), max_length=20, choices=SiteMode, default=SiteMode.CALL_OUT)
    area = models.CharField(_("area"), max_length=20, default=Area.URBAN)
    unit = models.ForeignKey(
        "parties.ProviderUnit",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("serving unit"),
        related_name="+",
    )

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("contract", "site"), name="contracts_contractsite_site_uniq"),
        )


class Milestone(models.Model):
    """A date both sides recorded, such as the final acceptance."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="milestones")
    name = models.CharField(_("milestone"), max_length=64)
    happened_on = models.DateField(_("happened on"))
    signed_by_provider = models.CharField(_("signed for the provider by"), max_length=100, blank=True)
    signed_by_customer = models.CharField(_("signed for the customer by"), max_length=100, blank=True)
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField(editable=False)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("happened_on", "id")
        constraints = (
            models.UniqueConstraint(fields=("contract", "name"), name="contracts_milestone_name_uniq"),
        )


class ContractStage(models.Model):
    """A stage with its dates as far as they are known; entered_at is set once, when the stage began.

    ends_on: the last day of the stage, empty while unknown or open.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="stages")
    name = models.CharField(_("stage"), max_length=64)
    position = models.PositiveSmallIntegerField(default=0)
    starts_on = models.DateField(_("starts on"), null=True)
    ends_on = models.DateField(_("ends on"), null=True)
    entered_at = models.DateTimeField(_("entered at"), null=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("contract", "name"), name="contracts_contractstage_name_uniq"),
        )
        indexes = (
            models.Index(
                fields=("starts_on",),
                name="contracts_stage_waiting_idx",
                condition=models.Q(entered_at__isnull=True, starts_on__isnull=False),
            ),
        )


class Membership(models.Model):
    """A person's role in a contract, from a day to a day (both included; empty: open)."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"), related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=40, choices=Role)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("role", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "role", "user"), name="contracts_membership_role_uniq"
            ),
        )

    @property
    def is_outside(self) -> bool:
        """Whether the role belongs to the customer's side or the supervision firm."""
        return Role(self.role).is_outside


class Responsibility(models.Model):
    """One line of the responsibility matrix: who does what in an activity, on either side."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(
        Contract, models.PROTECT, db_index=False, related_name="responsibilities"
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    activity = models.CharField(_("activity"), max_length=200)
    provider_role = models.CharField(_("provider's role"), max_length=40, choices=Role, blank=True)
    provider_duty = models.TextField(_("provider's part"), blank=True)
    customer_role = models.CharField(_("customer's role"), max_length=40, choices=Role, blank=True)
    customer_duty = models.TextField(_("customer's part"), blank=True)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "activity"), name="contracts_responsibility_activity_uniq"
            ),
        )


class PlanDraft(models.Model):
    """A plan text somebody works on; it may have errors. version: rises by one with every save."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="drafts")
    name = models.CharField(_("name"), max_length=100)
    text = models.TextField(_("text"))
    based_on = models.ForeignKey(
        PlanVersion, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("based on")
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at", "-id")
        indexes = (models.Index(fields=("contract", "-updated_at"), name="contracts_plandraft_list_idx"),)

    def __str__(self) -> str:
        return self.name


class PlanProposal(models.Model):
    """A plan version proposed for a contract; at most one is open at a time. effective_on: empty for at once."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="proposals")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, db_index=False, related_name="proposals")
    state = models.CharField(_("state"), max_length=20, choices=ProposalState, default=ProposalState.PROPOSED)
    effective_on = models.DateField(_("takes effect on"), null=True, blank=True)
    note = models.TextField(_("what changes and why"), blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    proposed_at = models.DateTimeField(editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("contract",),
                condition=models.Q(state__in=OPEN_PROPOSALS),
                name="contracts_planproposal_open_uniq",
            ),
        )
        indexes = (
            models.Index(fields=("contract", "-proposed_at"), name="contracts_planproposal_idx"),
            models.Index(
                fields=("effective_on",),
                name="contracts_planproposal_due_idx",
                condition=models.Q(state=ProposalState.APPROVED),
            ),
        )


class PlanProposalStep(models.Model):
    """Who did what to a proposal, in which role, when; a trigger refuses changes."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    contract = SameCustomerForeignKey(Contract, models.PROTECT, db_index=False, related_name="+")
    proposal = SameCustomerForeignKey(PlanProposal, models.PROTECT, related_name="steps")
    step = models.CharField(_("step"), max_length=20, choices=PlanStep)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    name = models.CharField(max_length=100, blank=True, default="")
    role = models.CharField(_("role"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    happened_at = models.DateTimeField()

    objects = ContractPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
