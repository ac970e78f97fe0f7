"""System checks of what modules registered with the shell."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from shouyue.web import navigation


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
