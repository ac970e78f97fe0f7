"""What every page needs: navigation, account menu, languages, look, server time."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.web import navigation, panels, preferences
from shouyue.web.csrf import token_of
from shouyue.web.moulds import mould
from shouyue.web.navigation import Group
from shouyue.web.templatetags.shouyue import avatar


class Shell:
    """Computed when the layout asks for it, so fragments cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.actor: Actor | None = getattr(request, "actor", None)
        self.theme = preferences.theme_of(request)
        self.folded = request.COOKIES.get("shouyue_nav") == "folded"
        self.languages = settings.LANGUAGES
        self.now: datetime = clock.now()
        self._menu = navigation.menu_for(request, self.actor)

    @cached_property
    def groups(self) -> list[Group]:
        """The navigation, without the account menu."""
        return [
            group for group in navigation.groups_of(self._menu, self._request.path) if group.area != "user"
        ]

    @property
    def sidebar(self) -> SafeString:
        """The navigation as HTML."""
        return navigation.drawn(self._menu, self._request.path)

    @property
    def tools(self) -> SafeString:
        """The right side of the top bar as HTML: panels of other modules, preferences, help, account menu."""
        bar = "".join(shown.html for shown in panels.panels_for("topbar", self._request, None))
        values: dict[str, Any] = {
            "topbar": SafeString(bar),
            "here": self._request.get_full_path(),
            "csrf_token": token_of(self._request),
        }
        if self.actor is None:
            return mould("web/_tools.html", (*values, "sign_in_url"), theme=self.theme)(
                **values, sign_in_url=self.sign_in_url
            )
        account = navigation.account_menu(self._menu)
        name = self.actor.name
        return mould(
            "web/_tools.html", (*values, "name", "initial"), theme=self.theme, signed_in=True, account=account
        )(**values, name=name, initial=avatar(name, "xs"))

    @property
    def preferences(self) -> SafeString:
        """The switches of language and look, for pages without a top bar."""
        return mould("web/_preferences.html", ("here", "csrf_token"), theme=self.theme)(
            here=self._request.get_full_path(), csrf_token=token_of(self._request)
        )

    @property
    def csrf_token(self) -> SafeString:
        """The token for htmx."""
        return token_of(self._request)

    @property
    def home_url(self) -> str:
        """Where the mark leads: the first page of the navigation."""
        return navigation.home_of(self._menu)

    @property
    def sign_in_url(self) -> str:
        """Where an anonymous visitor signs in, coming back to this page."""
        return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': self._request.get_full_path()})}"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell``, see `Shell`."""
    make: Callable[[], Shell] = lambda: Shell(request)  # noqa: E731
    return {"shell": SimpleLazyObject(make)}
