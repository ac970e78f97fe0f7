"""Single-use links: 256 random bits in the address, their digest in the table, one answer, then closed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from shouyue.kernel import clock, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound, TooMany
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.parties.models import Contact
from shouyue.signoff import access, queries, rules
from shouyue.signoff.choices import State, StepState
from shouyue.signoff.models import Link, LinkTry, Signoff, Step

from . import telling


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: its step, for its contact, as an actor that reaches nothing else."""

    link: Link
    contact: Contact
    step: Step
    signoff: Signoff
    actor: Actor


@transaction.atomic
def make_link(
    *, actor: Actor, step_id: int, contact_id: int, lasts: timedelta = rules.LINK_LIFE
) -> tuple[Link, str]:
    """A link by which a contact of the customer answers a step. The token is told now and never again.

    A new link closes the contact's earlier one. Raises: NotFound, NotAllowed, Conflict, Invalid. Events:
    <kind>.link_made. Locks: the sign-off.
    """
    found = Step.objects.filter(pk=step_id).values_list("signoff_id", flat=True).first()
    signoff: Signoff = locks.lock_row(Signoff.objects.visible_to(actor), pk=found)
    access.require_handle(actor, signoff)
    step = Step.objects.get(pk=step_id)
    now = clock.now()
    if signoff.state != State.ASKED or step.state != StepState.ASKED or telling.has_lapsed(signoff, now):
        raise Conflict(_("Nobody is asked here now."), code="wrong_state")
    contact = Contact.objects.filter(pk=contact_id, customer_id=signoff.customer_id).first()
    if contact is None or queries.capacity_of_contact(contact, step, signoff) is None:
        raise Invalid(fields={"contact": [_("This person may not answer for the customer here.")]})
    if not timedelta() < lasts <= rules.LONGEST_LINK:
        raise Invalid(fields={"lasts": [_("A link lasts at most 14 days.")]})
    Link.objects.filter(step=step, contact=contact, used_at=None, revoked_at=None).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    ends = now + lasts
    link: Link = Link.objects.create(
        customer_id=signoff.customer_id,
        step=step,
        contact=contact,
        token_digest=rules.token_digest(token),
        created_at=now,
        created_by_id=actor.user_id,
        expires_at=min(ends, signoff.expires_at) if signoff.expires_at else ends,
    )
    telling.record(actor, signoff, "link_made", step=step)
    return link, token


@transaction.atomic
def revoke_link(*, actor: Actor, link_id: int) -> Link:
    """Close a link. Raises: NotFound, NotAllowed. Locks: the link."""
    found = Link.objects.filter(pk=link_id).values_list("step__signoff_id", flat=True).first()
    signoff = Signoff.objects.visible_to(actor).filter(pk=found).first()
    if signoff is None:
        raise NotFound
    access.require_handle(actor, signoff)
    link: Link = locks.lock_row(Link.objects.all(), pk=link_id)
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        link.save(update_fields=["revoked_at"])
    return link


def open_link(token: str) -> Opened:
    """What a link opens. Raises: NotFound, in the same way for a wrong, used, closed and expired one.

    Queries: one; leaves the transaction able to reach the link's customer only.
    """
    now = clock.now()
    link = (
        Link.objects.select_related("contact", "step__signoff__document", "step__signoff__contract")
        .filter(
            token_digest=rules.token_digest(token),
            used_at=None,
            revoked_at=None,
            expires_at__gt=now,
            contact__is_active=True,
            step__state=StepState.ASKED,
            step__signoff__state=State.ASKED,
        )
        .first()
    )
    if link is None or telling.has_lapsed(link.step.signoff, now):
        raise NotFound
    found: Link = link
    actor = Actor(
        kind="link",
        id=found.pk,
        name=found.contact.name,
        scope=Scope(customers=frozenset({found.customer_id})),
        customer_id=found.customer_id,
    )
    return Opened(found, found.contact, found.step, found.step.signoff, actor)


def scope_of_token(token: str, *, address: str) -> Scope:
    """The scope in which a visitor's link may be opened: its customer's.

    Wrong tokens are counted by address, so that nobody tries many. Raises: TooMany; NotFound. The count stays.
    """
    key = salted_hmac("shouyue.signoff.link", address, algorithm="sha256").hexdigest()
    with acting_in(EVERYTHING):
        if _tries(key) >= rules.TRIES:
            opened = None
            over = True
        else:
            over = False
            try:
                opened = open_link(token)
            except NotFound:
                opened = None
                _count(key)
    if over:
        raise TooMany
    if opened is None:
        raise NotFound
    return opened.actor.scope


_COUNT = """
INSERT INTO signoff_linktry AS t (key, tries, since) VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
  tries = CASE WHEN t.since < %(start)s THEN 1 ELSE t.tries + 1 END,
  since = CASE WHEN t.since < %(start)s THEN excluded.since ELSE t.since END
"""


def _count(key: str) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "now": now, "start": now - rules.TRIES_WINDOW})


def _tries(key: str) -> int:
    recent = LinkTry.objects.filter(key=key, since__gte=clock.now() - rules.TRIES_WINDOW)
    return sum(recent.values_list("tries", flat=True))


def forget_tries() -> int:
    """Drop counts whose time is over. Returns how many."""
    return LinkTry.objects.filter(since__lt=clock.now() - rules.TRIES_WINDOW).delete()[0]
