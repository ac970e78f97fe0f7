"""Reads of the register, scoped by actor: commitments and obligations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from shouyue.commitments.models import Commitment, Obligation
from shouyue.contracts.access import sees_provider_side
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

OPEN_STATES = ("running", "paused", "missed")


def commitments_visible_to(actor: Actor) -> QuerySet[Commitment]:
    """Commitments of the contracts an actor may read; those of no concern to the customer only for the provider."""
    rows = Commitment.objects.visible_to(actor)
    return rows if actor.is_staff else rows.filter(is_internal=False)


def commitments_of(actor: Actor, contract_id: int) -> QuerySet[Commitment]:
    """The active commitments of one contract in the order of its plan."""
    rows = Commitment.objects.visible_to(actor).filter(contract_id=contract_id, is_active=True)
    return rows if sees_provider_side(actor, contract_id) else rows.filter(is_internal=False)


def commitment_of(actor: Actor, contract_id: int, name: str) -> Commitment:
    """One commitment by its name. Raises: NotFound."""
    found = commitments_visible_to(actor).filter(contract_id=contract_id, name=name).first()
    if found is None:
        raise NotFound
    return found


def obligations_visible_to(actor: Actor) -> QuerySet[Obligation]:
    """Obligations of the contracts an actor may read, with their commitments."""
    rows = Obligation.objects.visible_to(actor).select_related("commitment")
    return rows if actor.is_staff else rows.filter(commitment__is_internal=False)


def obligation_of(actor: Actor, obligation_id: int) -> Obligation:
    """One obligation. Raises: NotFound."""
    found = (
        obligations_visible_to(actor)
        .select_related("commitment", "contract")
        .filter(readable(actor), pk=obligation_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class ObligationFilter:
    """What a list of obligations is narrowed to; empty means all.

    since, until: of the moment that decides the period.
    """

    contract_id: int | None = None
    commitment: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None


def obligations_matching(actor: Actor, wanted: ObligationFilter) -> QuerySet[Obligation]:
    """The visible obligations that fit a filter, without those that have not begun."""
    rows = obligations_visible_to(actor).filter(readable(actor)).select_related("contract", "commitment")
    if wanted.contract_id is not None:
        rows = rows.filter(contract_id=wanted.contract_id)
    if wanted.commitment:
        rows = rows.filter(commitment__name=wanted.commitment)
    if wanted.since is not None:
        rows = rows.filter(falls_at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(falls_at__lt=wanted.until)
    return rows.filter(_in_state(wanted.state))


OWN_CASES_ONLY = frozenset({"customer.end_user"})


def readable(actor: Actor, prefix: str = "") -> Q:
    """In lists an end user reads what concerns a contract as a whole; cases of colleagues are not his to see."""
    if actor.is_staff:
        return Q()
    whole = [contract for contract, roles in actor.contract_roles.items() if roles - OWN_CASES_ONLY]
    return Q(**{f"{prefix}contract_id__in": whole}) | Q(**{f"{prefix}case_type": "contract"})


def _in_state(state: str) -> Q:
    match state:
        case "":
            return ~Q(state__in=("waiting", "void"))
        case "broken":
            return Q(state__in=("missed", "late"))
        case "open":
            return Q(state__in=("running", "paused"))
        case "overdue":
            return Q(state="missed", settled_at__isnull=True)
    return Q(state=state)
