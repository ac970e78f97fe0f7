"""HTML input of tickets to typed values; select boxes offer the contract's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.commitments import books
from shouyue.kernel.actor import Actor

from . import queries, rules
from .choices import (
    Attribution,
    CancelReason,
    Cause,
    Channel,
    EquipmentType,
    FaultCategory,
    LinkKind,
    ProgramErrorClass,
    RequestType,
    Tier,
    WaitReason,
)
from .models import Ticket

EMPTY = ("", "—")


def area(rows: int = 3, **attrs: Any) -> forms.Textarea:
    """A text box of some rows."""
    return forms.Textarea(attrs={"rows": rows, **attrs})


class MomentField(forms.DateTimeField):
    """A time in the reader's zone; empty means now."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(
            widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **options
        )


def late_field() -> MomentField:
    """When it happened, for what is written down later."""
    return MomentField(label=_("When"), required=False, help_text=_("Leave empty for now."))


def with_empty(choices: Sequence[tuple[Any, Any]]) -> list[tuple[str, Any]]:
    """The choices with a dash for nothing."""
    return [EMPTY, *choices]


def _text(value: object) -> str:
    return "" if value is None else rules.clean_text(str(value))


class ActForm(forms.Form):
    """A form for one act on one ticket.

    gives: conditions of contracts it meets itself, each with its fields. seen: what of the ticket stood in its boxes
    when the writer began, sent along hidden, so that nobody undoes what another wrote meanwhile.
    """

    gives: Mapping[str, Sequence[str]] = {}

    def __init__(self, *args: Any, ticket: Ticket, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        self.actor = actor
        self.offer()
        self.seen = self._seen()

    def offer(self) -> None:
        """Fill select boxes from the ticket's contract."""

    def _seen(self) -> dict[str, str]:
        stored = {
            name: _text(getattr(self.ticket, name)) for name in self.fields if hasattr(self.ticket, name)
        }
        if not self.is_bound:
            return {name: text for name, text in stored.items() if _text(self.initial.get(name)) == text}
        return {name: _text(self.data[f"seen-{name}"]) for name in stored if f"seen-{name}" in self.data}

    def clean(self) -> dict[str, Any]:
        """What the writer left as he saw it stays as it is now; where two wrote differently he sees the other's."""
        for name, seen in self.seen.items():
            own, stored = _text(self.cleaned_data.get(name)), _text(getattr(self.ticket, name))
            if own == seen and self.fields[name].required:
                self.cleaned_data[name] = getattr(self.ticket, name)
            elif own == seen:
                self.cleaned_data.pop(name, None)
            elif stored not in (seen, own):
                said = _("Meanwhile somebody else wrote “%(text)s”. Send again to put yours in its place.")
                self.add_error(name, said % {"text": self._shown(name, stored)})
                self.seen[name] = stored
        return self.cleaned_data

    def _shown(self, name: str, value: str) -> str:
        choices = {str(key): label for key, label in getattr(self.fields[name], "choices", ())}
        return str(choices.get(value, value)) or "—"

    def mark_missing(self, guards: Iterable[str]) -> None:
        """Point at the fields without which the contract refuses; what was typed stays."""
        for name in (name for guard in guards for name in self.gives.get(guard, ())):
            if not self.cleaned_data.get(name, getattr(self.ticket, name)):
                self.add_error(name, _("The contract asks for this."))

    def word(self, name: str, *, required: bool = False) -> None:
        """Offer the contract's words for a fact; a text box when any short word will do."""
        field = self.fields[name]
        words = queries.labelled_words(self.ticket.contract_id, name, get_language() or "zh-hans")
        if words:
            current = getattr(self.ticket, name)
            self.fields[name] = forms.ChoiceField(
                label=field.label,
                required=required,
                choices=words if required and current else with_empty(words),
            )
        self.initial.setdefault(name, getattr(self.ticket, name))


class TriageForm(ActForm):
    urgency = forms.CharField(label=_("Urgency"))
    impact = forms.CharField(label=_("Impact"))
    severity = forms.CharField(label=_("Severity"), required=False)
    request_type = forms.ChoiceField(label=_("Request type"), choices=RequestType.choices)
    equipment_type = forms.ChoiceField(
        label=_("Equipment type"), choices=with_empty(EquipmentType.choices), required=False
    )
    fault_category = forms.ChoiceField(
        label=_("Fault category"), choices=with_empty(FaultCategory.choices), required=False
    )
    request_class = forms.ChoiceField(label=_("Request class"), required=False)

    def offer(self) -> None:
        self.word("urgency", required=True)
        self.word("impact", required=True)
        self.word("severity")
        offer_classes(self, self.ticket.contract_id, self.ticket.request_class)
        for name in ("request_type", "equipment_type", "fault_category", "request_class"):
            if name in self.fields:
                self.initial.setdefault(name, getattr(self.ticket, name))


def offer_classes(form: forms.Form, contract_id: int | None, current: str) -> None:
    """Offer the classes the desk chooses in this contract; no box when there are none."""
    classes = queries.chosen_classes(contract_id, get_language() or "zh-hans")
    if not classes:
        del form.fields["request_class"]
        return
    if current and current not in dict(classes):
        classes = [(current, current), *classes]
    form.fields["request_class"] = forms.ChoiceField(
        label=_("Request class"), required=False, choices=with_empty(classes)
    )


class GradeForm(ActForm):
    severity = forms.CharField(label=_("Severity"), required=False)
    complexity = forms.CharField(label=_("Complexity"), required=False)

    def offer(self) -> None:
        self.word("severity")
        self.word("complexity")


class PriorityForm(ActForm):
    urgency = forms.CharField(label=_("Urgency"))
    impact = forms.CharField(label=_("Impact"))
    priority = forms.CharField(
        label=_("Priority"), required=False, help_text=_("Empty: by urgency, impact and service level.")
    )

    def offer(self) -> None:
        self.word("urgency", required=True)
        self.word("impact", required=True)
        self.word("priority")
        self.initial["priority"] = ""


class AssignForm(ActForm):
    to = forms.TypedChoiceField(label=_("Assign to"), coerce=int)
    note = forms.CharField(label=_("Note for the assignee"), required=False, widget=area(2))

    def offer(self) -> None:
        people = [(str(pk), name) for pk, name in queries.workers_of(self.ticket.contract_id)]
        self.fields["to"].choices = with_empty(people)  # type: ignore[attr-defined]
        self.initial.setdefault("to", self.ticket.assignee_id or "")


class TierForm(ActForm):
    to_tier = forms.ChoiceField(label=_("To tier"), choices=Tier.choices)
    reason = forms.CharField(label=_("Reason"), widget=area(3))
    to = forms.TypedChoiceField(label=_("To person"), coerce=int, empty_value=None, required=False)

    def offer(self) -> None:
        people = [(str(pk), name) for pk, name in queries.workers_of(self.ticket.contract_id)]
        self.fields["to"].choices = with_empty(people)  # type: ignore[attr-defined]
        others = [choice for choice in Tier.choices if choice[0] != self.ticket.tier]
        self.fields["to_tier"].choices = others  # type: ignore[attr-defined]
        self.initial.setdefault("to_tier", "T2" if self.ticket.tier == "T1" else "T3")


class ReasonForm(ActForm):
    reason = forms.CharField(label=_("Reason"), widget=area(3))


class RespondForm(ActForm):
    text = forms.CharField(
        label=_("Answer to the customer"),
        required=False,
        widget=area(4),
        help_text=_("The customer can read it."),
    )
    at = late_field()


class AnswerForm(ActForm):
    text = forms.CharField(label=_("Answer to the customer"), widget=area(4))
    at = late_field()


class PromiseForm(ActForm):
    promised_at = MomentField(label=_("Answer comes by"))
    text = forms.CharField(label=_("What was said"), required=False, widget=area(2))


class WaitForm(ActForm):
    reason = forms.ChoiceField(label=_("Waiting for"), choices=WaitReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("What exactly"), required=False, widget=area(2))


class ProposalForm(ActForm):
    text = forms.CharField(
        label=_("Proposed solution"), widget=area(5), help_text=_("The customer can read it.")
    )
    at = late_field()


class TemporaryForm(ActForm):
    text = forms.CharField(label=_("Temporary measure"), widget=area(4))
    at = late_field()


class HandlingForm(ActForm):
    """The handling record."""

    gives: Mapping[str, Sequence[str]] = {"ticket.handling_recorded": ("cause", "handling", "result")}

    phenomenon = forms.CharField(label=_("Phenomenon"), required=False, widget=area(2))
    judgement = forms.CharField(label=_("Judgement"), required=False, widget=area(2))
    handling = forms.CharField(label=_("Handling"), required=False, widget=area(3))
    result = forms.CharField(label=_("Result"), required=False, widget=area(2))
    cause = forms.ChoiceField(label=_("Cause"), required=False, choices=with_empty(Cause.choices))
    program_error_class = forms.ChoiceField(
        label=_("Program error class"), required=False, choices=with_empty(ProgramErrorClass.choices)
    )
    loss = forms.CharField(label=_("Loss to system and application"), required=False, widget=area(1))
    parameters_changed = forms.CharField(label=_("Parameters changed"), required=False, widget=area(1))
    operations = forms.CharField(label=_("Operations performed"), required=False, widget=area(2))

    def offer(self) -> None:
        for name in self.fields:
            if hasattr(self.ticket, name):
                self.initial.setdefault(name, getattr(self.ticket, name))


class ResolveForm(HandlingForm):
    """The solution with its record, and what caused the fault where the contract wants to know before closing."""

    gives: Mapping[str, Sequence[str]] = {
        **HandlingForm.gives,
        "ticket.attribution_known": ("attribution",),
    }

    permanent_fix = forms.CharField(label=_("Permanent fix"), required=False, widget=area(2))
    attribution = forms.ChoiceField(
        label=_("Caused by"), required=False, choices=with_empty(Attribution.choices)
    )
    at = late_field()

    field_order = (
        "handling",
        "result",
        "cause",
        "attribution",
        "permanent_fix",
        "at",
        "phenomenon",
        "judgement",
    )

    def offer(self) -> None:
        contract_id = self.ticket.contract_id
        if contract_id is None or not any(
            "ticket.attribution_known" in books.guards_before(contract_id, act)
            for act in ("ticket.resolve", "ticket.close")
        ):
            del self.fields["attribution"]
        super().offer()


class CallBackForm(ActForm):
    text = forms.CharField(label=_("What was said"), required=False, widget=area(3))
    to = forms.ChoiceField(label=_("Who was told"), required=False)
    at = late_field()

    def offer(self) -> None:
        self.fields["to"].choices = with_empty(queries.capacities())  # type: ignore[attr-defined]


class ConfirmForm(ActForm):
    by_name = forms.CharField(label=_("Who confirmed"), max_length=100)
    via = forms.ChoiceField(label=_("By way of"), choices=Channel.choices, initial=Channel.PHONE)

    def offer(self) -> None:
        if not self.actor.is_staff:
            self.fields.clear()
        elif self.ticket.requester is not None:
            self.initial.setdefault("by_name", self.ticket.requester.name)


class CloseForm(ActForm):
    note = forms.CharField(label=_("Closing note"), required=False, widget=area(2))


class CancelForm(ActForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=CancelReason.choices)
    duplicate_of = forms.CharField(
        label=_("Duplicate of ticket number"),
        required=False,
        max_length=40,
        help_text=_("Only for duplicates."),
    )
    note = forms.CharField(label=_("Note"), required=False, widget=area(2))


class ReplacementForm(ActForm):
    accepted = forms.TypedChoiceField(
        label=_("The user"),
        coerce=lambda value: value == "yes",
        choices=(("yes", _("agrees to replacement")), ("no", _("declines replacement"))),
        widget=forms.RadioSelect,
    )


class AttributionForm(ActForm):
    attribution = forms.ChoiceField(
        label=_("Caused by"), choices=Attribution.choices, widget=forms.RadioSelect
    )

    def offer(self) -> None:
        self.initial.setdefault("attribution", self.ticket.attribution)


class ContractForm(ActForm):
    contract_id = forms.TypedChoiceField(label=_("Contract"), coerce=int)

    def offer(self) -> None:
        choices = queries.contract_choices(self.actor, self.ticket.customer_id)
        self.fields["contract_id"].choices = with_empty(choices)  # type: ignore[attr-defined]
        self.initial.setdefault("contract_id", self.ticket.contract_id or "")


class LinkForm(ActForm):
    kind = forms.ChoiceField(label=_("This ticket"), choices=LinkKind.choices)
    other = forms.CharField(label=_("Number of the other ticket"), max_length=40)


class NoteForm(ActForm):
    text = forms.CharField(label=_("Note"), widget=area(3))
    public = forms.BooleanField(label=_("Visible to the customer"), required=False)


class EditForm(ActForm):
    """What was recorded: text, kind, place and person."""

    title = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(label=_("Description"), required=False, widget=area(6))
    affected = forms.CharField(
        label=_("Affected items"), required=False, widget=area(2), help_text=_("One device or system a line.")
    )
    request_type = forms.ChoiceField(label=_("Request type"), choices=RequestType.choices)
    request_class = forms.ChoiceField(label=_("Request class"), required=False)
    equipment_type = forms.ChoiceField(
        label=_("Equipment type"), choices=with_empty(EquipmentType.choices), required=False
    )
    fault_category = forms.ChoiceField(
        label=_("Fault category"), choices=with_empty(FaultCategory.choices), required=False
    )
    site_id = forms.TypedChoiceField(label=_("Site"), coerce=int, empty_value=None, required=False)
    requester_id = forms.TypedChoiceField(label=_("Requester"), coerce=int, empty_value=None, required=False)
    caller_phone = forms.CharField(label=_("Caller's number"), max_length=40, required=False)
    is_vip = forms.BooleanField(label=_("VIP"), required=False)

    def offer(self) -> None:
        offer_classes(self, self.ticket.contract_id, self.ticket.request_class)
        sites = queries.site_choices(self.actor, self.ticket.customer_id)
        self.fields["site_id"].choices = with_empty(sites)  # type: ignore[attr-defined]
        people = queries.contact_choices(self.actor, self.ticket.customer_id, self.ticket.requester_id)
        self.fields["requester_id"].choices = with_empty(people)  # type: ignore[attr-defined]
        for name in self.fields:
            value = getattr(self.ticket, name)
            self.initial.setdefault(name, "" if value is None else value)


class LogForm(forms.Form):
    """A call is written down: who, where, what; the rest is guessed and can be changed."""

    caller = forms.CharField(
        label=_("Number or name of the caller"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    requester_id = forms.TypedChoiceField(label=_("Caller"), coerce=int, empty_value=None, required=False)
    contract_id = forms.TypedChoiceField(label=_("Contract"), coerce=int)
    site_id = forms.TypedChoiceField(label=_("Site"), coerce=int, empty_value=None, required=False)
    title = forms.CharField(
        label=_("What happened"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    description = forms.CharField(label=_("Details"), required=False, widget=area(3))
    affected = forms.CharField(
        label=_("Affected items"), required=False, widget=forms.TextInput(attrs={"list": "known-devices"})
    )
    request_type = forms.ChoiceField(label=_("Request type"), choices=RequestType.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    urgency = forms.ChoiceField(label=_("Urgency"), required=False)
    impact = forms.ChoiceField(label=_("Impact"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    answered = forms.BooleanField(label=_("Answered on the phone"), required=False)
    take = forms.BooleanField(label=_("I take it myself"), required=False)
