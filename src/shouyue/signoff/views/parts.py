"""Parts of other modules' pages: the sign-offs of a ticket or contract, and what waits for a customer's person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from shouyue.kernel.actor import Actor
from shouyue.signoff import access, queries
from shouyue.signoff.models import Signoff
from shouyue.web.moulds import mould


def ticket_panel(request: HttpRequest, ticket: object) -> str | None:
    """The sign-offs of a ticket, its visits' among them. Queries: two, none when the page knows there are none."""
    subject: Any = ticket
    parts = getattr(ticket, "parts", None)
    if parts is not None and "signoffs" not in parts:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if not access.can_ask(actor, subject.contract_id):
            return None
        return mould("signoff/_panel_none.html", ("number",))(number=subject.pk)
    return _panel(request, "ticket", subject.pk, subject.contract_id)


def contract_panel(request: HttpRequest, contract: object) -> str | None:
    """What is open in a contract, and the newest. Queries: up to three."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    subject: Any = contract
    rows = queries.of_contract(actor, subject.pk)
    return _rendered(request, rows, "contract", subject.pk, access.can_ask(actor, subject.pk))


def waiting_panel(request: HttpRequest, _reader: object) -> str | None:
    """What waits for the reader's answer. Queries: two."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    steps = queries.waiting_for(actor, limit=5)
    if not steps:
        return None
    return render_to_string("signoff/_waiting.html", {"steps": steps}, request=request)


def _panel(request: HttpRequest, kind: str, number: int, contract_id: int | None) -> str | None:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.about(actor, (kind, number))
    return _rendered(request, rows, kind, number, access.can_ask(actor, contract_id))


def _rendered(request: HttpRequest, rows: list[Signoff], kind: str, number: int, can_ask: bool) -> str | None:
    if not rows and not can_ask:
        return None
    context = {
        "rows": rows,
        "ask_url": f"{reverse('signoff:ask')}?about={kind}:{number}" if can_ask else "",
        "all_url": f"{reverse('signoff:signoffs')}?contract={number}" if kind == "contract" and rows else "",
    }
    return render_to_string("signoff/_panel.html", context, request=request)
