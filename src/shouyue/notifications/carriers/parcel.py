"""What a sender is given and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message. key: the same until it has failed for sure, so that a provider that knows such keys sends it once.
    name: of the reader. stop: how who has no account ends such messages, with a space before it."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    phone: str
    subject: str
    text: str
    link: str
    key: str
    at: datetime
    stop: str = ""
    name: str = ""

    @property
    def whole(self) -> str:
        """Subject, text and link under each other."""
        return "\n".join(part for part in (self.subject, self.text, self.link) if part)


@dataclass(frozen=True, slots=True)
class Outcome:
    """accepted: the provider has taken it; refused: never again like this; failed: again later; later: the same, but
    the gateway is well (this reader has had enough for now); slow: the provider asks for a pause of `wait` seconds,
    which is nobody's failure. answer: what it said, without secrets. provider_id: what it calls the message in later
    reports."""

    state: Literal["accepted", "refused", "failed", "later", "slow"]
    answer: str = ""
    wait: int = 60
    provider_id: str = ""
