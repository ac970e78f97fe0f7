"""How both sides are asked to approve a proposed plan: a module above does the asking and hands the answers in.

Contracts know no sign-offs; without anybody registered, approvals are given on the proposal's page alone.
"""

from __future__ import annotations

from typing import Literal, Protocol

from shouyue.contracts.models import PlanProposal
from shouyue.kernel.actor import Actor

Side = Literal["provider", "customer"]


class Desk(Protocol):
    """Asks a side, answers in the name of somebody asked (False: he is not), and calls a question off."""

    def ask(self, *, actor: Actor, proposal: PlanProposal, side: Side) -> None: ...

    def answer(self, *, actor: Actor, proposal: PlanProposal, words: str, is_given: bool) -> bool: ...

    def call_off(self, *, actor: Actor, proposal: PlanProposal, words: str) -> None: ...


_desk: list[Desk] = []


def register(desk: Desk) -> None:
    """Let this desk ask for approvals; called from its `AppConfig.ready`."""
    _desk[:] = [desk]


def ask(*, actor: Actor, proposal: PlanProposal, side: Side) -> None:
    """Ask a side for its approval."""
    for desk in _desk:
        desk.ask(actor=actor, proposal=proposal, side=side)


def answer(*, actor: Actor, proposal: PlanProposal, words: str, is_given: bool) -> bool:
    """Answer what is asked, as the actor. False: nothing is asked of him."""
    return any(desk.answer(actor=actor, proposal=proposal, words=words, is_given=is_given) for desk in _desk)


def call_off(*, actor: Actor, proposal: PlanProposal, words: str) -> None:
    """Nobody needs to answer any more."""
    for desk in _desk:
        desk.call_off(actor=actor, proposal=proposal, words=words)
