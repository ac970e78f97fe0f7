"""HTML input of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouyue.web import rest

from .choices import ZONES, GlobalRole
from .rules import TOKEN_LIFE_DAYS


def _secret(autocomplete: str) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete})


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=_("Password"), max_length=1000, strip=False, widget=_secret("current-password")
    )


class PasswordForm(forms.Form):
    old = forms.CharField(
        label=_("Present password"), max_length=1000, strip=False, widget=_secret("current-password")
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        help_text=_("At least 10 characters, not only digits, not a common one, unlike your name."),
        widget=_secret("new-password"),
    )
    again = forms.CharField(
        label=_("New password again"), max_length=1000, strip=False, widget=_secret("new-password")
    )

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("The two new passwords differ."))
        return again


class ProfileForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Full name"), max_length=100)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = str(self.initial.get("time_zone", ""))
        if kept and kept not in dict(ZONES):
            self.fields["time_zone"].choices = [(kept, kept), *ZONES]  # type: ignore[attr-defined]


class NewUserForm(ProfileForm):
    field_order = ("username", "name", "phone", "email", "language", "time_zone", "roles", "password")

    version = None  # type: ignore[assignment]
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("Letters, digits and . @ + - _; it signs in with this name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles in every contract"),
        choices=GlobalRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Roles within one contract are given on the contract's page."),
    )
    password = forms.CharField(
        label=_("First password"),
        max_length=1000,
        strip=False,
        help_text=_("Must be changed at the first sign-in."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, may_grant: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_grant:
            del self.fields["roles"]


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles in every contract"),
        choices=GlobalRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("An administrator's role cannot be held together with another role."),
    )


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        help_text=_("Tell it to the person; it must be changed at the next sign-in."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for"), max_length=100)
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(label=_("Valid for"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(rest.declared_scopes().items())  # type: ignore[attr-defined]
        days = [(days, _("%(n)d days") % {"n": days}) for days in TOKEN_LIFE_DAYS]
        self.fields["days"].choices = days  # type: ignore[attr-defined]
