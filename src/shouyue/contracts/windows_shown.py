"""The windows of contracts among the calendars: what the calendar page lists and draws of them."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from shouyue.calendars.shown import Listed, Shown, Source
from shouyue.contracts import queries
from shouyue.contracts.calendars_of import calendar_of_plan
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Window
from shouyue.contracts.queries import plan_of
from shouyue.kernel.actor import Actor

PREFIX = "window"


def listed(actor: Actor) -> list[Listed]:
    """The windows of the active contracts an actor may read. Queries: one, one per plan not read yet."""
    contracts = queries.contracts_visible_to(actor).filter(is_active=True).select_related("customer")
    return [
        _listed(actor, contract, window)
        for contract in contracts.order_by("code")
        for window in plan_of(contract.plan_version_id).windows
    ]


def find(actor: Actor, rest: str) -> Shown | None:
    """`CODE:window` → its calendar. Raises: NotFound. Queries: two."""
    code, _colon, name = rest.partition(":")
    contract = queries.contract_of(actor, code)
    window = next((entry for entry in plan_of(contract.plan_version_id).windows if entry.name == name), None)
    if window is None:
        return None
    line = _listed(actor, contract, window)
    calendar = calendar_of_plan(contract.plan_version_id, name, contract.customer_id)
    return Shown(listed=line, calendar=calendar, table=window.holidays)


def _listed(actor: Actor, contract: Contract, window: Window) -> Listed:
    title = window.title.pick(actor.language) if window.title else window.name
    if not window.title and window.name == "always":
        title = gettext("Around the clock")
    note = gettext("Holidays: %(table)s") % {"table": window.holidays} if window.holidays else ""
    if window.calendar:
        note = gettext("The customer's own hours")
    return Listed(
        key=f"{PREFIX}:{contract.code}:{window.name}",
        title=f"{contract.code} · {title}",
        note=note,
        owner=str(contract.customer),
        zone=dict(window.spec).get("zone", plan_of(contract.plan_version_id).zone),
    )


SOURCE = Source(PREFIX, gettext_lazy("Windows of contracts"), listed, find, order=20)
