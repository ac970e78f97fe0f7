"""Reads of notices: the reader's own, and the operators' log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet

from shouyue.accounts.models import User
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound
from shouyue.parties.choices import Capacity
from shouyue.parties.models import Contact

from . import access, colleagues
from .choices import CONTACT_CHANNELS, Channel, Level, State
from .models import Acknowledgement, Gateway, Notice, Preference, Receipt
from .rules.pace import QUIET_FOR_CONTACTS, quiet_until

MANY = 100
MOST_CALLS = 2000
MATTERS_AT_ONCE = 3


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """The actor's own notices in the application, newest first; what a digest tells stands behind the digest."""
    return Notice.objects.of(actor).filter(channel=Channel.IN_APP, digest__isnull=True).order_by("-id")


def notice_of(actor: Actor, notice_id: int) -> Notice:
    """One of the actor's own notices. Raises: NotFound."""
    found: Notice | None = Notice.objects.of(actor).filter(channel=Channel.IN_APP, pk=notice_id).first()
    if found is None:
        raise NotFound
    return found


# on every page: written out, because building it costs more than running it
_UNREAD = f"""
SELECT count(*) FROM (SELECT 1 FROM notifications_notice WHERE user_id = %s AND channel = '{Channel.IN_APP}'
    AND digest_id IS NULL AND read_at IS NULL AND state <> '{State.STOPPED}' LIMIT {MANY}) n
"""  # noqa: S608 - constants


def unread_count(actor: Actor) -> int:
    """How many are unread; counted up to a hundred. Queries: one."""
    if actor.user_id is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, [actor.user_id])
        return int(cursor.fetchone()[0])


def digest_of(actor: Actor, notice_id: int) -> Notice:
    """One of the actor's digests, on whatever channel. Raises: NotFound."""
    found: Notice | None = Notice.objects.of(actor).filter(pk=notice_id, parts__gt=0).first()
    if found is None:
        raise NotFound
    return found


def members_of(digest: Notice) -> QuerySet[Notice]:
    """What a digest tells, oldest first."""
    return Notice.objects.filter(digest=digest).order_by("id")


def taken_on(actor: Actor, notices: Iterable[Notice]) -> Mapping[tuple[str, int], str]:
    """What of these the actor is on already: about → whom he handed it to, or "". Queries: one."""
    about = {(notice.about_type, notice.about_id) for notice in notices if notice.about_type}
    rows = Acknowledgement.objects.filter(
        user_id=actor.user_id or 0, about_id__in={number for _kind, number in about}
    ).values_list("about_type", "about_id", "handed_to__name")
    return {(kind, number): name or "" for kind, number, name in rows if (kind, number) in about}


def colleagues_for(actor: Actor, notice: Notice) -> Sequence[tuple[int, str]]:
    """Whom the actor may hand a notice on to: (id, name), without himself."""
    if notice.contract_id is None:
        return ()
    return [row for row in colleagues.of_contract(actor, notice.contract_id) if row[0] != actor.user_id]


def wishes_of(user_ids: Iterable[int]) -> dict[int, list[str]]:
    """The channels on which each person is told where a plan leaves the choice. Queries: one.

    Without a choice of his own: in the application and by mail, if he has an address.
    """
    people = User.objects.filter(pk__in=list(user_ids)).values_list(
        "pk", "email", "phone", "customer_id", "notice_preference__channels"
    )
    found: dict[int, list[str]] = {}
    for number, email, phone, customer_id, chosen in people.order_by("pk"):
        channels = [Channel.EMAIL] if chosen is None else chosen
        found[number] = [
            Channel.IN_APP,
            *(one for one in channels if reaches(one, email=email, phone=phone, customer_id=customer_id)),
        ]
    return found


def reaches(channel: str, *, email: str, phone: str, customer_id: int) -> bool:
    """Whether a channel can reach a person at all; robots speak in the provider's own groups."""
    match channel:
        case Channel.EMAIL:
            return bool(email)
        case Channel.SMS | Channel.PHONE:
            return bool(phone)
        case Channel.ROBOT:
            return customer_id == 0
    return True


def contact_ways(contacts: Iterable[Contact]) -> dict[int, list[str]]:
    """The ways by which contacts without account can be told and let themselves be told. Queries: one."""
    people = {one.pk: one for one in contacts}
    wishes = dict(Preference.objects.filter(contact_id__in=people).values_list("contact_id", "channels"))
    return {pk: ways_of(one, wishes.get(pk, CONTACT_CHANNELS)) for pk, one in people.items()}


def ways_of(contact: Contact, allowed: Sequence[str]) -> list[str]:
    """What of these can reach a contact."""
    return [
        str(one)
        for one in CONTACT_CHANNELS
        if one in allowed
        and reaches(one, email=contact.email, phone=contact.phone, customer_id=contact.customer_id)
    ]


def chosen_ways(possible: Sequence[str], named: Iterable[str]) -> list[str]:
    """Of a contact's ways those a plan names, else the first. Whoever has none is given one that fails with the
    reason, so that the operators see it."""
    wanted = set(named)
    return [one for one in possible if one in wanted] or list(possible[:1]) or [Channel.EMAIL.value]


def contact_of(actor: Actor, contact_id: int) -> Contact:
    """A contact without account. Raises: NotFound."""
    rows = Contact.objects.visible_to(actor) if actor.kind != "link" else Contact.objects.filter(pk=actor.id)
    found: Contact | None = rows.filter(pk=contact_id, user__isnull=True, is_active=True).first()
    if found is None:
        raise NotFound
    return found


def contact_wish(contact: Contact) -> Preference | None:
    """How a contact wants to be told, if anybody has said so. Queries: one."""
    return Preference.objects.filter(contact=contact).first()


@dataclass(frozen=True, slots=True)
class ContactShown:
    """A contact without account and how he is told. trouble: `refuses`, `unreachable` or empty."""

    contact: Contact
    ways: Sequence[str]
    trouble: str


MOST_CONTACTS = 200


def contacts_told(actor: Actor, customer_id: int) -> list[ContactShown]:
    """The contacts of a customer that plans may name but who have no account. Queries: two."""
    rows = Contact.objects.visible_to(actor).filter(
        customer_id=customer_id,
        user__isnull=True,
        is_active=True,
        capacities__overlap=[one for one in Capacity.values if one != Capacity.END_USER],
    )
    people = list(rows[:MOST_CONTACTS])
    wishes = {
        one.contact_id: one for one in Preference.objects.filter(contact_id__in=[one.pk for one in people])
    }
    found = []
    for one in people:
        wish = wishes.get(one.pk)
        ways = ways_of(one, wish.channels if wish else CONTACT_CHANNELS)
        trouble = "" if ways else "refuses" if wish and not wish.channels else "unreachable"
        found.append(ContactShown(one, [str(Channel(way).label) for way in ways], trouble))
    return found


def preference_of(actor: Actor) -> Preference | None:
    """The actor's own choice, if he has made one. Queries: one."""
    return Preference.objects.filter(user_id=actor.user_id or 0).first()


def channels_for(actor: Actor) -> list[str]:
    """The channels the actor may choose, beside the application itself."""
    every = [Channel.EMAIL, Channel.SMS, Channel.ROBOT, Channel.PHONE]
    return [str(one) for one in every if actor.is_staff or one in (Channel.EMAIL, Channel.SMS)]


def robots_for(actor: Actor) -> list[tuple[int, str]]:
    """The robots the actor may choose: (id, name). Queries: one or none."""
    if not actor.is_staff:
        return []
    rows = Gateway.objects.filter(channel=Channel.ROBOT, is_active=True)
    return list(rows.order_by("name").values_list("pk", "name"))


def gateways(actor: Actor) -> QuerySet[Gateway]:
    """Every gateway. Raises: NotAllowed."""
    if not access.can_see_gateways(actor):
        raise NotAllowed
    return Gateway.objects.order_by("channel", "id")


def failing_gateways() -> list[str]:
    """The names of those in use whose last messages failed, or that have never taken one. Queries: one."""
    fails = Q(failures__gt=0) | Q(last_failed_at__isnull=False, last_sent_at__isnull=True)
    return list(Gateway.objects.filter(fails, is_active=True).order_by("id").values_list("name", flat=True))


def gateway_of(actor: Actor, gateway_id: int) -> Gateway:
    """One gateway. Raises: NotAllowed, NotFound."""
    found = gateways(actor).filter(pk=gateway_id).first()
    if found is None:
        raise NotFound
    return found


def last_sent_by(actor: Actor, gateway_id: int | None) -> list[Notice]:
    """The last tries through a gateway (None: by mail). Raises: NotAllowed. Queries: one."""
    if not access.can_see_gateways(actor):
        raise NotAllowed
    rows = Notice.objects.select_related("user", "contact")
    if gateway_id is None:
        return list(rows.filter(key__startswith="test:0:").order_by("-id")[:5])
    return list(rows.filter(gateway_id=gateway_id).order_by("-id")[:10])


def calls_ever(actor: Actor) -> QuerySet[Notice]:
    """Calls, settled or not. Raises: NotAllowed."""
    if not access.can_call(actor):
        raise NotAllowed
    return Notice.objects.filter(channel=Channel.PHONE)


def called_about(about_type: str) -> list[int]:
    """What waiting calls of every reader are about. Queries: one."""
    waiting = Notice.objects.filter(channel=Channel.PHONE, state__in=[State.QUEUED, State.HELD])
    return list(waiting.filter(about_type=about_type).values_list("about_id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Call:
    """One call to one person: everything it is about, oldest first."""

    matters: Sequence[Notice]

    @property
    def reader(self) -> User | Contact:
        """Who is called."""
        return self.matters[0].reader

    @property
    def ids(self) -> str:
        """All of it, for the form that says how the call ended."""
        return ",".join(str(one.pk) for one in self.matters)

    @property
    def first(self) -> Sequence[Notice]:
        """What is said at once."""
        return self.matters[:MATTERS_AT_ONCE]

    @property
    def more(self) -> Sequence[Notice]:
        """What is shown when asked for."""
        return self.matters[MATTERS_AT_ONCE:]

    @property
    def is_urgent(self) -> bool:
        """Whether any of it is."""
        return any(one.level == Level.URGENT for one in self.matters)

    @property
    def attempts(self) -> int:
        """How often the person was not reached."""
        return max(one.attempts for one in self.matters)


def calls_to_make(actor: Actor) -> list[Call]:
    """The calls that are due, one for each person, who has waited longest first. Raises: NotAllowed. Queries: two.

    Nobody is called in his quiet hours, but for what is urgent if he lets that through.
    """
    now = clock.now()
    waiting = calls_ever(actor).filter(state__in=[State.QUEUED, State.HELD])
    due = waiting.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now))
    rows = list(due.select_related("user", "contact__customer").order_by("id")[:MOST_CALLS])
    wishes = preferences_for(rows)
    found: dict[tuple[int | None, int | None], list[Notice]] = {}
    for notice in rows:
        who = (notice.user_id, notice.contact_id)
        if held_until(notice, wishes.get(who), now) is None:
            found.setdefault(who, []).append(notice)
    return [Call(matters) for matters in found.values()]


def preferences_for(notices: Sequence[Notice]) -> dict[tuple[int | None, int | None], Preference]:
    """What the readers have said about quiet hours, by (user, contact). Queries: one or none."""
    users = {notice.user_id for notice in notices if notice.user_id}
    contacts = {notice.contact_id for notice in notices if notice.contact_id}
    if not users and not contacts:
        return {}
    rows = Preference.objects.filter(
        Q(user_id__in=users, quiet_from__isnull=False) | Q(contact_id__in=contacts)
    )
    return {(wish.user_id, wish.contact_id): wish for wish in rows}


def held_until(notice: Notice, wish: Preference | None, now: datetime) -> datetime | None:
    """When the quiet hours of its reader end; None outside of them, and for what is urgent if he lets that through."""
    if notice.level == Level.URGENT and (wish is None or wish.urgent_breaks_through):
        return None
    if wish is None and notice.contact_id is None:
        return None
    hours = (wish.quiet_from, wish.quiet_to) if wish else QUIET_FOR_CONTACTS
    return quiet_until(now, notice.zone, *hours)


def delivery_log(actor: Actor, *, state: str = "", channel: str = "", text: str = "") -> QuerySet[Notice]:
    """Every notice with its reader, newest first. Raises: NotAllowed."""
    if not access.can_read_log(actor):
        raise NotAllowed
    rows = Notice.objects.select_related("user", "contact").order_by("-id")
    if not actor.scope.everything:
        rows = rows.filter(customer_id__in=actor.scope.customers)
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    if text:
        rows = rows.filter(Q(user__name__icontains=text) | Q(contact__name__icontains=text))
    return rows


def delivery_of(actor: Actor, notice_id: int) -> Notice:
    """One notice of the log. Raises: NotAllowed, NotFound."""
    found = delivery_log(actor).select_related("gateway", "digest").filter(pk=notice_id).first()
    if found is None:
        raise NotFound
    return found


def receipts_of(notice: Notice) -> list[Receipt]:
    """What providers have said later about a notice, or about the digest that told it; oldest first. Queries: one."""
    rows = Receipt.objects.filter(notice_id=notice.digest_id or notice.pk).select_related("gateway")
    return list(rows.order_by("id")[:50])


def receipts_by(actor: Actor, gateway_id: int, *, unknown: bool = False) -> QuerySet[Receipt]:
    """What a gateway has reported, newest first. unknown: what belongs to no message of ours. Raises: NotAllowed."""
    if not access.can_see_gateways(actor):
        raise NotAllowed
    rows = Receipt.objects.filter(gateway_id=gateway_id).order_by("-id")
    return rows.filter(notice__isnull=True, of_letter=False) if unknown else rows


def counts_by_state(actor: Actor) -> dict[str, int]:
    """How many notices wait, failed and so on. Queries: one."""
    rows = delivery_log(actor).order_by().values("state").annotate(n=Count("id"))
    return {row["state"]: row["n"] for row in rows}
