"""Tickets for tests, made through the services, and the people who act on them."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import PASSWORD, sign_in
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_member, make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.parties.models import Contact
from shouyue.tickets import services
from shouyue.tickets.models import Ticket


def make_agent(**changes: Any) -> Actor:
    """A desk agent, who serves every contract."""
    return actor_from(make_user(roles=["desk_agent"], **changes))


def make_officer(role: str = "audit_admin") -> Actor:
    """One of the three officers, or another global role."""
    return actor_from(make_user(roles=[role]))


def make_engineer(contract: Contract, role: str = "field_engineer") -> Actor:
    """An engineer who is a member of one contract."""
    return actor_from(make_member(contract, role))


def make_customer_user(contract: Contract, role: str = "customer.it_contact") -> Actor:
    """A person of the customer with a role in the contract."""
    return actor_from(make_member(contract, role))


def make_contact(contract: Contract, **changes: Any) -> Contact:
    """Somebody at the customer who may call."""
    values: dict[str, Any] = {
        "customer_id": contract.customer_id,
        "name": "赵敏",
        "name_key": "zhaomin",
        "created_at": clock.now(),
    }
    contact: Contact = Contact.objects.create(**values | changes)
    return contact


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


def upload(name: str = "photo.png", content: bytes | None = None) -> SimpleUploadedFile:
    """A small picture, or the given bytes, as a browser sends it."""
    return SimpleUploadedFile(name, io.BytesIO(content or PNG).getvalue())


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000"
    "000049454e44ae426082"
)


def client_of(actor: Actor) -> Client:
    """A browser signed in as this actor."""
    user = User.objects.get(pk=actor.user_id)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return sign_in(user)
