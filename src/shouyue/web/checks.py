"""System checks of what modules registered with the shell."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from shouyue.web import navigation, states
from shouyue.web.sprite import icon_names


def navigation_reverses(**kwargs: Any) -> list[CheckMessage]:
    """Every navigation item must lead to an existing page."""
    return [
        Warning(
            f"Navigation item {item.key!r} names the unknown URL {item.url_name!r}.",
            hint="Correct url_name, or include the module's urls in config/urls.py.",
            id="web.W001",
        )
        for item in navigation.unreversible(navigation.all_items())
    ]


def icons_exist(**kwargs: Any) -> list[CheckMessage]:
    """Every icon of the navigation and of states must be in the sprite, else its place stays blank."""
    named = {(f"navigation item {item.key!r}", item.icon) for item in navigation.all_items()}
    for family in states.families():
        named |= {(f"state {family}.{name}", look.icon) for name, look in states.states_of(family).items()}
    known = set(icon_names())
    return [
        Warning(f"The icon {icon!r} of {where} is unknown.", hint="Add it to web/icons.txt.", id="web.W002")
        for where, icon in sorted(named)
        if icon not in known
    ]
