"""What would have happened under a draft or another version of the plan."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shouyue.contracts import access
from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract, PlanDraft
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.planning import checking
from shouyue.contracts.planning import queries as planning
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed, NotFound
from shouyue.web.htmx import render_page

from .services import replaying

MOST_CASES = 3000
"""More than this takes too long for a page; the command line has no bound."""


@require_GET
def show(request: HttpRequest, code: str) -> HttpResponse:
    """A form, and with `?plan=` the comparison over the days asked for."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotFound
    contract = contracts.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    first, last = _last_quarter(clock.today(contract.time_zone))
    chosen = request.GET.get("plan", "")
    context: dict[str, object] = {"contract": contract, "choices": _choices(actor, contract), "plan": chosen}
    try:
        first = _day(request.GET.get("from", ""), first)
        last = _day(request.GET.get("to", ""), last)
        if chosen:
            context["found"] = _replayed(actor, contract, chosen, first, last)
    except Invalid as error:
        context["problem"] = error.message
    context |= {"first": first, "last": last}
    return render_page(request, "commitments/replay.html", context)


def draft_panel(request: HttpRequest, draft: object) -> str | None:
    """Beside a draft: the way to its replay over the last quarter."""
    if not isinstance(draft, PlanDraft):
        return None
    return render_to_string("commitments/_replay_link.html", {"draft": draft}, request)


def _replayed(actor: Actor, contract: Contract, chosen: str, first: date, last: date) -> replaying.Replayed:
    since, until = span_of(contract, first, last)
    if replaying.count_cases(contract.pk, since, until) > MOST_CASES:
        raise Invalid(
            _("More than %(most)s cases in this time: choose fewer days, or use the command line.")
            % {"most": MOST_CASES}
        )
    plan = _plan(actor, contract, chosen)
    return replaying.replay_plan(
        contract.pk, plan, since=since, until=until, language=get_language() or "zh-hans"
    )


def span_of(contract: Contract, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants of two days in the contract's zone, the last one included. Raises: Invalid."""
    if not first <= last <= first + timedelta(days=800):
        raise Invalid(_("The days must follow each other, two years at most."))
    zone = ZoneInfo(contract.time_zone)
    return (
        datetime.combine(first, time(), zone),
        datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _plan(actor: Actor, contract: Contract, chosen: str) -> Plan:
    sort, _colon, number = chosen.partition(":")
    if not number.isdecimal():
        raise NotFound
    if sort == "draft":
        draft = planning.draft_of(actor, contract.pk, int(number))
        found = checking.checked(draft.text, get_language() or "zh-hans")
        if found.plan is None or found.errors:
            raise Invalid(_("The draft has errors; put them right first."))
        return found.plan
    if not contracts.plan_versions_of(actor, contract).filter(pk=int(number)).exists():
        raise NotFound
    return contracts.plan_of(int(number))


def _choices(actor: Actor, contract: Contract) -> list[tuple[str, str]]:
    drafts = [
        (f"draft:{one.pk}", f"{_('Draft')} · {one.name}") for one in planning.drafts_of(actor, contract.pk)
    ]
    versions = [
        (f"version:{one.pk}", f"v{one.number}")
        for one in contracts.plan_versions_of(actor, contract)
        if one.pk != contract.plan_version_id
    ]
    return drafts + versions


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Invalid(_("This is not a date.")) from error


def _last_quarter(today: date) -> tuple[date, date]:
    """First and last day of the quarter before this one."""
    start = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last = start - timedelta(days=1)
    return date(last.year, 3 * ((last.month - 1) // 3) + 1, 1), last
