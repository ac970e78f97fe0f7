"""One request to a provider: limits of time and size, no redirects, the answer sorted by whose fault it is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from django.utils.translation import gettext as _

from .parcel import Outcome, Parcel

DEADLINE_SECONDS = 15
LARGEST_ANSWER = 64 * 1024
_LIMITS = httpx.Timeout(8, connect=5)


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    return httpx.Client(timeout=_LIMITS, follow_redirects=False, headers={"User-Agent": "shouyue"})


def close() -> None:
    """Give the connections back (end of a process, tests)."""
    if _client.cache_info().currsize:
        _client().close()
        _client.cache_clear()


def post(
    parcel: Parcel,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    method: str = "POST",
) -> Outcome | tuple[int, str]:
    """Send; an outcome when the answer's status decides, else status and text for the protocol to read.

    Without a status below 500 and apart from 408 and 429 it may be tried again; a redirect or another 4xx is final.
    A final 4xx with a JSON body is handed to the protocol, which knows its own words for it.
    """
    named = {"Idempotency-Key": parcel.key, **headers}
    began = time.monotonic()
    try:
        with _client().stream(method, url, content=content, headers=named) as response:
            text = _read(response, began)
            status, told = response.status_code, response.headers
    except httpx.TimeoutException:
        return Outcome("failed", _("no answer in time"))
    except httpx.TransportError as error:
        return Outcome("failed", scrub(parcel, f"{type(error).__name__}: {error}"))
    except (httpx.InvalidURL, httpx.HTTPError, ValueError) as error:
        return Outcome("refused", scrub(parcel, f"{type(error).__name__}: {error}"))
    if 300 <= status < 400:
        host = urlsplit(told.get("location", "")).hostname or "?"
        return Outcome(
            "refused",
            _("HTTP %(status)d: redirects to %(host)s are not followed") % {"status": status, "host": host},
        )
    if status in (408, 429):
        return Outcome("slow", _shown(parcel, status, text), wait=_seconds(told.get("retry-after")))
    if status >= 500:
        return Outcome("failed", _shown(parcel, status, text))
    return status, text


def _read(response: httpx.Response, began: float) -> str:
    """The body, up to a limit; a server that drips is cut off."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) >= LARGEST_ANSWER:
            break
        if time.monotonic() - began > DEADLINE_SECONDS:
            raise httpx.ReadTimeout("the answer took too long")
    return body[:LARGEST_ANSWER].decode("utf-8", "replace")


def _seconds(value: str | None) -> int:
    return min(max(int(value), 1), 3600) if value and value.isdecimal() else 60


def parsed(text: str) -> dict[str, Any]:
    """The answer as a JSON object; empty when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shown(parcel: Parcel, status: int, text: str) -> str:
    return scrub(parcel, f"HTTP {status}: {' '.join(text.split())}")


def settled(
    parcel: Parcel, status: int, text: str, state: Any, *, wait: int = 60, provider_id: str = ""
) -> Outcome:
    """An outcome with the provider's own words."""
    return Outcome(state, _shown(parcel, status, text), wait, provider_id.replace("\x00", "")[:80])


def scrub(parcel: Parcel, text: str) -> str:
    """The text without any secret of the gateway, short enough to be kept."""
    for secret in sorted(_pieces(parcel), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text.replace("\x00", "")[:300]


def _pieces(parcel: Parcel) -> set[str]:
    """Secrets and what of them could be quoted alone: a token without its scheme, the key within an address."""
    found: set[str] = set()
    for secret in parcel.secrets.values():
        parts = urlsplit(secret) if "://" in secret else None
        found |= {secret, *secret.split()}
        if parts is not None:
            found |= {*parts.path.split("/"), *(value for _name, value in parse_qsl(parts.query))}
    return {piece for piece in found if len(piece) >= 6}
