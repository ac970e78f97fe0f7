"""What tests of carriers and deliveries share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shouyue.notifications.carriers import http

from .providers import Provider


@pytest.fixture
def serve() -> Iterator[Callable[[Any], Provider]]:
    """Start providers that answer as they are told; all stop with the test, and kept connections are closed."""
    running: list[Provider] = []

    def start(answer: Any) -> Provider:
        running.append(Provider(answer))
        return running[-1]

    yield start
    http.close()
    for one in running:
        one.stop()
