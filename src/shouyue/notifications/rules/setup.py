"""What each kind of gateway must be told, and which addresses it may have."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Setting:
    """One input. kind: text, area, url or a choice; secret: never shown again."""

    name: str
    label: str | Promise
    kind: str = "text"
    required: bool = True
    secret: bool = False
    default: str = ""
    hint: str | Promise = ""
    choices: tuple[tuple[str, str | Promise], ...] = ()


_WEBHOOK = Setting("url", _("Address of the robot (webhook)"), "url", secret=True)
_SIGNING = Setting("secret", _("Signing secret"), required=False, secret=True)

SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "sms_aliyun": (
        Setting("endpoint", _("Service address"), "url", default="https://dysmsapi.aliyuncs.com"),
        Setting("access_key_id", "AccessKey ID"),
        Setting("secret", "AccessKey Secret", secret=True),
        Setting("sign_name", _("SMS signature"), hint=_("As approved by the provider, without brackets.")),
        Setting("template_code", _("Template code"), hint="SMS_123456789"),
        Setting(
            "template_param",
            _("Template variables"),
            "area",
            default='{"content": "{text}"}',
            hint=_("JSON. {text}, {link} and {key} are filled in."),
        ),
    ),
    "sms_http": (
        Setting("url", _("Address"), "url"),
        Setting(
            "content_type",
            _("Format of the body"),
            "choice",
            default="json",
            choices=(("json", "JSON"), ("form", _("Form"))),
        ),
        Setting(
            "body",
            _("Body"),
            "area",
            default='{"phone": "{phone}", "text": "{text}", "id": "{key}"}',
            hint=_("{phone}, {text}, {link}, {key} and {timestamp} are filled in."),
        ),
        Setting("token", _("Authorization header"), required=False, secret=True),
        Setting("secret", _("Signing secret (HMAC-SHA256)"), required=False, secret=True),
        Setting("signature_header", _("Header of the signature"), required=False, hint="X-Signature"),
        Setting(
            "signed_text",
            _("Text that is signed"),
            "area",
            required=False,
            default="{timestamp}\n{body}",
        ),
        Setting(
            "signature_encoding",
            _("Form of the signature"),
            "choice",
            default="hex",
            choices=(("hex", "hex"), ("base64", "Base64")),
        ),
        Setting("timestamp_header", _("Header of the time"), required=False, hint="X-Timestamp"),
        Setting(
            "success_field",
            _("Field that tells success"),
            required=False,
            hint=_("Without it every answer 2xx counts as success."),
        ),
        Setting("success_value", _("Its value when all went well"), required=False),
    ),
    "wecom": (_WEBHOOK,),
    "dingtalk": (_WEBHOOK, _SIGNING),
    "feishu": (_WEBHOOK, _SIGNING),
}
PER_MINUTE: Mapping[str, int] = {"sms_aliyun": 300, "sms_http": 300}
ROBOT_PER_MINUTE = 20


def is_safe_address(url: str) -> bool:
    """https anywhere but at the machine's own metadata; plain http only within one's own network."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if (
        not host
        or parts.username
        or parts.password
        or parts.fragment
        or parts.scheme not in ("http", "https")
    ):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return parts.scheme == "https" or address.is_private or address.is_loopback
