"""Escalation: whom a step tells, and in which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.commitments import cases
from shouyue.commitments.rules.happenings import Obligation
from shouyue.commitments.rules.timing import Entry
from shouyue.contracts.plan_language.model import Deadline
from shouyue.contracts.queries import contacts_without_account
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.notifications.choices import PLAN_WORDS, Channel, Level
from shouyue.notifications.queries import chosen_ways, contact_ways, wishes_of
from shouyue.notifications.services import Draft
from shouyue.parties.models import Contact

SILENCES = {
    "silence: consent": gettext_lazy(
        "%(case)s: no reply to “%(promise)s” by %(due)s; this counts as consent"
    ),
    "silence: refusal": gettext_lazy(
        "%(case)s: no reply to “%(promise)s” by %(due)s; this counts as refusal"
    ),
    "silence: escalate": gettext_lazy(
        "%(case)s: no reply to “%(promise)s” by %(due)s; please take it up with the customer"
    ),
}
"""What is said when the customer has not replied, by the key of the step that says it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: whose, which, and whether its delivery must become an event."""

    obligation: Obligation
    promise: Deadline
    entry: Entry
    records: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient: a user, or a contact of the customer who has no account."""

    id: int
    customer_id: int
    email: str
    language: str
    zone: str
    contact: Contact | None = None


_MEMBERS = """
SELECT m.contract_id, m.role, u.id, u.customer_id, u.email, u.language, u.time_zone
FROM contracts_membership m JOIN accounts_user u ON u.id = m.user_id
WHERE m.contract_id = ANY(%s) AND m.role = ANY(%s) AND u.is_active
  AND (m.starts_on IS NULL OR m.starts_on <= %s) AND (m.ends_on IS NULL OR m.ends_on >= %s)
ORDER BY m.id
"""
_COLLEAGUES = """
SELECT DISTINCT u.id, u.name, u.name_key
FROM contracts_membership m JOIN accounts_user u ON u.id = m.user_id
WHERE m.contract_id = %s AND u.customer_id = %s AND u.is_active
  AND (m.starts_on IS NULL OR m.starts_on <= %s) AND (m.ends_on IS NULL OR m.ends_on >= %s)
ORDER BY u.name_key, u.id
"""
_PEOPLE = (
    "SELECT id, customer_id, email, language, time_zone FROM accounts_user WHERE id = ANY(%s) AND is_active"
)


def drafts_for(taken: Sequence[Taken]) -> list[Draft]:
    """One notice per step, person and channel. Queries: members, people, and one per sort of case each."""
    if not taken:
        return []
    members = _members(taken)
    outside = _contacts(taken)
    for place, people in outside.items():
        members[place] += people
    workers = _workers(taken)
    labels = {
        (kind, number): label
        for kind, ids in _ids_by_type(taken).items()
        for number, label in cases.labels_of(kind, ids).items()
    }
    told = [(item, person) for item in taken for person in _recipients(item, members, workers)]
    wishes = wishes_of(
        {
            person.id
            for item, person in told
            if item.entry.step and not item.entry.step.by and person.contact is None
        }
    )
    if outside:
        contacts = {person.id: person.contact for _item, person in told if person.contact is not None}
        ways = contact_ways(contacts.values())
        wishes |= {number: ways[contact.pk] for number, contact in contacts.items()}
    drafts: dict[str, Draft] = {}
    for item, person in told:
        for channel in _channels(item, person, wishes):
            draft = _draft(item, person, channel, labels[item.obligation.case])
            drafts[draft.key] = draft
    return list(drafts.values())


def colleagues(actor: Actor, contract_id: int) -> list[tuple[int, str]]:
    """Whom the actor may hand a notice on to: members of the contract on his own side. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_COLLEAGUES, [contract_id, actor.customer_id, *[clock.today("Asia/Shanghai")] * 2])
        return [(number, name) for number, name, _key in cursor.fetchall()]


def _roles(item: Taken) -> set[str]:
    assert item.entry.step is not None
    wanted = {item.promise.owner if who == "owner" else who for who in item.entry.step.to}
    return wanted - {"assignee"}


def _members(taken: Iterable[Taken]) -> dict[tuple[int, str], list[Person]]:
    contracts = {item.obligation.contract_id for item in taken}
    roles = {role for item in taken for role in _roles(item)}
    found: dict[tuple[int, str], list[Person]] = defaultdict(list)
    if not roles:
        return found
    today = clock.today("Asia/Shanghai")
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [list(contracts), list(roles), today, today])
        for contract_id, role, *person in cursor.fetchall():
            found[contract_id, role].append(Person(*person))
    return found


def _contacts(taken: Iterable[Taken]) -> dict[tuple[int, str], list[Person]]:
    """The contacts without account whom steps name by their capacity, by contract and role."""
    found = contacts_without_account(
        {item.obligation.contract_id for item in taken}, {role for item in taken for role in _roles(item)}
    )
    return {
        place: [
            Person(-one.pk, one.customer_id, one.email, settings.LANGUAGE_CODE, one.customer.time_zone, one)
            for one in contacts
        ]
        for place, contacts in found.items()
    }


def _ids_by_type(taken: Iterable[Taken]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for item in taken:
        found[item.obligation.case[0]].add(item.obligation.case[1])
    return {kind: sorted(ids) for kind, ids in found.items()}


def _workers(taken: Sequence[Taken]) -> dict[tuple[str, int], list[Person]]:
    asked = [item for item in taken if item.entry.step is not None and "assignee" in item.entry.step.to]
    who: dict[tuple[str, int], list[int]] = {}
    for kind, ids in _ids_by_type(asked).items():
        for number, people in cases.people_of(kind, ids).items():
            who[kind, number] = list(people.get("assignee", ()))
    wanted = sorted({user for users in who.values() for user in users})
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [wanted])
        known = {row[0]: Person(*row) for row in cursor.fetchall()}
    return {case: [known[user] for user in users if user in known] for case, users in who.items()}


def _recipients(
    item: Taken, members: dict[tuple[int, str], list[Person]], workers: dict[tuple[str, int], list[Person]]
) -> list[Person]:
    step = item.entry.step
    assert step is not None
    found: dict[int, Person] = {}
    for role in sorted(_roles(item)):
        for person in members.get((item.obligation.contract_id, role), ()):
            found[person.id] = person
    if "assignee" in step.to:
        for person in workers.get(item.obligation.case, ()):
            found[person.id] = person
        if not found and (owners := members.get((item.obligation.contract_id, item.promise.owner))):
            found.update({person.id: person for person in owners})
    return list(found.values())


def _channels(item: Taken, person: Person, wishes: Mapping[int, Sequence[str]]) -> list[str]:
    """In the application always; else as the plan says, or as the person wishes where it leaves the choice open.

    Robots speak in the provider's own groups: no customer is told there.
    """
    step = item.entry.step
    assert step is not None
    if person.contact is not None:
        return chosen_ways(wishes[person.id], [PLAN_WORDS[word] for word in step.by])
    named = [str(PLAN_WORDS[word]) for word in step.by] if step.by else wishes.get(person.id, ())
    if person.customer_id:
        named = [channel for channel in named if channel != Channel.ROBOT]
    return list(dict.fromkeys([Channel.IN_APP.value, *named]))


def _draft(item: Taken, person: Person, channel: str, label: cases.Label) -> Draft:
    obligation, entry = item.obligation, item.entry
    overdue = obligation.due_at is not None and entry.at > obligation.due_at
    with translation.override(person.language):
        title = item.promise.title.pick(person.language)
        values = {"case": label.number, "promise": title, "due": _local(obligation.due_at, person.zone)}
        if entry.key in SILENCES:
            subject = str(SILENCES[entry.key]) % values
        elif overdue:
            subject = _("%(case)s: “%(promise)s” has passed its time (%(due)s)") % values
        elif obligation.due_at is None:
            subject = _("%(case)s: “%(promise)s” is running") % values
        else:
            subject = _("%(case)s: “%(promise)s” is due at %(due)s") % values
        body = "\n".join(part for part in (label.title, item.promise.text.pick(person.language)) if part)
    return Draft(
        user_id=person.id if person.contact is None else None,
        contact_id=person.contact.pk if person.contact else None,
        customer_id=person.customer_id,
        channel=channel,
        level=Level.URGENT if overdue else Level.WARNING,
        subject=subject,
        body=body,
        url="" if person.contact else label.url or reverse("commitments:obligation", args=[obligation.id]),
        key=f"obligation:{obligation.id}:{entry.index}:{person.id}:{channel}",
        about=("obligation", obligation.id),
        case=obligation.case,
        about_customer_id=obligation.customer_id,
        contract_id=obligation.contract_id,
        step=entry.key,
        records=item.records,
    )


def _local(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") if moment else ""
