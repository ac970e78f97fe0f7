"""Words of the portal: what may be asked for, how urgent, how many; in the customer's language, not the desk's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.tickets.choices import Impact, RequestType, Urgency

WISHES = (
    (RequestType.INCIDENT, _("Something is broken")),
    (RequestType.CONSULTATION, _("I have a question")),
    (RequestType.SERVICE_REQUEST, _("I need something done")),
    (RequestType.CHANGE, _("Something shall be changed")),
    (RequestType.INSPECTION, _("Please inspect or maintain")),
    (RequestType.EVENT_SUPPORT, _("Please support an event")),
    (RequestType.SPARE_REQUEST, _("I need a part")),
    (RequestType.DATA_REQUEST, _("I need data")),
    (RequestType.TRAINING_REQUEST, _("I need training")),
    (RequestType.ENHANCEMENT, _("I suggest an improvement")),
    (RequestType.COMPLAINT, _("I want to complain")),
    (RequestType.PRAISE, _("Praise or suggestion")),
)
"""What the customer's people may ask for; the commonest first."""

URGENCIES = {
    Urgency.LOW: _("It can wait"),
    Urgency.MEDIUM: _("It hinders my work"),
    Urgency.HIGH: _("I cannot work"),
    Urgency.CRITICAL: _("Our service to others has stopped"),
}
IMPACTS = {
    Impact.SINGLE: _("Only me"),
    Impact.GROUP: _("Several people"),
    Impact.SITE: _("The whole site"),
    Impact.ALL: _("The whole organisation"),
}
