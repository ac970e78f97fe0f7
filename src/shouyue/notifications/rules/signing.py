"""How providers want requests signed. Pure: every moment, nonce and key comes from the caller.

Sources: Alibaba Cloud "V3 request structure and signature" (ACS3-HMAC-SHA256); DingTalk "Custom robot: security
settings, sign"; Feishu "Custom bot: set signature verification".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def _hmac(key: str, text: str) -> bytes:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()


def dingtalk(timestamp_ms: int, secret: str) -> str:
    """The value of `sign`, not yet quoted for the address."""
    return base64.b64encode(_hmac(secret, f"{timestamp_ms}\n{secret}")).decode()


def feishu(timestamp: int, secret: str) -> str:
    """The value of `sign`: here the text is the key and nothing is the message."""
    return base64.b64encode(_hmac(f"{timestamp}\n{secret}", "")).decode()


def plain_hmac(text: str, secret: str, encoding: str) -> str:
    """HMAC-SHA256 of a text; encoding: hex or base64."""
    digest = _hmac(secret, text)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def aliyun(
    *,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    key_id: str,
    secret: str,
) -> str:
    """The value of `Authorization` for ACS3-HMAC-SHA256.

    headers: lower-case names; `host` and every `x-acs-…` among them are signed, so is `content-type`.
    """
    signed = {
        name: value.strip()
        for name, value in sorted(headers.items())
        if name.startswith("x-acs-") or name in ("host", "content-type")
    }
    names = ";".join(signed)
    canonical = "\n".join(
        [
            method,
            path or "/",
            "&".join(f"{quoted(name)}={quoted(value)}" for name, value in sorted(query.items())),
            "".join(f"{name}:{value}\n" for name, value in signed.items()),
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    signature = _hmac(secret, f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}").hex()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"


def quoted(text: str) -> str:
    """As the address and the signature must agree on it."""
    return quote(text, safe="-_.~")
