from pathlib import Path

import pytest

from shouyue.runtime import binaries
from shouyue.runtime.errors import Problem


def fake_install(root: Path, version: str) -> Path:
    folder = root / version
    folder.mkdir()
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def offer(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setattr(binaries, "_directories", lambda: iter(folders))


def test_first_new_enough_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, *(fake_install(tmp_path, version) for version in ("14.9", "16.2", "18.6")))
    assert binaries.find().major == 16


def test_existing_cluster_decides_the_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, *(fake_install(tmp_path, version) for version in ("18.6", "16.2")))
    assert binaries.find(16).version == "16.2"
    with pytest.raises(Problem, match=r"written by PostgreSQL 17, only 18\.6, 16\.2 found"):
        binaries.find(17)


def test_too_old_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, fake_install(tmp_path, "14.9"))
    with pytest.raises(Problem, match=r"PostgreSQL 15 or newer is needed, only 14\.9 found"):
        binaries.find()


def test_nothing_found_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, tmp_path / "missing")
    with pytest.raises(Problem, match="none found"):
        binaries.find()
