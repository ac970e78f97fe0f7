"""Writing notices in the transaction of what they tell about; digests in the application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from shouyue.accounts.models import User
from shouyue.kernel import clock, locks
from shouyue.notifications.choices import Channel, Level, State
from shouyue.notifications.models import Acknowledgement, Notice
from shouyue.notifications.rules.pace import FEW

SAME_DIGEST = timedelta(minutes=10)
"""A digest in the application takes in what comes so soon after it, as long as nobody has read it."""
_RANK = {Level.INFO: 0, Level.WARNING: 1, Level.URGENT: 2}


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be posted. key: what it is about, unique for reader and channel; the same key is posted once.

    about, case: what it concerns, (type, id); about_customer_id: whose. records: the delivery becomes an event
    `notice.sent` of `about`, because a promise asks for it. gateway_id: by this way and no other.
    """

    user_id: int
    customer_id: int
    channel: str
    subject: str
    key: str
    body: str = ""
    url: str = ""
    level: str = Level.INFO
    about: tuple[str, int] = ("", 0)
    case: tuple[str, int] = ("", 0)
    about_customer_id: int = 0
    contract_id: int | None = None
    step: str = ""
    records: bool = False
    gateway_id: int | None = None


_COLUMNS = (
    *(
        "customer_id bigint",
        "user_id bigint",
        "channel text",
        "level text",
        "subject text",
        "body text",
        "url text",
    ),
    *(
        "key text",
        "state text",
        "created_at timestamptz",
        "sent_at timestamptz",
        "about_type text",
        "about_id bigint",
    ),
    *("case_type text", "case_id bigint", "about_customer_id bigint", "contract_id bigint", "step text"),
    *("records boolean", "gateway_id bigint"),
)
# one array per column: a statement that grew with its rows would be parsed and planned anew each time
_INSERT = f"""
INSERT INTO notifications_notice ({", ".join(column.split()[0] for column in _COLUMNS)}, attempts, error, parts, answer)
SELECT n.*, 0, '', 0, '' FROM unnest({", ".join(f"%s::{column.split()[1]}[]" for column in _COLUMNS)}) n
ON CONFLICT (key) DO NOTHING RETURNING id, state, records, channel, user_id, level
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class _Made:
    id: int
    state: str
    records: bool
    channel: str
    user_id: int
    level: str


def write(drafts: Sequence[Draft]) -> tuple[int, bool]:
    """Write the notices in the running transaction. Returns how many were new, and whether any waits for delivery.

    Queries: who has taken on, one per 500; a few more when many are for one person.
    """
    made: list[_Made] = []
    now = clock.now()
    taken = _taken_on(drafts)
    drafts = [_redirected(draft, taken) for draft in drafts] if taken else drafts
    for start in range(0, len(drafts), 500):
        part = drafts[start : start + 500]
        rows = [_values(draft, now, _is_taken(draft, taken)) for draft in part]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
            made += [_Made(*row) for row in cursor.fetchall()]
    _gather_in_app(made, now)
    return len(made), any(one.state == State.QUEUED and one.channel != Channel.PHONE for one in made)


def _taken_on(drafts: Sequence[Draft]) -> Mapping[tuple[str, int, int], tuple[int, int] | None]:
    """(about, user) of what somebody is on → (user, customer) it was handed to, or None. Queries: one or none."""
    about: dict[str, set[int]] = defaultdict(set)
    for draft in drafts:
        if draft.about[0]:
            about[draft.about[0]].add(draft.about[1])
    found: dict[tuple[str, int, int], tuple[int, int] | None] = {}
    for kind, ids in about.items():
        rows = Acknowledgement.objects.filter(about_type=kind, about_id__in=ids).values_list(
            "about_id", "user_id", "handed_to_id", "handed_to__customer_id", "handed_to__is_active"
        )
        for number, user_id, to, customer_id, is_active in rows:
            found[kind, number, user_id] = (to, customer_id) if to and is_active else None
    return found


def _redirected(draft: Draft, taken: Mapping[tuple[str, int, int], tuple[int, int] | None]) -> Draft:
    """The draft for whoever has the matter now; handing on in a circle ends with the last one asked."""
    seen = {draft.user_id}
    while (to := taken.get((*draft.about, draft.user_id))) is not None and to[0] not in seen:
        seen.add(to[0])
        draft = replace(draft, user_id=to[0], customer_id=to[1], key=f"{draft.key[:140]}>{to[0]}")
    return draft


def _is_taken(draft: Draft, taken: Mapping[tuple[str, int, int], tuple[int, int] | None]) -> bool:
    return (*draft.about, draft.user_id) in taken


def _values(draft: Draft, now: datetime, is_taken: bool) -> tuple[Any, ...]:
    at_once = draft.channel == Channel.IN_APP and not draft.records
    state = State.SENT if at_once else State.QUEUED
    if is_taken and not (draft.channel == Channel.IN_APP and draft.records):
        state = State.STOPPED
    return (
        draft.customer_id,
        draft.user_id,
        draft.channel,
        draft.level,
        clean(draft.subject)[:300],
        draft.body.replace("\x00", ""),
        draft.url[:300],
        draft.key[:160],
        state,
        now,
        now if state == State.SENT else None,
        *draft.about,
        *draft.case,
        draft.about_customer_id,
        draft.contract_id,
        draft.step[:64],
        draft.records,
        draft.gateway_id,
    )


def clean(text: str) -> str:
    """One line: a line break in a subject would be a mail header of its own."""
    return " ".join(text.replace("\x00", "").split())


def _gather_in_app(made: Sequence[_Made], now: datetime) -> None:
    """More than a few at once for one person show as one line in his list, with all of them behind it."""
    groups: dict[int, list[_Made]] = defaultdict(list)
    for one in made:
        if one.channel == Channel.IN_APP and one.state != State.STOPPED:
            groups[one.user_id].append(one)
    many = {user_id: rows for user_id, rows in groups.items() if len(rows) > FEW}
    if not many:
        return
    for user_id in sorted(many):  # two who write at once share one digest
        locks.hold(f"notifications.digest:{user_id}")
    people = User.objects.filter(pk__in=many).order_by("pk")
    fresh = Notice.objects.filter(
        user_id__in=many,
        channel=Channel.IN_APP,
        parts__gt=0,
        read_at__isnull=True,
        created_at__gt=now - SAME_DIGEST,
    )
    open_ones = {notice.user_id: notice for notice in fresh.order_by("user_id", "id").select_for_update()}
    for person in people:
        rows = many[person.pk]
        digest = open_ones.get(person.pk) or digest_for(person, Channel.IN_APP, now, State.SENT)
        extend_digest(
            digest, person, len(rows), max((one.level for one in rows), key=lambda level: _RANK[Level(level)])
        )
        mine = Notice.objects.filter(pk__in=[one.id for one in rows])
        mine.filter(records=False).update(digest=digest, state=State.DIGESTED)
        mine.filter(records=True).update(digest=digest)


def digest_for(person: User, channel: str, now: datetime, state: str) -> Notice:
    """A digest of nothing yet."""
    return Notice.objects.create(
        customer_id=person.customer_id,
        user=person,
        channel=channel,
        subject="",
        key=f"digest:{channel}:{person.pk}:{now.isoformat()}:{token_hex(4)}",
        state=state,
        created_at=now,
        sent_at=now if state == State.SENT else None,
    )


def extend_digest(digest: Notice, person: User, more: int, level: str) -> None:
    """Take so many more in: the subject counts them, the gravest gives the level."""
    digest.parts += more
    digest.level = max(digest.level, level, key=lambda one: _RANK[Level(one)])
    with translation.override(person.language):
        digest.subject = ngettext(
            "%(n)d warning has come together", "%(n)d warnings have come together", digest.parts
        ) % {"n": digest.parts}
    digest.url = reverse("notifications:digest", args=[digest.pk])
    digest.save(update_fields=["parts", "level", "subject", "url"])
