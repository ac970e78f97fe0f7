"""The table of visits; every step has its own time column and its event."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor
from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet
from shouyue.tickets.models import Ticket, readable_contracts

from .choices import Backups, Outcome, VisitState


class VisitQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Like tickets: everything for those who serve all; else one's contracts, and what concerns oneself."""
        if actor.scope.everything:
            return self
        rows = self.filter(customer_id__in=actor.scope.customers)
        seen = Q(ticket__contract_id__in=readable_contracts(actor))
        if actor.user_id:
            seen |= Q(ticket__reporter_id=actor.user_id)
            if actor.is_staff:
                seen |= Q(engineer_id=actor.user_id, ticket__contract_id__in=actor.contract_roles)
        return rows.filter(seen)


class Visit(models.Model):
    """One engineer sent to the customer for one ticket. received_at: the engineer's receipt of the dispatch.

    work_begun_at: when work on site began, with every permission it needs. backups: what became of temporary ones.
    diagnosed_with: the developers and senior technicians who took part in the diagnosis.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    ticket = SameCustomerForeignKey(Ticket, models.PROTECT, db_index=False, related_name="visits")
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, verbose_name=_("engineer"), related_name="+"
    )
    dispatched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    state = models.CharField(_("state"), max_length=12, choices=VisitState, default=VisitState.DISPATCHED)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, blank=True, default="")
    planned_at = models.DateTimeField(_("planned for"), null=True)
    dispatched_at = models.DateTimeField(_("dispatched"))
    received_at = models.DateTimeField(_("received"), null=True)
    departed_at = models.DateTimeField(_("departed"), null=True)
    arrived_at = models.DateTimeField(_("arrived"), null=True)
    work_begun_at = models.DateTimeField(_("work begun"), null=True)
    left_at = models.DateTimeField(_("left"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)
    note = models.TextField(_("for the engineer"), blank=True, default="")
    report = models.TextField(_("result"), blank=True, default="")
    backups = models.CharField(_("temporary backups"), max_length=8, choices=Backups, blank=True, default="")
    diagnosed_with = models.CharField(_("diagnosed with"), max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    source_key = models.CharField(max_length=80, null=True, default=None)  # noqa: DJ001 -- null: unique only when given

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("ticket", "engineer"),
                name="visits_visit_under_way_uniq",
                condition=Q(
                    state__in=(
                        VisitState.DISPATCHED,
                        VisitState.RECEIVED,
                        VisitState.DEPARTED,
                        VisitState.ARRIVED,
                    )
                ),
            ),
            models.UniqueConstraint(
                fields=("ticket", "source_key"),
                name="visits_visit_source_uniq",
                condition=Q(source_key__isnull=False),
            ),
            models.CheckConstraint(condition=Q(state__in=VisitState.values), name="visits_visit_state_check"),
        )
        indexes = (
            models.Index(fields=("ticket", "id"), name="visits_visit_ticket_idx"),
            models.Index(fields=("engineer", "-id"), name="visits_visit_engineer_idx"),
        )
