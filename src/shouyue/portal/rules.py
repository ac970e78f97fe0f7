"""Where a request stands and what happens next, in plain words; pure decisions, no ORM, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.tickets.choices import FaultCategory, Replacement, Status, WaitReason
from shouyue.tickets.rules import OPEN
from shouyue.web.states import Look, Tone

S = Status
FINISHED = frozenset({S.CONFIRMED, S.CLOSED, S.CANCELLED})
TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Situation:
    """What the words follow from. visit: the state of the visit under way, empty without one."""

    status: str
    wait_reason: str = ""
    is_answered: bool = False
    engineer: str = ""
    visit: str = ""
    may_decide: bool = True


@dataclass(frozen=True, slots=True)
class Outlook:
    """look: the state; following: what happens next; needs_you: nothing goes on without you."""

    look: Look
    following: str
    needs_you: bool = False


def outlook(now: Situation) -> Outlook:
    """Where the request stands and what happens next, for its reader."""
    match now.status:
        case S.CANCELLED:
            return _plain("muted", "circle-minus", gettext_lazy("Withdrawn"), "")
        case S.CLOSED:
            text = _("If it comes back, tell us here: we take it up again.")
            return _plain("good", "circle-check", gettext_lazy("Finished"), text)
        case S.CONFIRMED:
            text = _("Nothing is left for you to do; the service desk closes it.")
            return _plain("good", "checks", gettext_lazy("Solved and confirmed"), text)
        case S.RESOLVED if now.may_decide:
            text = _("Please try whether it works, then confirm below.")
            return Outlook(
                Look("warn", "user-check", gettext_lazy("Solved: please confirm")), text, needs_you=True
            )
        case S.RESOLVED:
            text = _("The person who reported it is asked to confirm.")
            return _plain("good", "circle-check", gettext_lazy("Solved, waiting for confirmation"), text)
        case S.WAITING:
            return _waiting(now)
    return _in_work(now)


def _waiting(now: Situation) -> Outlook:
    if now.wait_reason == WaitReason.CUSTOMER:
        look = Look("warn", "message-dots", gettext_lazy("We wait for your answer"))
        text = _("Please answer below: the work goes on from there.")
        return Outlook(look, text, needs_you=now.may_decide)
    text = _("We keep after it and report here as soon as it goes on.")
    if now.wait_reason == WaitReason.PART:
        return _plain("progress", "package", gettext_lazy("Waiting for a part"), text)
    return _plain("progress", "clock-pause", gettext_lazy("Waiting for the maker"), text)


def _in_work(now: Situation) -> Outlook:
    name = now.engineer
    match now.visit:
        case "arrived":
            text = _("%(name)s works at your place.") % {"name": name} if name else ""
            return _plain("progress", "map-pin", gettext_lazy("Engineer on site"), text)
        case "departed":
            text = _("%(name)s is on the way to you.") % {"name": name} if name else ""
            return _plain("progress", "truck", gettext_lazy("The engineer is on the way"), text)
        case "dispatched" | "received":
            text = _("%(name)s comes to you.") % {"name": name} if name else _("An engineer comes to you.")
            return _plain("progress", "truck", gettext_lazy("A visit is arranged"), text)
    match now.status:
        case S.ACCEPTED:
            text = _("%(name)s works on it and reports here.") % {"name": name or _("Our engineer")}
            return _plain("progress", "tool", gettext_lazy("In work"), text)
        case S.ASSIGNED:
            text = _("%(name)s takes it up next.") % {"name": name or _("Our engineer")}
            return _plain("info", "user-check", gettext_lazy("Given to an engineer"), text)
    if now.is_answered:
        text = _("We are finding the right person for it.")
        return _plain("info", "message-circle", gettext_lazy("Answered, being arranged"), text)
    text = _("The service desk has it and answers you first.")
    return _plain("info", "inbox", gettext_lazy("We have received it"), text)


def _plain(tone: Tone, icon: str, label: Promise, text: str) -> Outlook:
    return Outlook(Look(tone, icon, label), text)


HARDWARE = frozenset(
    {FaultCategory.HARDWARE, FaultCategory.PERIPHERAL, FaultCategory.POWER, FaultCategory.FIBRE}
)


def asks_replacement(status: str, replacement: str, fault_category: str, wait_reason: str) -> bool:
    """Whether the user should decide now about replacing hardware: it looks like hardware, or a part is waited for."""
    if status not in OPEN or replacement != Replacement.NOT_ASKED:
        return False
    return fault_category in HARDWARE or wait_reason == WaitReason.PART


def title_of(text: str) -> str:
    """The first sentence of what somebody wrote, cut where a list can show it."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    for mark in ("。", "！", "？", "!", "?", "；", ";"):
        head = line.split(mark, 1)[0].strip()
        if head:
            line = head
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"
