"""Reads of visits, always scoped by actor."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.signoff.subjects import Subject

from . import rules
from .choices import VisitState
from .models import Visit


def visits_of(actor: Actor, ticket_id: int) -> list[Visit]:
    """The visits of a ticket with their engineers, oldest first. Queries: one."""
    rows = Visit.objects.visible_to(actor).filter(ticket_id=ticket_id)
    return sorted(rows.select_related("engineer").order_by(), key=lambda visit: visit.pk)


def visit_with_id(actor: Actor, visit_id: int) -> Visit:
    """One visit with ticket, site, contact and engineer. Raises: NotFound. Queries: one."""
    visit: Visit | None = _whole(actor).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound
    return visit


def my_visits(actor: Actor) -> list[Visit]:
    """What the engineer has to do, then what was done in the last two days. Queries: one."""
    recent = clock.now() - timedelta(days=2)
    rows = _whole(actor).filter(engineer_id=actor.user_id)
    chosen = list(rows.filter(Q(state__in=rules.UNDER_WAY) | Q(left_at__gte=recent)).order_by("-id")[:100])
    order = ["arrived", "departed", "received", "dispatched", "left"]
    return sorted(
        chosen, key=lambda visit: (order.index(visit.state), visit.planned_at or visit.dispatched_at)
    )


_WAITING = """
SELECT count(*) FROM visits_visit v JOIN tickets_ticket t ON t.id = v.ticket_id
WHERE v.engineer_id = %s AND v.state = ANY(%s::text[])
    AND (%s OR (v.customer_id = ANY(%s::bigint[]) AND t.contract_id = ANY(%s::bigint[])))
"""


def count_waiting(actor: Actor) -> int:
    """How many of the actor's own visits are not finished, of those he sees as an engineer. Queries: one.

    Plain SQL: the navigation asks on every page.
    """
    if actor.user_id is None or not actor.is_staff:
        return 0
    scope = actor.scope
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING,
            [
                actor.user_id,
                sorted(rules.UNDER_WAY),
                scope.everything,
                sorted(scope.customers),
                sorted(actor.contract_roles),
            ],
        )
        return int(cursor.fetchone()[0])


def listed(actor: Actor) -> QuerySet[Visit]:
    """All visits in reach, for the API."""
    return Visit.objects.visible_to(actor).select_related("ticket", "engineer")


def subject_of(actor: Actor, number: int) -> Subject:
    """A visit as the subject of a sign-off, in the thread of its ticket. Raises: NotFound. Queries: one."""
    visit = visit_with_id(actor, number)
    ticket = visit.ticket
    url = reverse("visits:visit", args=[visit.pk])
    if not actor.is_staff:
        url = reverse("portal:request", args=[ticket.number])
    return Subject(
        type="visit",
        id=visit.pk,
        customer_id=visit.customer_id,
        contract_id=ticket.contract_id,
        label=_("Service on site for %(number)s %(title)s")
        % {"number": ticket.number, "title": ticket.title},
        url=url,
        case=("ticket", ticket.pk),
    )


def is_on_site(ticket_id: int, customer_id: int) -> bool:
    """Whether an engineer is at the customer's for a ticket; asked by gates, whoever acts. Queries: one."""
    return Visit.objects.filter(
        ticket_id=ticket_id, customer_id=customer_id, state=VisitState.ARRIVED
    ).exists()


def is_confirmed(visit_id: int) -> bool:
    """Whether the user has confirmed the solution of a visit's ticket; asked by gates. Queries: one."""
    return Visit.objects.filter(pk=visit_id, ticket__confirmed_at__isnull=False).exists()


def _whole(actor: Actor) -> QuerySet[Visit]:
    return Visit.objects.visible_to(actor).select_related(
        "engineer", "ticket", "ticket__site", "ticket__requester", "ticket__customer", "ticket__contract"
    )
