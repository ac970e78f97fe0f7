"""Fixtures for every test: each runs under the role that sees all customers, as a request of staff would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _database_scope(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use the database run inside `acting_in(EVERYTHING)`; transactional ones open their own."""
    marker = request.node.get_closest_marker("django_db")
    wants = marker is not None or "db" in request.fixturenames
    transactional = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction", False)
    )
    if not wants or transactional:
        yield
        return
    request.getfixturevalue("db")
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        yield
