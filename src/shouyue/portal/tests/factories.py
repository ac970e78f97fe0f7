"""People and requests of the portal for tests."""

from __future__ import annotations

from typing import Any

from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_user
from shouyue.contracts.tests.people import make_agent, make_customer_user
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact
from shouyue.tickets import services as tickets
from shouyue.tickets.models import Ticket

PLAN = """
plan: portal-office
title: {zh: 办公运维, en: Office support}
zone: Asia/Shanghai
windows: {always: 7x24}
stages:
  after-sales: {title: {zh: 质保期售后, en: After-sales}, from: contract.start}
defaults: {owner: service_manager}
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 一小时内答复。, en: An answer within the hour.}
    from: ticket.reported
    kept_by: ticket.responded
    within: 1 h
    window: always
    source: B0-03
"""


def make_portal_contract(**changes: Any) -> Contract:
    """A contract whose promise the customer sees."""
    return make_contract(text=PLAN, **{"desk_phone": "400-800-1234", "name": "办公运维合同"} | changes)


def make_person(contract: Contract, role: str = "end_user") -> Actor:
    """A person of the customer with a role in the contract and an entry among the contacts."""
    actor = make_customer_user(contract, f"customer.{role}")
    Contact.objects.create(
        customer_id=contract.customer_id,
        user_id=actor.user_id,
        name=actor.name,
        name_key="x",
        phone="13800138000",
        phone_digits="13800138000",
        created_at=clock.now(),
    )
    return actor


def make_watcher(contract: Contract) -> Actor:
    """A person of the supervision firm."""
    return make_customer_user(contract, "supervision_firm")


def make_colleague(contract: Contract) -> Actor:
    """A person of the customer without any role."""
    from shouyue.accounts.queries import actor_from

    return actor_from(make_user(customer_id=contract.customer_id))


def report(actor: Actor, contract: Contract, **changes: Any) -> Ticket:
    """A request reported through the portal."""
    values: dict[str, Any] = {
        "channel": "portal",
        "request_type": "incident",
        "title": "打印机卡纸",
        "description": "三楼打印机卡纸，无法打印。",
        "contract_id": contract.pk,
    }
    return tickets.report_ticket(actor=actor, **values | changes)


def solve(ticket: Ticket) -> Actor:
    """Take, answer and resolve as an agent."""
    agent = make_agent()
    tickets.take_ticket(actor=agent, ticket_id=ticket.pk)
    tickets.respond_to_ticket(actor=agent, ticket_id=ticket.pk, text="已联系您")
    tickets.resolve_ticket(actor=agent, ticket_id=ticket.pk, texts={"result": "更换搓纸轮"})
    return agent
