"""Pages: replays of a contract's stored events under a draft or another version of its plan."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shouyue.contracts import access
from shouyue.contracts import queries as contracts
from shouyue.contracts.models import Contract, PlanDraft
from shouyue.contracts.planning import queries as planning
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, is_fragment, load_again, render_page

from .choices import Kind
from .queries import replays as found_replays
from .services import replays

REASONS: Final[dict[str, str | Promise]] = {
    "tied": gettext_lazy("it ties several cases together"),
    "sample": gettext_lazy("which random sample would have been drawn is not known"),
    "silence": gettext_lazy("it has no periods: it slides on with every sign of life"),
    "attested": gettext_lazy("what people vouched for belongs to the periods of that time"),
    "condition": gettext_lazy("how the condition stood at other moments was not recorded"),
    "guard": gettext_lazy("what a gate would have asked was not recorded"),
    "decision": gettext_lazy("decisions were taken under the plan of that time"),
    "awaits": gettext_lazy("the system cannot execute it yet"),
    "unset": gettext_lazy("its number or rhythm is not agreed"),
}


def _managed(request: HttpRequest, code: str) -> tuple[Actor, Contract]:
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    return actor, contract


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, code: str) -> HttpResponse:
    """The replays made so far, and a form for another."""
    actor, contract = _managed(request, code)
    given = request.POST if request.method == "POST" else request.GET
    today = clock.today(contract.time_zone)
    first, last = replays.last_quarter(today)
    if last < contract.starts_on <= today:
        first, last = contract.starts_on, today
    context: dict[str, Any] = {
        "contract": contract,
        "choices": _choices(actor, contract),
        "plan": given.get("plan", ""),
        "first": given.get("from", "") or first.isoformat(),
        "last": given.get("to", "") or last.isoformat(),
    }
    status = 200
    if request.method == "POST":
        try:
            label, text = replays.plan_chosen(actor, contract, given.get("plan", ""))
            made = replays.ask_replay(
                actor=actor,
                contract_id=contract.pk,
                text=text,
                label=label,
                first=_day(given.get("from", "")),
                last=_day(given.get("to", "")),
            )
        except (Invalid, Conflict) as error:
            texts = [str(one) for values in error.fields.values() for one in values]
            context["problem"], status = " ".join(texts) or error.message, error.status
        else:
            url = reverse("commitments:replayed", args=[made.pk])
            return go(request, url, _("The events are being replayed."))
    context["rows"] = found_replays.replays_of(actor, contract.pk)
    return render_page(request, "commitments/replays.html", context, status=status)


@require_safe
def replayed(request: HttpRequest, replay_id: int) -> HttpResponse:
    """How far a replay is; when ready, both plans side by side, and what could not be replayed."""
    actor = actor_of(request)
    found = found_replays.replay_of(actor, replay_id)
    if is_fragment(request) and not found.is_open:
        return load_again()
    only = request.GET.get("show", "")
    lines = found.result.get("lines", [])
    shown = [_shown(line) for line in lines if line["basis"] != "none"]
    context = {
        "replay": found,
        "contract": found.contract,
        "lines": [line for line in shown if only != "changed" or line["differs"]],
        "changed": sum(line["differs"] for line in shown),
        "all": len(shown),
        "only": only,
        "left_out": [_shown(line) for line in lines if line["basis"] == "none"],
        "recorded": [line for line in shown if line["basis"] == "recorded"],
    }
    return render_page(request, "commitments/replay.html", context)


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    return line | {
        "kind": Kind(line["kind"]).label,
        "reason": REASONS.get(line["reason"], ""),
        "periods": list(
            zip(line["amounts_now"] or [None] * len(line["amounts_then"]), line["amounts_then"], strict=False)
        )
        if len(line["amounts_then"]) == len(line["amounts_now"]) or not line["amounts_now"]
        else [],
    }


@require_POST
def delete(request: HttpRequest, replay_id: int) -> HttpResponse:
    """Throw one away."""
    actor = actor_of(request)
    found = found_replays.replay_of(actor, replay_id)
    replays.delete_replay(actor=actor, replay_id=replay_id)
    return go(request, reverse("commitments:replay", args=[found.contract.code]), _("The replay is deleted."))


def draft_panel(request: HttpRequest, draft: object) -> str | None:
    """Beside a draft: the way to its replay over the last quarter."""
    if not isinstance(draft, PlanDraft):
        return None
    return render_to_string("commitments/_replay_link.html", {"draft": draft}, request)


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


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("This is not a date.")) from error
