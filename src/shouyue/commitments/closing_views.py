"""Pages: closed periods of a contract with their corrections, opening one again, score sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shouyue.contracts import access as contract_access
from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.web import downloads
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page

from . import access
from .choices import ClosingStep, State
from .queries import closing as closings
from .queries import commitments_of
from .queries.explaining import Step
from .rules.closing import Period, before, period_at
from .rules.scoring import Counted
from .services import closing as services

SHOWN_PERIODS = 14


@require_GET
def periods(request: HttpRequest, code: str) -> HttpResponse:
    """The closed periods of a contract, and those that wait."""
    actor = actor_of(request)
    return _periods_page(request, actor, contracts.contract_of(actor, code))


def _periods_page(
    request: HttpRequest, actor: Actor, contract: Contract, problem: str = "", status: int = 200
) -> HttpResponse:
    may_close = access.can_close(actor, contract.pk)
    context = {
        "contract": contract,
        "rows": [
            {"closing": row, "corrections": count} for row, count in closings.closings_of(actor, contract.pk)
        ],
        "due": [period.key for period in _open_periods(contract)] if may_close else [],
        "may_close": may_close,
        "problem": problem,
    }
    return render_page(request, "commitments/periods.html", context, status=status)


def _open_periods(contract: Contract) -> list[Period]:
    """Periods that are over and not closed, newest first; those opened again among them."""
    zone, quarterly = contract.time_zone, closings.is_quarterly(contract.pk)
    period = period_at(clock.now(), zone, quarterly=quarterly)
    found = []
    for _step in range(SHOWN_PERIODS):
        period = before(period, zone)
        if period.until.date() <= contract.starts_on:
            break
        if not closings.overlapping(contract.pk, period).exists():
            found.append(period)
    return found


@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Close a period."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    try:
        made = services.close_period(
            actor=actor, contract_id=contract.pk, period=request.POST.get("period", "") or "-"
        )
    except (Invalid, Conflict) as error:
        texts = [str(text) for values in error.fields.values() for text in values]
        return _periods_page(request, actor, contract, " ".join(texts) or error.message, error.status)
    said = _("The period %(period)s is closed.") % {"period": made.period}
    return go(request, reverse("commitments:closing", args=[made.pk]), said)


@require_GET
def closing(request: HttpRequest, closing_id: int) -> HttpResponse:
    """A closed period: frozen figures, corrections since, who opened it again."""
    actor = actor_of(request)
    return _closing_page(request, actor, closing_id)


def _closing_page(
    request: HttpRequest, actor: Actor, closing_id: int, problem: str = "", status: int = 200
) -> HttpResponse:
    found = closings.closing_of(actor, closing_id)
    frozen = closings.Frozen(found)
    visible = {one.name for one in commitments_of(actor, found.contract_id)}
    provider = contract_access.sees_provider_side(actor, found.contract_id)
    rows = [
        row | {"title": row["title_zh" if actor.language.startswith("zh") else "title_en"]}
        for row in frozen.snapshot["commitments"]
        if row["name"] in visible or (provider or not row["is_internal"])
    ]
    steps = closings.reopenings_of(found)
    asked = steps[-1] if steps and steps[-1].step == ClosingStep.ASKED else None
    may = access.can_close(actor, found.contract_id) and found.reopened_at is None
    context = {
        "closing": found,
        "contract": found.contract,
        "rows": rows,
        "scores": frozen.snapshot["scores"],
        "adjustments": [correction_shown(one, actor) for one in closings.adjustments_of(actor, found)],
        "by_hand": closings.corrected_by_hand(actor, found),
        "steps": [
            Step(
                step.at,
                str(ClosingStep(step.step).label),
                step.name,
                "lock-open" if step.step == ClosingStep.AGREED else "message-circle",
                text=step.why,
            )
            for step in steps
        ]
        if provider
        else [],
        "may_ask": may and asked is None,
        "may_agree": may and asked is not None and asked.user_id != actor.user_id,
        "may_refuse": may and asked is not None,
        "problem": problem,
    }
    return render_page(request, "commitments/closing.html", context, status=status)


def correction_shown(one: closings.Correction, actor: Actor) -> dict[str, Any]:
    """An adjustment as the parts of pages want it."""
    row = one.adjustment
    return {
        "at": row.at,
        "title": row.commitment.title(actor.language),
        "url": reverse("commitments:obligation", args=[row.obligation_id]),
        "before": State(row.before).value if row.before else "",
        "after": State(row.after).value if row.after else "",
        "who": one.who,
        "why": one.why or _("an event was told after the period was closed"),
        "objection": reverse("commitments:objection", args=[row.objection_id]) if one.is_objection else "",
    }


_ACTS: dict[str, tuple[Callable[..., Any], str | Promise]] = {
    "ask": (services.ask_reopening, gettext_lazy("Asked; a second person has to agree.")),
    "agree": (services.agree_reopening, gettext_lazy("The period is open again.")),
    "refuse": (services.refuse_reopening, gettext_lazy("The period stays closed.")),
}


@require_POST
def reopen(request: HttpRequest, closing_id: int, slug: str) -> HttpResponse:
    """Ask to open a period again, agree to it, or not."""
    actor = actor_of(request)
    closings.closing_of(actor, closing_id)
    act, said = _ACTS.get(slug, (None, ""))
    if act is None:
        raise NotFound
    try:
        act(actor=actor, closing_id=closing_id, why=request.POST.get("why", "")[:4000])
    except Invalid as error:
        texts = [str(text) for values in error.fields.values() for text in values]
        return _closing_page(request, actor, closing_id, " ".join(texts) or error.message, 422)
    return go(request, reverse("commitments:closing", args=[closing_id]), said)


@require_GET
def score(request: HttpRequest, code: str) -> HttpResponse:
    """The score sheet of a contract and a period, down to the obligations."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    return render_page(request, "commitments/score.html", _score_context(actor, contract, _key(request)))


def _key(request: HttpRequest) -> str:
    return request.GET.get("period", "")


def _score_context(actor: Actor, contract: Contract, key: str) -> dict[str, Any]:
    found = closings.score_of(actor, contract, key)
    chosen = closings.chosen_period(contract, key)
    titles = {one.name: one.title(actor.language) for one in commitments_of(actor, contract.pk)}
    url = reverse("commitments:obligations")
    areas = []
    for area in found.sheet.areas if found else ():
        lines = [
            {
                "line": line,
                "title": titles[line.name],
                "url": f"{url}?contract={contract.code}&promise={line.name}&state=broken",
                "months": chosen.month_keys,
                "evidence": reverse("commitments:promise_evidence", args=[contract.code, line.name])
                + f"?month={chosen.key}",
            }
            for line in area.lines
            if line.name in titles
        ]
        areas.append({"area": area, "title": area.title.pick(actor.language), "lines": lines})
    return {
        "contract": contract,
        "score": found,
        "areas": areas,
        "band_title": found.sheet.band.title.pick(actor.language)
        if found and found.sheet.band and found.sheet.band.title
        else "",
        "period": chosen,
        "periods": _period_keys(contract, chosen),
        "export_url": f"{reverse('commitments:export_score', args=[contract.code])}?period={chosen.key}",
    }


def _period_keys(contract: Contract, chosen: Period) -> list[str]:
    period = period_at(clock.now(), contract.time_zone, quarterly=closings.is_quarterly(contract.pk))
    keys = [period.key]
    for _step in range(SHOWN_PERIODS - 1):
        period = before(period, contract.time_zone)
        if period.until.date() <= contract.starts_on:
            break
        keys.append(period.key)
    return keys if chosen.key in keys else [chosen.key, *keys]


def _counts(counted: Counted) -> list[Any]:
    """Kept, late, missed, waived; where nothing fell due the words, so that no reader takes it for kept."""
    if not counted.has_data:
        return [_("no data"), "", "", ""]
    return [counted.kept, counted.late, counted.missed, counted.waived]


@require_GET
def export_score(request: HttpRequest, code: str) -> HttpResponseBase:
    """The sheet for spreadsheets: a row per commitment of each area."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    context = _score_context(actor, contract, _key(request))
    head = [
        _("Area"),
        _("Weight"),
        _("Promise"),
        _("Points"),
        _("Kept"),
        _("Kept late"),
        _("Missed"),
        _("Waived"),
        _("Deducted"),
        _("Provisional"),
    ]
    rows = [
        [
            area["title"],
            area["area"].weight,
            item["title"],
            item["line"].points,
            *_counts(item["line"].counted),
            item["line"].deducted,
            _("Yes") if item["line"].is_provisional else "",
        ]
        for area in context["areas"]
        for item in area["lines"]
    ]
    if context["score"]:
        rows.append([_("Total"), "", "", "", "", "", "", "", context["score"].sheet.total, ""])
    name = f"{contract.code}-{context['period'].key}-scores.csv"
    return downloads.streamed(actor, downloads.csv_lines(head, rows), name, "text/csv")
