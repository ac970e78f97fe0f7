"""Fixtures for every test: each runs under the role that sees all customers, as a request of staff would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("patient")
"""How long an example takes says how busy the machine is, not whether the program is right."""


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Emptying tables between tests must not refill Django's content types: nobody reads them here."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db.models.signals import post_migrate

    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(
        create_permissions, dispatch_uid="django.contrib.auth.management.create_permissions"
    )


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Each test begins in the default language, whatever the one before has activated."""
    from django.conf import settings
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def own_storage(settings: Any, tmp_path: Path) -> None:
    """Files are stored in a folder of this test's own."""
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


@pytest.fixture(autouse=True)
def _database_scope(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use the database run inside `acting_in(EVERYTHING)`; transactional ones open their own."""
    marker = request.node.get_closest_marker("django_db")
    wants = marker is not None or "db" in request.fixturenames
    transactional = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction", False)
    )
    if not wants:
        yield
        return
    from shouyue.kernel.scope import EVERYTHING, acting_in

    _no_calls_wait()
    if transactional:
        request.getfixturevalue("transactional_db")
        with acting_in(EVERYTHING):
            _make_provider()
        with _ends_what_it_begins():
            yield
        with acting_in(EVERYTHING):
            _forget_jobs()
        return
    request.getfixturevalue("db")
    with acting_in(EVERYTHING):
        _make_provider()
        with _ends_what_it_begins():
            yield


def _no_calls_wait() -> None:
    """The number of calls in the navigation is counted every some seconds: not just while a test counts statements."""
    from shouyue.notifications import declarations

    declarations._calls["count"] = 0, float("inf")


@contextmanager
def _ends_what_it_begins() -> Iterator[None]:
    """Names the test that leaves a transaction open; else some later one fails, with a closed connection."""
    from django.db import connection

    open_before = len(connection.atomic_blocks)
    yield
    assert len(connection.atomic_blocks) == open_before, "this test has left a transaction open"


def _make_provider() -> None:
    """Customer 0, which a migration makes and the emptying of tables between transactional tests removes."""
    from shouyue.kernel import clock
    from shouyue.parties.models import Customer

    provider = Customer(
        id=0, code="PROVIDER", name="本公司", name_key="bengongsi bgs", created_at=clock.now()
    )
    Customer.objects.bulk_create([provider], ignore_conflicts=True)


def _forget_jobs() -> None:
    """The queue's tables are not the models', so the emptying of tables leaves committed jobs behind."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
