"""Every page of the program and every operation of its API, with the paths of one customer's records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from shouyue.config.api import api
from shouyue.contracts.choices import Role

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
SAME_FOR_ALL: dict[str, list[Any]] = {
    "slug": ["take", "approve", "ask", "assign", "resolve", "close", "cancel", "edit"],
    "tab": ["promises", "people", "sites", "plan", "milestones"],
    "kind": ["tickets", "obligations"],
    "form": ["csv", "json"],
    "number_of_version": [1],
    "role": [str(Role.LEADER)],
    "item": ["hotline"],
}
"""Parameters that name no record of a customer; the walk tries each of these."""
OF_THE_PROVIDER = {
    "unit_id",
    "vendor_id",
    "token_id",
    "handle",
    "job_id",
    "gateway_id",
    "delegation_id",
    "token",
    "secret",
}
"""Records of the provider or of the reader alone, and secret links; the tests of their modules guard them."""
GUARDED_BY_THEIR_MODULES = {"draft_id", "objection_id", "closing_id", "link_id", "replay_id"}
"""Records that come into being late in a contract's life; the tests of their modules walk them."""


@dataclass(frozen=True)
class Route:
    """A page. names: its parameters."""

    path: str
    view: str
    names: tuple[str, ...]


def pages() -> list[Route]:
    """Every route of the program but those of the API and of Django itself."""
    return sorted(_walk(get_resolver().url_patterns, "", ""), key=lambda route: route.path)


def _walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "api":
                yield from _walk(pattern.url_patterns, path, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            view = f"{namespace}:{pattern.name}"
            yield Route(f"/{path}", view, tuple(PARAMETER.findall(path)))


def paths_of(route: Route, ids: dict[str, Any]) -> list[str]:
    """The addresses of a page for one customer's records. Raises KeyError for a parameter nobody has thought of."""
    paths = [route.path]
    for name in route.names:
        if name in OF_THE_PROVIDER | GUARDED_BY_THEIR_MODULES:
            return []
        if route.view.startswith("contracts:") and name == "number":
            values: list[Any] = [1]
        elif route.view.startswith("signoff:") and name == "number":
            values = [ids["signoff_number"]]
        elif route.view.startswith("visits:") and name == "name":
            values = ["receive", "arrive", "leave", "cancel"]
        elif name == "name" and route.view.startswith("tickets:"):
            values = ["decide", "approve", "refuse"]
        elif name == "name" and route.view.startswith("commitments:"):
            values = ["respond"]
        elif name == "name" and route.view.startswith("web:"):
            values = ["list"]
        else:
            values = SAME_FOR_ALL[name] if name in SAME_FOR_ALL else [ids[name]]
        one = re.compile(rf"<(?:\w+:)?{name}>")
        paths = [one.sub(str(value), path) for path in paths for value in values]
    return paths


@dataclass(frozen=True)
class Operation:
    """An operation of the API."""

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def is_bound(self) -> bool:
        """Whether its path names a record."""
        return "{" in self.path


def operations() -> list[Operation]:
    """Every operation of the API, from its own description."""
    found = []
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            parameters = tuple((p["name"], p["in"]) for p in operation.get("parameters", []))
            found.append(Operation(method, path, parameters))
    return sorted(found, key=lambda operation: (operation.path, operation.method))


def path_of(operation: Operation, ids: dict[str, Any]) -> str | None:
    """The address of an operation for one customer's record; None for records of the provider."""
    path = operation.path
    for name in re.findall(r"{(\w+)}", path):
        if name in OF_THE_PROVIDER | GUARDED_BY_THEIR_MODULES:
            return None
        value = SAME_FOR_ALL[name][0] if name in SAME_FOR_ALL else ids.get(name)
        if name == "name" and "milestones" in path:
            value = "final-acceptance"
        elif name == "name" and "commitments" in path:
            value = "respond"
        elif name == "number" and "plan-versions" in path:
            value = 1
        elif name == "number" and "/signoffs/" in path:
            value = ids["signoff_number"]
        if value is None:
            raise KeyError(f"{operation.path}: which record is {name}?")
        path = path.replace(f"{{{name}}}", str(value))
    return path
