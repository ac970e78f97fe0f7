"""Receipts: what providers report later about messages, at a secret address or when they are asked.

The same report is kept once. One about a message nobody knows yet waits: it may have overtaken the answer to its
sending, so it is looked at again every minute for a day, and operators see it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound, TooMany
from shouyue.kernel.scope import EVERYTHING, PROVIDER_ID, acting_in
from shouyue.notifications import access, letters, queries, secrets_of
from shouyue.notifications.carriers import reports
from shouyue.notifications.carriers.reports import Call, Report, Unreadable
from shouyue.notifications.choices import WITH_RECEIPTS, Arrival, Channel, GatewayKind, State
from shouyue.notifications.models import Gateway, Notice, Receipt

from .delivery import by_mail_instead, deliver_queued, record_many_sent, record_sent, settle_members
from .pacing import Pace
from .writing import Draft, write

LARGEST = 256 * 1024
STILL_LOOKED_FOR = timedelta(days=1)
MOST_WAITING = 1000
_TURN = re.compile(r"~[0-9]+$")
PACE = Pace(per_minute=600)
SETTLED = (State.SENT, State.ARRIVED, State.FAILED)


@transaction.atomic
def issue_receipt_address(*, actor: Actor, gateway_id: int) -> str:
    """Give a gateway a new secret address for its receipts; the one before ends at once. It is told now and never
    again.

    Raises: NotAllowed, NotFound, Invalid for a kind without receipts. Event: gateway.changed. Locks: the gateway.
    """
    access.require_set_up(actor)
    gateway: Gateway = locks.lock_row(queries.gateways(actor), pk=gateway_id)
    if gateway.kind not in WITH_RECEIPTS:
        raise Invalid(_("This kind of gateway reports nothing later."))
    secret = secrets.token_urlsafe(32)
    gateway.receipt_digest = _digest(secret)
    gateway.save(update_fields=["receipt_digest"])
    events.record(
        "gateway.changed",
        actor=actor,
        subject=("gateway", gateway.pk),
        facts={"kind": gateway.kind, "on": gateway.is_active},
    )
    return secret


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a call. problem: empty, `signature` or `unreadable`; fresh: how many reports were new."""

    kind: str
    fresh: int = 0
    problem: str = ""


def take_receipts(*, secret: str, call: Call) -> Taken:
    """Take what a gateway reports at its secret address; what is wrong with it stands on the gateway's page.

    Raises: NotFound for a wrong address, TooMany. Locks: the notices, in order.
    """
    gateway: Gateway | None = None
    if 20 <= len(secret) <= 64:
        gateway = Gateway.objects.filter(receipt_digest=_digest(secret)).first()
    if gateway is None:
        raise NotFound
    if not PACE.takes(str(gateway.pk)):
        raise TooMany
    with acting_in(EVERYTHING):
        known = secrets_of.opened(gateway)
        if not reports.is_signed(gateway.kind, gateway.settings, known, call, clock.now()):
            note_trouble(gateway, _("A report came with a wrong signature."))
            return Taken(gateway.kind, problem="signature")
        try:
            told = reports.read(gateway.kind, gateway.settings, call)
        except Unreadable as error:
            note_trouble(gateway, _("A report could not be read: %(why)s") % {"why": error})
            return Taken(gateway.kind, problem="unreadable")
        fresh = keep_reports(gateway, told)
        note_trouble(gateway, "")
        return Taken(gateway.kind, fresh)


def note_trouble(gateway: Gateway, problem: str, *, heard: bool = True) -> None:
    """For the operators: what was wrong with what came last (empty: nothing), and when something came, if it did.

    Locks: the gateway, so notices must be locked before, as deliveries do.
    """
    news: dict[str, Any] = {"receipts_error": problem.replace("\x00", "")[:300]}
    if heard:
        news["last_receipt_at"] = clock.now()
    Gateway.objects.filter(pk=gateway.pk).update(**news)


def keep_reports(gateway: Gateway, told: Sequence[Report]) -> int:
    """Keep reports and let their notices follow them. Returns how many were new. Locks: the notices, in order."""
    now = clock.now()
    by_digest = {reports.digest(gateway.pk, report): report for report in told}
    known = set(Receipt.objects.filter(digest__in=by_digest).values_list("digest", flat=True))
    fresh = [
        Receipt(
            customer_id=PROVIDER_ID,
            gateway=gateway,
            message=report.message,
            provider_id=report.provider_id,
            outcome=report.outcome,
            reason=report.reason,
            reported_at=min(report.at, now) if report.at else None,
            received_at=now,
            digest=digest,
        )
        for digest, report in by_digest.items()
        if digest not in known
    ]
    Receipt.objects.bulk_create(fresh, ignore_conflicts=True)  # the same call may be under way twice
    _match(gateway, Receipt.objects.filter(digest__in=[one.digest for one in fresh]))
    return len(fresh)


def match_waiting() -> int:
    """Look again for the messages of receipts that came too early. Returns how many found theirs."""
    with acting_in(EVERYTHING):
        since = clock.now() - STILL_LOOKED_FOR
        rows = Receipt.objects.filter(notice__isnull=True, of_letter=False, received_at__gt=since)
        waiting = list(rows.order_by("-id").values_list("pk", "gateway_id")[:MOST_WAITING])
        found = 0
        for gateway in Gateway.objects.filter(pk__in={gateway_id for _pk, gateway_id in waiting}):
            of_it = [pk for pk, gateway_id in waiting if gateway_id == gateway.pk]
            found += _match(gateway, Receipt.objects.filter(pk__in=of_it))
        return found


def _match(gateway: Gateway, rows: QuerySet[Receipt]) -> int:
    """Give receipts to their notices, in the order they came. Queries: two, and some per receipt that is applied."""
    receipts = list(locks.lock_rows(rows.filter(notice__isnull=True, of_letter=False)))
    notices = _notices_of(gateway, receipts)
    now = clock.now()
    drafts: list[Draft] = []
    found = 0
    for receipt in receipts:
        if letters.tell(receipt.message, receipt.outcome, receipt.reason):
            receipt.of_letter = True
            receipt.save(update_fields=["of_letter"])
            found += 1
            continue
        notice = next((notices[name] for name in _names(receipt) if name in notices), None)
        if notice is None or notice.state not in SETTLED:
            continue  # perhaps it is still being sent
        receipt.notice, receipt.customer_id = notice, notice.customer_id
        receipt.save(update_fields=["notice", "customer_id"])
        drafts += _apply(notice, receipt, now)
        found += 1
    if drafts and write(drafts)[1]:
        deliver_queued.enqueue()
    return found


def _names(receipt: Receipt) -> list[tuple[str, str]]:
    """By what its notice may be known, surest first."""
    named = [("mail", receipt.message), ("key", _key_in(receipt.message)), ("provider", receipt.message)]
    return [*named, ("provider", receipt.provider_id)] if receipt.provider_id else named


def _notices_of(gateway: Gateway, receipts: Sequence[Receipt]) -> dict[tuple[str, str], Notice]:
    """The notices these receipts may mean, by name; only those this gateway has sent. Locks: them, in order."""
    if gateway.kind == GatewayKind.MAIL:
        numbers = [
            one.message.removeprefix("notice-") for one in receipts if one.message.startswith("notice-")
        ]
        rows = Notice.objects.filter(
            channel=Channel.EMAIL, pk__in=[int(one) for one in numbers if one.isdigit()]
        )
        return {("mail", f"notice-{notice.pk}"): notice for notice in _locked(rows)}
    messages = [one.message for one in receipts]
    ids = [*messages, *(one.provider_id for one in receipts if one.provider_id)]
    keys = [_key_in(message) for message in messages]
    rows = Notice.objects.filter(Q(key__in=keys) | Q(provider_id__in=ids), gateway=gateway)
    found: dict[tuple[str, str], Notice] = {}
    for notice in _locked(rows):
        found["key", notice.key] = notice
        if notice.provider_id:
            found["provider", notice.provider_id] = notice
    return found


def _locked(rows: QuerySet[Notice]) -> list[Notice]:
    return locks.lock_rows(rows.select_related("user", "contact__customer"))


def _apply(notice: Notice, receipt: Receipt, now: datetime) -> list[Draft]:
    """Let a notice follow its receipt. Arrived is final; a report of an earlier try changes nothing.

    Returns what must be sent instead.
    """
    if _is_of_another_try(notice, receipt):
        return []
    if receipt.outcome == Arrival.ARRIVED:
        if notice.state != State.ARRIVED:
            _arrived(notice, receipt.reported_at or now)
        return []
    if notice.state != State.SENT:
        return []
    notice.state, notice.error = (
        State.FAILED,
        receipt.reason or _("the provider reports that it did not arrive"),
    )
    notice.save(update_fields=["state", "error"])
    if notice.records:
        record_sent(notice, "failed")
    if notice.parts:
        settle_members(notice, now)
    return by_mail_instead(notice) if notice.channel in (Channel.SMS, Channel.ROBOT) else []


def _is_of_another_try(notice: Notice, receipt: Receipt) -> bool:
    if receipt.provider_id and notice.provider_id and receipt.provider_id != notice.provider_id:
        return True
    return _key_in(receipt.message) == notice.key and receipt.message != notice.sent_key


def _key_in(message: str) -> str:
    """The notice's key in what a provider calls its message, see `Notice.sent_key`."""
    return _TURN.sub("", message)


def _arrived(notice: Notice, at: datetime) -> None:
    notice.state, notice.error, notice.arrived_at = State.ARRIVED, "", at
    notice.sent_at = notice.sent_at or at
    notice.save(update_fields=["state", "error", "arrived_at", "sent_at"])
    if notice.records:
        record_sent(notice, "arrived")
    if notice.parts:
        told = Notice.objects.filter(digest=notice, state__in=[State.DIGESTED, State.FAILED])
        record_many_sent(told.filter(records=True).order_by("pk"), "arrived")
        told.update(state=State.DIGESTED, error="", arrived_at=at)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
