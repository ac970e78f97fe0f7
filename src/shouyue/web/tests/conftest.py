"""The shell on its own: its routes, its middleware, an actor chosen by the test."""

from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from shouyue.kernel.actor import Actor
from shouyue.kernel.scope import EVERYTHING, Scope
from shouyue.web import moulds, navigation, panels

CURRENT: dict[str, Actor | None] = {"actor": None}

SHELL_ALONE: dict[str, Any] = {
    "ROOT_URLCONF": "shouyue.web.tests.urls",
    "LOGIN_URL": "sign_in",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
    "ALLOWED_HOSTS": ["*"],
    "MIDDLEWARE": [
        "django.middleware.csrf.CsrfViewMiddleware",
        "shouyue.web.tests.conftest.actor_middleware",
        "shouyue.web.middleware.ActorLocaleMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "csp.middleware.CSPMiddleware",
        "shouyue.web.middleware.ErrorPageMiddleware",
    ],
}


def actor_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = CURRENT["actor"]
        return get_response(request)

    return middleware


def make_actor(**changes: Any) -> Actor:
    values: dict[str, Any] = {
        "kind": "user",
        "id": 7,
        "name": "陈思远",
        "scope": EVERYTHING,
        "roles": frozenset(),
    }
    return Actor(**(values | changes))


def make_customer(**changes: Any) -> Actor:
    return make_actor(name="王建国", customer_id=3, scope=Scope(customers=frozenset({3})), **changes)


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    own = {key: item for key, item in navigation._items.items() if item.url_name.startswith("web:")}
    monkeypatch.setattr(navigation, "_items", own)
    monkeypatch.setattr(panels, "_panels", {})
    _forget_what_was_drawn()
    with override_settings(**SHELL_ALONE):
        yield
    CURRENT["actor"] = None
    _forget_what_was_drawn()


def _forget_what_was_drawn() -> None:
    navigation.forget()
    moulds.forget()


@pytest.fixture
def sign_in() -> Callable[[Actor | None], None]:
    def choose(actor: Actor | None) -> None:
        CURRENT["actor"] = actor

    return choose


@pytest.fixture
def staff() -> Actor:
    return make_actor(roles=frozenset({"system_admin"}))


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def site(shell: None) -> Iterator[str]:
    """The address of a real server; static files come straight from the source folders."""
    with override_settings(DEBUG=False, STATIC_URL="/static/"):
        server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), _Server, _Quiet)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
