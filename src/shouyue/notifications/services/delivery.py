"""Delivery: what waits is claimed, sent outside any transaction and settled.

A worker killed between claiming and settling leaves rows that are *being sent*; their lease runs out and they go out
again with the same key. So a message may at worst arrive twice, never not at all.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, jobs, locks
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.carriers.parcel import Outcome
from shouyue.notifications.choices import OUTWARD, Channel, Level, State
from shouyue.notifications.models import Gateway, Notice, Preference
from shouyue.notifications.queries import contact_ways, held_until, preferences_for
from shouyue.notifications.rules.pace import (
    BATCH,
    BREAKS_AFTER,
    DIGEST_EVERY,
    LEASE,
    PATIENCE,
    WORK_SECONDS,
    broken_for,
    gathering,
    next_try,
)

from .sending import Messenger
from .writing import Draft, digest_like, extend_digest, write

MINUTE = timedelta(seconds=60)
SETTLE_EACH = 20
LISTED_IN_DIGEST = 20
LISTED_FOR_CONTACTS = 2000
"""Who has no account can read them nowhere else."""


@dataclass(slots=True)
class _Claim:
    """What one round has taken up. later: when something that was put off should be looked at again."""

    now: datetime
    taken: int = 0
    ready: list[Notice] = field(default_factory=list)
    later: list[datetime] = field(default_factory=list)

    def put_off(self, notices: Iterable[Notice], until: datetime, state: str = State.QUEUED) -> None:
        """Not now; no try is counted."""
        ids = [notice.pk for notice in notices]
        Notice.objects.filter(pk__in=ids).update(state=state, retry_at=until)
        if until - self.now < MINUTE:
            self.later.append(until)


def deliver_batch(limit: int = BATCH) -> int:
    """Deliver what waits, one batch. Returns how many were taken up.

    Nothing is sent within a transaction: rows are claimed in one, sent, and settled in others.
    """
    claim = _claim(limit)
    messenger = Messenger()
    ends = time.monotonic() + WORK_SECONDS
    try:
        for start in range(0, len(claim.ready), SETTLE_EACH):
            part = claim.ready[start : start + SETTLE_EACH]
            outcomes = {
                notice.pk: messenger.send(notice) if time.monotonic() < ends else None for notice in part
            }
            _settle(part, outcomes)
    finally:
        messenger.close()
    if claim.later:
        with acting_in(EVERYTHING):
            deliver_queued.enqueue(at=min(claim.later))
    return claim.taken


def _claim(limit: int) -> _Claim:
    """Take up what is due. One claims at a time, so that a person's digest is made once. Locks: the rows."""
    with acting_in(EVERYTHING):
        locks.hold("notifications.claim")
        claim = _Claim(clock.now())
        rows = list(
            Notice.objects.filter(state__in=[State.QUEUED, State.HELD, State.SENDING])
            .exclude(channel=Channel.PHONE)
            .exclude(retry_at__gt=claim.now)
            .select_related("user", "contact__customer")
            .order_by("id")
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        claim.taken = len(rows)
        outward = [row for row in rows if row.channel in OUTWARD]
        outward = _without_held(claim, outward)
        outward = _gathered(claim, outward)
        _arrive([row for row in rows if row.channel == Channel.IN_APP], claim.now)
        ready = [row for row in outward if row.channel == Channel.EMAIL]
        ready += _routed(claim, [row for row in outward if row.channel in (Channel.SMS, Channel.ROBOT)])
        for row in ready:
            row.state, row.retry_at, row.tried_at = State.SENDING, claim.now + LEASE, claim.now
        Notice.objects.bulk_update(ready, ["state", "retry_at", "tried_at", "gateway"])
        claim.ready = ready
        return claim


def _arrive(notices: Sequence[Notice], now: datetime) -> None:
    """In the application a notice arrives by being looked at here. Queries: two, and those of what listens."""
    if not notices:
        return
    arrived = Notice.objects.filter(pk__in=[notice.pk for notice in notices])
    arrived.update(
        state=Case(When(digest__isnull=False, then=Value(State.DIGESTED)), default=Value(State.SENT)),
        attempts=F("attempts") + 1,
        tried_at=now,
        sent_at=now,
        retry_at=None,
        error="",
    )
    record_many_sent([notice for notice in notices if notice.records], "delivered")


def _without_held(claim: _Claim, notices: Sequence[Notice]) -> list[Notice]:
    """Keep back what falls into its reader's quiet hours, but for urgent ones he lets through. Queries: one."""
    wishes = preferences_for(notices)
    passing: list[Notice] = []
    refused: list[Notice] = []
    for notice in notices:
        wish = wishes.get((notice.user_id, notice.contact_id))
        if notice.contact_id is not None and wish is not None and notice.channel not in wish.channels:
            refused.append(notice)
            continue
        until = None if notice.key.startswith("test:") else held_until(notice, wish, claim.now)
        if until is None:
            passing.append(notice)
        else:
            claim.put_off([notice], until, State.HELD)
    refuse(refused, claim.now)
    return passing


def refuse(notices: Sequence[Notice], now: datetime) -> None:
    """Their readers do not want to be told by this way: the operators see that it was not done."""
    for notice in notices:
        _settle_one(notice, Outcome("refused", _("the contact does not want to be told by this way")), now)


def _gathered(claim: _Claim, notices: Sequence[Notice]) -> list[Notice]:
    """Put many for one person and channel into one digest, once its storm has settled."""
    groups: dict[tuple[int | None, int | None, str], list[Notice]] = defaultdict(list)
    passing: list[Notice] = []
    for notice in notices:
        # digests, what was claimed before, tests and what an operator sends again go as they are
        alone = notice.parts or notice.tried_at or notice.key.startswith("test:")
        (passing if alone else groups[notice.user_id, notice.contact_id, notice.channel]).append(notice)
    for group in groups.values():
        lately = _sent_lately(claim.now, group[0])
        verdict = gathering(
            waiting=len(group),
            lately=lately[0],
            oldest=min(one.created_at for one in group),
            newest=max(one.created_at for one in group),
            digest_at=lately[1],
            now=claim.now,
        )
        if verdict == "one by one":
            passing += group
        elif verdict == "together":
            passing.append(_bundle(claim, group[0]))
        else:
            assert isinstance(verdict, datetime)
            claim.put_off(group, verdict)
    return passing


def _to_the_same(notice: Notice, channel: str) -> QuerySet[Notice]:
    """Everything for its reader on a channel."""
    return Notice.objects.filter(user=notice.user, contact=notice.contact, channel=channel)


def _sent_lately(now: datetime, one: Notice) -> tuple[int, datetime | None]:
    """How many went to the person there in the last minutes one by one, and when the last digest did. Queries: one."""
    rows = _to_the_same(one, one.channel).filter(tried_at__gt=now - DIGEST_EVERY)
    found = list(rows.order_by("-tried_at").values_list("parts", "tried_at")[:50])
    return (
        sum(1 for parts, _at in found if not parts),
        max((at for parts, at in found if parts and at), default=None),
    )


def _bundle(claim: _Claim, one: Notice) -> Notice:
    """One digest of everything that waits for the person there, however much it is."""
    waiting = (
        _to_the_same(one, one.channel)
        .filter(state__in=[State.QUEUED, State.HELD], parts=0, tried_at__isnull=True)
        .filter(Q(state=State.QUEUED) | Q(retry_at__lte=claim.now))
    )
    ids = list(waiting.order_by("id").values_list("pk", flat=True))
    digest = digest_like(one, claim.now, State.QUEUED)
    levels = set(Notice.objects.filter(pk__in=ids).values_list("level", flat=True))
    grave = next(level for level in (Level.URGENT, Level.WARNING, Level.INFO) if level in levels)
    Notice.objects.filter(pk__in=ids).update(state=State.BUNDLED, digest=digest, retry_at=None)
    extend_digest(digest, len(ids), grave)
    listed = LISTED_IN_DIGEST if digest.user_id else LISTED_FOR_CONTACTS
    some = Notice.objects.filter(pk__in=ids).order_by("id").values_list("subject", flat=True)[:listed]
    digest.body = "\n".join(some)
    if len(ids) > listed:
        with translation.override(digest.language):
            digest.body += "\n" + _("… and %(n)d more") % {"n": len(ids) - listed}
    digest.save(update_fields=["body"])
    return digest


def _routed(claim: _Claim, notices: Sequence[Notice]) -> list[Notice]:
    """Give each notice its gateway; put off what its gateway cannot take now. Queries: gateways, their last minute."""
    if not notices:
        return []
    gateways = list(Gateway.objects.filter(is_active=True).order_by("id"))
    sound_first = sorted(gateways, key=lambda one: one.failures >= BREAKS_AFTER)
    robots = dict(
        Preference.objects.filter(user_id__in={n.user_id for n in notices}, robot__isnull=False).values_list(
            "user_id", "robot_id"
        )
    )
    room = {gateway.pk: _room(claim.now, gateway) for gateway in gateways}
    passing: list[Notice] = []
    for notice in notices:
        fitting = [one for one in sound_first if one.channel == notice.channel]
        if notice.gateway_id is not None and notice.key.startswith("test:"):
            fitting = list(Gateway.objects.filter(pk=notice.gateway_id))
            room.setdefault(notice.gateway_id, (1, claim.now))
        elif notice.user_id in robots and notice.channel == Channel.ROBOT:
            fitting = [one for one in fitting if one.pk == robots[notice.user_id]] or fitting
        free = [one for one in fitting if room[one.pk][0] > 0]
        if free:
            left, until = room[free[0].pk]
            room[free[0].pk] = (left - 1, until)
            notice.gateway = free[0]
            passing.append(notice)
        elif fitting:
            claim.put_off([notice], min(room[one.pk][1] for one in fitting))
        else:
            notice.gateway = None
            passing.append(notice)  # fails with the reason
    return passing


def _room(now: datetime, gateway: Gateway) -> tuple[int, datetime]:
    """How many more it takes now, and when it will take some again. A gateway that was broken is tried with one."""
    if gateway.open_until is not None and gateway.open_until > now:
        return 0, gateway.open_until
    lately = Notice.objects.filter(gateway=gateway, tried_at__gt=now - MINUTE)
    used = list(lately.order_by("tried_at").values_list("tried_at", flat=True)[: gateway.per_minute])
    left = gateway.per_minute - len(used)
    again = (used[0] if used else now) + MINUTE
    if gateway.failures >= BREAKS_AFTER:
        return min(left, 1), max(
            again if left <= 0 else now + timedelta(seconds=5), now + timedelta(seconds=1)
        )
    return left, max(again, now + timedelta(seconds=1))


def _settle(notices: Sequence[Notice], outcomes: dict[int, Outcome | None]) -> None:
    """Write down how each try ended. None: it was not tried. Locks: the rows, in order, and their gateways."""
    with acting_in(EVERYTHING):
        now = clock.now()
        again: list[datetime] = []
        fallbacks: list[Draft] = []
        for notice in sorted(notices, key=lambda one: one.pk):
            outcome = _impatient(notice, outcomes[notice.pk], now)
            if outcome is None or outcome.state == "slow":
                wait = timedelta(seconds=outcome.wait if outcome else 1)
                notice.state, notice.retry_at = State.QUEUED, now + wait
                notice.answer = outcome.answer if outcome else notice.answer
                notice.save(update_fields=["state", "retry_at", "answer"])
                again.append(notice.retry_at)
                continue
            _settle_one(notice, outcome, now)
            if notice.state == State.QUEUED and notice.retry_at:
                again.append(notice.retry_at)
            if notice.state == State.FAILED and notice.channel in (Channel.SMS, Channel.ROBOT):
                fallbacks += by_mail_instead(notice)
        _settle_gateways(notices, outcomes, now)
        if fallbacks and write(fallbacks)[1]:
            again.append(now)
        soon = min(again, default=None)
        if soon is not None and soon - now < MINUTE:
            deliver_queued.enqueue(at=soon)


def _impatient(notice: Notice, outcome: Outcome | None, now: datetime) -> Outcome | None:
    """A pause asked for once more after so long is a failure, or what waits behind it would wait for ever."""
    if outcome is None or outcome.state != "slow" or outcome.answer == str(Messenger.RESTS):
        return outcome
    return replace(outcome, state="failed") if notice.created_at + PATIENCE < now else outcome


def _settle_one(notice: Notice, outcome: Outcome, now: datetime) -> None:
    notice.attempts += 1
    once = notice.key.startswith("test:")  # who tests wants to see the answer, not to wait
    again = next_try(notice.attempts, now) if outcome.state in ("failed", "later") and not once else None
    good = outcome.state == "accepted"
    notice.state = State.SENT if good else State.QUEUED if again else State.FAILED
    notice.error, notice.answer = ("", outcome.answer) if good else (outcome.answer, "")
    notice.retry_at, notice.sent_at = again, now if good else None
    notice.provider_id = outcome.provider_id or notice.provider_id
    notice.save(
        update_fields=[
            *("attempts", "state", "error", "answer", "retry_at", "sent_at", "gateway", "provider_id")
        ]
    )
    if notice.records and again is None:
        record_sent(notice, "delivered" if good else "failed")
    if notice.parts and again is None:
        settle_members(notice, now)


def settle_members(digest: Notice, now: datetime) -> None:
    """What a digest tells shares its fate, also when that is known only later."""
    good = digest.state == State.SENT
    members = Notice.objects.filter(digest=digest, state__in=[State.BUNDLED, State.DIGESTED])
    outcome = "delivered" if good else "failed"
    record_many_sent(members.filter(records=True).order_by("pk"), outcome)
    members.update(
        state=State.DIGESTED if good else State.FAILED,
        sent_at=now if good else None,
        error="" if good else digest.error,
        gateway=digest.gateway,
    )


def by_mail_instead(notice: Notice) -> list[Draft]:
    """A last way for what neither text message nor robot could bring, when no mail went out anyway."""
    if not notice.reader.email or notice.key.startswith("test:"):
        return []
    if notice.contact is not None and Channel.EMAIL not in contact_ways([notice.contact])[notice.contact.pk]:
        return []
    if (
        notice.about_type
        and _to_the_same(notice, Channel.EMAIL)
        .filter(
            about_type=notice.about_type,
            about_id=notice.about_id,
            step=notice.step,
        )
        .exists()
    ):
        return []
    return [
        Draft(
            user_id=notice.user_id,
            contact_id=notice.contact_id,
            customer_id=notice.customer_id,
            channel=Channel.EMAIL,
            subject=notice.subject,
            body=notice.body,
            url=notice.url,
            level=notice.level,
            key=f"{notice.key[:150]}:instead",
            about=(notice.about_type, notice.about_id),
            case=(notice.case_type, notice.case_id),
            about_customer_id=notice.about_customer_id,
            contract_id=notice.contract_id,
            step=notice.step,
            records=notice.records,
        )
    ]


def _settle_gateways(notices: Sequence[Notice], outcomes: dict[int, Outcome | None], now: datetime) -> None:
    """The state of each gateway's breaker after these tries. Locks: the gateways, so that receipts that name them pass:
    who writes those waits for the notices this transaction holds."""
    used = sorted({notice.gateway_id for notice in notices if notice.gateway_id and outcomes[notice.pk]})
    for gateway in Gateway.objects.filter(pk__in=used).order_by("pk").select_for_update(no_key=True):
        for notice in notices:
            outcome = outcomes[notice.pk]
            if notice.gateway_id != gateway.pk or outcome is None or outcome.answer == str(Messenger.RESTS):
                continue
            if outcome.state == "accepted":
                gateway.failures, gateway.open_until, gateway.last_sent_at = 0, None, now
                continue
            gateway.last_error, gateway.last_failed_at = outcome.answer, now
            if outcome.state == "slow":
                gateway.open_until = now + timedelta(seconds=outcome.wait)
            elif outcome.state == "failed":
                gateway.failures += 1
                rest = broken_for(gateway.failures)
                gateway.open_until = now + rest if rest else gateway.open_until
            else:
                gateway.failures = 0  # it answers: the message is at fault, or how it is set up
        gateway.save(update_fields=["failures", "open_until", "last_error", "last_failed_at", "last_sent_at"])


def record_sent(notice: Notice, outcome: str) -> None:
    """The event of a delivery, or of its failure, about what the notice is about."""
    record_many_sent([notice], outcome)


def record_many_sent(notices: Iterable[Notice], outcome: str) -> None:
    """The same of many."""
    events.record_many([_sent_event(notice, outcome) for notice in notices])


def _sent_event(notice: Notice, outcome: str) -> events.NewEvent:
    return events.NewEvent(
        verb="notice.sent",
        actor=SYSTEM,
        subject=(notice.about_type, notice.about_id),
        case=(notice.case_type, notice.case_id),
        customer_id=notice.about_customer_id,
        contract_id=notice.contract_id,
        facts={
            "step": notice.step,
            "channel": notice.channel,
            "outcome": outcome,
            "notice": f"notice:{notice.pk}",
        },
    )


@jobs.task("notifications.deliver", in_transaction=False)
def deliver_queued() -> None:
    """Deliver until nothing waits."""
    while deliver_batch() == BATCH:
        pass
