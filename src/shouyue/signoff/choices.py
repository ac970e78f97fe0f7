"""Enumerations of sign-offs, and the purposes plans name."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """What is asked for."""

    CONSENT = "consent", _("Consent")
    APPROVAL = "approval", _("Approval")
    SIGNATURE = "signature", _("Signature")


class State(models.TextChoices):
    """Where a sign-off stands."""

    ASKED = "asked", pgettext_lazy("sign-off", "Waiting for an answer")
    GIVEN = "given", pgettext_lazy("sign-off", "Given")
    REFUSED = "refused", pgettext_lazy("sign-off", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("sign-off", "Withdrawn")
    EXPIRED = "expired", pgettext_lazy("sign-off", "Expired")
    CANCELLED = "cancelled", pgettext_lazy("sign-off", "Called off")


class StepState(models.TextChoices):
    """Where one step of the chain stands."""

    WAITING = "waiting", pgettext_lazy("sign-off", "Not yet its turn")
    ASKED = "asked", pgettext_lazy("sign-off", "Waiting for an answer")
    GIVEN = "given", pgettext_lazy("sign-off", "Given")
    REFUSED = "refused", pgettext_lazy("sign-off", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("sign-off", "Withdrawn")
    EXPIRED = "expired", pgettext_lazy("sign-off", "Expired")
    CLOSED = "closed", pgettext_lazy("sign-off", "No longer needed")


class Mode(models.TextChoices):
    """How the steps of a chain add up."""

    IN_ORDER = "in_order", _("One after another, all must agree")
    ALL = "all", _("At the same time, all must agree")
    ANY = "any", _("At the same time, one is enough")
    FIRST = "first", _("At the same time, the first answer decides")


class Side(models.TextChoices):
    """Who answers a step."""

    PROVIDER = "provider", _("Service provider")
    CUSTOMER = "customer", pgettext_lazy("side of a sign-off", "Customer")


class Channel(models.TextChoices):
    """How an answer reached us."""

    PORTAL = "portal", pgettext_lazy("channel of an answer", "Signed in")
    LINK = "link", pgettext_lazy("channel of an answer", "Single-use link")
    PHONE = "phone", pgettext_lazy("channel of an answer", "By telephone")
    IN_PERSON = "in_person", pgettext_lazy("channel of an answer", "Face to face")
    PAPER = "paper", pgettext_lazy("channel of an answer", "Signed on paper")


class SendingChannel(models.TextChoices):
    """How a link is sent to somebody without an account; the values are those of notices."""

    EMAIL = "email", pgettext_lazy("link", "By e-mail")
    SMS = "sms", pgettext_lazy("link", "By text message")


class SendingState(models.TextChoices):
    """How far a link is on its way."""

    QUEUED = "queued", pgettext_lazy("link", "Waiting")
    SENT = "sent", pgettext_lazy("link", "Sent")
    ARRIVED = "arrived", pgettext_lazy("link", "Arrived")
    FAILED = "failed", pgettext_lazy("link", "Not sent")


class Verdict(models.TextChoices):
    """What was answered."""

    GIVEN = "given", pgettext_lazy("sign-off", "Given")
    REFUSED = "refused", pgettext_lazy("sign-off", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("sign-off", "Withdrawn")


SPOKEN = (Channel.PHONE, Channel.IN_PERSON)
"""Channels of an answer somebody else writes down."""

PURPOSES = {
    "remote-check": _("Remote check"),
    "remote": _("Remote connection"),
    "change": _("Change of settings"),
    "operation": _("Operation on the system"),
    "result": _("Result of an operation"),
    "new-version": _("Use of a new version"),
    "server-operation": _("Operation on a server"),
    "data-copy": _("Copying of data"),
    "phone-use": _("Use of a telephone"),
    "network-access": _("Access to the network"),
    "disk": _("Removal or treatment of a disk"),
    "forward-data": _("Forwarding of data"),
    "repair": _("Repair out of warranty"),
    "visit": _("Service on site"),
    "delivery": _("Delivery and installation"),
    "device-check": _("Check of the devices"),
    "qualified-acceptance": _("Acceptance of the qualified system"),
    "final-report": _("Final acceptance report"),
    "handover": _("Hand-over of staff"),
    "supervisor-change": _("Change of supervisor"),
    "departure": _("Departure of staff"),
    "overtime": _("Overtime"),
    "leave": _("Leave of absence"),
    "cost": _("Expense"),
    "annual-plan": _("Annual plan"),
    "annual-report": _("Annual report"),
    "support-plan": _("Plan of technical support"),
    "after-sales-plan": _("Plan of after-sales service"),
    "training-plan": _("Training plan"),
    "quality-plan": _("Quality-control plan"),
    "service-catalogue": _("Service catalogue"),
    "procedures": _("Operating procedures"),
    "cost-method": _("Cost method"),
    "document-handover": _("Hand-over of documents"),
    "improvement": _("Improvement plan"),
    "waiver": _("Waiver of a missed promise"),
    "plan-version": _("New version of the service plan"),
    "other": pgettext_lazy("purpose of a sign-off", "Something else"),
}
"""What sign-offs are for, by the words plans use; a plan may have others."""

STEPS = {
    "supervisor": _("Direct superior"),
    "department-head": _("Head of department"),
    "vice-president": _("Vice president"),
    "finance": _("Finance"),
    "customer": pgettext_lazy("step of a sign-off", "Customer"),
}
"""Names of steps plans may ask for."""
