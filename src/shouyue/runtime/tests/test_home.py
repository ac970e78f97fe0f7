import errno
import os
import stat
from pathlib import Path

import pytest

from shouyue.runtime import home
from shouyue.runtime.errors import Problem


def test_home_is_given_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOUYUE_HOME", str(tmp_path / "here"))
    assert home.home_directory() == tmp_path / "here"


def test_home_is_in_the_checkout_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOUYUE_HOME", raising=False)
    root = home.checkout()
    assert root is not None
    assert home.home_directory() == root / ".shouyue"


def test_secret_key_is_made_once_and_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SHOUYUE_SECRET_KEY", raising=False)
    key = home.secret_key(tmp_path)
    assert len(key) >= 50
    assert home.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_given_secret_key_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOUYUE_SECRET_KEY", "given")
    assert home.secret_key(tmp_path) == "given"


def test_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="The disk is nearly full"):
        home.require_space(tmp_path, enough=10**18)


def test_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match="cannot be used"):
        home.open_home(tmp_path / "file" / "home")


def test_somebody_elses_home_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(Problem, match="run as its owner, or set SHOUYUE_HOME"):
        home.open_home(tmp_path)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "change its owner"), (errno.EIO, "cannot be used")],
)
def test_file_errors_have_sentences(code: int, sentence: str, tmp_path: Path) -> None:
    assert sentence in str(home.problem_of(OSError(code, os.strerror(code)), tmp_path))
