"""Enumerations of the register."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The seven kinds of promise."""

    DEADLINE = "deadline", _("Deadline")
    RECURRING = "recurring", _("Recurring")
    QUOTA = "quota", _("Quota")
    TARGET = "target", _("Target")
    STANDING = "standing", _("Standing condition")
    GATE = "gate", _("Gate")
    ENTITLEMENT = "entitlement", _("Entitlement")


class State(models.TextChoices):
    """Where an obligation is. `waiting`: it begins to run only later; `refused`: a gate held an act back."""

    WAITING = "waiting", _("Not begun")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    KEPT = "kept", _("Kept")
    MISSED = "missed", _("Missed")
    LATE = "late", _("Kept late")
    WAIVED = "waived", _("Waived")
    VOID = "void", _("Void")
    REFUSED = "refused", _("Held back")


UNAIMED, UNJUDGED = "unaimed", "unjudged"
"""How people are shown what runs while its limit is not known: not done yet, and done."""


def shown_state(state: str, *, is_aimed: bool, is_done: bool) -> str:
    """An obligation's state as people are shown it. is_aimed: its limit is known; is_done: what keeps it has come."""
    if state != State.RUNNING:
        return state
    return UNJUDGED if is_done else state if is_aimed else UNAIMED


class Readiness(models.TextChoices):
    """Whether the system can execute a commitment."""

    READY = "ready", _("Executed by the system")
    AWAITS = "awaits", _("Not executable yet")
    UNSET = "unset", _("Still to be agreed")


class Standing(models.TextChoices):
    """What the promise board says about a commitment in a period."""

    KEPT = "kept", _("Kept")
    AT_RISK = "at_risk", _("At risk")
    BROKEN = "broken", _("Broken")
    NOTHING_DUE = "nothing_due", _("Nothing due yet")
    NOT_EXECUTABLE = "not_executable", _("Not executable yet")
    UNSET = "unset", _("Still to be agreed")


class Ending(models.TextChoices):
    """Why an obligation is void."""

    NONE = "", ""
    EVENT = "event", _("made void by an event")
    REBOUND = "rebound", _("aimed anew because the facts changed")
    NOT_MEANT = "not_meant", _("the facts no longer ask for it")
    CONTRACT = "contract", _("the case moved to another contract")
    UNLESS = "unless", _("what it waited for did not come about")
    NO_LIMIT = "no_limit", _("the fact that decides the limit was never told")
    NO_DATA = "no_data", _("there was nothing to measure")
    STOPPED = "stopped", _("the contract was switched off or the promise given up")


class Condition(models.TextChoices):
    """Whether a standing promise's condition holds."""

    HELD = "held", _("Held")
    BROKEN = "broken", _("Broken")


class ObjectionKind(models.TextChoices):
    """Who holds that a verdict should not stand, and which way."""

    WAIVER = "waiver", _("Waiver")
    DISPUTE = "dispute", _("Dispute")


class ObjectionState(models.TextChoices):
    """Where an objection stands. A waiver is approved by the provider first, then agreed by the customer."""

    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved, waits for the customer")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Not accepted")
    WITHDRAWN = "withdrawn", _("Taken back")
    EXPIRED = "expired", _("Not answered in time")


class ObjectionAct(models.TextChoices):
    """What one side did about an objection."""

    PROPOSED = "proposed", _("proposed it")
    APPROVED = "approved", _("approved it")
    AGREED = "agreed", _("agreed to it")
    REFUSED = "refused", _("did not accept it")
    WITHDRAWN = "withdrawn", _("took it back")


class WaiverReason(models.TextChoices):
    """Why a verdict should not stand."""

    CUSTOMER_CAUSED = "customer_caused", _("Caused by the customer")
    FORCE_MAJEURE = "force_majeure", _("Force majeure")
    MAINTENANCE = "agreed_maintenance", _("Agreed maintenance")
    WRONG_DATA = "wrong_data", _("Wrong data")
    OTHER = "other", _("Another reason")


class ClosingStep(models.TextChoices):
    """Steps on the way to opening a closed period again."""

    ASKED = "asked", _("asked for it")
    AGREED = "agreed", _("agreed to it")
    REFUSED = "refused", _("did not agree")


class PackState(models.TextChoices):
    """How far an evidence pack is."""

    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
