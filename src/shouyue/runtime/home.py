"""The home directory: the one place an installation writes to, and the secrets it keeps there."""

import errno
import os
import secrets
import shutil
from pathlib import Path

from shouyue.runtime.errors import Problem

ENOUGH_BYTES = 256 * 1024 * 1024


def checkout() -> Path | None:
    """The source checkout this code runs from, or None when it was installed from a wheel."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else None


def home_directory() -> Path:
    """SHOUYUE_HOME, else .shouyue in the checkout, else .shouyue in the working directory."""
    given = os.environ.get("SHOUYUE_HOME")
    return Path(given).expanduser().resolve() if given else (checkout() or Path.cwd()) / ".shouyue"


def open_home(home: Path) -> None:
    """Create the home directory where missing and make sure it can be written. Raises: Problem."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = home.stat().st_uid
    except OSError as error:
        raise problem_of(error, home) from error
    if os.geteuid() not in (0, owner):
        raise Problem(
            f"The home directory {home} belongs to user {owner}, not to you (user {os.geteuid()}): "
            "run as its owner, or set SHOUYUE_HOME to another directory."
        )
    if not os.access(home, os.W_OK | os.X_OK):
        raise Problem(f"The home directory {home} is not writable: change its mode or set SHOUYUE_HOME.")


def require_space(home: Path, enough: int = ENOUGH_BYTES) -> None:
    """Refuse to start on a disk about to be full. Raises: Problem."""
    free = shutil.disk_usage(home).free
    if free < enough:
        raise Problem(
            f"The disk is nearly full: {free // 2**20} MB are free at {home} and {enough // 2**20} MB are "
            "needed; free some space or set SHOUYUE_HOME to a directory on another disk."
        )


def secret_key(home: Path) -> str:
    """The key that signs sessions: SHOUYUE_SECRET_KEY, else one made once and kept in the home directory."""
    given = os.environ.get("SHOUYUE_SECRET_KEY")
    if given:
        return given
    open_home(home)
    path = home / "secret-key"
    draft = home / f".secret-key.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        if not path.exists():
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(
                    draft, path
                )  # of several first starts at once, one wins and the file is never half written
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise problem_of(error, path) from error


def problem_of(error: OSError, path: Path) -> Problem:
    """The sentence for a failed file operation."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(f"The disk is full: {path} cannot be written; free some space or set SHOUYUE_HOME.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem(f"{path} cannot be written ({error.strerror}): change its owner or set SHOUYUE_HOME.")
    return Problem(f"{path} cannot be used: {error.strerror or error}.")
