"""Journeys run under the same fixtures as the tests of the modules."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "module_fixtures", Path(__file__).resolve().parent.parent / "src" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

django_db_modify_db_settings = _fixtures.django_db_modify_db_settings
own_storage = _fixtures.own_storage
_database_scope = _fixtures._database_scope
_language = _fixtures._language
