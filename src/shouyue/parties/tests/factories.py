"""Parties for tests, made through the real services."""

from __future__ import annotations

from itertools import count
from typing import Any

from shouyue.kernel.actor import SYSTEM
from shouyue.parties import services
from shouyue.parties.models import Contact, Customer, Site

_numbers = count(1)


def make_customer(**changes: Any) -> Customer:
    return services.create_customer(
        **{"actor": SYSTEM, "code": f"C{next(_numbers)}", "name": "市图书馆", "short_name": "图书馆"}
        | changes
    )


def make_site(customer: Customer, **changes: Any) -> Site:
    return services.create_site(
        **{"actor": SYSTEM, "customer_id": customer.id, "name": f"{next(_numbers)} 号楼"} | changes
    )


def make_contact(customer: Customer, **changes: Any) -> Contact:
    return services.create_contact(**{"actor": SYSTEM, "customer_id": customer.id, "name": "王芳"} | changes)
