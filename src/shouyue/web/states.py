"""How states look: colour, icon and text together, so that nothing is told by colour alone.

A module registers its states in ``apps.py`` under a family name; templates write ``{% badge "ticket" state %}``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.web.navigation import Text

Tone = Literal["neutral", "info", "progress", "good", "warn", "bad", "muted"]


@dataclass(frozen=True)
class Look:
    """tone: one of seven calm colours; icon: a name of ``icons.txt``; label: the text."""

    tone: Tone
    icon: str
    label: Text


UNKNOWN = Look("neutral", "question-mark", _("Unknown"))

_families: dict[str, dict[str, Look]] = {}


def register(family: str, looks: Mapping[str, Look]) -> None:
    """Add the states of a family; later registrations of the same state win."""
    _families.setdefault(family, {}).update(looks)
    _told.cache_clear()


def look_of(family: str, state: object) -> Look:
    """The look of a state; an unregistered one shows as its own name in neutral."""
    value = str(getattr(state, "value", "" if state is None else state))
    found = _families.get(family, {}).get(value)
    return found or (Look(UNKNOWN.tone, UNKNOWN.icon, value) if value else UNKNOWN)


def told(family: str, state: object) -> tuple[str, str, str]:
    """Tone, icon and text of a state in the active language, kept: a list shows the same few again and again."""
    return _told(family, str(getattr(state, "value", "" if state is None else state)), get_language())


@lru_cache(maxsize=4096)
def _told(family: str, value: str, language: str | None) -> tuple[str, str, str]:
    look = look_of(family, value)
    return look.tone, look.icon, str(look.label)


def families() -> list[str]:
    """The registered families."""
    return list(_families)


def states_of(family: str) -> dict[str, Look]:
    """Every registered state of a family with its look."""
    return dict(_families.get(family, {}))


register(
    "obligation",
    {
        "running": Look("info", "clock-play", _("Running")),
        "warned": Look("warn", "clock-exclamation", _("Due soon")),
        "overdue": Look("bad", "alarm", _("Overdue")),
        "paused": Look("muted", "clock-pause", _("Paused")),
        "kept": Look("good", "circle-check", _("Kept")),
        "missed": Look("bad", "circle-x", _("Missed")),
        "late": Look("bad", "clock-x", _("Kept late")),
        "waived": Look("muted", "shield-check", _("Waived")),
        "void": Look("muted", "circle-minus", _("Void")),
    },
)
register(
    "promise",
    {
        "kept": Look("good", "circle-check", _("Kept")),
        "at_risk": Look("warn", "alert-triangle", _("At risk")),
        "broken": Look("bad", "circle-x", _("Broken")),
        "nothing_due": Look("neutral", "circle-dashed", _("Nothing due yet")),
        "not_executable": Look("muted", "plug-off", _("Not executable yet")),
        "unset": Look("warn", "question-mark", _("Still to be agreed")),
    },
)
register(
    "yesno",
    {
        "True": Look("good", "check", _("Yes")),
        "False": Look("muted", "minus", _("No")),
    },
)
