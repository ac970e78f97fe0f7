"""HTML input of contracts to typed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import queries
from shouyue.contracts.choices import Role, SiteMode
from shouyue.contracts.planning.queries import Start
from shouyue.kernel.errors import ShouyueError
from shouyue.web.navigation import Text


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ContractForm(forms.Form):
    """A contract's own fields."""

    name = forms.CharField(label=_("name"), max_length=200)
    starts_on = forms.DateField(label=_("starts on"), widget=DayInput())
    ends_on = forms.DateField(label=_("ends on"), widget=DayInput(), help_text=_("The last day of the term."))
    service_level = forms.CharField(label=_("service level"), max_length=40, required=False)
    desk_phone = forms.CharField(label=_("service desk's phone"), max_length=40, required=False)
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        None, label=_("responsible unit"), required=False
    )
    supervision_firm: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        None, label=_("supervision firm"), required=False
    )
    time_zone = forms.CharField(label=_("time zone"), max_length=60, initial="Asia/Shanghai")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = queries.units_to_choose()  # type: ignore[attr-defined]
        self.fields["supervision_firm"].queryset = queries.supervision_firms()  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """As `services.change_contract` takes them."""
        given = dict(self.cleaned_data)
        for name in ("unit", "supervision_firm", "customer", "plan_version"):
            if name in given:
                chosen = given.pop(name)
                given[f"{name}_id"] = chosen.pk if chosen else None
        return given


class NewContractForm(ContractForm):
    """What a new contract needs besides."""

    code = forms.CharField(
        label=_("short code"),
        max_length=16,
        help_text=_("Begins every number of the contract, such as GB-2026-1042."),
    )
    customer: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("customer"))
    plan_version: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("service plan"))
    field_order = ("customer", "code", "name", "plan_version", "starts_on", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].queryset = queries.customers_to_choose()  # type: ignore[attr-defined]
        self.fields["plan_version"].queryset = queries.plan_versions_to_choose()  # type: ignore[attr-defined]


class EditContractForm(ContractForm):
    """A contract may also be switched off."""

    is_active = forms.BooleanField(label=_("active"), required=False)


class MemberForm(forms.Form):
    """A person's role; `user` comes from the combobox."""

    user = forms.IntegerField(label=_("person"), widget=forms.HiddenInput)
    role = forms.ChoiceField(label=_("role"), choices=Role.choices)
    starts_on = forms.DateField(label=_("from"), widget=DayInput(), required=False)
    ends_on = forms.DateField(label=_("until"), widget=DayInput(), required=False)


class SiteForm(forms.Form):
    """A site and how it is served."""

    site: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("site"))
    mode = forms.ChoiceField(label=_("mode"), choices=SiteMode.choices, initial=SiteMode.CALL_OUT)
    area = forms.ChoiceField(label=_("area"))
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("serving unit"), required=False)

    def __init__(self, *args: Any, customer_id: int, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]
        self.fields["site"].queryset = queries.sites_to_choose(customer_id)  # type: ignore[attr-defined]
        self.fields["unit"].queryset = queries.units_to_choose()  # type: ignore[attr-defined]


class MilestoneForm(forms.Form):
    """A date both sides record."""

    name = forms.ChoiceField(label=_("milestone"))
    happened_on = forms.DateField(label=_("happened on"), widget=DayInput())
    signed_by_provider = forms.CharField(
        label=_("signed for the provider by"), max_length=100, required=False
    )
    signed_by_customer = forms.CharField(
        label=_("signed for the customer by"), max_length=100, required=False
    )
    note = forms.CharField(
        label=_("note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, names: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].choices = names  # type: ignore[attr-defined]


class ResponsibilityForm(forms.Form):
    """One line of the responsibility matrix."""

    activity = forms.CharField(label=_("activity"), max_length=200)
    provider_role = forms.ChoiceField(label=_("provider's role"), required=False)
    provider_duty = forms.CharField(
        label=_("provider's part"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    customer_role = forms.ChoiceField(label=_("customer's role"), required=False)
    customer_duty = forms.CharField(
        label=_("customer's part"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody: list[tuple[str, Text]] = [("", "—")]
        inside = [(role.value, role.label) for role in Role if not role.is_outside]
        outside = [(role.value, role.label) for role in Role if role.is_outside]
        self.fields["provider_role"].choices = nobody + inside  # type: ignore[attr-defined]
        self.fields["customer_role"].choices = nobody + outside  # type: ignore[attr-defined]


class PlanTextForm(forms.Form):
    """A plan file, chosen or pasted."""

    file = forms.FileField(label=_("plan file"), required=False)
    text = forms.CharField(
        label=_("or its text"),
        required=False,
        strip=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """The text comes from the file when one was chosen."""
        cleaned: dict[str, Any] = super().clean() or {}
        upload = cleaned.get("file")
        if upload is not None:
            if upload.size > 2_000_000:
                raise forms.ValidationError(_("A plan file is at most 2 MB long."))
            try:
                cleaned["text"] = upload.read().decode("utf-8")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(_("The file is not text in UTF-8.")) from error
        if not cleaned.get("text"):
            raise forms.ValidationError(_("Choose a file or paste its text."))
        return cleaned


class DraftForm(forms.Form):
    """What a draft begins with."""

    name = forms.CharField(label=_("name of the draft"), max_length=100, required=False)
    start = forms.ChoiceField(label=_("start from"))

    def __init__(self, *args: Any, starts: Sequence[Start], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = (
            (_("Versions of this plan"), "version"),
            (_("Templates"), "template"),
            (_("Plans of other contracts"), "contract"),
        )
        choices = [
            (label, [(one.key, one.label) for one in starts if one.group == group]) for label, group in groups
        ]
        self.fields["start"].choices = [part for part in choices if part[1]]  # type: ignore[attr-defined]


class ProposalForm(forms.Form):
    """When a proposed version is to take effect, and why."""

    effective_on = forms.DateField(
        label=_("takes effect on"),
        widget=DayInput(),
        required=False,
        help_text=_("Left empty: as soon as both sides have approved."),
    )
    note = forms.CharField(
        label=_("what changes and why"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    """Why something is refused."""

    reason = forms.CharField(
        label=_("reason"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


def show_error(form: forms.Form, error: ShouyueError) -> None:
    """Put a service's refusal on the form: fields it knows, the rest on top."""
    others = []
    for name, problems in error.fields.items():
        if name in form.fields:
            form.add_error(name, [str(problem) for problem in problems])
        else:
            others += [str(problem) for problem in problems]
    if others or not error.fields:
        form.add_error(None, others or [error.message])
    elif error.message != type(error)().message:
        form.add_error(None, error.message)
