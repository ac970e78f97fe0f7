"""HTML input of notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import CONTACT_CHANNELS, Channel, GatewayKind
from .rules import setup


class PreferenceForm(forms.Form):
    """channels: those the person may choose; robots: (id, name)."""

    channels = forms.MultipleChoiceField(
        label=_("Beside the application"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Counts where the plan does not name the channel itself."),
    )
    robot_id = forms.TypedChoiceField(label=_("Group robot"), required=False, coerce=int, empty_value=None)
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        label=_("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    urgent_breaks_through = forms.BooleanField(
        label=_("Urgent notices may break through"),
        required=False,
        help_text=_("A promise that has passed its time is urgent; a warning before that is not."),
    )

    def __init__(
        self, *args: Any, channels: Sequence[str], robots: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channels"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in Channel.choices if value in channels
        ]
        if robots:
            self.fields["robot_id"].choices = [("", _("Any")), *robots]  # type: ignore[attr-defined]
        else:
            del self.fields["robot_id"]


class ContactWishForm(forms.Form):
    """How a contact without account is told; no channel: not at all."""

    channels = forms.MultipleChoiceField(
        label=_("By these ways"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(one.value, one.label) for one in CONTACT_CHANNELS],
        help_text=_("None of them: no messages any more."),
    )
    quiet_from = PreferenceForm.base_fields["quiet_from"]
    quiet_to = PreferenceForm.base_fields["quiet_to"]
    urgent_breaks_through = PreferenceForm.base_fields["urgent_breaks_through"]


class HandOnForm(forms.Form):
    to = forms.TypedChoiceField(label=_("Colleague"), coerce=int)

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "—"), *people]  # type: ignore[attr-defined]


class GatewayForm(forms.Form):
    """The inputs of one kind of gateway; secrets are written, never shown."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=60)

    def __init__(self, *args: Any, kind: str, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.is_new = kind, is_new
        for setting in setup.SETTINGS[kind]:
            self.fields[setting.name] = self._field(setting)
        self.fields["per_minute"] = forms.IntegerField(
            label=_("Messages a minute at most"), min_value=1, max_value=10_000
        )

    def _field(self, setting: setup.Setting) -> forms.Field:
        required = setting.required and (self.is_new or not setting.secret)
        given: dict[str, Any] = {"label": setting.label, "required": required, "help_text": setting.hint}
        if setting.kind == "choice":
            return forms.ChoiceField(choices=setting.choices, **given)
        if setting.secret:
            kept = _("Write env:SHOUYUE_… to take it from the environment.")
            given["help_text"] = (
                kept
                if self.is_new
                else _("Leave empty to keep what is stored; “-” takes an optional one away.")
            )
            widget = forms.TextInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "class": "font-monospace"}
            )
            return forms.CharField(max_length=2000, widget=widget, **given)
        area = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "font-monospace"})
        return forms.CharField(
            max_length=2000, strip=True, widget=area if setting.kind == "area" else forms.TextInput(), **given
        )

    @property
    def inputs(self) -> list[forms.BoundField]:
        """The kind's own fields for sending, in order."""
        return [self[one.name] for one in setup.SETTINGS[self.kind] if not one.of_receipts]

    @property
    def receipt_inputs(self) -> list[forms.BoundField]:
        """Those that say how its delivery reports look."""
        return [self[one.name] for one in setup.SETTINGS[self.kind] if one.of_receipts]

    def values(self, *, secret: bool) -> dict[str, str]:
        """What was entered, secrets or the others."""
        return {
            setting.name: str(self.cleaned_data.get(setting.name) or "")
            for setting in setup.SETTINGS[self.kind]
            if setting.secret == secret
        }


def gateway_initial(kind: str) -> Mapping[str, Any]:
    """The first values of a new gateway."""
    found: dict[str, Any] = {setting.name: setting.default for setting in setup.SETTINGS[kind]}
    return found | {
        "per_minute": setup.PER_MINUTE.get(kind, setup.ROBOT_PER_MINUTE),
        "name": GatewayKind(kind).label,
    }
