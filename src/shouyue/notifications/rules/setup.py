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

    @property
    def of_receipts(self) -> bool:
        """Whether it says how delivery reports look."""
        return self.name.startswith("receipt_")


_WEBHOOK = Setting("url", _("Address of the robot (webhook)"), "url", secret=True)
_RECEIPTS = (
    ("pushed", _("They are pushed to our address")),
    ("asked", _("We ask for them every minute")),
)
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
            hint=_(
                "JSON. {text}, {link}, {key} and {stop} are filled in; {stop} is where contacts without account end it."
            ),
        ),
        Setting("receipts", _("Delivery reports"), "choice", False, default="pushed", choices=_RECEIPTS),
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
            default='{"phone": "{phone}", "text": "{text}{stop}", "id": "{key}"}',
            hint=_(
                "{phone}, {text}, {link}, {key}, {timestamp} and {stop} are filled in; {stop} is where contacts "
                "without account end it."
            ),
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
        Setting(
            "answer_id_field",
            _("Field with the provider's message number"),
            required=False,
            hint=_("In the answer; a.b for a field within another."),
        ),
        Setting(
            "receipt_list_field",
            _("Field with the list"),
            required=False,
            hint=_("Empty when the body itself is the report or a list of them."),
        ),
        Setting("receipt_id_field", _("Field of the message"), required=False, default="id"),
        Setting(
            "receipt_state_field",
            _("Field of the result"),
            required=False,
            default="status",
        ),
        Setting(
            "receipt_arrived",
            _("Results that mean arrived"),
            required=False,
            default="DELIVRD,SUCCESS",
            hint=_("Separated by commas."),
        ),
        Setting(
            "receipt_failed",
            _("Results that mean failed"),
            required=False,
            default="UNDELIV,EXPIRED,REJECTD,FAIL",
            hint=_("Separated by commas; other results are taken as still under way."),
        ),
        Setting("receipt_reason_field", _("Field of the reason"), required=False),
        Setting(
            "receipt_secret",
            _("Signing secret of the reports (HMAC-SHA256)"),
            required=False,
            secret=True,
        ),
        Setting(
            "receipt_signature_header",
            _("Header of the signature"),
            required=False,
            hint="X-Signature",
        ),
        Setting(
            "receipt_signed_text",
            _("Text that is signed"),
            "area",
            required=False,
            default="{timestamp}\n{body}",
        ),
        Setting(
            "receipt_timestamp_header",
            _("Header of the time"),
            required=False,
            hint="X-Timestamp",
        ),
    ),
    "wecom": (_WEBHOOK,),
    "dingtalk": (_WEBHOOK, _SIGNING),
    "feishu": (_WEBHOOK, _SIGNING),
    "mail": (
        Setting(
            "imap",
            _("Mailbox of returned mail"),
            "mailbox",
            required=False,
            hint=_("imaps://mail.example.com; empty when returned mail is passed on to the secret address."),
        ),
        Setting("imap_user", _("User of the mailbox"), required=False),
        Setting("imap_secret", _("Password of the mailbox"), required=False, secret=True),
        Setting("imap_folder", _("Folder"), required=False, default="INBOX"),
    ),
}
PER_MINUTE: Mapping[str, int] = {"sms_aliyun": 300, "sms_http": 300}
ROBOT_PER_MINUTE = 20


def is_safe_mailbox(url: str) -> bool:
    """The same for IMAP: encrypted anywhere, plain only within one's own network."""
    scheme, found, rest = url.partition("://")
    known = {"imaps": "https", "imap": "http"}.get(scheme)
    return bool(known and found) and is_safe_address(f"{known}://{rest}")


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
