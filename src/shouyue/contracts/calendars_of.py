"""The service calendar behind a window's name in a contract, compiled once per process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from shouyue.contracts import loading
from shouyue.contracts.plan_language.model import Plan, Window
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.servicetime import ServiceCalendar

ALWAYS = "always"

_calendars: dict[tuple[int, str], ServiceCalendar] = {}


def calendar_for(contract_id: int, window_name: str = ALWAYS) -> ServiceCalendar:
    """The calendar of a window in a contract's present plan. `always` need not be in the plan.

    Raises: NotFound when the plan has no such window. Queries: those of `compiled`.
    """
    rules = loading.compiled(contract_id)
    return calendar_of_plan(rules.plan_version_id, window_name)


def calendar_of_plan(plan_version_id: int, window_name: str = ALWAYS) -> ServiceCalendar:
    """The same for a plan version, also one that is no longer pinned. Raises: NotFound."""
    key = (plan_version_id, window_name)
    calendar = _calendars.get(key)
    if calendar is None:
        calendar = _calendars.setdefault(key, build_calendar(loading.plan_of(plan_version_id), window_name))
    return calendar


def build_calendar(plan: Plan, window_name: str) -> ServiceCalendar:
    """Compile a window of a plan. Raises: NotFound; Invalid for an unknown holiday table."""
    window = next((entry for entry in plan.windows if entry.name == window_name), None)
    if window is None:
        if window_name != ALWAYS:
            raise NotFound
        return ServiceCalendar.always(plan.zone)
    return _of_window(window, plan.zone)


def _of_window(window: Window, zone: str) -> ServiceCalendar:
    """A calendar the customer keeps counts as always open until it is entered: the stricter reading."""
    if window.calendar:
        return ServiceCalendar.always(zone)
    spec: dict[str, Any] = dict(window.spec)
    spec.setdefault("zone", zone)
    if window.holidays:
        holidays, workdays = holiday_table(window.holidays)
        spec["holidays"] = dict(holidays)
        own = dict.fromkeys(spec.get("extra_workdays", ()), "")
        spec["extra_workdays"] = {**workdays, **own}
    return ServiceCalendar.from_spec(spec)


@lru_cache(maxsize=16)
def holiday_table(name: str) -> tuple[Mapping[date, str], Mapping[date, str]]:
    """Days off and make-up workdays with their names. Raises: Invalid for a table that is not kept."""
    if name != "CN":
        raise Invalid(f"There is no holiday table {name!r}.")
    from chinese_calendar.constants import holidays, workdays

    return holidays, workdays
