"""How contacts without account are told, and whether at all: said by the desk, or by themselves at an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed, NotFound
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.notifications import names, queries
from shouyue.notifications.choices import CONTACT_CHANNELS, State
from shouyue.notifications.models import Notice, Preference
from shouyue.parties.access import changes_contacts
from shouyue.parties.models import Contact

from .delivery import refuse


def open_choice(token: str) -> tuple[Contact, Actor]:
    """Whose address this is, and that contact as an actor who reaches his own customer only. Raises: NotFound."""
    number = names.contact_in(token)
    if number is None:
        raise NotFound
    with acting_in(EVERYTHING):
        contact = Contact.objects.filter(pk=number, is_active=True, user__isnull=True).first()
    if contact is None:
        raise NotFound
    actor = Actor(
        kind="link",
        id=contact.pk,
        name=contact.name,
        scope=Scope(customers=frozenset({contact.customer_id})),
        customer_id=contact.customer_id,
    )
    return contact, actor


@transaction.atomic
def save_contact_wish(
    *,
    actor: Actor,
    contact_id: int,
    channels: Sequence[str],
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    urgent_breaks_through: bool = True,
) -> Preference:
    """By which ways a contact is told, none of them: not at all. Said by himself, or by who keeps the contacts.

    What waits to reach him by another way is refused. Raises: NotAllowed, NotFound, Invalid.
    Event: contact.wishes_set. Locks: the notices that are refused.
    """
    his_own = actor.kind == "link" and actor.id == contact_id
    if not his_own and not changes_contacts(actor):
        raise NotAllowed
    contact = queries.contact_of(actor, contact_id)
    if not set(channels) <= set(CONTACT_CHANNELS):
        raise Invalid(fields={"channels": [_("Choose one of the offered values.")]})
    check_hours(quiet_from, quiet_to)
    wish, _made = Preference.objects.update_or_create(
        contact=contact,
        defaults={
            "customer_id": contact.customer_id,
            "channels": [channel for channel in CONTACT_CHANNELS if channel in channels],
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "urgent_breaks_through": urgent_breaks_through,
        },
    )
    events.record(
        "contact.wishes_set",
        actor=actor,
        subject=("contact", contact.pk),
        customer_id=contact.customer_id,
        facts={"told": bool(wish.channels), "himself": his_own},
    )
    waiting = Notice.objects.filter(contact=contact, state__in=[State.QUEUED, State.HELD], parts=0)
    refuse(locks.lock_rows(waiting.exclude(channel__in=wish.channels)), clock.now())
    return wish


def check_hours(quiet_from: time | None, quiet_to: time | None) -> None:
    """Raises: Invalid for quiet hours with one end, or none."""
    if (quiet_from is None) != (quiet_to is None):
        raise Invalid(fields={"quiet_to": [_("Quiet hours need both a beginning and an end.")]})
    if quiet_from is not None and quiet_from == quiet_to:
        raise Invalid(fields={"quiet_to": [_("Quiet hours that begin and end at once are none.")]})
