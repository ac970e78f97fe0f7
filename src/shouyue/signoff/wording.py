"""Sign-offs in words: who is asked, in which capacity, what was answered and how."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shouyue.contracts.choices import Role
from shouyue.parties.choices import Capacity
from shouyue.web.wording import noted

from . import queries
from .choices import STEPS, Channel, Kind, Verdict
from .models import Answer, Signoff, Step

Words = str | Promise


def capacity_label(word: str) -> Words:
    """A capacity of the customer or a role of the provider, in words."""
    if word in Capacity.values:
        return Capacity(word).label
    return Role(word).label if word in Role.values else word


def step_label(step: Step) -> str:
    """Who is asked: a name with the capacity, or whoever has the capacity."""
    person = (
        step.user.name if step.user is not None else step.contact.name if step.contact is not None else ""
    )
    capacity = str(capacity_label(step.capacity)) if step.capacity else ""
    code = str(STEPS.get(step.code, step.code)) if step.code else ""
    known = [word for word in (code, capacity) if word]
    if not person:
        return " · ".join(reversed(known))
    return noted(person, " · ".join(known)) if known else person


def purpose_of(signoff: Signoff, language: str) -> str:
    """What it is for."""
    return queries.purpose_label(signoff, language)


@dataclass(frozen=True, slots=True)
class Line:
    """An answer for the time line."""

    answer: Answer
    title: Words
    text: str
    who: str
    how: Words
    icon: str
    tone: str


_LOOKS = {
    Verdict.GIVEN: ("circle-check", "good"),
    Verdict.REFUSED: ("circle-x", "bad"),
    Verdict.WITHDRAWN: ("arrow-back-up", "warn"),
}


def line_of(answer: Answer) -> Line:
    """An answer in words: who, in which capacity, for whom, written down by whom."""
    who = answer.name
    if answer.capacity:
        who = noted(who, capacity_label(answer.capacity))
    if answer.on_behalf_of is not None:
        who += " " + _("for %(name)s") % {"name": answer.on_behalf_of.name}
    how = str(Channel(answer.channel).label)
    if answer.recorded_by is not None:
        how += " · " + _("written down by %(name)s") % {"name": answer.recorded_by.name}
    icon, tone = _LOOKS[Verdict(answer.verdict)]
    title: Words = Verdict(answer.verdict).label
    if answer.verdict == Verdict.GIVEN and answer.signoff.kind == Kind.SIGNATURE:
        title = pgettext("sign-off", "Signed")
        if answer.image_id is None:
            how += " · " + _("name typed, nothing drawn")
    return Line(answer, title, answer.words, who, how, icon, tone)
