"""Reads of contracts. Lists start from `visible_to(actor)`; the rules of a contract come from `loading`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from shouyue.accounts.choices import SEES_EVERYTHING
from shouyue.accounts.models import User
from shouyue.accounts.queries import matching
from shouyue.contracts.choices import Area, ContractState, Role
from shouyue.contracts.loading import STAMP_SQL, compiled, compiled_at, plan_of, read_ahead
from shouyue.contracts.models import (
    Contract,
    ContractSite,
    ContractStage,
    Membership,
    Milestone,
    PlanVersion,
    Responsibility,
)
from shouyue.contracts.rules import ContractRules
from shouyue.kernel import clock
from shouyue.kernel.actor import Access, Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.pinyin import search_text
from shouyue.kernel.scope import EVERYTHING, PROVIDER_ID, Scope
from shouyue.parties.models import Contact, Customer, ProviderUnit, Site, Vendor

__all__ = ["STAMP_SQL", "compiled", "compiled_at", "plan_of", "read_ahead"]

DEFAULT_ZONE = "Asia/Shanghai"


def contracts_visible_to(actor: Actor) -> QuerySet[Contract]:
    """The contracts an actor may read: all, or those it is a member of."""
    return Contract.objects.visible_to(actor)


def contract_of(actor: Actor, code: str) -> Contract:
    """One contract by its code, with customer, plan version, unit and supervision firm. Raises: NotFound."""
    found = (
        contracts_visible_to(actor)
        .select_related("customer", "plan_version", "unit", "supervision_firm")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def contract_with_id(actor: Actor, contract_id: int) -> Contract:
    """One contract by its id. Raises: NotFound."""
    found = contracts_visible_to(actor).filter(pk=contract_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """What a list of contracts is narrowed to; empty means all."""

    text: str = ""
    state: str = ""
    customer_id: int | None = None
    unit_id: int | None = None
    stage: str = ""


def contracts_matching(actor: Actor, wanted: ContractFilter, today: date) -> QuerySet[Contract]:
    """The visible contracts that fit a filter, with customer, unit, plan version and number of sites."""
    rows = contracts_visible_to(actor).select_related("customer", "unit", "plan_version")
    if wanted.text:
        rows = rows.filter(
            Q(code__icontains=wanted.text)
            | Q(name__icontains=wanted.text)
            | Q(customer__name__icontains=wanted.text)
            | Q(customer__name_key__contains=search_text(wanted.text))
        )
    if wanted.customer_id is not None:
        rows = rows.filter(customer_id=wanted.customer_id)
    if wanted.unit_id is not None:
        rows = rows.filter(unit_id=wanted.unit_id)
    if wanted.stage:
        rows = rows.filter(_current_stage(wanted.stage, today))
    return rows.filter(_in_state(wanted.state, today)).annotate(site_count=Count("sites", distinct=True))


def stage_titles(contracts: Iterable[Contract], language: str) -> dict[tuple[int, str], str]:
    """(plan version, stage name) → the stage's title. Queries: one per plan this process has not read yet."""
    found = {}
    for version in {contract.plan_version_id for contract in contracts}:
        found.update({(version, stage.name): stage.title.pick(language) for stage in plan_of(version).stages})
    return found


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A contract in a list. stage: the title of the one it is in."""

    contract: Contract
    state: ContractState
    stage: str
    site_count: int


def contract_lines(actor: Actor, contracts: Sequence[Contract], today: date) -> list[ContractLine]:
    """Rows of `contracts_matching` with state and stage. Queries: one, and those of `stage_titles`."""
    current = current_stages(actor, [contract.pk for contract in contracts], today)
    titles = stage_titles(contracts, actor.language)
    return [
        ContractLine(
            contract,
            contract.state_on(today),
            titles.get((contract.plan_version_id, current.get(contract.pk, "")), ""),
            getattr(contract, "site_count", 0),
        )
        for contract in contracts
    ]


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """What a list may be narrowed to: (id, name) of customers and units; stages by name."""

    customers: tuple[tuple[int, str], ...]
    units: tuple[tuple[int, str], ...]
    stages: tuple[tuple[str, str], ...]


def filter_options(actor: Actor) -> FilterOptions:
    """The customers, units and stages of the contracts the actor sees. Queries: one."""
    rows = contracts_visible_to(actor).values_list(
        "customer_id", "customer__name", "unit_id", "unit__name", "plan_version_id"
    )
    customers: dict[int, str] = {}
    units: dict[int, str] = {}
    stages: dict[str, str] = {}
    for customer_id, customer, unit_id, unit, version in rows.order_by("customer__name_key", "code"):
        customers[customer_id] = customer
        if unit_id is not None:
            units[unit_id] = unit
        stages |= {stage.name: stage.title.pick(actor.language) for stage in plan_of(version).stages}
    return FilterOptions(tuple(customers.items()), tuple(units.items()), tuple(stages.items()))


def units_to_choose() -> QuerySet[ProviderUnit]:
    """The provider's units that are active."""
    return ProviderUnit.objects.filter(is_active=True)


def supervision_firms() -> QuerySet[Vendor]:
    """The supervision firms that are active."""
    return Vendor.objects.filter(kind="supervision_firm", is_active=True)


def customers_to_choose() -> QuerySet[Customer]:
    """The active customers, without the provider itself; for those who set contracts up."""
    return Customer.objects.filter(pk__gt=PROVIDER_ID, is_active=True)


def plan_versions_to_choose() -> QuerySet[PlanVersion]:
    """Every stored plan version without its text; for those who set contracts up."""
    return PlanVersion.objects.defer("text", "compiled").order_by("plan", "-number")


def sites_to_choose(customer_id: int) -> QuerySet[Site]:
    """The active sites of a customer; the caller has read a contract of it."""
    return Site.objects.filter(customer_id=customer_id, is_active=True)


def candidates(actor: Actor, contract: Contract, text: str, limit: int = 20) -> list[User]:
    """People who may get a role in a contract: the provider's and those of its customer, by name. Queries: one."""
    rows = User.objects.filter(is_active=True, customer_id__in=(PROVIDER_ID, contract.customer_id))
    if text.strip():
        rows = rows.filter(matching(text))
    return list(rows.order_by("name_key", "id")[:limit])


def _current_stage(stage: str, today: date) -> Q:
    later = Q(stages__ends_on__isnull=True) | Q(stages__ends_on__gte=today)
    return Q(stages__name=stage, stages__starts_on__lte=today) & later


def _in_state(state: str, today: date) -> Q:
    soon = today + timedelta(days=89)
    match state:
        case "stopped":
            return Q(is_active=False)
        case "coming":
            return Q(is_active=True, starts_on__gt=today)
        case "ended":
            return Q(is_active=True, ends_on__lt=today)
        case "expiring":
            return Q(is_active=True, starts_on__lte=today, ends_on__gte=today, ends_on__lte=soon)
        case "running":
            return Q(is_active=True, starts_on__lte=today, ends_on__gt=soon)
    return Q()


def current_stages(actor: Actor, contract_ids: Iterable[int], today: date) -> dict[int, str]:
    """The stage each contract is in, by contract id. Queries: one."""
    rows = (
        ContractStage.objects.visible_to(actor)
        .filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=today),
            contract_id__in=list(contract_ids),
            starts_on__lte=today,
        )
        .order_by("position")
    )
    return dict(rows.values_list("contract_id", "name"))


def scale(contract_id: int, fact: str) -> tuple[str, ...]:
    """The contract's own words for a fact, lowest rank first; empty when its plan has none."""
    return compiled(contract_id).scale(fact)


def areas(rules: ContractRules, language: str) -> list[tuple[str, str]]:
    """The areas sites of the contract may lie in, with how they are said: its plan's scale `zone`, or ours."""
    own = next((one for one in rules.plan.scales if one.fact == "zone"), None)
    if own is None:
        return [(word, str(label)) for word, label in Area.choices]
    return [(value.word, value.title.pick(language) if value.title else value.word) for value in own.values]


_ABOVE = """
WITH RECURSIVE above AS (
    SELECT s.id, s.parent_id, 0 AS depth FROM parties_site s WHERE s.id = %(site)s AND s.customer_id = %(customer)s
    UNION ALL
    SELECT p.id, p.parent_id, a.depth + 1 FROM parties_site p JOIN above a ON p.id = a.parent_id
    WHERE p.customer_id = %(customer)s AND a.depth < 20
)
SELECT id FROM above ORDER BY depth
"""


def sites_upwards(customer_id: int, site_id: int) -> list[int]:
    """A site and those above it, nearest first; empty when the customer has no such site. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, {"site": site_id, "customer": customer_id})
        return [row[0] for row in cursor.fetchall()]


def zone_facts(actor: Actor, contract_id: int, site_id: int | None) -> dict[str, str]:
    """The facts `zone` and `zone_mode` of a site in a contract; a site inherits from those above it.

    Empty when neither the site nor one above it is served under the contract. Queries: those of `compiled`,
    one more for a site that is not the contract's own.
    """
    if site_id is None:
        return {}
    rules = compiled(contract_id)
    found = rules.sites.get(site_id)
    if found is None:
        above = sites_upwards(rules.customer_id, site_id)
        found = next((rules.sites[site] for site in above if site in rules.sites), None)
    return {} if found is None else {"zone": found.area, "zone_mode": found.mode}


def stage_today(rules: ContractRules) -> str:
    """The stage a contract is in now."""
    return rules.stage_on(clock.today(rules.zone))


def contract_for(actor: Actor, customer_id: int, site_id: int | None = None) -> Contract | None:
    """The contract a request of this customer most likely belongs to, None when there is no running one.

    A contract that serves the site, or the nearest one above it, wins; then the one begun last. Queries: ≤ 3.
    """
    today = clock.today(DEFAULT_ZONE)
    running = list(
        contracts_visible_to(actor)
        .filter(customer_id=customer_id, is_active=True, starts_on__lte=today, ends_on__gte=today)
        .order_by("-starts_on", "id")
    )
    if len(running) < 2 or site_id is None:
        return running[0] if running else None
    above = sites_upwards(customer_id, site_id)
    served = ContractSite.objects.visible_to(actor).filter(contract__in=running, site_id__in=above)
    nearest = {contract: above.index(site) for contract, site in served.values_list("contract_id", "site_id")}
    return min(running, key=lambda contract: nearest.get(contract.pk, len(above)))


def current_memberships(user_id: int) -> list[tuple[int, int, str]]:
    """(customer, contract, role) of every membership that holds today. Queries: one."""
    today = clock.today(DEFAULT_ZONE)
    rows = Membership.objects.filter(_holds_on(today), user_id=user_id)
    return list(rows.order_by("id").values_list("customer_id", "contract_id", "role"))


def access_of(user_id: int, customer_id: int, roles: frozenset[str]) -> Access:
    """What a user may reach: all customers for those who serve everybody, else those of its memberships.

    A customer's user never leaves its own customer and holds no role of the provider. Queries: one.
    """
    held: dict[int, set[str]] = {}
    customers = {customer_id}
    for owner, contract_id, role in current_memberships(user_id):
        if customer_id not in (PROVIDER_ID, owner):
            continue
        held.setdefault(contract_id, set()).add(role)
        customers.add(owner)
    contract_roles = MappingProxyType({contract: frozenset(names) for contract, names in held.items()})
    if customer_id != PROVIDER_ID:
        return Access(Scope(customers=frozenset({customer_id})), frozenset(), contract_roles)
    scope = EVERYTHING if not roles.isdisjoint(SEES_EVERYTHING) else Scope(customers=frozenset(customers))
    return Access(scope, roles, contract_roles)


def _holds_on(day: date) -> Q:
    begun = Q(starts_on__isnull=True) | Q(starts_on__lte=day)
    return begun & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def members(contract_id: int, role: str) -> list[User]:
    """The people who hold a role in a contract today and may sign in, longest-serving first. Queries: one."""
    rows = Membership.objects.filter(
        _holds_on(clock.today(DEFAULT_ZONE)), contract_id=contract_id, role=role, user__is_active=True
    )
    return [row.user for row in rows.select_related("user").order_by("id")]


_CONTACTS = """
SELECT k.id, r.role, c.id FROM contracts_contract k
JOIN unnest(%s::text[]) AS r (role) ON true
JOIN parties_contact c ON c.customer_id = k.customer_id AND c.user_id IS NULL AND c.is_active
    AND c.capacities @> ARRAY[substr(r.role, 10)]::varchar[]
WHERE k.id = ANY(%s) AND (c.site_id IS NULL OR EXISTS (
    SELECT 1 FROM contracts_contractsite s WHERE s.contract_id = k.id AND s.site_id = c.site_id))
ORDER BY k.id, r.role, c.id
"""
MOST_CONTACTS = 10
"""So many contacts of one capacity are told about one contract."""


def contacts_without_account(
    contract_ids: Iterable[int], roles: Iterable[str]
) -> dict[tuple[int, str], list[Contact]]:
    """The customer's people who have no account, by contract and role: contacts with the role as their capacity, of
    the customer as a whole or of a site of the contract. End users speak for nobody but themselves: none of them.
    Queries: two, or none.
    """
    outside = [role for role in roles if role.startswith("customer.") and role != Role.END_USER]
    if not outside:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, [outside, list(contract_ids)])
        rows = cursor.fetchall()
    people = Contact.objects.select_related("customer").in_bulk(
        {contact for _contract, _role, contact in rows}
    )
    found: dict[tuple[int, str], list[Contact]] = {}
    for contract_id, role, contact in rows:
        same = found.setdefault((contract_id, role), [])
        if len(same) < MOST_CONTACTS:
            same.append(people[contact])
    return found


def memberships_of(actor: Actor, contract_id: int) -> QuerySet[Membership]:
    """Everybody on a contract, present, past and future, with the person."""
    rows = Membership.objects.visible_to(actor).filter(contract_id=contract_id)
    return rows.select_related("user").order_by("role", "user__name_key", "id")


def membership_of(actor: Actor, contract_id: int, membership_id: int) -> Membership:
    """One membership of a contract. Raises: NotFound."""
    found = memberships_of(actor, contract_id).filter(pk=membership_id).first()
    if found is None:
        raise NotFound
    return found


def sites_of(actor: Actor, contract_id: int) -> QuerySet[ContractSite]:
    """The contract's sites with site and unit."""
    rows = ContractSite.objects.visible_to(actor).filter(contract_id=contract_id)
    return rows.select_related("site", "unit").order_by("site__name_key", "id")


def milestones_of(actor: Actor, contract_id: int) -> QuerySet[Milestone]:
    """The milestones reached, oldest first."""
    return Milestone.objects.visible_to(actor).filter(contract_id=contract_id).order_by("happened_on", "id")


def stages_of(actor: Actor, contract_id: int) -> QuerySet[ContractStage]:
    """The stages in the plan's order."""
    return ContractStage.objects.visible_to(actor).filter(contract_id=contract_id).order_by("position")


def responsibilities_of(actor: Actor, contract_id: int) -> QuerySet[Responsibility]:
    """The responsibility matrix, in order."""
    return Responsibility.objects.visible_to(actor).filter(contract_id=contract_id).order_by("position", "id")


def plan_versions_of(actor: Actor, contract: Contract) -> QuerySet[PlanVersion]:
    """The versions of the contract's plan, newest first; a customer sees the pinned one alone."""
    rows = PlanVersion.objects.select_related("created_by").defer("text").order_by("-number")
    if not actor.is_staff:
        return rows.filter(pk=contract.plan_version_id)
    return rows.filter(plan=contract.plan_version.plan)


def plan_version(plan: str, number: int) -> PlanVersion:
    """One version of a plan. Raises: NotFound."""
    found = PlanVersion.objects.filter(plan=plan, number=number).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something of a contract that runs out. kind: contract, warranty, membership. name: class or person and role."""

    kind: str
    contract: Contract
    name: str
    ends_on: date
    days_left: int


def expiries(actor: Actor, *, within_days: int = 90, past_days: int = 30) -> list[Expiry]:
    """What runs out soon or ran out lately, soonest first: contracts, warranty classes, memberships.

    Queries: two, and one for every contract this process has not compiled yet.
    """
    today = clock.today(DEFAULT_ZONE)
    first, last = today - timedelta(days=past_days), today + timedelta(days=within_days)
    contracts = list(contracts_visible_to(actor).filter(is_active=True).select_related("customer"))
    found: list[tuple[str, Contract, str, date]] = []
    for contract in contracts:
        found.append(("contract", contract, "", contract.ends_on))
        rules = compiled(contract.pk, contract.version)
        found += [("warranty", contract, term.name, term.ends_on) for term in rules.warranty if term.ends_on]
    by_id = {contract.pk: contract for contract in contracts}
    ending = Membership.objects.visible_to(actor).filter(ends_on__range=(first, last), contract_id__in=by_id)
    for row in ending.select_related("user"):
        label = f"{row.user.name} · {Role(row.role).label}"
        found.append(("membership", by_id[row.contract_id], label, row.ends_on))
    chosen = [
        Expiry(*entry, days_left=(entry[3] - today).days) for entry in found if first <= entry[3] <= last
    ]
    return sorted(chosen, key=lambda item: (item.ends_on, item.contract.code, item.kind, item.name))


def export_rows(actor: Actor, wanted: ContractFilter, today: date) -> Iterable[dict[str, Any]]:
    """The filtered list as flat rows for a CSV file. Queries: as `contract_lines`, one more."""
    rows = list(contracts_matching(actor, wanted, today).order_by("code"))
    for line in contract_lines(actor, rows, today):
        contract = line.contract
        yield {
            "code": contract.code,
            "name": contract.name,
            "customer": contract.customer.name,
            "unit": contract.unit.name if contract.unit else "",
            "starts_on": contract.starts_on,
            "ends_on": contract.ends_on,
            "state": line.state.label,
            "stage": line.stage,
            "plan": str(contract.plan_version),
            "sites": line.site_count,
        }
