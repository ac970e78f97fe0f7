"""The statutory table is there, also after a transactional test has emptied every table."""

from __future__ import annotations

import pytest

from shouyue.kernel.actor import SYSTEM


@pytest.fixture(autouse=True)
def _statutory_table(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and not marker.kwargs.get("transaction"):
        request.getfixturevalue("db")
        from shouyue.calendars import services

        services.refresh_statutory(actor=SYSTEM)
