"""Language and look of the interface: a cookie for everybody, the profile too for who is signed in.

The profile lives in a higher module, which registers a saver.
"""

from collections.abc import Callable
from typing import Literal

from django.http import HttpRequest

Preference = Literal["language", "theme"]
Saver = Callable[[HttpRequest, Preference, str], None]

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "shouyue_theme"
COOKIE_AGE = 365 * 24 * 3600

_savers: list[Saver] = []


def register_saver(saver: Saver) -> None:
    """Call ``saver(request, "language" | "theme", value)`` when a signed-in person changes a preference."""
    if saver not in _savers:
        _savers.append(saver)


def save(request: HttpRequest, preference: Preference, value: str) -> None:
    """Hand a changed preference to the profile, if somebody is signed in."""
    if getattr(request, "actor", None) is not None:
        for saver in _savers:
            saver(request, preference, value)


def theme_of(request: HttpRequest) -> str:
    """The look chosen on this browser: ``auto``, ``light`` or ``dark``."""
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"
