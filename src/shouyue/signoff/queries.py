"""Reads of sign-offs: lists, one with its chain, what waits for somebody, and in which capacity he may answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise

from shouyue.accounts import queries as accounts
from shouyue.accounts.models import User
from shouyue.contracts import queries as contracts
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import All, AnyOf, Gate, Guard, Not
from shouyue.files import queries as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.scope import PROVIDER_ID
from shouyue.parties.choices import Capacity
from shouyue.parties.models import Contact
from shouyue.web.wording import listed, noted

from .choices import PURPOSES, Kind, Side, State, StepState
from .models import Answer, Delegation, Link, Sending, Signoff, Step, addressed_to, delegators
from .subjects import Subject

PROVIDER_ROLES = [role for role in Role if not role.is_outside]


# --- one -------------------------------------------------------------------------------------------------------


def signoff_numbered(actor: Actor, number: str) -> Signoff:
    """One sign-off with contract, customer and document. Raises: NotFound. Queries: one."""
    found: Signoff | None = (
        Signoff.objects.visible_to(actor)
        .select_related("customer", "contract", "document", "asked_by")
        .filter(number=number.strip()[:40])
        .first()
    )
    if found is None:
        raise NotFound
    return found


def steps_of(signoff: Signoff) -> list[Step]:
    """The chain, in order, with the people named. Queries: one."""
    rows = Step.objects.filter(signoff=signoff).select_related("user", "contact", "answered_by")
    return list(rows.order_by("place"))


def answers_of(signoff: Signoff) -> list[Answer]:
    """All answers, oldest first. Queries: one."""
    rows = Answer.objects.filter(signoff=signoff)
    return list(rows.select_related("signoff", "on_behalf_of", "recorded_by", "image").order_by("id"))


def links_of(signoff: Signoff) -> list[Link]:
    """Links handed out that still open their step. Queries: one."""
    rows = Link.objects.filter(
        step__signoff=signoff, used_at=None, revoked_at=None, expires_at__gt=clock.now()
    )
    return list(rows.select_related("contact", "created_by").order_by("id"))


def sendings_of(signoff: Signoff) -> list[Sending]:
    """Links sent by mail or text message, newest first. Queries: one."""
    return list(Sending.objects.filter(step__signoff=signoff).select_related("contact").order_by("-id")[:20])


def files_of(actor: Actor, signoff: Signoff) -> list[StoredFile]:
    """Scans and drawn signatures. Queries: one."""
    return files.files_of(actor, ("signoff", signoff.pk))


def reads_file(actor: Actor, stored: StoredFile) -> bool:
    """Files of a sign-off are read by those who read it. Queries: one."""
    return bool(Signoff.objects.visible_to(actor).filter(pk=stored.attached_id).exists())


# --- who may answer --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """In which capacity somebody may answer a step. on_behalf_of: whose deputy he is then."""

    capacity: str
    on_behalf_of_id: int | None = None


def standing_of(actor: Actor, signoff: Signoff, step: Step) -> Standing | None:
    """The actor's standing in a step: his own, or as somebody's deputy; None when he may not answer it.

    Nobody consents to or approves what he asked for himself, nor lets a deputy do so. Queries: up to three a person.
    """
    if actor.user_id is None or actor.kind not in ("user", "token"):
        return None
    own = signoff.kind != Kind.SIGNATURE
    if own and actor.user_id == signoff.asked_by_id:
        return None
    if (capacity := capacity_in(actor.user_id, signoff, step)) is not None:
        return Standing(capacity)
    mine = delegators(actor.user_id).filter(Q(contract_id=None) | Q(contract_id=signoff.contract_id))
    for person in mine.order_by("id").values_list("user_id", flat=True):
        if own and person == signoff.asked_by_id:
            continue
        if (capacity := capacity_in(person, signoff, step)) is not None:
            return Standing(capacity, person)
    return None


def capacity_in(user_id: int, signoff: Signoff, step: Step) -> str | None:
    """The capacity in which a person may answer a step, None when in none; capacities are looked up now."""
    if step.user_id is not None:
        if step.user_id != user_id:
            return None
        holds = not step.capacity or holds_capacity(user_id, step.side, step.capacity, signoff)
        return step.capacity if holds else None
    if step.contact_id is not None:
        contact = Contact.objects.filter(pk=step.contact_id, user_id=user_id, is_active=True).first()
        return capacity_of_contact(contact, step, signoff) if contact is not None else None
    return step.capacity if holds_capacity(user_id, step.side, step.capacity, signoff) else None


def capacity_of_contact(contact: Contact, step: Step, signoff: Signoff) -> str | None:
    """The capacity in which a contact may answer a step that names him or asks for a capacity; None for nobody."""
    if not contact.is_active or contact.customer_id != signoff.customer_id or step.side != Side.CUSTOMER:
        return None
    if step.contact_id is not None and step.contact_id != contact.pk:
        return None
    if not step.capacity:
        return contact.capacities[0] if contact.capacities else ""
    if step.capacity in contact.capacities:
        return step.capacity
    held = contact.user_id is not None and holds_capacity(
        contact.user_id, Side.CUSTOMER, step.capacity, signoff
    )
    return step.capacity if held else None


def holds_capacity(user_id: int, side: str, capacity: str, signoff: Signoff) -> bool:
    """Whether a person has a capacity now: as a contact, by a role in the contract, or a role held everywhere."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return False
    roles = {
        role
        for _customer, contract, role in contracts.current_memberships(user_id)
        if contract == signoff.contract_id
    }
    if side == Side.PROVIDER:
        return user.customer_id == PROVIDER_ID and (capacity in roles or capacity in user.roles)
    if user.customer_id != signoff.customer_id:
        return False
    if f"customer.{capacity}" in roles:
        return True
    held = Contact.objects.filter(user_id=user_id, customer_id=signoff.customer_id, is_active=True)
    return bool(held.filter(capacities__contains=[capacity]).exists())


def people_for(signoff: Signoff, step: Step) -> list[User]:
    """Those with an account who may answer a step, their deputies included, without who asked. Queries: up to four."""
    found: dict[int, User] = {}
    if step.user_id is not None:
        rows = User.objects.filter(pk=step.user_id)
    elif step.contact_id is not None:
        rows = User.objects.filter(contacts=step.contact_id)
    elif step.side == Side.PROVIDER:
        members = [user.pk for user in _members(signoff, step.capacity)]
        rows = User.objects.filter(
            Q(pk__in=members) | Q(roles__contains=[step.capacity], customer_id=PROVIDER_ID)
        )
    else:
        members = [user.pk for user in _members(signoff, f"customer.{step.capacity}")]
        holders = Contact.objects.filter(
            customer_id=signoff.customer_id, is_active=True, capacities__contains=[step.capacity]
        )
        rows = User.objects.filter(
            Q(pk__in=members) | Q(pk__in=holders.values("user_id")), customer_id=signoff.customer_id
        )
    asked_by = None if signoff.kind == Kind.SIGNATURE else signoff.asked_by_id
    for user in rows.filter(is_active=True).order_by("pk")[:50]:
        if user.pk != asked_by:
            found[user.pk] = user
    now = clock.now()
    deputies = User.objects.filter(
        is_active=True,
        pk__in=Delegation.objects.filter(
            Q(contract_id=None) | Q(contract_id=signoff.contract_id),
            user_id__in=list(found),
            revoked_at=None,
            starts_at__lte=now,
            ends_at__gt=now,
        ).values("to_id"),
    )
    found.update({user.pk: user for user in deputies if user.pk != asked_by})
    return list(found.values())


def _members(signoff: Signoff, role: str) -> list[User]:
    return contracts.members(signoff.contract_id, role) if signoff.contract_id else []


def contacts_for(signoff: Signoff, step: Step) -> list[Contact]:
    """Contacts at the customer who may answer a step. Queries: one."""
    if step.side != Side.CUSTOMER or step.user_id is not None:
        return []
    rows = Contact.objects.filter(customer_id=signoff.customer_id, is_active=True)
    if step.contact_id is not None:
        rows = rows.filter(pk=step.contact_id)
    elif step.capacity:
        rows = rows.filter(capacities__contains=[step.capacity])
    return list(rows[:50])


def somebody_holds(side: str, capacity: str, customer_id: int, contract_id: int | None) -> bool:
    """Whether there is anybody who could answer in this capacity. Queries: up to two."""
    role = capacity if side == Side.PROVIDER else f"customer.{capacity}"
    if contract_id is not None and role in Role.values and contracts.members(contract_id, role):
        return True
    if side == Side.PROVIDER:
        holders = User.objects.filter(roles__contains=[capacity], customer_id=PROVIDER_ID, is_active=True)
        return bool(holders.exists())
    rows = Contact.objects.filter(customer_id=customer_id, is_active=True, capacities__contains=[capacity])
    return bool(rows.exists())


# --- lists -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignoffFilter:
    """What a list is narrowed to; empty means all. due: `overdue` or `mine`, what waits for the reader."""

    text: str = ""
    kind: str = ""
    state: str = ""
    purpose: str = ""
    contract_id: int | None = None
    due: str = ""
    since: datetime | None = None


def signoffs_matching(actor: Actor, wanted: SignoffFilter) -> QuerySet[Signoff]:
    """The visible sign-offs that fit a filter, with contract and customer, newest first."""
    rows: QuerySet[Signoff] = Signoff.objects.visible_to(actor).select_related("contract", "customer")
    if wanted.text:
        rows = rows.filter(
            Q(number__icontains=wanted.text)
            | Q(label__icontains=wanted.text)
            | Q(scope__icontains=wanted.text)
            | Q(asked_by_name__icontains=wanted.text)
        )
    for name in ("kind", "state", "purpose", "contract_id"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    if wanted.since:
        rows = rows.filter(asked_at__gte=wanted.since)
    if wanted.due == "overdue":
        rows = rows.filter(state=State.ASKED, reply_due_at__lt=clock.now())
    elif wanted.due == "mine":
        rows = rows.filter(Exists(_waiting_steps(actor).filter(signoff_id=OuterRef("pk"))))
    return rows.order_by("-id")


def with_steps(rows: QuerySet[Signoff]) -> QuerySet[Signoff]:
    """The rows with their chain. Queries: one more."""
    chain = Step.objects.select_related("user", "contact").order_by("place")
    return rows.prefetch_related(Prefetch("steps", queryset=chain))


def about(actor: Actor, subject: tuple[str, int], *, limit: int = 20) -> list[Signoff]:
    """Sign-offs about a record, or of its case, newest first, with their chains. Queries: two."""
    kind, number = subject
    rows = Signoff.objects.visible_to(actor).filter(
        Q(subject_type=kind, subject_id=number) | Q(case_type=kind, case_id=number)
    )
    return list(with_steps(rows.order_by("-id"))[:limit])


def latest(actor: Actor, subject: tuple[str, int], purpose: str) -> Signoff | None:
    """The newest sign-off about a record for a purpose, for modules above. Queries: one."""
    rows = Signoff.objects.visible_to(actor).filter(
        subject_type=subject[0], subject_id=subject[1], purpose=purpose
    )
    found: Signoff | None = rows.order_by("-id").first()
    return found


def of_contract(actor: Actor, contract_id: int, *, limit: int = 8) -> list[Signoff]:
    """What is open in a contract first, then the newest. Queries: two."""
    rows = Signoff.objects.visible_to(actor).filter(contract_id=contract_id)
    waiting = list(with_steps(rows.filter(state=State.ASKED).order_by("-id"))[:limit])
    rest = rows.exclude(state=State.ASKED).order_by("-id")[: max(limit - len(waiting), 0)]
    return waiting + list(rest)


def waiting_for(actor: Actor, *, limit: int = 100) -> list[Step]:
    """Steps that wait for this actor, the most pressing first, with their sign-offs. Queries: two."""
    rows = _waiting_steps(actor).select_related("signoff__contract", "signoff__customer")
    return list(rows.order_by("reply_due_at", "id")[:limit])


def waiting_among(actor: Actor, signoffs: Iterable[Signoff]) -> set[int]:
    """Which of these sign-offs wait for this actor's answer. Queries: none when none is open, else two."""
    asked = [one.pk for one in signoffs if one.state == State.ASKED]
    return (
        set(_waiting_steps(actor).filter(signoff_id__in=asked).values_list("signoff_id", flat=True))
        if asked
        else set()
    )


def count_waiting(actor: Actor) -> int:
    """How many steps wait for this actor. Queries: two."""
    return _waiting_steps(actor).count()


def _waiting_steps(actor: Actor) -> QuerySet[Step]:
    rows: QuerySet[Step] = Step.objects.filter(state=StepState.ASKED, signoff__state=State.ASKED)
    if actor.user_id is None:
        return rows.none()
    if not actor.scope.everything:
        rows = rows.filter(customer_id__in=actor.scope.customers)
    parts = [addressed_to(actor.user_id), *_by_role(actor)]
    for given in delegators(actor.user_id).select_related("user"):
        parts += [
            part & Q(contract_id=given.contract_id) if given.contract_id else part
            for part in _by_role(accounts.actor_from(given.user))
        ]
    rows = rows.filter(reduce(or_, parts))
    return rows.exclude(
        ~Q(signoff__kind=Kind.SIGNATURE), signoff__asked_by_id=actor.user_id, signoff__asked_by__isnull=False
    )


def _by_role(actor: Actor) -> Iterable[Q]:
    """Steps asked of a role or capacity the actor holds by membership or everywhere."""
    unnamed = Q(user__isnull=True, contact__isnull=True)
    contracts_of: dict[str, list[int]] = {}
    for contract, roles in actor.contract_roles.items():
        for role in roles:
            contracts_of.setdefault(role, []).append(contract)
    for role, ids in contracts_of.items():
        outside = role.startswith("customer.")
        if actor.is_staff == outside or role == "supervision_firm":
            continue
        side = Side.CUSTOMER if outside else Side.PROVIDER
        yield unnamed & Q(side=side, capacity=role.removeprefix("customer."), contract_id__in=ids)
    if actor.is_staff and actor.roles:
        yield unnamed & Q(side=Side.PROVIDER, capacity__in=sorted(actor.roles))


def my_delegations(actor: Actor) -> list[Delegation]:
    """One's own delegations, given and taken, the newest first. Queries: one."""
    rows = Delegation.objects.visible_to(actor).select_related("user", "to")
    return list(rows.order_by("-id")[:100])


def colleagues(actor: Actor) -> list[tuple[int, str]]:
    """Active people of the actor's own organisation, by name: who may be a deputy. Queries: one."""
    rows = User.objects.filter(customer_id=actor.customer_id, is_active=True).exclude(pk=actor.user_id or 0)
    return list(rows.order_by("name_key", "id").values_list("id", "name")[:500])


# --- what may be chosen ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who may be asked. key: `capacity:…`, `role:…`, `contact:…` or `user:…`."""

    key: str
    label: str | Promise


def addressees(customer_id: int, contract_id: int | None) -> Mapping[str, list[Addressee]]:
    """Whom one may ask, by group: capacities at the customer, contacts, roles, members. Queries: two."""
    contacts = Contact.objects.filter(customer_id=customer_id, is_active=True).exclude(capacities=[])
    names = dict(Capacity.choices)
    named = list(contacts.order_by("name_key", "id")[:200]) if customer_id != PROVIDER_ID else []
    held = {capacity for contact in named for capacity in contact.capacities}
    groups: dict[str, list[Addressee]] = {"capacities": [], "contacts": [], "roles": [], "members": []}
    people: dict[int, str] = {}
    if contract_id is not None:
        for user_id, name, role in members_of(contract_id):
            if role.startswith("customer."):
                held.add(role.removeprefix("customer."))
            elif role in Role.values and role != Role.SUPERVISION_FIRM:
                people.setdefault(user_id, noted(name, Role(role).label))
                groups["roles"].append(Addressee(f"role:{role}", Role(role).label))
    groups["roles"] = list({one.key: one for one in groups["roles"]}.values())
    groups["capacities"] = [
        Addressee(f"capacity:{value}", label) for value, label in names.items() if value in held
    ]
    for contact in named:
        known = listed(names[value] for value in contact.capacities if value in names)
        groups["contacts"].append(Addressee(f"contact:{contact.pk}", noted(contact.name, known)))
    groups["members"] = [Addressee(f"user:{pk}", name) for pk, name in people.items()]
    return groups


def members_of(contract_id: int) -> list[tuple[int, str, str]]:
    """(user, name, role) of today's members. Queries: one."""
    contract = Contract.objects.filter(pk=contract_id).first()
    if contract is None:
        return []
    today = clock.today(contracts.DEFAULT_ZONE)
    rows = contract.memberships.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=today),
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        user__is_active=True,
    )
    return list(rows.order_by("user__name_key", "id").values_list("user_id", "user__name", "role"))


def purposes(contract_id: int | None, language: str) -> dict[str, str]:
    """What sign-offs may be for: those of the contract's gates, in the plan's own words, then the usual ones."""
    found: dict[str, str] = {}
    if contract_id is not None:
        plan = contracts.compiled(contract_id).plan
        said = dict(plan.words)
        for commitment in plan.commitments:
            if isinstance(commitment, Gate):
                for word in _words(commitment.requires):
                    own = said.get(word, commitment.title).pick(language)
                    found.setdefault(word, str(PURPOSES.get(word, own)))
    for word, label in PURPOSES.items():
        found.setdefault(word, str(label))
    return found


def _words(requirement: Any) -> list[str]:
    match requirement:
        case Guard() if requirement.guard.startswith("consent."):
            given = dict(requirement.args)
            return [str(given[name]) for name in ("purpose", "subject") if name in given]
        case All() | AnyOf():
            return [word for part in requirement.parts for word in _words(part)]
        case Not():
            return _words(requirement.part)
    return []


def purpose_label(signoff: Signoff, language: str) -> str:
    """A purpose in words; the plan's own title when it is no usual one. Queries: none when the plan is kept."""
    known = PURPOSES.get(signoff.purpose)
    if known is not None:
        return str(known)
    return purposes(signoff.contract_id, language).get(signoff.purpose, signoff.purpose)


def contract_subject(actor: Actor, number: int) -> Subject:
    """A contract as the subject of a sign-off. Raises: NotFound. Queries: one."""
    contract = contracts.contract_with_id(actor, number)
    url = reverse("contracts:contract", args=[contract.code])
    return Subject("contract", contract.pk, contract.customer_id, contract.pk, str(contract), url)


def contract_choices(actor: Actor) -> Sequence[tuple[int, str]]:
    """Contracts a list may be narrowed to. Queries: one."""
    rows = contracts.contracts_visible_to(actor).order_by("code")
    return [(contract.pk, str(contract)) for contract in rows.only("id", "code", "name")[:200]]


def contact_of_link(link: Link) -> Contact:
    """The contact a link was made for. Queries: one."""
    contact: Contact = Contact.objects.get(pk=link.contact_id)
    return contact
