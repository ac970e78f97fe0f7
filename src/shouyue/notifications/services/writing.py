"""Writing notices in the transaction of what they tell about; digests in the application."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from shouyue.kernel import clock
from shouyue.notifications.choices import Channel, Level, State
from shouyue.notifications.models import Acknowledgement, Notice
from shouyue.notifications.rules.pace import FEW

SAME_DIGEST = timedelta(minutes=10)
"""A digest in the application takes in what comes so soon after it, as long as nobody has read it."""
_RANK = {Level.INFO: 0, Level.WARNING: 1, Level.URGENT: 2}


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be posted. key: what it is about, unique for reader and channel; the same key is posted once.

    user_id or contact_id: whom it is for, one of them; contacts have no account and are told outside only.
    about, case: what it concerns, (type, id); about_customer_id: whose. records: the delivery becomes an event
    `notice.sent` of `about`, because a promise asks for it. gateway_id: by this way and no other.
    """

    user_id: int | None
    customer_id: int
    channel: str
    subject: str
    key: str
    contact_id: int | None = None
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
        "contact_id bigint",
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
    *("records boolean", "gateway_id bigint", "digest_id bigint"),
)
_PLACE = {column.split()[0]: place for place, column in enumerate(_COLUMNS)}
# one array per column: a statement that grew with its rows would be parsed and planned anew each time
_INSERT = f"""
INSERT INTO notifications_notice ({", ".join(column.split()[0] for column in _COLUMNS)}, attempts, error, parts, answer,
    provider_id)
SELECT n.*, 0, '', 0, '', '' FROM unnest({", ".join(f"%s::{column.split()[1]}[]" for column in _COLUMNS)}) n
ON CONFLICT (key) DO NOTHING RETURNING state, channel, user_id, level, digest_id
"""  # noqa: S608 - constants


def write(drafts: Sequence[Draft]) -> tuple[int, bool]:
    """Write the notices in the running transaction. Returns how many were new, and whether any waits for delivery.

    More than a few at once for one person in the application show as one line in his list, with all of them behind it.
    Queries: who has taken on, one per 500; four or five more when many are for somebody. Locks: digests.
    """
    now = clock.now()
    taken = _taken_on(drafts)
    drafts = [_redirected(draft, taken) for draft in drafts] if taken else drafts
    rows = [_values(draft, now, _is_taken(draft, taken)) for draft in drafts]
    many = _many(rows)
    digests = open_digests(many, now) if many else {}
    rows = [_in_digest(row, digests) for row in rows]
    made: list[_Made] = []
    for start in range(0, len(rows), 500):
        with connection.cursor() as cursor:
            part = rows[start : start + 500]
            cursor.execute(_INSERT, [list(column) for column in zip(*part, strict=True)])
            made += [_Made(*row) for row in cursor.fetchall()]
    if digests:
        _fill_digests(digests, made)
    return len(made), any(one.state == State.QUEUED and one.channel != Channel.PHONE for one in made)


def _taken_on(drafts: Sequence[Draft]) -> Mapping[tuple[str, int, int | None], tuple[int, int] | None]:
    """(about, user) of what somebody is on → (user, customer) it was handed to, or None. Queries: one or none."""
    about: dict[str, set[int]] = defaultdict(set)
    for draft in drafts:
        if draft.about[0]:
            about[draft.about[0]].add(draft.about[1])
    found: dict[tuple[str, int, int | None], tuple[int, int] | None] = {}
    for kind, ids in about.items():
        rows = Acknowledgement.objects.filter(about_type=kind, about_id__in=ids).values_list(
            "about_id", "user_id", "handed_to_id", "handed_to__customer_id", "handed_to__is_active"
        )
        for number, user_id, to, customer_id, is_active in rows:
            found[kind, number, user_id] = (to, customer_id) if to and is_active else None
    return found


def _redirected(draft: Draft, taken: Mapping[tuple[str, int, int | None], tuple[int, int] | None]) -> Draft:
    """The draft for whoever has the matter now; handing on in a circle ends with the last one asked."""
    seen = {draft.user_id}
    while (to := taken.get((*draft.about, draft.user_id))) is not None and to[0] not in seen:
        seen.add(to[0])
        draft = replace(draft, user_id=to[0], customer_id=to[1], key=f"{draft.key[:140]}>{to[0]}")
    return draft


def _is_taken(draft: Draft, taken: Mapping[tuple[str, int, int | None], tuple[int, int] | None]) -> bool:
    return (*draft.about, draft.user_id) in taken


def _values(draft: Draft, now: datetime, is_taken: bool) -> tuple[Any, ...]:
    at_once = draft.channel == Channel.IN_APP and not draft.records
    state = State.SENT if at_once else State.QUEUED
    if is_taken and not (draft.channel == Channel.IN_APP and draft.records):
        state = State.STOPPED
    return (
        draft.customer_id,
        draft.user_id,
        draft.contact_id,
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
        None,
    )


def clean(text: str) -> str:
    """One line: a line break in a subject would be a mail header of its own."""
    return " ".join(text.replace("\x00", "").split())


# Many at once for one person


@dataclass(frozen=True, slots=True)
class _Made:
    state: str
    channel: str
    user_id: int
    level: str
    digest_id: int | None


@dataclass(slots=True)
class _Digest:
    """An unread digest of somebody in the application."""

    id: int
    parts: int
    level: str
    language: str


def _many(rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """The people for whom more than a few of these rows are, in the application."""
    channel, state, user = _PLACE["channel"], _PLACE["state"], _PLACE["user_id"]
    counts = Counter(
        row[user] for row in rows if row[channel] == Channel.IN_APP and row[state] != State.STOPPED
    )
    return sorted(user_id for user_id, count in counts.items() if count > FEW)


_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('notifications.digest:' || u, 0)) FROM unnest(%s::bigint[]) u"
_OPEN = """
SELECT u.id, u.customer_id, u.language, d.id, d.parts, d.level FROM accounts_user u
LEFT JOIN LATERAL (SELECT n.id, n.parts, n.level FROM notifications_notice n
    WHERE n.user_id = u.id AND n.channel = 'in_app' AND n.parts > 0 AND n.read_at IS NULL AND n.digest_id IS NULL
    AND n.created_at > %s ORDER BY n.id DESC LIMIT 1) d ON true
WHERE u.id = ANY(%s)
"""
_BEGIN = """
INSERT INTO notifications_notice (customer_id, user_id, channel, level, subject, body, url, key, state, created_at,
    sent_at, about_type, about_id, case_type, case_id, about_customer_id, step, records, attempts, error, parts, answer,
    provider_id)
SELECT d.customer_id, d.user_id, 'in_app', 'info', '', '', '', d.key, 'sent', %s, %s, '', 0, '', 0, 0, '', false, 0, '',
    0, '', '' FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS d (customer_id, user_id, key) RETURNING user_id, id
"""
_EXTEND = """
UPDATE notifications_notice n SET parts = d.parts, level = d.level, subject = d.subject, url = d.url
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[]) AS d (id, parts, level, subject, url)
WHERE n.id = d.id
"""


def open_digests(people: Sequence[int], now: datetime) -> dict[int, _Digest]:
    """An unread digest in the application for each of these people, by person; made where there is none yet.

    Queries: three. Locks: two who write at once share one digest, and the second waits for the first to end.
    """
    found: dict[int, _Digest] = {}
    fresh: list[tuple[int, int, str]] = []
    languages: dict[int, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [list(people)])
        cursor.execute(_OPEN, [now - SAME_DIGEST, list(people)])
        for user_id, customer_id, language, digest, parts, level in cursor.fetchall():
            languages[user_id] = language
            if digest is not None:
                found[user_id] = _Digest(digest, parts, level, language)
            else:
                key = f"digest:{Channel.IN_APP.value}:{user_id}:{now.isoformat()}:{token_hex(4)}"
                fresh.append((customer_id, user_id, key))
        if fresh:
            cursor.execute(_BEGIN, [now, now, *(list(column) for column in zip(*fresh, strict=True))])
            for user_id, digest in cursor.fetchall():
                found[user_id] = _Digest(digest, 0, Level.INFO.value, languages[user_id])
    return found


def _in_digest(row: tuple[Any, ...], digests: Mapping[int, _Digest]) -> tuple[Any, ...]:
    """The row, told by its reader's digest if he has one. What must become an event when delivered still waits."""
    digest = digests.get(row[_PLACE["user_id"]])
    state = row[_PLACE["state"]]
    if digest is None or row[_PLACE["channel"]] != Channel.IN_APP or state == State.STOPPED:
        return row
    values = list(row)
    values[_PLACE["digest_id"]] = digest.id
    if not row[_PLACE["records"]]:
        values[_PLACE["state"]] = State.DIGESTED
    return tuple(values)


def _fill_digests(digests: Mapping[int, _Digest], made: Sequence[_Made]) -> None:
    """Say what the digests tell now. One made for nothing (all of it was posted before) goes again."""
    for one in made:
        if one.digest_id is not None:
            digest = digests[one.user_id]
            digest.parts += 1
            digest.level = graver(digest.level, one.level)
    rows = [
        (digest.id, digest.parts, digest.level, _subject(digest.parts, digest.language), _page(digest.id))
        for digest in digests.values()
        if digest.parts
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_EXTEND, [list(column) for column in zip(*rows, strict=True)])
    if len(rows) < len(digests):
        Notice.objects.filter(pk__in=[digest.id for digest in digests.values() if not digest.parts]).delete()


def graver(one: str, other: str) -> str:
    """The graver of two levels."""
    return max(one, other, key=lambda level: _RANK[Level(level)])


def _subject(parts: int, language: str) -> str:
    with translation.override(language):
        return ngettext("%(n)d warning has come together", "%(n)d warnings have come together", parts) % {
            "n": parts
        }


def _page(digest_id: int) -> str:
    return reverse("notifications:digest", args=[digest_id])


def digest_like(notice: Notice, now: datetime, state: str) -> Notice:
    """A digest of nothing yet, for the reader and channel of a notice."""
    who = notice.user_id or f"c{notice.contact_id}"
    return Notice.objects.create(
        customer_id=notice.customer_id,
        user=notice.user,
        contact=notice.contact,
        channel=notice.channel,
        subject="",
        key=f"digest:{notice.channel}:{who}:{now.isoformat()}:{token_hex(4)}",
        state=state,
        created_at=now,
        sent_at=now if state == State.SENT else None,
    )


def extend_digest(digest: Notice, more: int, level: str) -> None:
    """Take so many more in: the subject counts them, the gravest gives the level. Contacts have no page for it."""
    digest.parts += more
    digest.level = graver(digest.level, level)
    digest.subject = _subject(digest.parts, digest.language)
    digest.url = _page(digest.pk) if digest.user_id else ""
    digest.save(update_fields=["parts", "level", "subject", "url"])
