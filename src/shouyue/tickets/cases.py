"""What modules below may ask about tickets: who works on them, what they are called, who may see one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from shouyue.commitments import cases
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.signoff import subjects
from shouyue.signoff.subjects import Subject
from shouyue.tickets.models import Ticket


def people_of(ids: Sequence[int]) -> Mapping[int, Mapping[str, Sequence[int]]]:
    """Assignee and owner of each ticket. Queries: one."""
    rows = Ticket.objects.filter(pk__in=ids).values_list("id", "assignee_id", "owner_id")
    return {
        ticket: {
            "assignee": [user for user in (assignee,) if user],
            "owner": [user for user in (owner,) if user],
        }
        for ticket, assignee, owner in rows
    }


MOST_IN_HAND = 1000


def worked_on_by(user_id: int) -> Sequence[int]:
    """The open tickets assigned to somebody, newest first. Queries: one."""
    rows = Ticket.objects.filter(assignee_id=user_id).exclude(status__in=("closed", "cancelled"))
    return list(rows.order_by("-id").values_list("id", flat=True)[:MOST_IN_HAND])


def labels_of(ids: Sequence[int]) -> Mapping[int, cases.Label]:
    """Number, title and page of each ticket. Queries: one."""
    rows = Ticket.objects.filter(pk__in=ids).values_list("id", "number", "title")
    return {
        ticket: cases.Label(number, title, reverse("tickets:ticket", args=[number]))
        for ticket, number, title in rows
    }


def subject_of(actor: Actor, number: int) -> Subject:
    """A ticket as the subject of a sign-off. Raises: NotFound. Queries: one."""
    ticket = Ticket.objects.visible_to(actor).filter(pk=number).first()
    if ticket is None:
        raise NotFound
    page = "tickets:ticket" if actor.is_staff else "portal:request"
    return Subject(
        type="ticket",
        id=ticket.pk,
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        label=f"{ticket.number} {ticket.title}",
        url=reverse(page, args=[ticket.number]),
    )


def declare() -> None:
    """Called once, when the module is ready."""
    cases.register(
        "ticket",
        people=people_of,
        labels=labels_of,
        worked_on=worked_on_by,
        closed_by=("ticket.closed", "ticket.cancelled"),
        reopened_by=("ticket.reopened",),
    )
    subjects.register("ticket", subject_of)
