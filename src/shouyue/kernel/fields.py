"""Field classes that carry the walls between customers into the database.

A table with a `CustomerIdField` or `CustomerKey` gets `UNIQUE (customer_id, id)`, row-level security and its
policies when it is created (see `postgres.schema`). References between such tables use
`SameCustomerForeignKey`: foreign-key checks bypass row-level security, so only a composite key keeps a row of
one customer from pointing at another's.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class CustomerIdField(models.BigIntegerField):  # type: ignore[type-arg]  # not subscriptable when running
    """The owning customer's id in modules below the one that owns customers; 0 is the provider."""

    raises_wall = True


class CustomerKey(models.ForeignKey[Any, Any]):
    """The owning customer as a foreign key; the field must be named `customer`."""

    raises_wall = True


class SameCustomerForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key `(customer_id, x_id) → (customer_id, id)`: the target belongs to the same customer."""

    same_customer = True
