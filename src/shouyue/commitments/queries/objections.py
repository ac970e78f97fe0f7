"""Reads of objections to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from shouyue.commitments import access
from shouyue.commitments.choices import ObjectionKind, ObjectionState
from shouyue.commitments.closing_models import Objection, ObjectionStep
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.models import Event
from shouyue.signoff.subjects import Subject

from . import readable

MOST_EVENTS = 500
OPEN_VERBS = ("ticket.", "visit.", "file.")
"""Events of a case that the customer may read; those of obligations and sign-offs only where he reads these."""


def objections_visible_to(actor: Actor) -> QuerySet[Objection]:
    """Objections to obligations an actor may read, with obligation, commitment and contract.

    What the provider has not approved stays on its side: the customer reads a waiver from then on.
    """
    rows = Objection.objects.visible_to(actor).select_related(
        "obligation__commitment", "contract", "proposed_by"
    )
    if actor.is_staff:
        return rows
    rows = rows.filter(readable(actor, "obligation__"), obligation__commitment__is_internal=False)
    return rows.exclude(kind=ObjectionKind.WAIVER, state=ObjectionState.PROPOSED).exclude(
        kind=ObjectionKind.WAIVER,
        state__in=(ObjectionState.REFUSED, ObjectionState.WITHDRAWN),
        pk__in=Objection.objects.exclude(steps__act="approved").values("pk"),
    )


def objection_of(actor: Actor, objection_id: int) -> Objection:
    """One objection. Raises: NotFound."""
    found = objections_visible_to(actor).filter(pk=objection_id).first()
    if found is None:
        raise NotFound
    return found


def objection_subject(actor: Actor, objection_id: int) -> Subject:
    """An objection as the subject of sign-offs. Raises: NotFound."""
    row = objection_of(actor, objection_id)
    return Subject(
        type="objection",
        id=row.pk,
        customer_id=row.customer_id,
        contract_id=row.contract_id,
        label=row.obligation.commitment.title(actor.language),
        url=reverse("commitments:objection", args=[row.pk]),
        case=(row.obligation.case_type, row.obligation.case_id),
    )


def objections_matching(
    actor: Actor, *, contract_id: int | None, state: str, kind: str
) -> QuerySet[Objection]:
    """The visible objections that fit, newest first."""
    rows = objections_visible_to(actor)
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    if state == "open":
        rows = rows.filter(settled_at=None)
    elif state:
        rows = rows.filter(state=state)
    return rows.filter(kind=kind) if kind else rows


def objections_to(actor: Actor, obligation_id: int) -> list[Objection]:
    """Every objection to one obligation with its steps, newest first. Queries: two."""
    return list(objections_visible_to(actor).filter(obligation_id=obligation_id).prefetch_related("steps"))


def steps_of(made: Objection) -> list[ObjectionStep]:
    """What each side said, oldest first. Queries: one."""
    return list(ObjectionStep.objects.filter(objection=made).order_by("id"))


def case_events(actor: Actor, case: tuple[str, int]) -> list[Event]:
    """The newest 500 events of a case he may read that an actor may name as evidence, oldest first. Queries: one."""
    return list(_nameable(actor, case).order_by("-id")[:MOST_EVENTS])[::-1]


def may_name(actor: Actor, case: tuple[str, int], ids: Iterable[int]) -> bool:
    """Whether all of these are events of a case that the actor may name as evidence. Queries: one."""
    wanted = set(ids)
    return _nameable(actor, case).filter(pk__in=wanted).count() == len(wanted)


def _nameable(actor: Actor, case: tuple[str, int]) -> QuerySet[Event]:
    """What the provider keeps to itself nobody outside may name: whoever reads the objection reads its evidence."""
    rows = Event.objects.visible_to(actor).filter(case_type=case[0], case_id=case[1])
    if actor.is_staff:
        return rows
    is_open = Q(pk__in=[])
    for prefix in OPEN_VERBS:
        is_open |= Q(verb__startswith=prefix)
    return rows.filter(is_open).filter(Q(facts__public__isnull=True) | ~Q(facts__public=False))


def events_with(actor: Actor, ids: Sequence[int]) -> list[Event]:
    """Events by id. Queries: one, none without ids."""
    return list(Event.objects.visible_to(actor).filter(pk__in=ids).order_by("id")) if ids else []


@dataclass(frozen=True, slots=True)
class Acts:
    """What the actor may do about an objection."""

    approve: bool = False
    agree: bool = False
    accept: bool = False
    refuse: bool = False
    withdraw: bool = False

    @property
    def any(self) -> bool:
        return self.approve or self.agree or self.accept or self.refuse or self.withdraw


def acts_on(actor: Actor, made: Objection) -> Acts:
    """What the actor may do about an objection now."""
    if not made.is_open or actor.user_id is None:
        return Acts()
    own = made.proposed_by_id == actor.user_id
    provider = access.can_approve(actor, made.contract_id) and not own
    customer = access.can_agree(actor, made.contract_id) and not own
    waiver, first = made.kind == ObjectionKind.WAIVER, made.state == ObjectionState.PROPOSED
    return Acts(
        approve=waiver and first and provider,
        agree=waiver and not first and customer,
        accept=not waiver and provider,
        refuse=provider if first else customer,
        withdraw=own,
    )
