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


def _constant(value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value)
    return f"'{value}'"


def _statement() -> str:
    fields = {field.attname: field for field in Ticket._meta.concrete_fields if not field.primary_key}
    constants = {name: _constant(field.get_default()) for name, field in fields.items()}
    values = {**constants, "number": numbering.NUMBER_SQL, **dict.fromkeys(GIVEN, "%s")}
    order = ["number", *GIVEN, *(name for name in values if name not in {"number", *GIVEN})]
    columns = ", ".join(fields[name].column for name in order)
    return (
        f"INSERT INTO {Ticket._meta.db_table} ({columns}) "  # noqa: S608 -- columns and defaults of the model
        f"VALUES ({', '.join(values[name] for name in order)}) RETURNING id, number"
    )


_INSERT = _statement()


def insert(ticket: Ticket, code: str, year: int, told: events.NewEvent) -> None:
    """Store the ticket under the next number of its year and record its event. Queries: one, plus the consumers'."""
    row = [*numbering.number_parts(code, year, series="ticket"), *(getattr(ticket, name) for name in GIVEN)]
    _event, (ticket.pk, ticket.number) = events.record_created(_INSERT, row, told)
    ticket._state.adding, ticket._state.db = False, "default"
