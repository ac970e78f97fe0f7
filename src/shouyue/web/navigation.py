"""The navigation: modules register items in their ``apps.py``, the shell shows those the actor may use.

Hiding an item is a courtesy, not a wall: views check access themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

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


Shown = tuple[str, str, int | None]
"""Key, address and badge of a link in a menu."""
Menu = tuple[Shown, ...]
"""What one person's menu shows, in order: all that its HTML follows from, so nothing else is kept by it."""


class AccountLink(NamedTuple):
    """A line of the account menu, in the active language."""

    url: str
    label: str
    icon: str
    method: str


_items: dict[str, Item] = {}
_urls: dict[tuple[str | None, str], str] = {}
"""Addresses never change while the process lives; looking up forty for each page would cost more than showing them."""


def register(*items: Item) -> None:
    """Add items; call it in ``AppConfig.ready``. Raises: ValueError when a key is already taken."""
    for item in items:
        if _items.get(item.key, item) != item:
            raise ValueError(f"navigation key {item.key!r} is taken by {_items[item.key].url_name}")
        _items[item.key] = item
    forget()


def forget() -> None:
    """Drop what was drawn (new items, tests)."""
    for kept in (_seen_with, _drawn, _account):
        kept.cache_clear()


def all_items() -> list[Item]:
    """Every registered item, in order of area, order and key."""
    areas = list(AREAS)
    return sorted(_items.values(), key=lambda item: (areas.index(item.area), item.order, item.key))


def items_for(actor: Actor | None) -> list[Item]:
    """The items this actor sees; none for a visitor who is not signed in."""
    if actor is None:
        return []
    held = frozenset().union(*actor.contract_roles.values())
    return list(_seen_with(actor.is_staff, actor.roles, held, bool(actor.contract_roles)))


@lru_cache(maxsize=1024)
def _seen_with(
    is_staff: bool, roles: frozenset[str], held: frozenset[str], is_member: bool
) -> tuple[Item, ...]:
    """The items seen with these roles, held everywhere or in some contract: nothing else of a person counts."""
    return tuple(item for item in all_items() if _sees(item, is_staff, roles, held, is_member))


def menu_for(request: HttpRequest, actor: Actor | None) -> Menu:
    """What this actor's menu shows on this request. Queries: those of the badges."""
    shown = []
    for item in items_for(actor):
        url = _url_of(item)
        if url is not None:
            shown.append((item.key, url, item.badge(request) if item.badge else None))
    return tuple(shown)


def groups_for(request: HttpRequest, actor: Actor | None) -> list[Group]:
    """The navigation of one request, by area; the link that leads nearest to this page is active."""
    return groups_of(menu_for(request, actor), request.path)


def groups_of(menu: Menu, path: str) -> list[Group]:
    """A menu by area; the link that leads nearest to this path is active."""
    nearest = _nearest(menu, path)
    groups: dict[Area, Group] = {}
    for key, url, badge in menu:
        item = _items[key]
        group = groups.setdefault(item.area, Group(item.area, AREAS[item.area]))
        group.links.append(Link(item, url, url == nearest, badge))
    return list(groups.values())


def drawn(menu: Menu, path: str) -> SafeString:
    """The sidebar with the link that leads nearest to this path marked."""
    html = _drawn(get_language(), menu)
    nearest = _nearest(menu, path)
    if nearest is None:
        return html
    plain = f'<a class="sy-nav-link" href="{escape(nearest)}"'
    return SafeString(html.replace(plain, plain.replace('link"', 'link active" aria-current="page"'), 1))


@lru_cache(maxsize=512)
def _drawn(language: str | None, menu: Menu) -> SafeString:
    """A menu's HTML in the active language; whoever has the same menu sees the same."""
    groups = [group for group in groups_of(menu, "") if group.area != "user"]
    return render_to_string("web/_sidebar.html", {"groups": groups, "home_url": home_of(menu)})


def home_of(menu: Menu) -> str:
    """The first page of a menu."""
    return next((url for key, url, _badge in menu if _items[key].area != "user"), "/")


def account_menu(menu: Menu) -> tuple[AccountLink, ...]:
    """The lines of the account menu in the active language."""
    return _account(get_language(), tuple(shown[:2] for shown in menu if _items[shown[0]].area == "user"))


@lru_cache(maxsize=128)
def _account(language: str | None, shown: Sequence[tuple[str, str]]) -> tuple[AccountLink, ...]:
    found = [(_items[key], url) for key, url in shown]
    return tuple(AccountLink(url, str(item.label), item.icon, item.method) for item, url in found)


def _sees(item: Item, is_staff: bool, roles: frozenset[str], held: frozenset[str], is_member: bool) -> bool:
    if item.area != "user" and is_staff == (item.area == "portal"):
        return False
    if item.area in ("desk", "provider") and is_staff and not _does_business(roles, is_member):
        return False
    return not item.roles or not item.roles.isdisjoint(roles) or not item.roles.isdisjoint(held)


_KEEPERS = frozenset({"system_admin", "security_admin"})
"""They keep the system and its users; tickets, contracts and promises are none of their business."""


def _does_business(roles: frozenset[str], is_member: bool) -> bool:
    return is_member or not roles or not roles <= _KEEPERS


def _url_of(item: Item) -> str | None:
    place = (get_urlconf(), item.url_name)
    url = _urls.get(place)
    if url is None:
        try:
            url = _urls[place] = reverse(item.url_name)
        except NoReverseMatch:  # reported by the system check; a page must not fail for it
            return None
    return url


def _nearest(menu: Menu, path: str) -> str | None:
    """The longest address of a menu that leads to a path."""
    found: str | None = None
    for _key, url, _badge in menu:
        leads = path == url or (url != "/" and path.startswith(url))
        if leads and (found is None or len(url) > len(found)):
            found = url
    return found


def unreversible(items: Iterable[Item]) -> list[Item]:
    """The items whose URL name does not exist."""
    found = []
    for item in items:
        try:
            reverse(item.url_name)
        except NoReverseMatch:
            found.append(item)
    return found
