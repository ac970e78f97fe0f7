"""What we call things to those outside: keyed, so that nobody can make up such a name, and short enough for a text
message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

DOMAIN = "shouyue"
_MESSAGE, _CONTACT = "shouyue.notifications.message", "shouyue.notifications.contact"
_NAME = re.compile(r"notice-(\d{1,18})\.([0-9a-f]{20})@" + DOMAIN, re.ASCII)
_TOKEN = re.compile(r"(\d{1,18})\.([0-9a-f]{20})", re.ASCII)


def name_of(notice_id: int) -> str:
    """The part of a mail's Message-ID before the @."""
    return f"notice-{notice_id}.{_mark(_MESSAGE, notice_id, str(settings.SECRET_KEY))}"


def named_in(text: str) -> Iterator[int]:
    """The notices whose true names stand in a text, in order; also those named under an earlier secret key."""
    for found in _NAME.finditer(text):
        if _is_true(_MESSAGE, int(found[1]), found[2]):
            yield int(found[1])


def address_of(contact_id: int) -> str:
    """Where a contact says himself how he wants to be told; it stands in messages to him and opens nothing else."""
    token = f"{contact_id}.{_mark(_CONTACT, contact_id, str(settings.SECRET_KEY))}"
    return f"{settings.BASE_URL}{reverse('notifications:contact_choice', args=[token])}"


def contact_in(token: str) -> int | None:
    """Whose address ends with this; None when it is nobody's."""
    found = _TOKEN.fullmatch(token)
    if found is None or not _is_true(_CONTACT, int(found[1]), found[2]):
        return None
    return int(found[1])


def _is_true(salt: str, number: int, mark: str) -> bool:
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return any(constant_time_compare(_mark(salt, number, key), mark) for key in keys)


def _mark(salt: str, number: int, key: str) -> str:
    return salted_hmac(salt, str(number), secret=key, algorithm="sha256").hexdigest()[:20]
