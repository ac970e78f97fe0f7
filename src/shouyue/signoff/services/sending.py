"""Links sent to contacts without an account, by mail or text message; made at the moment they are sent.

So the token stands in no table and no queue: a job makes the link, sends it, and writes down what became of it.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.accounts.queries import actor_of
from shouyue.kernel import clock, jobs, locks
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound, ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.choices import Arrival
from shouyue.notifications.services import Letter, can_send_sms, send_outside
from shouyue.parties.models import Contact
from shouyue.signoff import access, queries, rules
from shouyue.signoff.choices import SendingChannel, SendingState, State, StepState
from shouyue.signoff.models import Link, Sending, Signoff, Step

from . import links, telling

LETTERS = "signoff-link:"
"""How the keys of its messages begin; providers report about them by these."""
MOST_TRIES = 5
MOST_CONTACTS = 3
"""So many contacts without an account are told by themselves when nobody else could answer."""


@transaction.atomic
def send_link(
    *,
    actor: Actor,
    step_id: int,
    contact_id: int,
    channel: str,
    lasts: timedelta = rules.LINK_LIFE,
) -> Sending:
    """Send a contact of the customer a link to answer a step by; a job makes and sends it.

    Raises: NotFound, NotAllowed, Conflict when nobody is asked there, Invalid without an address. Locks: the sign-off.
    """
    found = Step.objects.filter(pk=step_id).values_list("signoff_id", flat=True).first()
    signoff: Signoff = locks.lock_row(Signoff.objects.visible_to(actor), pk=found)
    access.require_handle(actor, signoff)
    step = Step.objects.get(pk=step_id)
    if (
        signoff.state != State.ASKED
        or step.state != StepState.ASKED
        or telling.has_lapsed(signoff, clock.now())
    ):
        raise Conflict(_("Nobody is asked here now."), code="wrong_state")
    contact = Contact.objects.filter(pk=contact_id, customer_id=signoff.customer_id).first()
    if contact is None or queries.capacity_of_contact(contact, step, signoff) is None:
        raise Invalid(fields={"contact": [_("This person may not answer for the customer here.")]})
    if channel not in SendingChannel.values:
        raise Invalid(fields={"channel": [_("Choose one of these.")]})
    if not timedelta() < lasts <= rules.LONGEST_LINK:
        raise Invalid(fields={"lasts": [_("A link lasts at most 14 days.")]})
    if not _address(contact, channel):
        raise Invalid(fields={"contact": [_("This contact has no address for that.")]})
    if channel == SendingChannel.SMS and not can_send_sms():
        raise Invalid(fields={"channel": [_("No gateway for text messages is in use.")]})
    return _enqueue(signoff, step, contact, channel, lasts, actor.user_id)


def tell_contacts(signoff: Signoff, *, again: bool = False) -> int:
    """Send links to those who are asked now, where nobody who could answer has an account. Returns to how many.

    again: as a reminder, where no link is on its way or open any more. Queries: a few per step.
    """
    if not locks.is_real_time() or signoff.state != State.ASKED:
        return 0
    told = 0
    with acting_in(EVERYTHING):
        for step in Step.objects.filter(signoff=signoff, state=StepState.ASKED).order_by("place"):
            contacts = queries.contacts_for(signoff, step)
            if not contacts or queries.people_for(signoff, step):
                continue
            sent = Sending.objects.filter(step=step)
            open_links = Link.objects.filter(
                step=step, used_at=None, revoked_at=None, expires_at__gt=clock.now()
            )
            if sent.filter(state=SendingState.QUEUED).exists() or (
                open_links.exists() if again else sent.exists()
            ):
                continue
            told += _tell(signoff, step, contacts)
    return told


def _tell(signoff: Signoff, step: Step, contacts: list[Contact]) -> int:
    told = 0
    for contact in contacts:
        if told >= MOST_CONTACTS:
            break
        if contact.email:
            channel = SendingChannel.EMAIL
        elif contact.phone and can_send_sms():
            channel = SendingChannel.SMS
        else:
            continue
        _enqueue(signoff, step, contact, channel, rules.LINK_LIFE, None)
        told += 1
    return told


def _enqueue(
    signoff: Signoff, step: Step, contact: Contact, channel: str, lasts: timedelta, asked_by: int | None
) -> Sending:
    made: Sending = Sending.objects.create(
        customer_id=signoff.customer_id,
        step=step,
        contact=contact,
        channel=channel,
        hours=max(int(lasts.total_seconds() // 3600), 1),
        asked_by_id=asked_by,
        asked_at=clock.now(),
    )
    deliver_link.enqueue(sending_id=made.pk)
    return made


@jobs.task("signoff.deliver_link", in_transaction=False, retry=False)
def deliver_link(sending_id: int) -> None:
    """Make a link and send it; what could not be sent is tried again, five times in all. Safe to run twice."""
    with acting_in(EVERYTHING):
        if not locks.is_real_time():  # nothing of a simulated past leaves the house
            deliver_link.enqueue(at=clock.now() + timedelta(minutes=1), sending_id=sending_id)
            return
        made = _made(sending_id)
    if made is None:
        return
    sending, link_id, letter = made
    outcome = send_outside(letter)
    with acting_in(EVERYTHING):
        row: Sending = locks.lock_row(Sending.objects.all(), pk=sending.pk)
        row.answer = outcome.answer[:300]
        again = outcome.state in ("failed", "slow") and row.attempts < MOST_TRIES
        if outcome.state == "accepted":
            row.state, row.settled_at = SendingState.SENT, clock.now()
        elif not again:
            row.state, row.settled_at = SendingState.FAILED, clock.now()
        row.save(update_fields=["answer", "state", "settled_at"])
        if outcome.state != "accepted":
            Link.objects.filter(pk=link_id, used_at=None).update(revoked_at=clock.now())
        if again:
            wait = timedelta(seconds=max(outcome.wait, 30 * 2**row.attempts))
            deliver_link.enqueue(at=clock.now() + wait, sending_id=row.pk)


def take_report(key: str, outcome: str, reason: str) -> bool:
    """A provider has said later what became of a link's message: failed is as if it had not been sent.

    Returns whether there is such a message. Locks: the sending.
    """
    number, _sep, attempt = key.removeprefix(LETTERS).partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return False
    row = Sending.objects.filter(pk=int(number)).select_for_update(of=("self",)).first()
    if row is None or row.state == SendingState.QUEUED:  # not known, or not noted yet: it will be asked again
        return False
    if row.state in (SendingState.SENT, SendingState.ARRIVED) and attempt == str(row.attempts):
        if outcome == Arrival.FAILED:
            row.state, row.answer = SendingState.FAILED, reason[:300]
            _close_link(row)
        else:
            row.state = SendingState.ARRIVED
        row.save(update_fields=["answer", "state"])
    return True


def _close_link(row: Sending) -> None:
    """The link a message brought; one made after it, by hand or for another message, stays open."""
    brought = Link.objects.filter(
        step_id=row.step_id, contact_id=row.contact_id, created_at__lte=row.settled_at
    )
    brought.filter(used_at=None, revoked_at=None).update(revoked_at=clock.now())


def _made(sending_id: int) -> tuple[Sending, int, Letter] | None:
    """The link, made now, and the letter that brings it; None when there is nothing to send any more."""
    row = Sending.objects.filter(pk=sending_id).select_for_update(of=("self",)).first()
    if row is None or row.state != SendingState.QUEUED:
        return None
    try:
        actor = actor_of(row.asked_by_id) if row.asked_by_id else SYSTEM
    except NotFound:
        actor = SYSTEM
    row.attempts += 1
    try:
        link, token = links.make_link(
            actor=actor, step_id=row.step_id, contact_id=row.contact_id, lasts=timedelta(hours=row.hours)
        )
    except ShouyueError as error:
        row.state, row.answer, row.settled_at = SendingState.FAILED, error.message[:300], clock.now()
        row.save(update_fields=["state", "answer", "settled_at", "attempts"])
        return None
    row.save(update_fields=["attempts"])
    signoff = Signoff.objects.get(pk=link.step.signoff_id)
    with translation.override(settings.LANGUAGE_CODE):
        subject = telling.question(signoff)
        how = _("Answer by this link; it works once, without an account, and is meant for you alone.")
        text = "\n\n".join(filter(None, (subject, signoff.particulars, how)))
    letter = Letter(
        channel=row.channel,
        to=_address(link.contact, row.channel),
        subject=subject,
        text=text,
        link=f"{settings.BASE_URL}{reverse('signoff:answer', args=[token])}",
        key=f"{LETTERS}{row.pk}:{row.attempts}",
    )
    return row, link.pk, letter


def _address(contact: Contact, channel: str) -> str:
    return str(contact.email if channel == SendingChannel.EMAIL else contact.phone)
