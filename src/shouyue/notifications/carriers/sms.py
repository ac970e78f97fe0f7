"""Text messages: Alibaba Cloud's short message service, and any gateway that takes an HTTP request.

Source: Alibaba Cloud "SendSms" and "QuerySendDetails" (version 2017-05-25) with signature V3.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any
from urllib.parse import quote_plus, urlsplit

from django.utils.translation import gettext as _

from shouyue.notifications.rules import signing

from . import http
from .parcel import Outcome, Parcel

PLACEHOLDERS = ("phone", "text", "subject", "link", "key", "stop", "timestamp", "body")
_HOLE = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
SMS_LENGTH = 300


def aliyun(parcel: Parcel) -> Outcome:
    """Send by `SendSms`. OutId carries the key; a nonce is used once, so each try has its own."""
    settings = parcel.settings
    if not parcel.phone:
        return Outcome("refused", _("no phone number"))
    query = {
        "PhoneNumbers": parcel.phone,
        "SignName": str(settings["sign_name"]),
        "TemplateCode": str(settings["template_code"]),
        "TemplateParam": _filled(str(settings["template_param"]), parcel, "json"),
        "OutId": parcel.key[:255],
    }
    answer = _call_aliyun(parcel, "SendSms", query)
    if isinstance(answer, Outcome):
        return answer
    status, text = answer
    told = http.parsed(text)
    code = str(told.get("Code", ""))
    if code == "OK":
        return http.settled(parcel, status, text, "accepted", provider_id=field_of(told, "BizId"))
    if code.startswith("Throttling"):
        return http.settled(parcel, status, text, "slow", wait=60)
    if code == "isv.BUSINESS_LIMIT_CONTROL":  # this number has had enough; others have not
        return http.settled(parcel, status, text, "later")
    again = (
        code in ("isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "ServiceUnavailable", "InternalError") or not code
    )
    return http.settled(parcel, status, text, "failed" if again and status < 400 else "refused")


def aliyun_details(parcel: Parcel, provider_id: str, day: date) -> Outcome | list[dict[str, Any]]:
    """Ask by `QuerySendDetails` what became of one message that was sent on a day."""
    query = {
        "PhoneNumber": parcel.phone,
        "BizId": provider_id,
        "SendDate": day.strftime("%Y%m%d"),
        "PageSize": "10",
        "CurrentPage": "1",
    }
    answer = _call_aliyun(parcel, "QuerySendDetails", query)
    if isinstance(answer, Outcome):
        return answer
    status, text = answer
    told = http.parsed(text)
    if told.get("Code") != "OK":
        return http.settled(parcel, status, text, "refused")
    within = told.get("SmsSendDetailDTOs")
    rows = within.get("SmsSendDetailDTO") if isinstance(within, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _call_aliyun(parcel: Parcel, action: str, query: Mapping[str, str]) -> Outcome | tuple[int, str]:
    settings = parcel.settings
    address = urlsplit(str(settings["endpoint"]))
    headers = {
        "host": address.netloc,
        "x-acs-action": action,
        "x-acs-version": "2017-05-25",
        "x-acs-date": parcel.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    headers["authorization"] = signing.aliyun(
        method="POST",
        path="/",
        query=query,
        headers=headers,
        body=b"",
        key_id=str(settings["access_key_id"]),
        secret=parcel.secrets["secret"],
    )
    told = "&".join(f"{name}={signing.quoted(value)}" for name, value in sorted(query.items()))
    return http.post(parcel, f"{address.scheme}://{address.netloc}/?{told}", b"", headers)


def generic(parcel: Parcel) -> Outcome:
    """Send as the administrator has described the gateway: address, body, headers, signature, sign of success."""
    settings = parcel.settings
    if not parcel.phone:
        return Outcome("refused", _("no phone number"))
    kind = str(settings.get("content_type", "json"))
    body = _filled(str(settings["body"]), parcel, kind)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded"
        if kind == "form"
        else "application/json; charset=utf-8"
    }
    if token := parcel.secrets.get("token"):
        headers["Authorization"] = token
    if (key := parcel.secrets.get("secret")) and (name := settings.get("signature_header")):
        signed = _filled(str(settings.get("signed_text") or "{timestamp}\n{body}"), parcel, "plain", body)
        headers[str(name)] = signing.plain_hmac(signed, key, str(settings.get("signature_encoding", "hex")))
    if name := settings.get("timestamp_header"):
        headers[str(name)] = _values(parcel)["timestamp"]
    url = _filled(str(settings["url"]), parcel, "form")
    answer = http.post(parcel, url, body.encode(), headers)
    if isinstance(answer, Outcome):
        return answer
    status, text = answer
    if status >= 400:
        return http.settled(parcel, status, text, "refused")
    field, wanted = settings.get("success_field"), settings.get("success_value")
    if field and field_of(http.parsed(text), str(field)) != str(wanted):
        return http.settled(parcel, status, text, "refused")
    named = settings.get("answer_id_field")
    provider_id = field_of(http.parsed(text), str(named)) if named else ""
    return http.settled(parcel, status, text, "accepted", provider_id=provider_id)


def field_of(record: Mapping[str, Any], path: str) -> str:
    """A field of a JSON object, in those within it too: `data.id`; empty when it is not there.

    JSON may hold halves of characters and U+0000, which no database takes.
    """
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, str | int | float) else ""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _values(parcel: Parcel) -> dict[str, str]:
    return {
        "phone": parcel.phone,
        "text": parcel.subject[:SMS_LENGTH],
        "subject": parcel.subject[:SMS_LENGTH],
        "link": parcel.link,
        "key": parcel.key,
        "stop": parcel.stop,
        "timestamp": str(int(parcel.at.timestamp())),
    }


def _filled(template: str, parcel: Parcel, kind: str, body: str = "") -> str:
    """The template with its holes filled, each value written as the kind of text needs it."""
    values = {**_values(parcel), "body": body}

    def value(found: re.Match[str]) -> str:
        text = values[found[1]]
        if kind == "json":
            return json.dumps(text, ensure_ascii=False)[1:-1]
        return quote_plus(text) if kind == "form" else text

    return _HOLE.sub(value, template)
