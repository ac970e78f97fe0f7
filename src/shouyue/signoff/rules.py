"""Pure decisions of sign-offs: how steps add up, when to remind, what a drawn signature may be."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from PIL import Image, UnidentifiedImageError

from .choices import Kind, Mode, State, StepState

CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
MOST_STEPS = 12
TEXT_LIMIT = 4000
WORDS_LIMIT = 2000
NAME_LIMIT = 60

LINK_LIFE = timedelta(hours=72)
LONGEST_LINK = timedelta(days=14)
TRIES = 30
TRIES_WINDOW = timedelta(minutes=15)

REMIND_EVERY = timedelta(days=1)
MOST_REMINDERS = 6
LONGEST_DELEGATION = timedelta(days=366)

DRAWING_BYTES = 300_000
DRAWING_PIXELS = (4000, 2000)
_DATA_URL = "data:image/png;base64,"


def outcome(mode: str, states: Sequence[str]) -> State:
    """What the steps add up to: given, refused, or still asked."""
    given = sum(state == StepState.GIVEN for state in states)
    refused = sum(state == StepState.REFUSED for state in states)
    if mode == Mode.FIRST:
        return State.GIVEN if given else State.REFUSED if refused else State.ASKED
    if mode == Mode.ANY:
        if given:
            return State.GIVEN
        return State.REFUSED if refused == len(states) else State.ASKED
    if refused:
        return State.REFUSED
    return State.GIVEN if given == len(states) else State.ASKED


def opened(mode: str, states: Sequence[str]) -> list[int]:
    """Places of the steps whose turn it is now and that have not been asked."""
    waiting = [place for place, state in enumerate(states) if state == StepState.WAITING]
    if mode != Mode.IN_ORDER:
        return waiting
    return [] if StepState.ASKED in states else waiting[:1]


def first_reminder(asked_at: datetime, due_at: datetime | None) -> datetime | None:
    """When to remind first: after three quarters of the time; without a date never."""
    if due_at is None:
        return None
    return asked_at + (due_at - asked_at) * 0.75 if due_at > asked_at else due_at


def next_reminder(now: datetime, due_at: datetime, sent: int) -> datetime | None:
    """When to remind next, having sent so many: at the due time, then once a day; at last never."""
    if sent >= MOST_REMINDERS:
        return None
    return due_at if now < due_at else now + REMIND_EVERY


def may_expire(kind: str) -> bool:
    """Consents and approvals hold for a time; a signature stays."""
    return kind != Kind.SIGNATURE


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of what is signed off, whatever the order of its keys."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def token_digest(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def drawing_of(data_url: str) -> bytes:
    """The drawn signature of a form as a plain picture, without what else a file may carry.

    Empty for an empty field. Raises: ValueError for anything but a small PNG with ink on it.
    """
    if not data_url:
        return b""
    if not data_url.startswith(_DATA_URL) or len(data_url) > DRAWING_BYTES * 4 // 3 + 64:
        raise ValueError("not a small PNG")
    try:
        content = base64.b64decode(data_url[len(_DATA_URL) :], validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width > DRAWING_PIXELS[0] or picture.height > DRAWING_PIXELS[1]:
                raise ValueError("too large")
            drawn = picture.convert("RGBA")
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError("not a PNG") from error
    page = Image.new("RGB", drawn.size, "white")
    page.paste(drawn, mask=drawn.getchannel("A"))
    grey = page.convert("L")
    if grey.getextrema()[0] > 128:  # type: ignore[operator]
        raise ValueError("nothing is drawn")
    buffer = io.BytesIO()
    grey.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
