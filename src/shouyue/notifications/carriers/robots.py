"""Group robots of WeCom, DingTalk and Feishu: a text message to the group, naming the person by mobile number.

Sources: WeCom "Group robot configuration", DingTalk "Custom robot", Feishu "Custom bot usage guide". Each answers 200
with a code of its own; too many messages is such a code.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from shouyue.notifications.rules import signing

from . import http
from .parcel import Outcome, Parcel

_JSON = {"Content-Type": "application/json; charset=utf-8"}


def wecom(parcel: Parcel) -> Outcome:
    """Send through a WeCom group robot; its address is the secret."""
    text: dict[str, Any] = {"content": _cut(parcel.whole, 2000)}
    if parcel.phone:
        text["mentioned_mobile_list"] = [parcel.phone]
    answer = http.post(parcel, parcel.secrets["url"], _body({"msgtype": "text", "text": text}), _JSON)
    return _outcome(parcel, answer, "errcode", slow={45009}, failed={-1})


def dingtalk(parcel: Parcel) -> Outcome:
    """Send through a DingTalk group robot, signed when it has a signing secret."""
    url = parcel.secrets["url"]
    if secret := parcel.secrets.get("secret"):
        moment = int(parcel.at.timestamp() * 1000)
        joint = "&" if "?" in url else "?"
        url += f"{joint}timestamp={moment}&sign={quote(signing.dingtalk(moment, secret), safe='')}"
    mention = f" @{parcel.phone}" if parcel.phone else ""
    body = {
        "msgtype": "text",
        "text": {"content": _cut(parcel.whole, 15000) + mention},
        "at": {"atMobiles": [parcel.phone] if parcel.phone else [], "isAtAll": False},
    }
    return _outcome(
        parcel, http.post(parcel, url, _body(body), _JSON), "errcode", slow={130101, 410100}, failed={-1}
    )


def feishu(parcel: Parcel) -> Outcome:
    """Send through a Feishu group robot, signed when it has a signing secret. It mentions nobody by mobile number, so
    the text names the person."""
    named = f"\n@{parcel.name}" if parcel.name else ""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": _cut(parcel.whole, 15000) + named}}
    if secret := parcel.secrets.get("secret"):
        moment = int(parcel.at.timestamp())
        body |= {"timestamp": str(moment), "sign": signing.feishu(moment, secret)}
    answer = http.post(parcel, parcel.secrets["url"], _body(body), _JSON)
    # 9499 is said of too many requests, and of a bad one
    bad = not isinstance(answer, Outcome) and "bad request" in answer[1].lower()
    return _outcome(parcel, answer, "code", slow={11232} if bad else {11232, 9499}, failed={11246})


def _body(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _cut(text: str, most: int) -> str:
    """The text within so many bytes, never half a character."""
    whole = text.encode()
    return text if len(whole) <= most else whole[: most - 3].decode("utf-8", "ignore") + "…"


def _outcome(
    parcel: Parcel, answer: Outcome | tuple[int, str], name: str, *, slow: set[int], failed: set[int]
) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    status, text = answer
    told = http.parsed(text)
    code = told.get(name, told.get("StatusCode"))
    if code == 0 and status < 300:
        return http.settled(parcel, status, text, "accepted")
    if code in slow:
        return http.settled(parcel, status, text, "slow")
    # a page instead of an answer is some box in between
    again = code in failed or (code is None and status < 300)
    return http.settled(parcel, status, text, "failed" if again else "refused")
