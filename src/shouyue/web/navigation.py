"""The navigation: modules register items in their ``apps.py``, the shell shows those the actor may use.

Hiding an item is a courtesy, not a wall: views check access themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouyue.kernel.actor import Actor

Area = Literal["desk", "portal", "provider", "operate", "user"]
Text = str | Promise

AREAS: dict[Area, Text] = {
    "desk": pgettext_lazy("navigation", "Work"),
    "portal": _("My service"),
    "provider": _("Service management"),
    "operate": pgettext_lazy("navigation", "Operation"),
    "user": _("Account"),
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the navigation.

    roles: any of them suffices; empty means every signed-in member of the area's audience.
    shortcut: keys such as ``g q``; badge: a number to show, or None; method: ``post`` renders a form button."""

    key: str
    label: Text
    url_name: str
    icon: str
    area: Area = "desk"
    roles: frozenset[str] = frozenset()
    order: int = 100
    shortcut: str = ""
    badge: Callable[[HttpRequest], int | None] | None = None
    method: Literal["get", "post"] = "get"


@dataclass(frozen=True)
class Link:
    """An item made ready for one request."""

    item: Item
    url: str
    active: bool = False
    badge: int | None = None


@dataclass(frozen=True)
class Group:
    """The links of one area, in order."""

    area: Area
    label: Text
    links: list[Link] = field(default_factory=list)


_items: dict[str, Item] = {}
_urls: dict[tuple[str | None, str], str] = {}
"""Addresses never change while the process lives; looking up forty for each page would cost more than showing them."""


def register(*items: Item) -> None:
    """Add items; call it in ``AppConfig.ready``. Raises: ValueError when a key is already taken."""
    for item in items:
        if _items.get(item.key, item) != item:
            raise ValueError(f"navigation key {item.key!r} is taken by {_items[item.key].url_name}")
        _items[item.key] = item


def all_items() -> list[Item]:
    """Every registered item, in order of area, order and key."""
    areas = list(AREAS)
    return sorted(_items.values(), key=lambda item: (areas.index(item.area), item.order, item.key))


def items_for(actor: Actor | None) -> list[Item]:
    """The items this actor sees; none for a visitor who is not signed in."""
    if actor is None:
        return []
    return [item for item in all_items() if _sees(actor, item)]


def groups_for(request: HttpRequest, actor: Actor | None) -> list[Group]:
    """The navigation of one request, by area; the link that leads nearest to this page is active."""
    links = [link for item in items_for(actor) if (link := _link(request, item)) is not None]
    nearest = max((link.url for link in links if _leads_to(link, request.path)), key=len, default=None)
    groups: dict[Area, Group] = {}
    for link in links:
        group = groups.setdefault(link.item.area, Group(link.item.area, AREAS[link.item.area]))
        group.links.append(Link(link.item, link.url, link.url == nearest, link.badge))
    return list(groups.values())


def _sees(actor: Actor, item: Item) -> bool:
    if item.area != "user" and actor.is_staff == (item.area == "portal"):
        return False
    if item.area in ("desk", "provider") and actor.is_staff and not _does_business(actor):
        return False
    return not item.roles or actor.has_role(*item.roles)


_KEEPERS = frozenset({"system_admin", "security_admin"})
"""They keep the system and its users; tickets, contracts and promises are none of their business."""


def _does_business(actor: Actor) -> bool:
    return bool(actor.contract_roles) or not actor.roles or not actor.roles <= _KEEPERS


def _link(request: HttpRequest, item: Item) -> Link | None:
    place = (get_urlconf(), item.url_name)
    url = _urls.get(place)
    if url is None:
        try:
            url = _urls[place] = reverse(item.url_name)
        except NoReverseMatch:  # reported by the system check; a page must not fail for it
            return None
    return Link(item, url, badge=item.badge(request) if item.badge else None)


def _leads_to(link: Link, path: str) -> bool:
    return path == link.url or (link.url != "/" and path.startswith(link.url))


def unreversible(items: Iterable[Item]) -> list[Item]:
    """The items whose URL name does not exist."""
    found = []
    for item in items:
        try:
            reverse(item.url_name)
        except NoReverseMatch:
            found.append(item)
    return found
