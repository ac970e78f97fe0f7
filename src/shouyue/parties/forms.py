"""HTML input of parties; what may be chosen comes from the actor's own view of the data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouyue.accounts.choices import ZONES

from .choices import Capacity, CustomerLevel, SiteKind, UnitKind, VendorKind

Choices = Iterable[tuple[Any, Any]]


def _optional(choices: Choices) -> list[tuple[Any, Any]]:
    return [("", "—"), *choices]


def _reference(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None)


def _active() -> forms.BooleanField:
    return forms.BooleanField(label=_("Active"), required=False, initial=True)


def _phone() -> forms.CharField:
    return forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )


def _note() -> forms.CharField:
    return forms.CharField(
        label=_("Note"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class PartyForm(forms.Form):
    """Base of the forms here: the version is asked for when something exists already."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    is_active = _active()

    def __init__(self, *args: Any, existing: bool, **choices: Any) -> None:
        known = {name: choices.pop(name) for name in list(choices) if name in self.base_fields}
        super().__init__(*args, **choices)
        if not existing:
            del self.fields["version"], self.fields["is_active"]
        for name, values in known.items():
            self.fields[name].choices = _optional(values)  # type: ignore[attr-defined]


class CustomerForm(PartyForm):
    field_order = ("code", "name", "short_name", "level", "time_zone", "note", "is_active")

    code = forms.CharField(label=_("Code"), max_length=20, help_text=_("Short and lasting, e.g. GB."))
    name = forms.CharField(label=_("Name"), max_length=200)
    short_name = forms.CharField(label=_("Short name"), max_length=50, required=False)
    level = forms.ChoiceField(label=_("Level"), choices=CustomerLevel.choices, initial=CustomerLevel.NORMAL)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES, initial="Asia/Shanghai")
    note = _note()


class SiteForm(PartyForm):
    field_order = ("name", "kind", "parent_id", "city", "address", "is_active")

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=SiteKind.choices, initial=SiteKind.SITE)
    parent_id = _reference(_("Lies within"))
    city = forms.CharField(label=_("City"), max_length=60, required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)


class ContactForm(PartyForm):
    field_order = (
        "name",
        "title",
        "phone",
        "email",
        "site_id",
        "user_id",
        "capacities",
        "is_vip",
        "note",
        "is_active",
    )

    name = forms.CharField(label=_("Full name"), max_length=100)
    title = forms.CharField(label=_("Position"), max_length=100, required=False)
    phone = _phone()
    email = forms.EmailField(label=_("E-mail"), required=False)
    site_id = _reference(_("Site"))
    user_id = _reference(_("Account"))
    capacities = forms.MultipleChoiceField(
        label=_("Capacities"), choices=Capacity.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    is_vip = forms.BooleanField(label=_("VIP"), required=False)
    note = _note()


class UnitForm(PartyForm):
    field_order = ("name", "kind", "parent_id", "city", "leader_id", "is_active")

    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=UnitKind.choices, initial=UnitKind.TEAM)
    parent_id = _reference(_("Belongs to"))
    city = forms.CharField(label=_("City"), max_length=60, required=False)
    leader_id = _reference(_("Leader"))


class VendorForm(PartyForm):
    field_order = ("name", "kind", "phone", "email", "scope", "cover_from", "cover_to", "is_active")

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=VendorKind.choices)
    phone = _phone()
    email = forms.EmailField(label=_("E-mail"), required=False)
    scope = forms.CharField(
        label=_("What it covers"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    cover_from = forms.DateField(
        label=_("Cover from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    cover_to = forms.DateField(
        label=_("Cover to"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
