"""What a mail of ours is called: its notice and a keyed digest, so that nobody can make up reports about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

DOMAIN = "shouyue"
_SALT = "shouyue.notifications.message"
_NAME = re.compile(r"notice-(\d{1,18})\.([0-9a-f]{20})@" + DOMAIN)


def name_of(notice_id: int) -> str:
    """The part of its Message-ID before the @."""
    return f"notice-{notice_id}.{_mark(notice_id, str(settings.SECRET_KEY))}"


def named_in(text: str) -> Iterator[int]:
    """The notices whose true names stand in a text, in order; also those named under an earlier secret key."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    for found in _NAME.finditer(text):
        number = int(found[1])
        if any(constant_time_compare(_mark(number, key), found[2]) for key in keys):
            yield number


def _mark(notice_id: int, key: str) -> str:
    return salted_hmac(_SALT, str(notice_id), secret=key, algorithm="sha256").hexdigest()[:20]
