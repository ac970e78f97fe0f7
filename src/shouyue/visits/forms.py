"""HTML input of visits to typed values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouyue.tickets import queries as tickets
from shouyue.tickets.models import Ticket

from .choices import Backups, Outcome, Use


def _moment(label: Any, help_text: Any = "") -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


class DispatchForm(forms.Form):
    """Whom to send, when, with what word."""

    engineer_id = forms.TypedChoiceField(label=_("Engineer"), coerce=int)
    planned_at = _moment(_("Agreed with the customer for"), _("Leave empty for at once."))
    note = forms.CharField(
        label=_("For the engineer"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        engineers = tickets.engineers_of(ticket.contract_id)
        people = tickets.workers_of(ticket.contract_id)
        first = [(str(pk), name) for pk, name in people if pk in engineers]
        others = [(str(pk), name) for pk, name in people if pk not in engineers]
        groups = [(_("Engineers"), first), (_("Others who may go"), others)] if first else [(None, others)]
        shown: list[Any] = [("", "—")]
        for title, rows in groups:
            shown += [(title, rows)] if title and rows else rows
        self.fields["engineer_id"].choices = shown  # type: ignore[attr-defined]
        likely = ticket.assignee_id if ticket.assignee_id in engineers else None
        if likely is None and len(first) == 1:
            likely = int(first[0][0])
        self.initial.setdefault("engineer_id", likely or "")


class StepForm(forms.Form):
    """A step, now or written down later."""

    at = _moment(_("When"), _("Leave empty for now."))


class BeginForm(StepForm):
    """What the work touches."""

    uses = forms.MultipleChoiceField(
        label=_("What the work touches"),
        choices=Use.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each needs the permission of whoever answers for it at the customer's."),
    )
    field_order = ("uses", "at")


class LeaveForm(StepForm):
    """What was achieved."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect)
    report = forms.CharField(label=_("Result"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    diagnosed_with = forms.CharField(
        label=_("Diagnosed with"),
        required=False,
        max_length=200,
        help_text=_("Developers and senior technicians who took part."),
    )
    backups = forms.ChoiceField(
        label=_("Temporary backups"), choices=[("", "—"), *Backups.choices], required=False
    )
    field_order = ("outcome", "report", "diagnosed_with", "backups", "at")


class CancelForm(forms.Form):
    """Why nobody goes."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
