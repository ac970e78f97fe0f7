"""HTML input of sign-offs to typed values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouyue.kernel.actor import Actor

from . import queries, rules
from .choices import SPOKEN, STEPS, Channel, Kind, Mode, Verdict
from .services import Asked

ROWS = 3
LONG = forms.Textarea(attrs={"rows": 3})


def _moment(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


class AskForm(forms.Form):
    """What is asked of whom, in which order, until when."""

    kind = forms.ChoiceField(label=_("What is asked for"), choices=Kind.choices, widget=forms.RadioSelect)
    purpose = forms.ChoiceField(label=_("Purpose"))
    scope = forms.CharField(
        label=_("What exactly"),
        max_length=rules.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What will be done, on which systems or devices, with what effect, for how long."),
    )
    mode = forms.ChoiceField(label=_("If several are asked"), choices=Mode.choices, initial=Mode.IN_ORDER)
    reply_due_at = _moment(
        _("Answer wanted by"),
        _(
            "Reminders follow by themselves; afterwards it is escalated. Empty: as the service plan says, if it does."
        ),
    )
    expires_at = _moment(
        _("Holds until"), _("A consent or approval ends then, and the question too. Empty: no end.")
    )
    upload = forms.FileField(
        label=_("Document"), required=False, help_text=_("What is to be read and signed, best as PDF.")
    )

    def __init__(
        self, *args: Any, customer_id: int, contract_id: int | None, language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        words = queries.purposes(contract_id, language)
        self.fields["purpose"].choices = [("", "—"), *words.items()]  # type: ignore[attr-defined]
        groups = queries.addressees(customer_id, contract_id)
        titles = {
            "capacities": _("Whoever has this capacity at the customer"),
            "contacts": _("One person at the customer"),
            "roles": _("Whoever has this role with us"),
            "members": _("One of us"),
        }
        offered: list[Any] = [("", "—")]
        offered += [
            (titles[name], [(one.key, one.label) for one in rows]) for name, rows in groups.items() if rows
        ]
        steps = [("", "—"), *STEPS.items()]
        for place in range(1, ROWS + 1):
            self.fields[f"who{place}"] = forms.ChoiceField(
                label=_("Who is to answer") if place == 1 else _("Then, or also"),
                choices=offered,
                required=place == 1,
            )
            self.fields[f"step{place}"] = forms.ChoiceField(
                label=pgettext_lazy("field", "As"), choices=steps, required=False
            )

    @property
    def chain(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The rows of the chain, for the template."""
        return [(self[f"who{place}"], self[f"step{place}"]) for place in range(1, ROWS + 1)]

    def asked(self) -> list[Asked]:
        """The chain as services take it."""
        found = []
        for place in range(1, ROWS + 1):
            sort, _colon, name = self.cleaned_data[f"who{place}"].partition(":")
            code = self.cleaned_data[f"step{place}"]
            match sort:
                case "capacity":
                    found.append(Asked(capacity=name, code=code))
                case "role":
                    found.append(Asked(role=name, code=code))
                case "contact":
                    found.append(Asked(contact_id=int(name), code=code))
                case "user":
                    found.append(Asked(user_id=int(name), code=code))
        return found


class AnswerForm(forms.Form):
    """Yes or no. drawing: what signature.js draws; without scripts the typed name suffices."""

    words = forms.CharField(label=_("Remark"), required=False, max_length=rules.WORDS_LIMIT, widget=LONG)
    typed_name = forms.CharField(
        label=_("Your name"),
        required=False,
        max_length=rules.NAME_LIMIT,
        help_text=_("Typed as a signature."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    drawing = forms.CharField(required=False, widget=forms.HiddenInput)


class WordsForm(forms.Form):
    """Why."""

    words = forms.CharField(label=_("Reason"), max_length=rules.WORDS_LIMIT, widget=LONG)


class _ContactForm(forms.Form):
    contact = forms.TypedChoiceField(label=_("Who at the customer"), coerce=int)

    def __init__(self, *args: Any, contacts: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].choices = contacts  # type: ignore[attr-defined]


class LinkForm(_ContactForm):
    """For whom, for how long."""

    hours = forms.TypedChoiceField(
        label=pgettext_lazy("link", "Lasts"),
        coerce=int,
        initial=72,
        choices=[
            (4, _("4 hours")),
            (24, _("1 day")),
            (72, _("3 days")),
            (168, _("7 days")),
            (336, _("14 days")),
        ],
    )

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])


class SpokenForm(_ContactForm):
    """What somebody said by telephone or face to face."""

    channel = forms.ChoiceField(
        label=_("How"), choices=[(one.value, one.label) for one in Channel if one in SPOKEN]
    )
    verdict = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            (Verdict.GIVEN.value, pgettext_lazy("answer", "Agrees")),
            (Verdict.REFUSED.value, pgettext_lazy("answer", "Does not agree")),
        ],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(label=_("What was said"), max_length=rules.WORDS_LIMIT, widget=LONG)


class ScanForm(_ContactForm):
    """The scan of a signed paper."""

    upload = forms.FileField(label=_("Scan"), help_text=_("Picture or PDF."))
    words = forms.CharField(label=_("Remark"), required=False, max_length=rules.WORDS_LIMIT, widget=LONG)


class DelegationForm(forms.Form):
    """Who answers for me, when, where."""

    to = forms.TypedChoiceField(label=_("Deputy"), coerce=int)
    contract = forms.TypedChoiceField(
        label=_("Contract"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("Empty: all contracts."),
    )
    starts_at = _moment(_("From"), _("Leave empty for now."))
    ends_at = _moment(_("Until"), required=True)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "—"), *queries.colleagues(actor)]  # type: ignore[attr-defined]
        self.fields["contract"].choices = [("", "—"), *queries.contract_choices(actor)]  # type: ignore[attr-defined]
