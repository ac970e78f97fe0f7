import os
from pathlib import Path

import pytest

from shouyue.runtime.environment import load_environment
from shouyue.runtime.errors import Problem


def test_values_are_taken_where_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SY_ONE", "kept")
    monkeypatch.setenv("SY_TWO", "")
    monkeypatch.delenv("SY_TWO")
    (tmp_path / ".env").write_text("# note\n\nSY_ONE=other\nSY_TWO = 'with spaces = and sign'\n")
    load_environment(tmp_path / ".env")
    assert os.environ["SY_ONE"] == "kept"
    assert os.environ["SY_TWO"] == "with spaces = and sign"
    monkeypatch.delenv("SY_TWO")


def test_missing_file_is_fine(tmp_path: Path) -> None:
    before = dict(os.environ)
    load_environment(tmp_path / ".env")
    assert dict(os.environ) == before


def test_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nrubbish\n")
    with pytest.raises(Problem, match="line 2"):
        load_environment(tmp_path / ".env")
    os.environ.pop("A", None)
