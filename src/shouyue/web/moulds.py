"""Templates drawn once and filled many times: for rows and parts that hot pages show again and again.

A mould is what a template gives for a language and some fixed values, with holes where a page's own values go. It is
made from nothing else: no request, no context processor, no actor. So what is kept can hold nothing of anybody, and
filling it costs a join of strings where drawing the template costs a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from html import escape

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MOST = 2048
"""Moulds a process keeps; each is a kilobyte or two."""
_OPEN, _SHUT = "\ue0f0", "\ue0f1"
"""Two characters that mean nothing to anybody; a value that brings them along is put in only after the cut."""


def mould(template: str, holes: tuple[str, ...] = (), **fixed: Hashable) -> Callable[..., SafeString]:
    """How to fill the template, drawn in the active language; call what comes back with a value for every hole.

    holes: names the template shows as they are, ``{{ name }}`` alone: no filter, condition or tag may look into them.
    fixed: everything else it needs; each combination is a mould of its own, so keep to flags and short words.
    Values are escaped unless they are safe already. Raises: LookupError for a hole the template does not show.
    """
    if settings.DEBUG:  # a template that was edited counts at once
        return _drawn.__wrapped__(template, get_language() or "", holes, tuple(fixed.items()))
    return _drawn(template, get_language() or "", holes, tuple(fixed.items()))


def text(value: object) -> str:
    """Escaped text; the standard library's escape is several times faster than the lazy-aware one."""
    return value if isinstance(value, SafeString) else escape(str(value))


def forget() -> None:
    """Drop what this process keeps (tests)."""
    _drawn.cache_clear()


@lru_cache(maxsize=MOST)
def _drawn(
    template: str, language: str, holes: tuple[str, ...], fixed: tuple[tuple[str, Hashable], ...]
) -> Callable[..., SafeString]:
    marks = {name: SafeString(f"{_OPEN}{name}{_SHUT}") for name in holes}
    drawn = render_to_string(template, {**dict(fixed), **marks}).strip()
    first, *rest = drawn.split(_OPEN)
    cut = [part.split(_SHUT, 1) for part in rest]
    shown = {name for name, _after in cut}
    if shown != set(holes):
        raise LookupError(f"{template} does not show {', '.join(sorted(set(holes) - shown))}")
    if not cut:
        whole = SafeString(drawn)
        return lambda: whole

    def fill(**values: object) -> SafeString:
        ready = {name: text(value) for name, value in values.items()}
        parts = [first]
        for name, after in cut:
            parts.append(ready[name])
            parts.append(after)
        return SafeString("".join(parts))

    return fill
