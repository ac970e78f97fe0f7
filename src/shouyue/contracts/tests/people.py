"""Who acts on what belongs to a contract: the provider's people, the customer's, and those who may call."""

from __future__ import annotations

from typing import Any

from shouyue.accounts.queries import actor_from
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_member, make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact


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
    """Somebody at the customer who may call; without an account unless one is given."""
    values: dict[str, Any] = {
        "customer_id": contract.customer_id,
        "name": "赵敏",
        "name_key": "zhaomin",
        "created_at": clock.now(),
    }
    contact: Contact = Contact.objects.create(**values | changes)
    return contact
