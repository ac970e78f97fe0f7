"""Pages: evidence packs of a contract, asking for one, following how far it is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouyue.contracts import queries as contracts
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, is_fragment, load_again, render_page

from . import access
from .choices import PackState
from .queries import closing as closings
from .queries import packing
from .rules.closing import before
from .services import packing as services

OFFERED = 14


@require_GET
def packs(request: HttpRequest, code: str) -> HttpResponse:
    """The evidence packs of a contract, and a form for another."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    access.require(access.can_pack(actor, contract.pk))
    period = closings.chosen_period(contract, request.GET.get("period", ""))
    keys = [period.key]
    running = closings.chosen_period(contract)
    while len(keys) < OFFERED and running.until.date() > contract.starts_on:
        if running.key not in keys:
            keys.append(running.key)
        running = before(running, contract.time_zone)
    context = {"contract": contract, "rows": packing.packs_of(actor, contract.pk), "periods": keys}
    return render_page(request, "commitments/packs.html", context)


@require_POST
def make(request: HttpRequest, code: str) -> HttpResponse:
    """Have a pack made; a job does it."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    made = services.ask_pack(actor=actor, contract_id=contract.pk, period=request.POST.get("period", ""))
    return go(request, reverse("commitments:pack", args=[made.pk]), _("The pack is being made."))


@require_GET
def pack(request: HttpRequest, pack_id: int) -> HttpResponse:
    """How far a pack is; when ready, its figures and its file."""
    actor = actor_of(request)
    found = packing.pack_of(actor, pack_id)
    access.require(access.can_pack(actor, found.contract_id))
    is_open = found.state in (PackState.WAITING, PackState.WORKING)
    if is_fragment(request) and not is_open:
        return load_again()
    context = {
        "pack": found,
        "contract": found.contract,
        "is_open": is_open,
        "figures": found.figures,
    }
    return render_page(request, "commitments/pack.html", context)
