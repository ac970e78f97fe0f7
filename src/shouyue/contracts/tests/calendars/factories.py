"""Calendars and their readers for tests, made through the real services."""

from __future__ import annotations

from typing import Any

from django.test import Client

from shouyue.calendars import services
from shouyue.calendars.models import CustomerCalendar, HolidayTable
from shouyue.contracts.tests.factories import make_customer, make_user
from shouyue.kernel.actor import SYSTEM
from shouyue.parties.models import Customer

OFFICE = dict.fromkeys(range(5), "09:00-12:00, 13:00-18:00")


def make_table(**changes: Any) -> HolidayTable:
    values = {"actor": SYSTEM, "name": "CN-XJ", "title": "新疆", "based_on": "CN"}
    return services.create_table(**values | changes)


def make_calendar(customer: Customer | None = None, **changes: Any) -> CustomerCalendar:
    values = {"actor": SYSTEM, "name": "行政作息", "weekly": OFFICE, "based_on": "CN"}
    return services.create_customer_calendar(customer_id=(customer or make_customer()).pk, **values | changes)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def client_with(*roles: str, **changes: Any) -> Client:
    return signed_in(make_user(roles=list(roles), **changes))
