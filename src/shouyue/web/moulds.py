"""Templates drawn once and filled many times: for rows and parts that hot pages show again and again.

A mould is what a template gives for a language and some fixed values, with holes where a page's own values go. It is
made from nothing else: no request, no context processor, no actor. So what is kept can hold nothing of anybody. To fill
a row of the queue takes 8 µs where drawing its template takes 76. When and when not: docs/hot-paths.md.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MOST = 2048
"""Moulds a process keeps; each is a kilobyte or two."""
_OPEN, _SHUT = "--sy-hole--", "--eloh-ys--"
"""Letters that pass through escaping and addresses as they are. Only what the template gives is searched for them."""
Fill = Callable[..., SafeString]


def mould(
    template: str,
    holes: tuple[str, ...] = (),
    given: Callable[[], Mapping[str, Any]] | None = None,
    **fixed: Hashable,
) -> Fill:
    """How to fill the template, drawn in the active language; call what comes back with a value for every hole.

    holes: names the template shows as they are, ``{{ name }}`` or as a text in ``{% url %}``; no filter, condition or
    other tag may look into them. fixed: everything else it needs; each combination is a mould of its own, so keep to
    flags and short words. given: a function of the module that makes further values from nothing but the language.
    Values are escaped unless they are safe already. Raises: LookupError for a hole the template does not show.
    """
    draw = _draw if settings.DEBUG else _drawn  # in development a template that was edited counts at once
    return draw(template, get_language() or "", holes, given, tuple(fixed.items()))


def text(value: object) -> str:
    """Escaped text; the standard library's escape is several times faster than the lazy-aware one."""
    return value if isinstance(value, SafeString) else escape(str(value))


def lines(value: str) -> SafeString:
    """Escaped text with its line breaks, as ``linebreaksbr`` gives it."""
    plain = escape(value)
    if "\r" in plain:
        plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    return SafeString(plain.replace("\n", "<br>"))


def forget() -> None:
    """Drop what this process keeps (tests)."""
    _drawn.cache_clear()


def _draw(
    template: str,
    language: str,
    holes: tuple[str, ...],
    given: Callable[[], Mapping[str, Any]] | None,
    fixed: tuple[tuple[str, Hashable], ...],
) -> Fill:
    marks = {name: SafeString(f"{_OPEN}{name}{_SHUT}") for name in holes}
    drawn = render_to_string(template, {**(given() if given else {}), **dict(fixed), **marks}).strip()
    first, *rest = drawn.split(_OPEN)
    cut = [tuple(part.split(_SHUT, 1)) for part in rest]
    shown = {part[0] for part in cut}
    if shown != set(holes):
        raise LookupError(f"{template} does not show {', '.join(sorted(set(holes) - shown))} as it is")

    def fill(**values: object) -> SafeString:
        ready = {name: text(value) for name, value in values.items()}
        parts = [first]
        for name, after in cut:
            parts.append(ready[name])
            parts.append(after)
        return SafeString("".join(parts))

    return fill


_drawn = lru_cache(maxsize=MOST)(_draw)
