"""Writes of sign-offs: asking, answering, links, delegation, and what the clock does."""

from __future__ import annotations

from .answering import (
    Traces,
    give,
    give_by_link,
    record_answer,
    refuse,
    refuse_by_link,
    upload_scan,
    withdraw,
)
from .asking import Asked, ask, cancel
from .chasing import expire_due, remind_due
from .delegating import delegate, end_delegation
from .links import Opened, make_link, open_link, revoke_link
from .sending import deliver_link, send_link

__all__ = [
    "Asked",
    "Opened",
    "Traces",
    "ask",
    "cancel",
    "delegate",
    "deliver_link",
    "end_delegation",
    "expire_due",
    "give",
    "give_by_link",
    "make_link",
    "open_link",
    "record_answer",
    "refuse",
    "refuse_by_link",
    "remind_due",
    "revoke_link",
    "send_link",
    "upload_scan",
    "withdraw",
]
