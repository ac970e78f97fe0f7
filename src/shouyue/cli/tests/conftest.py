"""What tests of the commands leave as they found it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`shouyue plan check` tells its process to do without a database; programs of later tests must not hear it."""
    monkeypatch.setenv("SHOUYUE_WITHOUT_DATABASE", "")  # so that it is put back
    monkeypatch.delenv("SHOUYUE_WITHOUT_DATABASE")
