"""Enumerations of notices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """How a notice reaches its reader."""

    IN_APP = "in_app", _("In the application")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    ROBOT = "robot", _("Group robot")
    PHONE = "phone", _("Phone call")


OUTWARD = (Channel.EMAIL, Channel.SMS, Channel.ROBOT)
"""Channels that leave the house by themselves."""

CONTACT_CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PHONE)
"""The ways to somebody who has no account."""

PLAN_WORDS = {
    "app": Channel.IN_APP,
    "mail": Channel.EMAIL,
    "sms": Channel.SMS,
    "robot": Channel.ROBOT,
    "phone": Channel.PHONE,
}
"""What plans call the channels."""


class State(models.TextChoices):
    """Where a notice is on its way."""

    QUEUED = "queued", _("Waiting")
    HELD = "held", _("Waits for the end of quiet hours")
    SENDING = "sending", _("Being sent")
    BUNDLED = "bundled", _("Waits in a digest")
    SENT = "sent", _("Sent")
    ARRIVED = "arrived", _("Message arrived")
    DIGESTED = "digested", _("Sent in a digest")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Not needed any more")
    READ = "read", _("Read")


class Level(models.TextChoices):
    """How pressing a notice is."""

    INFO = "info", _("For information")
    WARNING = "warning", _("Warning")
    URGENT = "urgent", _("Urgent")


class GatewayKind(models.TextChoices):
    """What a gateway speaks."""

    SMS_ALIYUN = "sms_aliyun", _("Text messages by Alibaba Cloud")
    SMS_HTTP = "sms_http", _("Text messages by an HTTP gateway")
    WECOM = "wecom", _("WeCom group robot")
    DINGTALK = "dingtalk", _("DingTalk group robot")
    FEISHU = "feishu", _("Feishu group robot")
    MAIL = "mail", _("Delivery reports of e-mail")

    @property
    def channel(self) -> Channel:
        """The channel a gateway of this kind serves."""
        if self is GatewayKind.MAIL:
            return Channel.EMAIL
        return Channel.SMS if self.value.startswith("sms_") else Channel.ROBOT


WITH_RECEIPTS = frozenset({GatewayKind.SMS_ALIYUN, GatewayKind.SMS_HTTP, GatewayKind.MAIL})
"""Kinds that report later whether a message arrived; group robots have no such thing."""


class Arrival(models.TextChoices):
    """What a receipt says about a message."""

    ARRIVED = "arrived", _("Message arrived")
    FAILED = "failed", _("Failed")


class CallOutcome(models.TextChoices):
    """How a call ended."""

    REACHED = "reached", _("Reached")
    NOT_REACHED = "not_reached", _("Not reached")
