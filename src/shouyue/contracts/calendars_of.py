"""The service calendar behind a window's name in a contract, compiled once per process and state of the calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouyue.calendars import queries as calendars
from shouyue.contracts import loading
from shouyue.contracts.plan_language.errors import PlanProblem, nearest
from shouyue.contracts.plan_language.model import Plan, Window
from shouyue.contracts.plan_language.parse import Parsed
from shouyue.kernel.errors import NotFound
from shouyue.servicetime import ServiceCalendar

ALWAYS = "always"

_compiled: dict[tuple[int, str, int | None], ServiceCalendar] = {}
_state = -1


def calendar_for(
    contract_id: int, window_name: str = ALWAYS, *, at: datetime | None = None
) -> ServiceCalendar:
    """The calendar of a window in a contract's present plan. `always` need not be in the plan.

    at: with holidays and the customer's hours as they stood then. Raises: NotFound when the plan has no such
    window. Queries: those of `compiled`.
    """
    rules = loading.compiled(contract_id)
    return calendar_of_plan(rules.plan_version_id, window_name, rules.customer_id, at=at)


def calendar_of_plan(
    plan_version_id: int,
    window_name: str = ALWAYS,
    customer_id: int | None = None,
    *,
    at: datetime | None = None,
) -> ServiceCalendar:
    """The same for a plan version, also one that is no longer pinned. Raises: NotFound.

    customer_id: whose own hours `calendar: customer` means; without it such a window is always open.
    """
    global _compiled, _state
    if at is not None:
        return build_calendar(loading.plan_of(plan_version_id), window_name, customer_id, at=at)
    state = calendars.state()
    if _state != state:
        _state, _compiled = state, {}
    held, key = _compiled, (plan_version_id, window_name, customer_id)
    calendar = held.get(key)
    if calendar is None:
        made = build_calendar(loading.plan_of(plan_version_id), window_name, customer_id)
        calendar = held.setdefault(key, made)
    return calendar


def build_calendar(
    plan: Plan, window_name: str, customer_id: int | None = None, *, at: datetime | None = None
) -> ServiceCalendar:
    """Compile a window of a plan. Raises: NotFound; Invalid for an unknown holiday table."""
    window = next((entry for entry in plan.windows if entry.name == window_name), None)
    if window is None:
        if window_name != ALWAYS:
            raise NotFound
        return ServiceCalendar.always(plan.zone)
    return _of_window(window, plan.zone, customer_id, at)


def _of_window(window: Window, zone: str, customer_id: int | None, at: datetime | None) -> ServiceCalendar:
    """A calendar the customer keeps counts as always open until it is entered: the stricter reading."""
    if window.calendar:
        hours = calendars.customer_hours(customer_id, at=at) if customer_id is not None else None
        return ServiceCalendar.always(zone) if hours is None else ServiceCalendar.from_spec(hours)
    spec: dict[str, Any] = dict(window.spec)
    spec.setdefault("zone", zone)
    if window.holidays:
        table = calendars.holiday_table(window.holidays, at=at)
        spec["holidays"] = table.holidays
        own = dict.fromkeys(spec.get("extra_workdays", ()), "")
        spec["extra_workdays"] = {**table.workdays, **own}
        spec["own_windows"] = table.own_windows
    return ServiceCalendar.from_spec(spec)


def unknown_tables(parsed: Parsed) -> tuple[PlanProblem, ...]:
    """Windows of a text that follow a holiday table nobody keeps. Queries: one, none without holidays."""
    following = [one for one in parsed.plan.windows if one.holidays] if parsed.plan else []
    known = calendars.table_names() if following else frozenset()
    return tuple(
        PlanProblem(
            "unknown_table",
            parsed.place(f"windows.{one.name}.holidays"),
            {"name": one.holidays},
            nearest(one.holidays, sorted(known)),
        )
        for one in following
        if one.holidays not in known
    )
