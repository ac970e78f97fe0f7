"""HTML input of the portal to typed values; scales are offered in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor
from shouyue.tickets import queries as tickets
from shouyue.tickets.choices import Impact, Urgency

from .choices import IMPACTS, URGENCIES, WISHES
from .queries.requests import Known

MAX_PICTURES = 10


class Pictures(forms.ClearableFileInput):
    """The control of `PicturesField`."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PicturesField(forms.FileField):
    """Several files of one control, as a list."""

    def __init__(self) -> None:
        super().__init__(widget=Pictures(), required=False, allow_empty_file=True)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_PICTURES:
            raise forms.ValidationError(_("At most %(limit)d files at a time.") % {"limit": MAX_PICTURES})
        return [one for one in given if one is not None]


def plain_words(
    contract_id: int | None, fact: str, told: Mapping[Any, str | Promise]
) -> list[tuple[str, Any]]:
    """The words of a scale as the customer reads them: our own phrases, or the contract's titles if it has others."""
    words = tickets.labelled_words(contract_id, fact, get_language() or "zh-hans")
    return [(word, told.get(word, label)) for word, label in words]


class ReportForm(forms.Form):
    """What somebody wants; place and scales are offered as the chosen contract knows them."""

    contract = forms.TypedChoiceField(label=_("Contract"), coerce=int, empty_value=None, required=False)
    request_type = forms.ChoiceField(label=_("What is it about?"), choices=WISHES, initial="incident")
    text = forms.CharField(
        label=_("What happened?"),
        widget=forms.Textarea(
            attrs={
                "rows": 5,
                "placeholder": _("In your own words: what do you see, since when, what did you try?"),
            }
        ),
        strip=True,
    )
    affected = forms.CharField(
        label=_("Which device or system?"),
        required=False,
        max_length=400,
        help_text=_("Its label or number, if you have it."),
        widget=forms.TextInput(attrs={"list": "devices", "autocomplete": "off"}),
    )
    site = forms.TypedChoiceField(label=_("Where?"), coerce=int, empty_value=None, required=False)
    urgency = forms.ChoiceField(label=_("How urgent is it?"), widget=forms.RadioSelect, required=False)
    impact = forms.ChoiceField(label=_("Who is affected?"), widget=forms.RadioSelect, required=False)
    phone = forms.CharField(
        label=_("Where can we reach you?"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    pictures = PicturesField()

    def __init__(self, *args: Any, actor: Actor, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_contracts(known)
        contract_id = known.contract.pk if known.contract else None
        sites = tickets.site_choices(actor, actor.customer_id)
        self.fields["site"].choices = [("", _("Not one of these")), *sites]  # type: ignore[attr-defined]
        if not sites:
            del self.fields["site"]
        elif known.contact is not None and known.contact.site_id is not None:
            self.initial.setdefault("site", known.contact.site_id)
        elif len(sites) == 1:
            self.initial.setdefault("site", sites[0][0])
        self.initial.setdefault("phone", known.phone)
        self._offer("urgency", contract_id, URGENCIES, Urgency.MEDIUM)
        self._offer("impact", contract_id, IMPACTS, Impact.SINGLE)

    def offer_contracts(self, known: Known) -> None:
        """A box only where there is a choice; the likeliest contract is chosen."""
        if len(known.contracts) < 2:
            del self.fields["contract"]
            return
        choices = [(one.pk, f"{one.name} ({one.code})") for one in known.contracts]
        self.fields["contract"].choices = choices  # type: ignore[attr-defined]
        if known.contract is not None:
            self.initial.setdefault("contract", known.contract.pk)

    def _offer(self, name: str, contract_id: int | None, told: Mapping[Any, Any], usual: str) -> None:
        words = plain_words(contract_id, name, told)
        self.fields[name].choices = words  # type: ignore[attr-defined]
        known = {word for word, _label in words}
        self.initial.setdefault(name, usual if usual in known else "")


class MessageForm(forms.Form):
    """A message with pictures, or pictures alone."""

    text = forms.CharField(
        label=_("Your message"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("Add what we should know, or ask.")}),
    )
    pictures = PicturesField()


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class DecisionForm(forms.Form):
    """Yes or no to a replacement."""

    accepted = forms.TypedChoiceField(
        choices=(("yes", _("Yes, replace it")), ("no", _("No, go on without"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        label=_("Shall the hardware be replaced?"),
    )
