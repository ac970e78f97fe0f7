"""What the command line says, in Chinese or English: from a catalogue of its own, without Django."""

from __future__ import annotations

import gettext
import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LANGUAGES = ("zh", "en")
_LOCALES = {"zh": "zh_Hans", "en": "en"}
_FOLDER = Path(__file__).parent / "locale"
_DOMAIN = "django"

_spoken = "en"
_texts = gettext.NullTranslations()


def _(text: str, /, **values: object) -> str:
    """A text in the language that is spoken, with the values put in."""
    found = _texts.gettext(text)
    return found.format(**values) if values else found


def choose(language: str) -> None:
    """Speak this language from now on."""
    global _spoken, _texts
    _spoken = language
    _texts = gettext.translation(_DOMAIN, _FOLDER, [_LOCALES[language]], fallback=True)


def spoken() -> str:
    """The language that is spoken: zh or en."""
    return _spoken


def wanted(arguments: Sequence[str]) -> str:
    """The language asked for before the command, else that of the terminal's environment."""
    for place, one in enumerate(arguments):
        name, _equals, value = one.partition("=")
        if name == "--language":
            given = value or "".join(arguments[place + 1 : place + 2])
            return given if given in LANGUAGES else "en"
        if not one.startswith("-"):
            break
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, named), "").startswith("zh") else "en"


@contextmanager
def parser_speaks() -> Iterator[None]:
    """Let argparse use the same catalogue: it asks gettext, which asks the environment. Programs started later do not
    see it."""
    before = os.environ.get("LANGUAGE")
    gettext.bindtextdomain(_DOMAIN, str(_FOLDER))
    gettext.textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = _LOCALES[_spoken]
    try:
        yield
    finally:
        del os.environ["LANGUAGE"]
        if before is not None:
            os.environ["LANGUAGE"] = before


def cell(text: str, width: int) -> str:
    """The text at the right of a column; Chinese characters are two wide."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return " " * (width - len(text) - wide) + text
