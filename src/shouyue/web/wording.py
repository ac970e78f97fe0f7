"""Numbers and times in words, Chinese and English; pure functions of the active language."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce

from django.utils.translation import gettext, ngettext, pgettext

_STEPS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def duration(seconds: float, *, parts: int = 2) -> str:
    """A length of time with its largest units, e.g. ``3 h 20 min`` or ``3小时20分``; the sign is dropped."""
    rest = abs(int(seconds))
    words: list[str] = []
    for unit, size in _STEPS:
        amount, rest = divmod(rest, size)
        if amount:
            words.append(_amount(unit, amount))
        if len(words) == parts or (words and not rest):
            break
    if len(words) > 1:
        joint = pgettext("two units of a duration", "%(large)s %(small)s")
        return reduce(lambda large, small: joint % {"large": large, "small": small}, words)
    return words[0] if words else _amount("second", 0)


def clock_text(seconds: float) -> str:
    """A countdown's digits: ``0:10``, ``9:59``, ``1:23:45``; from two days on in words. Rounds down."""
    total = abs(int(seconds))
    if total >= 2 * 86400:
        return duration(total)
    minutes, second = divmod(total, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def relative(moment: datetime, now: datetime) -> str:
    """How long ago or until, e.g. ``5 min ago``, ``in 2 h``, ``just now``."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 60:
        return gettext("just now")
    length = duration(seconds, parts=1)
    text = gettext("in %(length)s") if seconds > 0 else gettext("%(length)s ago")
    return text % {"length": length}


def listed(texts: Iterable[object]) -> str:
    """Texts one after the other: ``一、二`` or ``one, two``."""
    return pgettext("between two of a list", ", ").join(str(text) for text in texts)


def noted(name: object, note: object) -> str:
    """A name with a note in brackets: ``Lin Yue (engineer)``, ``林悦（工程师）``."""
    return gettext("%(name)s (%(note)s)") % {"name": name, "note": note}


def file_size(size: int) -> str:
    """Bytes as ``830 B``, ``12.4 KB``, ``3.0 MB``."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{int(amount)} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError


def _amount(unit: str, amount: int) -> str:
    if unit == "day":
        text = ngettext("%(n)d day", "%(n)d days", amount)
    elif unit == "hour":
        text = gettext("%(n)d h")
    elif unit == "minute":
        text = gettext("%(n)d min")
    else:
        text = gettext("%(n)d s")
    return text % {"n": amount}
