"""Tables of tickets: the ticket itself, its notes, its links and what was changed in its text.

Every stage has its own time column (each is also an event); empty means the stage has not been passed.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.commitments.queries.of_case import CasePromise
from shouyue.contracts.models import Contract
from shouyue.kernel.actor import Actor
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet
from shouyue.parties.models import Contact, Site

from . import charge_models  # noqa: F401 -- Django finds its table here
from .choices import (
    Attribution,
    Cause,
    Channel,
    ChannelGroup,
    EquipmentType,
    FaultCategory,
    LinkKind,
    ProgramErrorClass,
    Replacement,
    RequestType,
    Status,
    Tier,
    WaitReason,
)

OWN_ONLY = frozenset({"customer.end_user"})
"""Roles that open a contract's tickets only as far as one reported them."""


def readable_contracts(actor: Actor) -> frozenset[int]:
    """The contracts whose tickets the actor reads as a member."""
    return frozenset(contract for contract, roles in actor.contract_roles.items() if roles - OWN_ONLY)


class TicketQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Everything for those who serve all; else tickets of one's contracts and what one reported oneself."""
        if actor.scope.everything:
            return self
        rows = self.filter(customer_id__in=actor.scope.customers)
        seen = Q(contract_id__in=readable_contracts(actor))
        return rows.filter(seen | Q(reporter_id=actor.user_id) if actor.user_id else seen)


class Ticket(models.Model):
    """Something a customer's people want from the provider, and all that was done about it.

    reporter: the customer's user who reported it, himself or through the desk; recorded_by: who typed it.
    zone, zone_mode: how the site was served when the ticket was made. resumes_to: the state a waiting ticket
    returns to. version: rises with every change (ETag, merge view). source_key: given by whoever submits, so that
    the same submission is kept once. promises, parts: what the page has read for its panels, the ticket's obligations
    and which other parts there are at all; None when nobody has looked.
    """

    promises: list[CasePromise] | None = None
    parts: frozenset[str] | None = None

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, verbose_name=_("customer"))
    contract = SameCustomerForeignKey(
        Contract, models.PROTECT, null=True, blank=True, db_index=False, verbose_name=_("contract")
    )
    number = models.CharField(_("number"), max_length=40)
    site = SameCustomerForeignKey(
        Site, models.PROTECT, null=True, blank=True, db_index=False, verbose_name=_("site"), related_name="+"
    )
    requester = SameCustomerForeignKey(
        Contact,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("requester"),
        related_name="+",
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        verbose_name=_("reported by"),
        related_name="+",
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        verbose_name=_("recorded by"),
        related_name="+",
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    channel_group = models.CharField(_("kind of channel"), max_length=12, choices=ChannelGroup)
    request_type = models.CharField(_("request type"), max_length=24, choices=RequestType)
    request_class = models.CharField(_("request class"), max_length=64, blank=True, default="")
    catalogue = models.CharField(_("catalogue item"), max_length=64, blank=True, default="")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    affected = models.TextField(_("affected items"), blank=True, default="")
    caller_phone = models.CharField(_("caller's number"), max_length=40, blank=True, default="")

    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.NEW)
    resumes_to = models.CharField(max_length=12, blank=True, default="")
    wait_reason = models.CharField(
        _("waiting for"), max_length=12, choices=WaitReason, blank=True, default=""
    )
    wait_note = models.TextField(_("why it waits"), blank=True, default="")
    urgency = models.CharField(_("urgency"), max_length=24, blank=True, default="")
    impact = models.CharField(_("impact"), max_length=24, blank=True, default="")
    priority = models.CharField(_("priority"), max_length=24, blank=True, default="")
    severity = models.CharField(_("severity"), max_length=24, blank=True, default="")
    complexity = models.CharField(_("complexity"), max_length=24, blank=True, default="")
    is_vip = models.BooleanField(_("VIP"), default=False)
    equipment_type = models.CharField(
        _("equipment type"), max_length=24, choices=EquipmentType, blank=True, default=""
    )
    fault_category = models.CharField(
        _("fault category"), max_length=24, choices=FaultCategory, blank=True, default=""
    )
    zone = models.CharField(_("zone"), max_length=24, blank=True, default="")
    zone_mode = models.CharField(_("served by"), max_length=24, blank=True, default="")
    tier = models.CharField(_("tier"), max_length=4, choices=Tier, default=Tier.T1)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        verbose_name=_("owner"),
        related_name="+",
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        verbose_name=_("assignee"),
        related_name="+",
    )

    cause = models.CharField(_("cause"), max_length=24, choices=Cause, blank=True, default="")
    program_error_class = models.CharField(
        _("program error class"), max_length=12, choices=ProgramErrorClass, blank=True, default=""
    )
    attribution = models.CharField(_("caused by"), max_length=16, choices=Attribution, blank=True, default="")
    replacement = models.CharField(
        _("hardware replacement"), max_length=12, choices=Replacement, blank=True, default=""
    )
    phenomenon = models.TextField(_("phenomenon"), blank=True, default="")
    judgement = models.TextField(_("judgement"), blank=True, default="")
    handling = models.TextField(_("handling"), blank=True, default="")
    result = models.TextField(_("result"), blank=True, default="")
    loss = models.TextField(_("loss"), blank=True, default="")
    parameters_changed = models.TextField(_("parameters changed"), blank=True, default="")
    operations = models.TextField(_("operations performed"), blank=True, default="")
    proposal = models.TextField(_("proposed solution"), blank=True, default="")
    temporary_fix = models.TextField(_("temporary fix"), blank=True, default="")
    permanent_fix = models.TextField(_("permanent fix"), blank=True, default="")
    call_back_note = models.TextField(_("call-back"), blank=True, default="")
    closing_note = models.TextField(_("closing note"), blank=True, default="")

    reported_at = models.DateTimeField(_("reported"))
    created_at = models.DateTimeField(_("recorded"))
    updated_at = models.DateTimeField(_("changed"))
    responded_at = models.DateTimeField(_("answered"), null=True)
    triaged_at = models.DateTimeField(_("triaged"), null=True)
    assigned_at = models.DateTimeField(_("assigned"), null=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    waiting_since = models.DateTimeField(_("waiting since"), null=True)
    diagnosed_at = models.DateTimeField(_("diagnosed"), null=True)
    solution_proposed_at = models.DateTimeField(_("solution proposed"), null=True)
    temporarily_fixed_at = models.DateTimeField(_("temporarily fixed"), null=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    called_back_at = models.DateTimeField(_("called back"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)
    reopened_at = models.DateTimeField(_("reopened"), null=True)
    answer_promised_at = models.DateTimeField(_("answer promised"), null=True)
    promised_answer_at = models.DateTimeField(_("promised answer time"), null=True)
    answer_given_at = models.DateTimeField(_("answer given"), null=True)
    escalation_requested_at = models.DateTimeField(_("escalation requested"), null=True)
    resolved_tier = models.CharField(_("solved by tier"), max_length=4, blank=True, default="")
    confirmed_by = models.CharField(_("confirmed by"), max_length=100, blank=True, default="")
    confirmed_via = models.CharField(
        _("confirmed by way of"), max_length=20, choices=Channel, blank=True, default=""
    )
    reopen_count = models.PositiveIntegerField(_("times reopened"), default=0)
    attachment_count = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    source_key = models.CharField(max_length=80, null=True, default=None)  # noqa: DJ001 -- null: unique only when given

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("number",), name="tickets_ticket_number_uniq"),
            models.UniqueConstraint(
                fields=("customer", "source_key"),
                name="tickets_ticket_source_uniq",
                condition=Q(source_key__isnull=False),
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="tickets_ticket_status_check"),
            models.CheckConstraint(
                condition=Q(status=Status.WAITING, waiting_since__isnull=False)
                | (~Q(status=Status.WAITING) & Q(waiting_since__isnull=True)),
                name="tickets_ticket_waiting_check",
            ),
        )
        indexes = (
            models.Index(fields=("contract", "-id"), name="tickets_ticket_contract_idx"),
            models.Index(
                fields=("requester", "-id"),
                name="tickets_ticket_requester_idx",
                condition=Q(requester__isnull=False),
            ),
            models.Index(
                fields=("site", "-id"), name="tickets_ticket_site_idx", condition=Q(site__isnull=False)
            ),
            models.Index(
                fields=("reporter", "-id"),
                name="tickets_ticket_reporter_idx",
                condition=Q(reporter__isnull=False),
            ),
            models.Index(
                fields=("assignee", "-id"),
                name="tickets_ticket_assignee_idx",
                condition=~Q(status__in=(Status.CLOSED, Status.CANCELLED)) & Q(assignee__isnull=False),
            ),
            models.Index(
                fields=("-id",),
                name="tickets_ticket_all_open_idx",
                condition=~Q(status__in=(Status.CLOSED, Status.CANCELLED)),
            ),
            models.Index(
                fields=("contract", "-id"),
                name="tickets_ticket_open_idx",
                condition=~Q(status__in=(Status.CLOSED, Status.CANCELLED)),
            ),
            models.Index(
                fields=("contract", "closed_at"),
                name="tickets_ticket_closed_idx",
                condition=Q(closed_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class TicketPartQuerySet(VisibleQuerySet):
    """Notes, links and revisions: read through a ticket that was checked, behind the customer's wall."""


class TicketNote(models.Model):
    """Something said about a ticket; internal notes are for the provider's people alone."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    ticket = SameCustomerForeignKey(Ticket, models.PROTECT, db_index=False, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    author_name = models.CharField(max_length=100)
    is_public = models.BooleanField(_("visible to the customer"), default=False)
    by_customer = models.BooleanField(default=False)
    text = models.TextField(_("text"))
    written_at = models.DateTimeField(_("written"))
    source_key = models.CharField(max_length=80, null=True, default=None)  # noqa: DJ001 -- null: unique only when given

    objects = TicketPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("ticket", "source_key"),
                name="tickets_ticketnote_source_uniq",
                condition=Q(source_key__isnull=False),
            ),
        )
        indexes = (models.Index(fields=("ticket", "id"), name="tickets_ticketnote_ticket_idx"),)


class TicketLink(models.Model):
    """Two tickets of one customer that belong together; `ticket` relates to, duplicates or is part of `other`."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    ticket = SameCustomerForeignKey(Ticket, models.PROTECT, db_index=False, related_name="links")
    other = SameCustomerForeignKey(Ticket, models.PROTECT, related_name="linked_from")
    kind = models.CharField(_("kind"), max_length=12, choices=LinkKind)
    made_at = models.DateTimeField()

    objects = TicketPartQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("ticket", "other", "kind"), name="tickets_ticketlink_pair_uniq"),
            models.CheckConstraint(
                condition=~Q(ticket=models.F("other")), name="tickets_ticketlink_self_check"
            ),
        )


class TicketRevision(models.Model):
    """What an edit changed: {field: [before, after]}; the event of the edit carries its digest."""

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    ticket = SameCustomerForeignKey(Ticket, models.PROTECT, db_index=False, related_name="revisions")
    version = models.PositiveIntegerField()
    changes = models.JSONField()
    by_name = models.CharField(max_length=100)
    made_at = models.DateTimeField()

    objects = TicketPartQuerySet.as_manager()

    class Meta:
        ordering = ("version",)
        constraints = (
            models.UniqueConstraint(fields=("ticket", "version"), name="tickets_ticketrevision_version_uniq"),
        )
