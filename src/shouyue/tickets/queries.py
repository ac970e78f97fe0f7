"""Reads of tickets; the queue and the lists of the API are in `queue`, a ticket's page in `reading`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from shouyue.commitments.choices import State
from shouyue.commitments.models import Obligation
from shouyue.contracts import queries as contracts
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Membership
from shouyue.contracts.plan_language.model import ScaleValue
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.kernel.models import Event
from shouyue.kernel.rows import find
from shouyue.parties import queries as parties
from shouyue.parties.models import Contact

from . import access, rules
from .choices import Impact, Priority, Urgency
from .models import Ticket, TicketLink, TicketNote

# -- the contract's words ---------------------------------------------------------------------------------------

_OWN_WORDS: dict[str, Sequence[str]] = {
    "urgency": Urgency.values,
    "impact": Impact.values,
    "priority": list(reversed(Priority.values)),
}


def words(contract_id: int | None, fact: str) -> tuple[str, ...]:
    """The values a fact may have in a contract, lowest rank first; empty when any short word will do.

    Queries: those of `contracts.compiled`.
    """
    own = tuple(_OWN_WORDS.get(fact, ()))
    if contract_id is None:
        return own
    return contracts.scale(contract_id, fact) or own


def labelled_words(contract_id: int | None, fact: str, language: str) -> list[tuple[str, str]]:
    """The words of a fact with their text in a language, for select boxes."""
    titles: dict[str, str] = {}
    if contract_id is not None:
        for scale in contracts.compiled(contract_id).plan.scales:
            if scale.fact == fact:
                titles = {value.word: _title(value, language) for value in scale.values}
    if not titles:
        kinds = {"urgency": Urgency, "impact": Impact, "priority": Priority}
        if fact in kinds:
            titles = {value: str(label) for value, label in kinds[fact].choices}
    return [(word, titles.get(word, word)) for word in words(contract_id, fact)]


def word_title(contract_id: int | None, fact: str, word: str, language: str) -> str:
    """One word of a fact with its text in a language, as `labelled_words` has it.

    Queries: those of `contracts.compiled`.
    """
    version = None if contract_id is None else contracts.compiled(contract_id).plan_version_id
    return _titles_of(version, fact, language).get(word, word)


@lru_cache(maxsize=1024)
def _titles_of(plan_version_id: int | None, fact: str, language: str) -> dict[str, str]:
    """A plan version never changes, nor do these."""
    scales = () if plan_version_id is None else contracts.plan_of(plan_version_id).scales
    titles = {
        value.word: _title(value, language)
        for scale in scales
        if scale.fact == fact
        for value in scale.values
    }
    kinds = {"urgency": Urgency, "impact": Impact, "priority": Priority}
    if not titles and fact in kinds:
        titles = {value: str(label) for value, label in kinds[fact].choices}
    return titles


def word_titles(contract_ids: Iterable[int], fact: str, language: str) -> dict[tuple[int, str], str]:
    """How contracts name the values of a fact: (contract, word) → text; words without a title are left out.

    Queries: one for all contracts together.
    """
    wanted = sorted(set(contract_ids))
    contracts.read_ahead(wanted)
    return {
        (contract_id, value.word): _title(value, language)
        for contract_id in wanted
        for scale in contracts.compiled(contract_id).plan.scales
        if scale.fact == fact
        for value in scale.values
    }


def _title(value: ScaleValue, language: str) -> str:
    if value.title is None:
        return value.word
    text = value.title.zh if language.startswith("zh") else value.title.en
    return f"{value.word} {text}" if value.word.isascii() and len(value.word) <= 3 else text


def checked_word(contract_id: int | None, fact: str, word: str, *, required: bool = False) -> str:
    """The word if the contract knows it. Raises: Invalid naming the fact."""
    if not word:
        if required:
            raise Invalid(fields={fact: [_("This field is required.")]})
        return ""
    known = words(contract_id, fact)
    if known and word not in known:
        raise Invalid(
            fields={
                fact: [
                    _("“%(word)s” is not a word of this contract. It uses: %(known)s.")
                    % {"word": word[:40], "known": ", ".join(known)}
                ]
            }
        )
    if not known and not rules.is_word(word):
        raise Invalid(fields={fact: [_("Use a short word of letters, digits and dashes.")]})
    return word


def service_level(contract_id: int | None) -> str:
    """The contract's service level, empty without a contract."""
    return "" if contract_id is None else contracts.compiled(contract_id).service_level


def priority_of(contract_id: int | None, level: str, urgency: str, impact: str) -> str:
    """The rank by the matrix, spread over the contract's own ranks if its plan has some."""
    if not urgency or not impact:
        return ""
    urgencies, impacts = words(contract_id, "urgency"), words(contract_id, "impact")
    ranks = words(contract_id, "priority")
    lift = rules.level_lift(level, words(contract_id, "service_level"))
    return rules.priority(
        rules.spread(urgency, urgencies, Urgency.values),
        rules.spread(impact, impacts, Impact.values),
        lift=lift,
        ranks=ranks,
    )


# -- people -----------------------------------------------------------------------------------------------------


def user_name(user_id: int | None) -> str:
    """The name of a user, empty for nobody."""
    row = get_user_model().objects.filter(pk=user_id).values_list("name", flat=True).first()
    return str(row or "")


def works_in(user_id: int, roles: Sequence[str], contract_id: int | None) -> bool:
    """Whether a person of the provider may be given a ticket of this contract. Queries: one at most."""
    if access.WORKERS & set(roles):
        return True
    if contract_id is None:
        return False
    return _current(
        Membership.objects.filter(user_id=user_id, contract_id=contract_id, role__in=access.WORKERS)
    ).exists()


def workers_of(contract_id: int | None) -> list[tuple[int, str]]:
    """The people a ticket of the contract may be given to: (id, name), by name. Queries: one."""
    people = get_user_model().objects.filter(is_active=True, customer_id=0)
    global_roles = Q(roles__overlap=sorted(access.WORKERS))
    if contract_id is None:
        rows = people.filter(global_roles)
    else:
        members = _current(Membership.objects.filter(contract_id=contract_id, role__in=access.WORKERS))
        rows = people.filter(global_roles | Q(pk__in=members.values("user_id")))
    return list(rows.order_by("name_key", "id").values_list("id", "name"))


def engineers_of(contract_id: int | None) -> set[int]:
    """Who of the contract's people goes to customers by their role. Queries: two at most."""
    goes = sorted(access.ENGINEERS - {"remote_engineer"} | {"regional_supervisor"})
    people = get_user_model().objects.filter(is_active=True, customer_id=0, roles__overlap=goes)
    found = set(people.values_list("pk", flat=True))
    if contract_id is not None:
        members = _current(Membership.objects.filter(contract_id=contract_id, role__in=goes))
        found |= set(members.values_list("user_id", flat=True))
    return found


def _current(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    today: date = clock.today(contracts.DEFAULT_ZONE)
    begun = Q(starts_on__isnull=True) | Q(starts_on__lte=today)
    return rows.filter(begun & (Q(ends_on__isnull=True) | Q(ends_on__gte=today)))


# -- one ticket -------------------------------------------------------------------------------------------------


def ticket_with_number(actor: Actor, number: str) -> Ticket:
    """One ticket with what its page shows. Raises: NotFound, also for a stranger's. Queries: one."""
    rows = Ticket.objects.visible_to(actor).select_related(
        "customer", "contract", "site", "requester", "reporter", "recorded_by", "owner", "assignee"
    )
    return _sole(rows.filter(number=_clean(number)))


def plain_ticket(actor: Actor, number: str) -> Ticket:
    """One ticket without what belongs to it. Raises: NotFound, also for a stranger's. Queries: one."""
    found: Ticket | None = find(Ticket.objects.visible_to(actor), number=_clean(number))
    if found is None:
        raise NotFound
    return found


def _sole(rows: QuerySet[Ticket]) -> Ticket:
    """The row a unique key finds: not sorted, which would cost as much as reading it. Raises: NotFound."""
    found = list(rows.order_by()[:1])
    if not found:
        raise NotFound
    return found[0]


def id_of(actor: Actor, number: str) -> int:
    """The id behind a number. Raises: NotFound, also for a stranger's. Queries: one."""
    if actor.scope.everything:  # the list of columns and conditions need not be put together
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM tickets_ticket WHERE number = %s", [_clean(number)])
            found = cursor.fetchone()
    else:
        seen = Ticket.objects.visible_to(actor).filter(number=_clean(number))
        found = seen.order_by().values_list("id").first()
    if found is None:
        raise NotFound
    return int(found[0])


def _clean(number: str) -> str:
    """A number as it is kept; what no number can be finds nothing."""
    return number.replace("\x00", "").upper()[:40]


def notes_of(actor: Actor, ticket: Ticket) -> list[TicketNote]:
    """The notes the actor may read, oldest first. Queries: one."""
    rows = TicketNote.objects.visible_to(actor).filter(ticket_id=ticket.pk)
    if not access.sees_internal(actor):
        rows = rows.filter(is_public=True)
    return sorted(rows.order_by(), key=lambda note: note.pk)


def links_of(actor: Actor, ticket: Ticket) -> list[TicketLink]:
    """The links from and to a ticket, with both tickets, as far as the actor sees the other. Queries: one to three."""
    rows = TicketLink.objects.visible_to(actor).filter(Q(ticket_id=ticket.pk) | Q(other_id=ticket.pk))
    ids = list(rows.order_by().values_list("id", flat=True))  # most tickets have none
    found = list(rows.filter(pk__in=ids).select_related("ticket", "other").order_by("id")) if ids else []
    if not found or access.reads_contract(actor, ticket.contract_id):
        return found
    others = {link.other_id if link.ticket_id == ticket.pk else link.ticket_id for link in found}
    seen = set(Ticket.objects.visible_to(actor).filter(pk__in=others).values_list("pk", flat=True))
    return [link for link in found if {link.ticket_id, link.other_id} - {ticket.pk} <= seen]


def ancestors(ticket_id: int, kind: str) -> set[int]:
    """The tickets reached by following links of one kind. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE up AS (SELECT other_id FROM tickets_ticketlink WHERE ticket_id = %(id)s AND kind = %(kind)s"
            " UNION SELECT l.other_id FROM tickets_ticketlink l JOIN up ON l.ticket_id = up.other_id"
            " WHERE l.kind = %(kind)s) SELECT other_id FROM up",
            {"id": ticket_id, "kind": kind},
        )
        return {row[0] for row in cursor.fetchall()}


def events_of(actor: Actor, ticket: Ticket, limit: int = 200) -> list[Event]:
    """The newest events of the case: the ticket's own, its visits' and files'. Queries: one."""
    rows = Event.objects.filter(case_type="ticket", case_id=ticket.pk, customer_id=ticket.customer_id)
    if not access.sees_internal(actor):
        rows = rows.exclude(verb="ticket.commented", facts__public=False)
    return list(rows.order_by("-id")[:limit])


def open_obligations(actor: Actor, ticket: Ticket) -> list[Obligation]:
    """The obligations of a case that still run, pause or are missed but not settled, by due time. Queries: one."""
    rows = Obligation.objects.filter(
        case_type="ticket", case_id=ticket.pk, customer_id=ticket.customer_id, settled_at__isnull=True
    ).exclude(state__in=(State.WAITING, State.REFUSED))
    if not actor.is_staff:
        rows = rows.filter(commitment__is_internal=False)
    return list(rows.select_related("commitment").order_by(F("due_at").asc(nulls_last=True), "id")[:12])


# -- ask once ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownBefore:
    """What the desk knows of a caller, so that nobody is asked twice."""

    contact: Contact | None
    recent: list[Ticket]
    open_at_site: list[Ticket]
    affected_before: list[str]


def known_before(actor: Actor, contact: Contact | None, site_id: int | None) -> KnownBefore:
    """The caller's last tickets, open ones at the site, and the equipment named before. Queries: two at most."""
    visible = Ticket.objects.visible_to(actor)
    recent: list[Ticket] = []
    if contact is not None:
        recent = list(visible.filter(requester_id=contact.pk).order_by("-id")[:5])
    here: list[Ticket] = []
    if site_id is not None:
        since = clock.now() - timedelta(days=90)
        here = list(visible.filter(site_id=site_id, reported_at__gte=since).order_by("-id")[:20])
    devices: dict[str, None] = {}
    for ticket in [*recent, *here]:
        for line in ticket.affected.splitlines():
            if line.strip():
                devices.setdefault(line.strip(), None)
    open_here = [ticket for ticket in here if ticket.status in rules.OPEN]
    return KnownBefore(contact, recent, open_here[:5], list(devices)[:8])


# -- choices of forms -------------------------------------------------------------------------------------------


def chosen_classes(contract_id: int | None, language: str) -> list[tuple[str, str]]:
    """The request classes the desk chooses in a contract, with their text."""
    if contract_id is None:
        return []
    zh = language.startswith("zh")
    return [
        (item.name, item.name if item.title is None else (item.title.zh if zh else item.title.en))
        for item in contracts.compiled(contract_id).plan.classes
        if item.chosen
    ]


def capacities() -> list[tuple[str, str]]:
    """The customer's capacities somebody may be told in, without the prefix `customer.`."""
    return [
        (role.value.removeprefix("customer."), str(role.label))
        for role in Role
        if role.value.startswith("customer.")
    ]


def contract_choices(actor: Actor, customer_id: int | None = None) -> list[tuple[int, str]]:
    """The contracts tickets can be made in, of one customer or all, by code. Queries: one."""
    rows = contracts.contracts_visible_to(actor).filter(is_active=True)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    return [
        (pk, f"{code} {name}") for pk, code, name in rows.order_by("code").values_list("id", "code", "name")
    ]


def site_choices(actor: Actor, customer_id: int | None) -> list[tuple[int, str]]:
    """The active sites of a customer in tree order, indented. Queries: one."""
    if customer_id is None:
        return []
    rows = parties.site_tree(parties.sites_of(actor, customer_id).filter(is_active=True)[:2000])
    return [(row.site.pk, "\u3000" * row.depth + row.site.name) for row in rows]


def contact_choices(actor: Actor, customer_id: int, chosen: int | None) -> list[tuple[int, str]]:
    """The active contacts of a customer by name, at most 500, the chosen one always among them. Queries: one."""
    rows = parties.contacts(actor, customer_id=customer_id).filter(Q(is_active=True) | Q(pk=chosen or 0))
    return [(contact.pk, contact_text(contact)) for contact in rows.order_by("name_key", "id")[:500]]


def contact_text(contact: Contact) -> str:
    """Name, position and number in one line."""
    return " · ".join(part for part in (contact.name, contact.title, contact.phone) if part)


def callers(actor: Actor, text: str) -> list[Contact]:
    """Who may be calling, by number or name: at most 8. Queries: one."""
    text = text.replace("\x00", "").strip()
    if not text:
        return []
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) >= 7:
        return list(parties.contacts_by_phone(actor, digits)[:8])
    return list(parties.search_contacts(actor, text)[:8]) if len(text) >= 2 else []
