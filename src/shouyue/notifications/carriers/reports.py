"""What providers report later about a message, each kind in its own words, as plain reports.

Sources: Alibaba Cloud "SmsReport" (HTTP batch push) and "QuerySendDetails"; RFC 3464 for mail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shouyue.notifications import names
from shouyue.notifications.choices import Arrival, GatewayKind
from shouyue.notifications.rules import signing

from .sms import field_of

MOST_REPORTS = 500
FRESH_SECONDS = 300
PROVIDER_ZONE = ZoneInfo("Asia/Shanghai")
_PHONE = re.compile(r"\d{7,}")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,150}@[^<>\s]{1,150}>")


class Unreadable(ValueError):
    """This is no report of the kind the gateway sends."""


@dataclass(frozen=True, slots=True)
class Report:
    """One message's fate. message: how it is named, our own key or the provider's id; provider_id: that alone."""

    message: str
    outcome: str
    provider_id: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What came in: body and headers (lower-case names)."""

    body: bytes
    headers: Mapping[str, str]


def is_signed(
    kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str], call: Call, now: datetime
) -> bool:
    """Whether the signature is right where the gateway signs; without one the secret address must do."""
    key = secrets.get("receipt_secret", "")
    if kind != GatewayKind.SMS_HTTP or not key:
        return True
    stamp = call.headers.get(str(settings.get("receipt_timestamp_header") or "").lower(), "")
    pattern = str(settings.get("receipt_signed_text") or "{body}")
    if "{timestamp}" in pattern and not _is_fresh(stamp, now):
        return False
    try:
        body = call.body.decode()
    except UnicodeDecodeError:
        return False
    text = "".join(
        {"{timestamp}": stamp, "{body}": body}.get(part, part)
        for part in re.split(r"(\{timestamp\}|\{body\})", pattern)
    )
    wanted = signing.plain_hmac(text, key, str(settings.get("signature_encoding", "hex")))
    given = call.headers.get(str(settings.get("receipt_signature_header") or "").lower(), "")
    return hmac.compare_digest(wanted.encode(), given.encode())


def _is_fresh(stamp: str, now: datetime) -> bool:
    if not stamp.isdecimal() or len(stamp) > 16:
        return False
    seconds = int(stamp) / (1000 if len(stamp) > 11 else 1)
    return abs(now.timestamp() - seconds) <= FRESH_SECONDS


def read(kind: str, settings: Mapping[str, Any], call: Call) -> list[Report]:
    """The reports in what came in. Raises: Unreadable."""
    if kind == GatewayKind.MAIL:
        return of_mail(call.body)
    rows = _rows(call, str(settings.get("receipt_list_field") or ""))
    one = _of_aliyun if kind == GatewayKind.SMS_ALIYUN else _of_http
    return [report for row in rows if (report := one(row, settings)) is not None]


def _rows(call: Call, within: str) -> list[Mapping[str, Any]]:
    """The records of a JSON body, alone or in a list, or of a form. Raises: Unreadable."""
    try:
        text = call.body.decode()
        found = (
            dict(parse_qsl(text, strict_parsing=True))
            if "form-urlencoded" in call.headers.get("content-type", "")
            else json.loads(text)
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("neither JSON nor a form")) from error
    for name in filter(None, within.split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    rows = found if isinstance(found, list) else [found]
    if len(rows) > MOST_REPORTS or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(_("not a list of records, or too long"))
    return rows


def _of_aliyun(row: Mapping[str, Any], _settings: Mapping[str, Any]) -> Report | None:
    if not isinstance(row.get("success"), bool):
        raise Unreadable(_("%(field)s is missing") % {"field": "success"})
    biz, out = _short(field_of(row, "biz_id"), 80), _short(field_of(row, "out_id"), 160)
    if not (biz or out):
        raise Unreadable(_("%(field)s is missing") % {"field": "biz_id"})
    good = row["success"]
    reason = "" if good else _said(f"{field_of(row, 'err_code')} {field_of(row, 'err_msg')}")
    outcome = Arrival.ARRIVED if good else Arrival.FAILED
    return Report(out or biz, outcome, biz, reason, _moment(field_of(row, "report_time")))


def of_details(row: Mapping[str, Any], provider_id: str) -> Report | None:
    """One record of QuerySendDetails about a message; None while the network has not answered."""
    status = field_of(row, "SendStatus")
    if status not in ("2", "3"):
        return None
    good = status == "3"
    return Report(
        provider_id,
        Arrival.ARRIVED if good else Arrival.FAILED,
        provider_id,
        reason="" if good else _said(field_of(row, "ErrCode")),
        at=_moment(field_of(row, "ReceiveDate")),
    )


def _of_http(row: Mapping[str, Any], settings: Mapping[str, Any]) -> Report | None:
    """As the administrator has described it; None for states that are neither arrival nor failure."""
    message = _short(field_of(row, str(settings.get("receipt_id_field") or "id")), 160)
    state = field_of(row, str(settings.get("receipt_state_field") or "status"))
    if not message or not state:
        raise Unreadable(_("the fields of message and result are missing"))
    if state in _words(settings.get("receipt_arrived")):
        outcome = Arrival.ARRIVED
    elif state in _words(settings.get("receipt_failed")):
        outcome = Arrival.FAILED
    else:
        return None
    reason = field_of(row, str(settings.get("receipt_reason_field") or "reason"))
    return Report(message, outcome, "", _said(reason))


def _words(given: Any) -> list[str]:
    return [word.strip() for word in str(given or "").split(",") if word.strip()]


def _short(text: str, most: int) -> str:
    """Without what no database takes: U+0000 and halves of characters."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:most]


def _said(text: str) -> str:
    """A provider's words without anybody's number."""
    return _short(_PHONE.sub("…", " ".join(text.split())), 300)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=PROVIDER_ZONE)
    except ValueError:
        return None


# Mail


def of_mail(content: bytes) -> list[Report]:
    """The reports of a delivery status notification; none for other mail.

    Raises: Unreadable for what is no mail at all, or malformed beyond reading.
    """
    try:
        return list(_in_mail(content))
    except Unreadable:
        raise
    except (
        Exception
    ) as error:  # anybody may send a mail, and Python's parser stumbles over some in ways of its own
        raise Unreadable(_("malformed mail (%(error)s)") % {"error": type(error).__name__}) from error


def _in_mail(content: bytes) -> Iterator[Report]:
    mail = message_from_bytes(content)
    if not mail.keys():
        raise Unreadable(_("not a mail"))
    at = _date(mail)
    status = next(
        (part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None
    )
    if status is not None:
        named = _message_of(_quoted(mail))
        for block in status.get_payload():
            if isinstance(block, Message) and (action := str(block.get("Action", "")).strip().lower()):
                yield from _of_block(block, action, named, at)
    elif parseaddr(str(mail.get("From", "")))[1].split("@")[0].lower() in ("mailer-daemon", "postmaster"):
        found = next(names.named_in(content.decode("utf-8", "replace")), None)
        if found is not None:  # else it is about something else
            yield Report(f"notice-{found}", Arrival.FAILED, "", _said(_subject(mail)), at)


def _of_block(block: Message, action: str, named: str, at: datetime | None) -> Iterator[Report]:
    outcome = {"failed": Arrival.FAILED, "delivered": Arrival.ARRIVED}.get(action)
    if outcome is not None:  # delayed, relayed, expanded: nobody knows yet
        told = f"{block.get('Status', '')} {str(block.get('Diagnostic-Code', '')).rpartition(';')[2]}"
        yield Report(named, outcome, "", _said(told) if outcome == Arrival.FAILED else "", at)


def _message_of(text: str) -> str:
    """Which mail of ours a text quotes, `notice-12`; else the Message-ID it quotes, whosever it is."""
    found = next(names.named_in(text), None)
    if found is not None:
        return f"notice-{found}"
    other = _MESSAGE_ID.search(text)
    return _short(other[0], 160) if other else "?"


def _quoted(mail: Message) -> str:
    """The parts of a report that quote the message it is about."""
    found = []
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            found.append(str(part.get_payload(decode=False)))
        elif part is not mail and part.get("Message-ID"):
            found.append(str(part["Message-ID"]))
    return "\n".join(found)


def _subject(mail: Message) -> str:
    given = str(mail.get("Subject", ""))
    try:
        return str(make_header(decode_header(given)))
    except (MessageError, ValueError, LookupError):
        return given


def _date(mail: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(mail["Date"]))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo else None


def digest(gateway_id: int, report: Report) -> str:
    """What makes a report the same as one that came before: what is sent again may fail again, at another time."""
    at = report.at.isoformat() if report.at else ""
    parts = (str(gateway_id), report.message, report.provider_id, report.outcome, at)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
