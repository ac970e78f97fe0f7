import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouyue.runtime import embedded


@pytest.fixture
def no_given_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_ADMIN_URL", "SHOUYUE_ROLE_PREFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(no_given_server: None) -> Iterator[Path]:
    """A home of its own, where the server's account may enter, unlike pytest's own directories."""
    path = Path(tempfile.mkdtemp(prefix="shouyue-test-"))
    path.chmod(0o711)
    yield path.resolve()
    embedded.release(path)
    embedded.erase(path)
    shutil.rmtree(path)
