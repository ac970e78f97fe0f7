"""The operating-system account the embedded server runs under: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shouyue.runtime.errors import Problem


@dataclass(frozen=True)
class Account:
    """A user of this machine. switch: whether we are root and must become that user first."""

    uid: int
    gid: int
    switch: bool

    def run(self, *command: str | Path, detach: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, in a bare environment; never raises for its exit status."""
        return subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            # A server started by pg_ctl would keep a pipe open for ever.
            stdout=subprocess.DEVNULL if detach else subprocess.PIPE,
            stderr=subprocess.DEVNULL if detach else subprocess.PIPE,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"},
            start_new_session=True,  # Ctrl-C in our terminal is ours alone
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def allows(self, *command: str | Path) -> bool:
        """Whether this account can run the command with success."""
        try:
            return self.run(*command).returncode == 0
        except OSError:
            return False

    def enters(self, directory: Path) -> bool:
        """Whether this account reaches the directory; /root, for one, is closed to others."""
        return not self.switch or self.allows("/bin/sh", "-c", 'cd "$0"', directory)

    def make_directory(self, path: Path) -> None:
        """Create a directory only this account may open."""
        path.mkdir(mode=0o700, exist_ok=True)
        if path.is_symlink() or path.stat().st_uid not in (self.uid, os.geteuid()):
            raise Problem(f"{path} belongs to somebody else; remove it or set SHOUYUE_HOME.")
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)


def server_account(owner_of: Path | None = None) -> Account:
    """Ourselves; for root the owner of an existing data directory, else postgres, else nobody."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    if owner_of is not None and owner_of.exists():
        entry = owner_of.stat()
        if entry.st_uid != 0:
            return Account(entry.st_uid, entry.st_gid, switch=True)
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(user.pw_uid, user.pw_gid, switch=True)
    raise Problem(
        "PostgreSQL does not run as root, and there is no user postgres or nobody: run as another user."
    )
