"""A new ticket, its number and its event in one statement.

Most columns of a new ticket are as the model's defaults say. They stand in the statement as constants: with a parameter
for each of them the driver would take the statement apart anew every time.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from shouyue.kernel import events, numbering
from shouyue.tickets.models import Ticket

GIVEN = (
    *("customer_id", "contract_id", "site_id", "requester_id", "reporter_id", "recorded_by_id"),
    *("channel", "channel_group", "request_type", "request_class", "catalogue"),
    *("title", "description", "affected", "caller_phone"),
    *("urgency", "impact", "priority", "severity", "complexity", "is_vip"),
    *("equipment_type", "fault_category"),
    *("zone", "zone_mode", "reported_at", "created_at", "updated_at", "source_key"),
)
"""The columns, besides the number, in which a new ticket may differ from the defaults."""


_FIELDS = {field.attname: field for field in Ticket._meta.concrete_fields}


def _default(name: str) -> Any:
    value = None if _FIELDS[name].primary_key else _FIELDS[name].get_default()
    return value.value if isinstance(value, Enum) else value


_DEFAULTS = {name: _default(name) for name in _FIELDS}


def _constant(value: Any) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, bool | int) else f"'{value}'"


def _statement() -> str:
    constants = {
        name: _constant(value) for name, value in _DEFAULTS.items() if name not in {"id", "number", *GIVEN}
    }
    columns = ", ".join(str(_FIELDS[name].column) for name in ("number", *GIVEN, *constants))
    values = ", ".join((numbering.NUMBER_SQL, *("%s" for _ in GIVEN), *constants.values()))
    table = Ticket._meta.db_table
    return f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id, number"  # noqa: S608 -- the model's


_INSERT = _statement()


def draft(**given: Any) -> Ticket:
    """A ticket not stored yet. given: values of `GIVEN`."""
    values = {**_DEFAULTS, **given}
    ticket: Ticket = Ticket.from_db("default", list(values), list(values.values()))
    return ticket


def insert(ticket: Ticket, code: str, year: int, told: events.NewEvent) -> None:
    """Store the ticket under the next number of its year and record its event. Queries: one, plus the consumers'."""
    row = [*numbering.number_parts(code, year, series="ticket"), *(getattr(ticket, name) for name in GIVEN)]
    _event, (ticket.pk, ticket.number) = events.record_created(_INSERT, row, told)
