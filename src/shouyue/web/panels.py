"""Page panels: a higher module adds a part to a lower module's page without being imported by it.

The lower page names itself and shows ``{% page_panels "ticket" ticket %}``; the higher module registers what to
render there. The shell's own places work the same way: ``topbar`` (search, notices) and ``signed-out``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from shouyue.kernel.actor import Actor
from shouyue.web.navigation import Text

Render = Callable[[HttpRequest, object], str | None]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of another module's page.

    render: returns safe HTML, or None for nothing; it checks access to what it shows.
    roles: any of them suffices; empty means everybody who sees the page.
    place: a page may show several places, e.g. ``main`` and ``side``.
    probe: an SQL condition whether there is anything to read for the row ``t`` of the page's table; a hot page asks
    all of them in its own statement, so that the panel reads nothing where there is nothing."""

    key: str
    title: Text
    render: Render
    order: int = 100
    roles: frozenset[str] = frozenset()
    place: str = "main"
    icon: str = ""
    probe: str = ""


@dataclass(frozen=True)
class Rendered:
    """A panel with its HTML for one request."""

    panel: Panel
    html: str


_panels: dict[str, dict[str, Panel]] = {}


def register(page: str, *panels: Panel) -> None:
    """Add panels to a page; call it in ``AppConfig.ready``. Raises: ValueError when a key is already taken."""
    registered = _panels.setdefault(page, {})
    for panel in panels:
        if registered.get(panel.key, panel) != panel:
            raise ValueError(f"page {page!r} already has a panel {panel.key!r}")
        registered[panel.key] = panel


def probes(page: str) -> dict[str, str]:
    """The conditions of a page's panels by their keys, as registered: constants of the modules, never input."""
    return {panel.key: panel.probe for panel in _panels.get(page, {}).values() if panel.probe}


def panels_for(page: str, request: HttpRequest, obj: object, *, place: str = "main") -> list[Rendered]:
    """The panels of a page that have something to show to this request's actor, in order."""
    actor: Actor | None = getattr(request, "actor", None)
    chosen = [panel for panel in _panels.get(page, {}).values() if _shown(panel, place, actor)]
    chosen.sort(key=lambda panel: (panel.order, panel.key))
    rendered = ((panel, panel.render(request, obj)) for panel in chosen)
    return [Rendered(panel, html) for panel, html in rendered if html]


def _shown(panel: Panel, place: str, actor: Actor | None) -> bool:
    if panel.place != place:
        return False
    return not panel.roles or (actor is not None and actor.has_role(*panel.roles))
