"""Pages of what the calendar runs: my promises, vouching for one, and the figures behind an obligation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from shouyue.contracts.choices import Role
from shouyue.kernel.errors import NotAllowed, ShouyueError
from shouyue.web.actors import actor_of
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from . import queries
from .models import Obligation
from .queries import calendar, vouching
from .queries.details import Detail, details_of
from .services import attesting


class AttestForm(forms.Form):
    """What is vouched for, with its evidence."""

    note = forms.CharField(
        label=_("What you vouch for"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    evidence = forms.FileField(label=_("Evidence (photo or file)"), required=False)
    happened_at = forms.DateTimeField(
        label=_("When it was done"),
        required=False,
        help_text=_("Leave empty for now. A report counts from the moment it is handed in."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def attest(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Vouch for an obligation, with note and evidence."""
    actor = actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    if not vouching.may_attest(actor, row):
        raise NotAllowed
    posted = request.method == "POST"
    form = AttestForm(request.POST if posted else None, request.FILES if posted else None)
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            try:
                attesting.attest(
                    actor=actor,
                    commitment_id=row.commitment_id,
                    obligation_id=row.pk,
                    note=form.cleaned_data["note"],
                    uploads=request.FILES.getlist("evidence"),
                    happened_at=form.cleaned_data["happened_at"],
                )
                return go(request, reverse("commitments:obligation", args=[row.pk]), _("Attested."))
            except ShouyueError as error:
                add_errors(form, error)
    parts = vouching.parts_of(row)
    context = {
        "obligation": row,
        "form": form,
        "title": row.commitment.title(actor.language),
        "text": row.commitment.text(actor.language),
        "roles": [str(Role(part.role).label) if part.role in Role.values else part.role for part in parts],
    }
    return render_page(request, "commitments/attest.html", context, part="form", status=status)


def figures_panel(request: HttpRequest, row: Obligation) -> str:
    """What stands behind an obligation the calendar runs: contributions, the draw, people's word, held and broken."""
    if (
        not row.period
        and not vouching.parts_of(row)
        and row.commitment.kind not in ("standing", "entitlement")
    ):
        return ""
    actor = actor_of(request)
    detail = _detail(row)
    context = {
        "obligation": row,
        "draw": calendar.draw_of(actor, row.commitment_id, row.period) if row.period else None,
        "contributions": [
            (one, detail.said(float(one.amount))) for one in calendar.contributions_of(actor, row.pk)[:100]
        ]
        if detail
        else [],
        "attestations": list(
            calendar.attestations_of(actor, row.commitment_id).filter(obligation_id=row.pk)[:20]
        ),
        "spans": list(calendar.spans_of(actor, row.commitment_id)[:20])
        if row.commitment.kind == "standing"
        else [],
        "figure": _figure(detail, row.pk) if detail else None,
        "attest": reverse("commitments:attest", args=[row.pk]) if vouching.may_attest(actor, row) else "",
    }
    return render_to_string("commitments/_behind.html", context, request=request)


def _detail(row: Obligation) -> Detail | None:
    """The figures of its promise in its period, with their unit; None where nothing is counted or measured."""
    if row.due_at is None or row.commitment.kind not in ("quota", "target"):
        return None
    return details_of(row.contract_id, [row.commitment], {}, row.opened_at, row.due_at)[row.commitment_id]


def _figure(detail: Detail, obligation_id: int) -> dict[str, Any] | None:
    """The obligation's own figure, its amounts as people read them; empty where there is none."""
    part = next((part for part in detail.parts if part.obligation_id == obligation_id), None)
    if part is None:
        return None
    amounts = {name: getattr(part, name) for name in ("amount", "low", "high", "forecast")}
    said = {name: "" if amount is None else detail.said(amount) for name, amount in amounts.items()}
    return {"period": part.period, "counted": part.counted, **said}
