"""What readers do with their notices, and operators with failed ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Q, When
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.accounts.models import User
from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed
from shouyue.notifications import access, queries
from shouyue.notifications.choices import OUTWARD, Channel, State
from shouyue.notifications.models import Acknowledgement, Notice, Preference
from shouyue.notifications.rules.pace import ATTEMPTS

from .delivery import deliver_queued
from .posting import Draft, post
from .wishes import check_hours


@transaction.atomic
def mark_read(*, actor: Actor, notice_id: int) -> Notice:
    """The reader has seen a notice; with a digest, what it tells. Raises: NotFound for somebody else's."""
    notice = queries.notice_of(actor, notice_id)
    if notice.read_at is None:
        notice.read_at = clock.now()
        if notice.state == State.SENT:
            notice.state = State.READ
        notice.save(update_fields=["read_at", "state"])
        if notice.parts:
            Notice.objects.filter(digest=notice, read_at__isnull=True).update(read_at=notice.read_at)
    return notice


@transaction.atomic
def mark_all_read(*, actor: Actor) -> int:
    """The reader has seen everything. Returns how many were unread."""
    unread = queries.notices_of(actor).filter(read_at__isnull=True)
    now = clock.now()
    waiting = unread.filter(state=State.QUEUED).update(read_at=now)  # their delivery is still to be recorded
    return waiting + unread.update(read_at=now, state=State.READ)


@transaction.atomic
def take_on(*, actor: Actor, notice_id: int) -> Notice:
    """I am on it: no repeats and no further steps about this for me. Raises: NotFound, Invalid (about nothing)."""
    notice = _take_on(actor, notice_id, None)
    _record(actor, notice, None)
    return notice


@transaction.atomic
def hand_on(*, actor: Actor, notice_id: int, to: int) -> Notice:
    """Hand the matter on to a colleague of the same side and contract, who is told and gets what follows.

    Raises: NotFound, Invalid (nobody to be handed it on to). Locks: nothing.
    """
    notice = queries.notice_of(actor, notice_id)
    if to not in dict(queries.colleagues_for(actor, notice)):
        raise Invalid(fields={"to": [_("This person cannot take the matter on.")]})
    person = User.objects.get(pk=to)
    notice = _take_on(actor, notice_id, person)
    # he may have said earlier that he is on it, or handed it on himself
    Acknowledgement.objects.filter(
        user=person, about_type=notice.about_type, about_id=notice.about_id
    ).delete()
    post(_handed(actor, notice, person))
    _record(actor, notice, person)
    return notice


def _handed(actor: Actor, notice: Notice, person: User) -> list[Draft]:
    with translation.override(person.language):
        subject = _("%(name)s hands on to you: %(subject)s") % {"name": actor.name, "subject": notice.subject}
    wanted = queries.wishes_of([person.pk])[person.pk]
    return [
        Draft(
            user_id=person.pk,
            customer_id=person.customer_id,
            channel=channel,
            level=notice.level,
            subject=subject,
            body=notice.body,
            url=notice.url,
            key=f"handed:{notice.pk}:{person.pk}:{channel}",
            about=(notice.about_type, notice.about_id),
            case=(notice.case_type, notice.case_id),
            about_customer_id=notice.about_customer_id,
            contract_id=notice.contract_id,
            step=notice.step,
        )
        for channel in wanted
    ]


def _take_on(actor: Actor, notice_id: int, handed_to: User | None) -> Notice:
    notice = queries.notice_of(actor, notice_id)
    if not notice.about_type:
        raise Invalid(_("Nothing more will come about this."))
    now = clock.now()
    Acknowledgement.objects.update_or_create(
        user_id=actor.user_id or 0,
        about_type=notice.about_type,
        about_id=notice.about_id,
        defaults={"customer_id": notice.customer_id, "handed_to": handed_to, "at": now},
    )
    same = Notice.objects.of(actor).filter(about_type=notice.about_type, about_id=notice.about_id)
    same.filter(channel__in=[*OUTWARD, Channel.PHONE], state__in=[State.QUEUED, State.HELD], parts=0).update(
        state=State.STOPPED, retry_at=None
    )
    same.filter(channel=Channel.IN_APP, read_at__isnull=True).update(read_at=now)
    notice.refresh_from_db()
    return notice


def _record(actor: Actor, notice: Notice, handed_to: User | None) -> None:
    events.record(
        "notice.taken_on",
        actor=actor,
        subject=(notice.about_type, notice.about_id),
        case=(notice.case_type, notice.case_id) if notice.case_type else None,
        customer_id=notice.about_customer_id,
        contract_id=notice.contract_id,
        facts={
            "notice": f"notice:{notice.pk}",
            "step": notice.step or None,
            "to": f"user:{handed_to.pk}" if handed_to else None,
        },
    )


@transaction.atomic
def save_preference(
    *,
    actor: Actor,
    channels: Sequence[str],
    robot_id: int | None = None,
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    urgent_breaks_through: bool = True,
) -> Preference:
    """How the actor wants to be told where a plan leaves the choice, and when not. Raises: NotAllowed, Invalid."""
    if actor.user_id is None:
        raise NotAllowed
    check_hours(quiet_from, quiet_to)
    if robot_id is not None and robot_id not in dict(queries.robots_for(actor)):
        raise Invalid(fields={"robot_id": [_("This robot is not in use.")]})
    allowed = queries.channels_for(actor)
    preference, _made = Preference.objects.update_or_create(
        user_id=actor.user_id,
        defaults={
            "customer_id": actor.customer_id,
            "channels": [channel for channel in allowed if channel in channels],
            "robot_id": robot_id,
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "urgent_breaks_through": urgent_breaks_through,
        },
    )
    return preference


FAILED_FOR_SURE = Q(sent_at__isnull=False) | Q(attempts__lt=ATTEMPTS)
"""Reported as not arrived, or refused. What was tried in vain to the end may have come through all the same."""


@transaction.atomic
def retry_failed(*, actor: Actor, notice_id: int | None = None) -> int:
    """Send failed notices again, one or all; what a digest should have told goes with its digest.

    What has failed for sure goes by a new key, the rest by the same. Raises: NotAllowed. Returns how many. Locks: the
    failed rows.
    """
    if not access.can_retry(actor):
        raise NotAllowed
    failed = queries.delivery_log(actor, state=State.FAILED)
    if notice_id is not None:
        failed = failed.filter(pk=notice_id)
    rows = locks.lock_rows(
        Notice.objects.filter(pk__in=list(failed.order_by().values_list("pk", flat=True)[:5000]))
    )
    heads = {row.digest_id or row.pk for row in rows}
    more = Case(When(FAILED_FOR_SURE, then=1), default=0, output_field=PositiveSmallIntegerField())
    count = Notice.objects.filter(pk__in=heads, state=State.FAILED).update(
        state=State.QUEUED, attempts=0, retry_at=None, turn=F("turn") + more
    )
    Notice.objects.filter(digest_id__in=heads, state=State.FAILED).update(state=State.BUNDLED)
    if count:
        deliver_queued.enqueue()
    return count
