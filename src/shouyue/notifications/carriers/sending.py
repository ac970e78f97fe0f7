"""Which sender serves which kind of gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from shouyue.notifications.choices import GatewayKind

from . import robots, sms
from .parcel import Outcome, Parcel

SENDERS: Mapping[str, Callable[[Parcel], Outcome]] = {
    GatewayKind.SMS_ALIYUN: sms.aliyun,
    GatewayKind.SMS_HTTP: sms.generic,
    GatewayKind.WECOM: robots.wecom,
    GatewayKind.DINGTALK: robots.dingtalk,
    GatewayKind.FEISHU: robots.feishu,
}


def send(kind: str, parcel: Parcel) -> Outcome:
    """Send one message through a gateway of a kind. A gateway that was set up wrongly refuses."""
    try:
        return SENDERS[kind](parcel)
    except KeyError as missing:
        return Outcome(
            "refused", _("the gateway is not set up completely: %(missing)s") % {"missing": missing.args[0]}
        )
