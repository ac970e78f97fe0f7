"""HTML input of the calendar pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.choices import ZONES

from .choices import DayKind

WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
HOURS = _("For example 09:00-12:00, 13:00-18:00; 22:00-06:00 runs past midnight.")


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


class DayForm(forms.Form):
    """One day or a run of days."""

    first = _day(_("Day"))
    last = _day(_("Until"), required=False, help_text=_("Empty: this day alone."))
    kind = forms.ChoiceField(label=_("Kind"), choices=DayKind.choices)
    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    windows = forms.CharField(
        label=_("Hours"),
        max_length=200,
        required=False,
        help_text=_("Of working days; empty: the usual ones."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class RemoveForm(forms.Form):
    day = forms.DateField()
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ImportForm(forms.Form):
    """A file, or its text pasted."""

    file = forms.FileField(label=_("CSV or ICS file"), required=False)
    text = forms.CharField(
        label=_("or its text"),
        required=False,
        max_length=1_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Where the days come from, e.g. 国务院办公厅通知.")
    )
    good_only = forms.BooleanField(label=_("Take the good lines, leave the others"), required=False)


class TableForm(forms.Form):
    """A holiday table; name and lower table are fixed once it exists."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Code in plans"), max_length=20, help_text=_("As plans write it, e.g. CN-XJ.")
    )
    title = forms.CharField(label=_("Title"), max_length=100)
    region = forms.CharField(label=_("Region"), max_length=100, required=False)
    source = forms.CharField(label=_("Source"), max_length=200, required=False)
    based_on = forms.ChoiceField(
        label=_("On top of"), required=False, help_text=_("Days not entered here are taken from that table.")
    )
    reaches_until = _day(_("Complete until"), required=False)

    def __init__(self, *args: Any, tables: list[tuple[str, str]] | None, **options: Any) -> None:
        super().__init__(*args, **options)
        if tables is None:
            del self.fields["name"], self.fields["based_on"]
        else:
            del self.fields["version"], self.fields["reaches_until"]
            self.fields["based_on"].choices = [("", "—"), *tables]  # type: ignore[attr-defined]


class CustomerCalendarForm(forms.Form):
    """A customer's week and the holidays it keeps."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    customer_id = forms.TypedChoiceField(label=_("Customer"), coerce=int)
    name = forms.CharField(label=_("Name"), max_length=100)
    site_id = forms.TypedChoiceField(
        label=_("Site"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("Empty: the whole customer."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES, initial="Asia/Shanghai")
    based_on = forms.ChoiceField(label=_("Holidays"), required=False)
    workday_windows = forms.CharField(
        label=_("Hours of make-up workdays"), max_length=200, required=False, help_text=_("Empty: Monday's.")
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)
    reason = forms.CharField(label=_("Reason of the change"), max_length=200, required=False)

    def __init__(
        self,
        *args: Any,
        customers: list[tuple[int, str]] | None,
        sites: list[tuple[int, str]],
        tables: list[tuple[str, str]],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        for number, label in enumerate(WEEKDAYS):
            self.fields[f"weekly_{number}"] = forms.CharField(
                label=label, max_length=200, required=False, help_text=HOURS if number == 0 else ""
            )
        self.fields["site_id"].choices = [("", "—"), *sites]  # type: ignore[attr-defined]
        self.fields["based_on"].choices = [("", "—"), *tables]  # type: ignore[attr-defined]
        if customers is None:
            del self.fields["customer_id"]
        else:
            for name in ("version", "site_id", "is_active", "reason"):
                del self.fields[name]
            self.fields["customer_id"].choices = customers  # type: ignore[attr-defined]
        week = [f"weekly_{number}" for number in range(7)]
        self.order_fields(
            ["customer_id", "name", "site_id", *week, "based_on", "workday_windows", "time_zone"]
        )

    def values(self) -> dict[str, Any]:
        """What the services take: the week as one mapping."""
        data = dict(self.cleaned_data)
        data["weekly"] = {number: data.pop(f"weekly_{number}") for number in range(7)}
        return data
