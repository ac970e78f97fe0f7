"""What every page needs: navigation, account menu, languages, look, server time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.web import navigation, preferences
from shouyue.web.navigation import Group


class Shell:
    """Computed when the layout asks for it, so fragments cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.actor: Actor | None = getattr(request, "actor", None)
        groups = navigation.groups_for(request, self.actor)
        self.groups: list[Group] = [group for group in groups if group.area != "user"]
        self.user_links = [link for group in groups if group.area == "user" for link in group.links]
        self.theme = preferences.theme_of(request)
        self.folded = request.COOKIES.get("shouyue_nav") == "folded"
        self.languages = settings.LANGUAGES
        self.now: datetime = clock.now()
        self.home_url = self._home()

    def _home(self) -> str:
        links = [link for group in self.groups for link in group.links]
        return links[0].url if links else "/"

    @property
    def sign_in_url(self) -> str:
        """Where an anonymous visitor signs in, coming back to this page."""
        return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': self._request.get_full_path()})}"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell``, see `Shell`."""
    make: Callable[[], Shell] = lambda: Shell(request)  # noqa: E731
    return {"shell": SimpleLazyObject(make)}
