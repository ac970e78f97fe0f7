"""Secrets at rest: sealed with a key that follows from the installation's secret key, and by that alone."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from .errors import Conflict


class Unreadable(Conflict):
    """The stored secret cannot be read with this installation's key. Enter it again."""

    code = "unreadable_secret"


def seal(text: str) -> str:
    """The text, encrypted and authenticated."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, also under an earlier key (`SECRET_KEY_FALLBACKS`). Raises: Unreadable."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            _("The stored secret cannot be read with this installation's key. Enter it again.")
        ) from error


def _box() -> MultiFernet:
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return hmac.new(key.encode(), b"shouyue secrets at rest", hashlib.sha256).digest()
