"""Page: putting the figure of a quota right by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.web.actors import actor_of
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from . import cases, queries
from .models import Obligation
from .queries import closing
from .rules.figures import is_duration
from .services import correcting


class CorrectionForm(forms.Form):
    """How much, and why."""

    amount = forms.DecimalField(
        label=_("Amount to add, with a minus to take off"),
        max_digits=14,
        decimal_places=4,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    reason = forms.CharField(
        label=_("reason"), max_length=correcting.LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )


def address_of(actor: Actor, row: Obligation) -> str:
    """Where the figure behind an obligation is put right; empty for who may not, and where there is none."""
    if not correcting.can_correct(actor, row) or correcting.quota_of(row) is None:
        return ""
    return reverse("commitments:correct", args=[row.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Add a correction with its reason; the page says when the period is frozen."""
    actor = actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    if not correcting.can_correct(actor, row):
        raise NotAllowed
    promise = correcting.quota_of(row)
    if promise is None:
        raise NotFound
    posted = request.method == "POST"
    form = CorrectionForm(request.POST if posted else None)
    if posted and form.is_valid():
        try:
            correcting.correct_figure(actor=actor, obligation_id=row.pk, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            add_errors(form, error)
        else:
            return go(
                request, reverse("commitments:evidence", args=[row.pk]), _("The correction is recorded.")
            )
    context: dict[str, Any] = {
        "obligation": row,
        "contract": row.contract,
        "form": form,
        "title": row.commitment.title(actor.language),
        "period": row.period.partition(":")[0],
        "case": None
        if row.case_type in ("contract", "")
        else cases.labels_of(row.case_type, [row.case_id])[row.case_id],
        "text": row.commitment.text(actor.language),
        "amount": row.facts.get("amount"),
        "is_time": is_duration(promise.bounds),
        "closing": closing.closing_in_force(actor, row.contract_id, row.falls_at, row.falls_at),
    }
    return render_page(request, "commitments/correct.html", context, status=422 if posted else 200)
