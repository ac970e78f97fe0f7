"""What waivers and proposed plans share when they ask through sign-offs: who is asked, in whose name, the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from shouyue.accounts.queries import actor_of
from shouyue.contracts.choices import Role
from shouyue.contracts.planning.services import Said
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import RecordedEvent
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.signoff import queries as signoffs
from shouyue.signoff import services as signing
from shouyue.signoff.choices import Side, State
from shouyue.signoff.models import Answer, Signoff
from shouyue.signoff.services import Asked

ANSWERS: Final = frozenset({"approval.given", "approval.refused", "approval.withdrawn", "approval.expired"})
"""Verbs of what becomes of an approval that was asked for."""


def asker(proposed_by_id: int | None) -> Actor:
    """In whose name it is asked: the proposer's, so that he is told how it ended, and cannot answer himself."""
    try:
        return actor_of(proposed_by_id or 0)
    except NotFound:
        return SYSTEM


def steps_for(side: Side, roles: Iterable[str], *, customer_id: int, contract_id: int) -> list[Asked]:
    """A step for each of these roles of a side that somebody holds in the contract."""
    capacities = [role.removeprefix("customer.") for role in roles]
    return [
        Asked(role=capacity) if side == Side.PROVIDER else Asked(capacity=capacity)
        for capacity in capacities
        if signoffs.somebody_holds(side, capacity, customer_id, contract_id)
    ]


def open_signoff(subject: tuple[str, int], purpose: str) -> Signoff | None:
    """The sign-off of a subject that waits for an answer. Queries: one."""
    found: Signoff | None = Signoff.objects.filter(
        subject_type=subject[0], subject_id=subject[1], purpose=purpose, state=State.ASKED
    ).first()
    return found


def answer(signoff: Signoff | None, *, actor: Actor, words: str, is_given: bool) -> bool:
    """Answer a sign-off where it asks the actor. False: there is none, or it asks others."""
    if signoff is None:
        return False
    for step in signoffs.steps_of(signoff):
        if signoffs.standing_of(actor, signoff, step) is None:
            continue
        if is_given:
            signing.give(actor=actor, step_id=step.pk, words=words)
        else:
            signing.refuse(actor=actor, step_id=step.pk, words=words)
        return True
    return False


def call_off(signoff: Signoff | None, *, words: str) -> None:
    """Nobody needs to answer any more."""
    if signoff is not None:
        with acting_in(EVERYTHING):
            signing.cancel(actor=SYSTEM, signoff_id=signoff.pk, words=words.strip() or _("Taken back"))


def said_in(event: RecordedEvent, customer_id: int) -> Said:
    """Who answered, in which role, with which words: the newest answer of the event's sign-off."""
    number = int(str(event.facts.get("signoff", "")).partition(":")[2])
    found = Answer.objects.filter(signoff_id=number).select_related("step").order_by("-id").first()
    if found is None:
        return Said(SYSTEM, Signoff.objects.values_list("closing_words", flat=True).get(pk=number))
    kind, _colon, of = event.actor.partition(":")
    actor = Actor(
        kind=kind,  # type: ignore[arg-type]
        id=int(of),
        name=found.name,
        scope=Scope(customers=frozenset({customer_id})),
        user_id=found.user_id,
        customer_id=customer_id if found.step.side == Side.CUSTOMER else 0,
    )
    return Said(actor, found.words, _role_of(found.capacity, found.step.side))


def _role_of(capacity: str, side: str) -> str:
    """A sign-off's capacity as contracts name roles."""
    word = capacity if side == Side.PROVIDER else f"customer.{capacity}"
    return word if word in Role.values or side == Side.PROVIDER else capacity
