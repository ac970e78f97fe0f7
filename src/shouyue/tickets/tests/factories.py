"""Tickets for tests, made through the services."""

from __future__ import annotations

from typing import Any

from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.tickets import services
from shouyue.tickets.models import Ticket


def make_ticket(contract: Contract | None = None, *, actor: Actor = SYSTEM, **changes: Any) -> Ticket:
    """A newly reported incident."""
    values: dict[str, Any] = {
        "channel": "phone",
        "request_type": "incident",
        "title": "路口监控画面中断",
        "description": "值班员反映三号路口画面黑屏。",
    }
    contract_id = (contract or make_contract()).pk
    return services.report_ticket(actor=actor, contract_id=contract_id, **values | changes)


def make_resolved(contract: Contract | None = None, *, actor: Actor | None = None, **changes: Any) -> Ticket:
    """A ticket that was taken, answered and resolved by one agent."""
    agent = actor or make_agent()
    ticket = make_ticket(contract, actor=agent, **changes)
    services.take_ticket(actor=agent, ticket_id=ticket.pk)
    services.respond_to_ticket(actor=agent, ticket_id=ticket.pk)
    return services.resolve_ticket(actor=agent, ticket_id=ticket.pk)


def gate_before(act: str, requires: str, given_by: str = "agent") -> str:
    """A gate for the end of `contracts.tests.factories.PLAN`."""
    return f"""
  asked-before:
    kind: gate
    title: {{zh: 条件未满足不得操作, en: Not before the condition is met}}
    text: {{zh: 条件未满足不得操作。, en: This is not done before the condition is met.}}
    internal: true
    act: {act}
    requires: {requires}
    given_by: {given_by}
"""
