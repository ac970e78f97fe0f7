"""Tables of sign-offs. What was asked and what was answered is never changed or deleted; triggers refuse it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouyue.contracts.models import Contract
from shouyue.files.models import StoredFile
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet
from shouyue.parties.models import Contact

from .choices import Channel, Kind, Mode, SendingChannel, SendingState, Side, State, StepState, Verdict

OWN_ONLY = frozenset({"customer.end_user"})
"""Roles that open only what one is asked oneself."""


class SignoffQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Everything for those who serve all; else of one's contracts, what one asked, and what one is to answer.

        What stays among the provider's people is hidden from customers; a link opens its own sign-off.
        """
        if actor.scope.everything:
            return self
        rows = self.filter(customer_id__in=actor.scope.customers)
        if actor.kind == "link":
            return rows.filter(steps__links=actor.id)
        readable = [contract for contract, roles in actor.contract_roles.items() if roles - OWN_ONLY]
        seen = Q(contract_id__in=readable)
        if actor.user_id:
            seen |= Q(asked_by_id=actor.user_id)
            seen |= Q(pk__in=Step.objects.filter(addressed_to(actor.user_id)).values("signoff_id"))
        rows = rows.filter(seen)
        return rows if actor.is_staff else rows.filter(is_internal=False)


def addressed_to(user_id: int) -> Q:
    """Steps that name a person, one who has delegated to him, or a capacity one of them has at the customer."""
    delegated = delegators(user_id)
    in_this_contract = delegated.filter(user_id=OuterRef("user_id"), contract_id=OuterRef("contract_id"))
    everywhere = delegated.filter(contract_id=None).values("user_id")
    persons = Q(user_id=user_id) | Q(user_id__in=everywhere)
    contacts = Contact.objects.filter(persons, is_active=True)
    capacities = contacts.annotate(held=Func(F("capacities"), function="unnest")).values("held")
    by_capacity = Q(
        side=Side.CUSTOMER,
        user__isnull=True,
        contact__isnull=True,
        customer_id__in=contacts.values("customer_id"),
        capacity__in=capacities,
    )
    return persons | Q(Exists(in_this_contract)) | Q(contact__in=contacts.values("id")) | by_capacity


def delegators(user_id: int) -> QuerySet[Delegation]:
    """The delegations to this person that hold now."""
    now = clock.now()
    rows: QuerySet[Delegation] = Delegation.objects.filter(
        to_id=user_id, revoked_at=None, starts_at__lte=now, ends_at__gt=now
    )
    return rows


class Signoff(models.Model):
    """A consent, an approval or a signature that is asked for.

    subject: what it is about; case: the thread its events belong to. purpose: the word plans use. reply_due_at: by
    when an answer is wanted; expires_at: until when it holds. digest: of all that is signed off, document included.
    is_internal: only the provider's people are asked. source_key: the same submission is kept once.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, verbose_name=_("customer"))
    contract = SameCustomerForeignKey(
        Contract, models.PROTECT, null=True, db_index=False, verbose_name=_("contract"), related_name="+"
    )
    number = models.CharField(_("number"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    purpose = models.CharField(_("purpose"), max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    case_type = models.CharField(max_length=40)
    case_id = models.BigIntegerField()
    label = models.CharField(_("about"), max_length=300)
    scope = models.TextField(_("what exactly"))
    mode = models.CharField(_("chain"), max_length=10, choices=Mode, default=Mode.IN_ORDER)
    is_internal = models.BooleanField(default=False)
    document = SameCustomerForeignKey(
        StoredFile, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("document")
    )
    document_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_by_name = models.CharField(_("asked by"), max_length=100)
    asked_at = models.DateTimeField(_("asked at"))
    reply_due_at = models.DateTimeField(_("answer wanted by"), null=True)
    expires_at = models.DateTimeField(_("holds until"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    closing_words = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    source_key = models.CharField(max_length=80, null=True, default=None)  # noqa: DJ001 -- null: unique only when given

    objects = SignoffQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("number",), name="signoff_signoff_number_uniq"),
            models.UniqueConstraint(
                fields=("customer", "source_key"),
                name="signoff_signoff_source_uniq",
                condition=Q(source_key__isnull=False),
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="signoff_signoff_state_check"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="signoff_signoff_kind_check"),
        )
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "-id"), name="signoff_signoff_subject_idx"),
            models.Index(fields=("case_type", "case_id", "-id"), name="signoff_signoff_case_idx"),
            models.Index(fields=("contract", "-id"), name="signoff_signoff_contract_idx"),
            models.Index(fields=("customer", "-id"), name="signoff_signoff_customer_idx"),
            models.Index(fields=("asked_by", "-id"), name="signoff_signoff_asker_idx"),
            models.Index(
                fields=("expires_at",),
                name="signoff_signoff_expiry_idx",
                condition=Q(state__in=["asked", "given"], expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def particulars(self) -> str:
        """What the scope says beyond the label, for where both are shown; empty when it says no more."""
        first, _break, rest = self.scope.partition("\n")
        return rest.lstrip("\n") if first.strip() == self.label.strip() else self.scope

    @property
    def asker(self) -> str:
        """Who asked, in the reader's language where it was the program itself."""
        return gettext("the system") if self.asked_by_name == SYSTEM.name else self.asked_by_name

    @property
    def subject(self) -> tuple[str, int]:
        return self.subject_type, self.subject_id

    @property
    def case(self) -> tuple[str, int]:
        return self.case_type, self.case_id


class PartQuerySet(VisibleQuerySet):
    """Rows of a sign-off: read through it, behind the customer's wall."""


class Step(models.Model):
    """One who is to answer: a person, a contact, or whoever has the capacity. Its answer is repeated here for lists."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    signoff = SameCustomerForeignKey(Signoff, models.PROTECT, db_index=False, related_name="steps")
    contract_id = models.BigIntegerField(null=True)
    place = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=10, choices=Side)
    capacity = models.CharField(_("capacity"), max_length=40, blank=True)
    contact = SameCustomerForeignKey(Contact, models.PROTECT, null=True, db_index=False, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    reply_due_at = models.DateTimeField(_("answer wanted by"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=StepState, default=StepState.WAITING)
    asked_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    answered_by_name = models.CharField(max_length=100, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ("signoff", "place")
        constraints = (
            models.UniqueConstraint(fields=("signoff", "place"), name="signoff_step_place_uniq"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(contact__isnull=False) | ~Q(capacity=""),
                name="signoff_step_addressee_check",
            ),
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="signoff_step_state_check"),
        )
        indexes = (
            models.Index(fields=("user",), name="signoff_step_user_idx", condition=Q(user__isnull=False)),
            models.Index(
                fields=("contact",), name="signoff_step_contact_idx", condition=Q(contact__isnull=False)
            ),
            models.Index(
                fields=("customer", "capacity"), name="signoff_step_open_idx", condition=Q(state="asked")
            ),
            models.Index(
                fields=("remind_at",),
                name="signoff_step_remind_idx",
                condition=Q(state="asked", remind_at__isnull=False),
            ),
        )


class Link(models.Model):
    """A way to answer one step on a phone without an account, once. Only the digest of its token is kept."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    step = SameCustomerForeignKey(Step, models.PROTECT, related_name="links")
    contact = SameCustomerForeignKey(Contact, models.PROTECT, db_index=False, related_name="+")
    token_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("token_digest",), name="signoff_link_token_uniq"),)


class Sending(models.Model):
    """A link on its way to a contact by mail or text message; it is made when it is sent, and kept nowhere.

    hours: how long it lasts. answer: what the mail server or the provider said.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    step = SameCustomerForeignKey(Step, models.PROTECT, related_name="sendings")
    contact = SameCustomerForeignKey(Contact, models.PROTECT, db_index=False, related_name="+")
    channel = models.CharField(max_length=8, choices=SendingChannel)
    hours = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=SendingState, default=SendingState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)


class Answer(models.Model):
    """What somebody answered: who, in which capacity, for whom, how; never changed.

    recorded_by: who wrote down an answer spoken or signed on paper. digest: of what was answered to; the digests of
    address and browser are keyed, so that they prove sameness and tell nothing else.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    signoff = SameCustomerForeignKey(Signoff, models.PROTECT, related_name="answers")
    step = SameCustomerForeignKey(Step, models.PROTECT, db_index=False, related_name="answers")
    verdict = models.CharField(max_length=10, choices=Verdict)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    contact = SameCustomerForeignKey(Contact, models.PROTECT, null=True, db_index=False, related_name="+")
    name = models.CharField(max_length=100)
    capacity = models.CharField(max_length=40, blank=True)
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    link = SameCustomerForeignKey(Link, models.PROTECT, null=True, db_index=False, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    words = models.TextField(blank=True)
    typed_name = models.CharField(max_length=60, blank=True)
    image = SameCustomerForeignKey(StoredFile, models.PROTECT, null=True, db_index=False, related_name="+")
    image_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    address_digest = models.CharField(max_length=64, blank=True)
    agent_digest = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField()

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="signoff_answer_verdict_check"
            ),
        )


class DelegationQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """One's own, given and taken."""
        return self.filter(Q(user_id=actor.user_id or 0) | Q(to_id=actor.user_id or 0))


class Delegation(models.Model):
    """For a time, somebody lets a colleague answer for him; in one contract, or in all."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("deputy")
    )
    contract_id = models.BigIntegerField(null=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=~Q(user=F("to")), name="signoff_delegation_other_check"),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="signoff_delegation_span_check"
            ),
        )


class LinkTry(models.Model):
    """How often somebody tried links that do not exist; key: a keyed digest of the address."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.IntegerField(default=0)
    since = models.DateTimeField()
