"""What a ticket costs the customer: free, or a quote he approves, then the work and its statement."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.fields import CustomerKey, SameCustomerForeignKey
from shouyue.kernel.scope import VisibleQuerySet


class TicketCharge(models.Model):
    """The charge decision of a ticket. decision_id: what the contract said; signoff_number: the customer's approval.

    quoted, done: money in yuan.
    """

    customer = CustomerKey("parties.Customer", models.PROTECT, db_index=False, related_name="+")
    ticket = SameCustomerForeignKey("tickets.Ticket", models.PROTECT, db_index=False, related_name="charges")
    decision_id = models.BigIntegerField()
    is_free = models.BooleanField()
    item = models.CharField(_("service item"), max_length=80, blank=True, default="")
    warranty_class = models.CharField(_("warranty class"), max_length=80, blank=True, default="")
    discount = models.FloatField(default=0)
    quoted = models.DecimalField(_("quote"), max_digits=14, decimal_places=2, null=True)
    quote_text = models.TextField(blank=True, default="")
    quoted_at = models.DateTimeField(null=True)
    signoff_number = models.CharField(max_length=40, blank=True, default="")
    done = models.DecimalField(_("charged"), max_digits=14, decimal_places=2, null=True)
    done_text = models.TextField(blank=True, default="")
    done_at = models.DateTimeField(null=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("ticket",), name="tickets_ticketcharge_ticket_uniq"),
            models.CheckConstraint(
                condition=Q(quoted__isnull=True) | Q(quoted__gte=0), name="tickets_ticketcharge_quote_check"
            ),
            models.CheckConstraint(
                condition=Q(done__isnull=True) | Q(done__gte=0), name="tickets_ticketcharge_done_check"
            ),
        )
