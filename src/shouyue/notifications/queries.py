"""Reads of notices: the reader's own, and the operators' log."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound

from . import access
from .choices import Channel
from .models import Notice

MANY = 100


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """The actor's own notices in the application, newest first."""
    return Notice.objects.of(actor).filter(channel=Channel.IN_APP).order_by("-id")


def notice_of(actor: Actor, notice_id: int) -> Notice:
    """One of the actor's own notices. Raises: NotFound."""
    found = notices_of(actor).filter(pk=notice_id).first()
    if found is None:
        raise NotFound
    return found


def unread_count(actor: Actor) -> int:
    """How many are unread; counted up to a hundred. Queries: one."""
    if actor.user_id is None:
        return 0
    return len(notices_of(actor).filter(read_at__isnull=True).order_by().values_list("id")[:MANY])


def delivery_log(actor: Actor, *, state: str = "", channel: str = "", text: str = "") -> QuerySet[Notice]:
    """Every notice with its reader, newest first. Raises: NotAllowed."""
    if not access.can_read_log(actor):
        raise NotAllowed
    rows = Notice.objects.select_related("user").order_by("-id")
    if not actor.scope.everything:
        rows = rows.filter(customer_id__in=actor.scope.customers)
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    if text:
        rows = rows.filter(user__name__icontains=text)
    return rows


def counts_by_state(actor: Actor) -> dict[str, int]:
    """How many notices wait, failed and so on. Queries: one."""
    rows = delivery_log(actor).order_by().values("state").annotate(n=Count("id"))
    return {row["state"]: row["n"] for row in rows}
