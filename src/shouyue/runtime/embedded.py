"""The embedded PostgreSQL server of one home: started by who needs it first, stopped by who leaves last.

Every process that uses the server holds a shared lock on `database.users`; the kernel drops it however the
process ends. `database.lock` serialises starting and stopping, so that many processes make one server.
"""

import atexit
import fcntl
import hashlib
import os
import re
import secrets
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from shouyue.runtime.account import Account, server_account
from shouyue.runtime.binaries import Binaries, find, runnable
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import open_home, problem_of, require_space

DATABASE = "shouyue"
RECOVERY_SECONDS = 600  # replaying a large write-ahead log after a crash
SETTINGS = """
# Written by shouyue when the cluster was made; yours to change.
shared_buffers = 256MB
max_connections = 100
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] %u '
"""

_held: dict[Path, tuple[int, int]] = {}  # home → (descriptor of the shared lock, process that took it)


@dataclass(frozen=True)
class Server:
    """The embedded server of one home: where its files are and who runs it."""

    home: Path
    base: Path
    account: Account

    @property
    def data(self) -> Path:
        """The data directory, named by the major version that wrote it."""
        written = sorted(path for path in self.base.glob("pgdata-*") if path.name[7:].isdigit())
        return written[-1] if written else self.base / f"pgdata-{find().major}"

    @property
    def sockets(self) -> Path:
        """Where the server listens; a socket's path may not exceed some hundred bytes."""
        directory = self.base / "run"
        if len(os.fsencode(directory)) <= 80:
            return directory
        return Path("/tmp") / f"shouyue-{hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]}"  # noqa: S108

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def url(self, user: str, database: str = DATABASE) -> str:
        return f"postgresql://{quote(user)}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"


def locate(home: Path) -> Server:
    """The embedded server of this home. Its files lie in the home, unless the server cannot enter there."""
    home = home.resolve()
    if set(str(home)) & set('"$`\\\n'):  # pg_ctl hands the path to a shell
        raise Problem(f"PostgreSQL cannot live in {str(home)!r}: set SHOUYUE_HOME to a plain path.")
    open_home(home)
    note = home / "database.directory"
    base = Path(note.read_text().strip()) if note.exists() else home
    account = server_account(next(base.glob("pgdata-*"), None))
    if account.switch and base == home:
        home.chmod(home.stat().st_mode | 0o011)
        if not account.enters(home):
            base = Path("/var/lib") / f"shouyue-{secrets.token_hex(6)}"
            base.mkdir(mode=0o711)
            note.write_text(f"{base}\n")
    return Server(home, base, account)


def ensure(home: Path, prepare: Callable[[Server], None] | None = None) -> Server:
    """Start the server where it is not running, and hold it until this process ends.

    prepare: called once with the running server of a new cluster, before others see it. Raises: Problem.
    """
    home = home.resolve()
    try:
        open_home(home)
        with _locked(home):
            server = locate(home)
            if postmaster(server) is None:
                _start(server)
            else:
                _await_ready(server)
            marker = server.base / "database.prepared"
            if prepare is not None and not marker.exists():
                prepare(server)
                marker.touch()
            _hold(home)
    except OSError as error:
        raise problem_of(error, Path(error.filename or home)) from error
    return server


def stop(home: Path) -> bool:
    """Stop the server whoever uses it; tell whether it was running."""
    home = home.resolve()
    if not home.exists():
        return False
    with _locked(home):
        return _stop(locate(home))


def erase(home: Path) -> None:
    """Stop the server and delete the cluster with everything in it."""
    home = home.resolve()
    with _locked(home):
        server = locate(home)
        _stop(server)
        for path in (*server.base.glob("pgdata-*"), *server.base.glob("pgbin-*"), server.sockets):
            shutil.rmtree(path, ignore_errors=True)
        (server.base / "database.prepared").unlink(missing_ok=True)
        if server.base != home:
            server.base.rmdir()
            (home / "database.directory").unlink()


def postmaster(server: Server) -> int | None:
    """The pid of the living postmaster of this very data directory, or None.

    `pg_ctl status` and the pid file are fooled by zombies and by pids used again.
    """
    try:
        pid = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        alive = process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return pid if alive and str(server.data) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def release(home: Path) -> None:
    """Let go of the server; the last to do so stops it, unless `keep` was asked for."""
    home = home.resolve()
    descriptor, process = _held.pop(home, (-1, 0))
    if process != os.getpid() or not home.exists():
        return
    os.close(descriptor)
    stop_unused(home)


def stop_unused(home: Path) -> bool:
    """Stop the server when no process uses it and nobody asked to keep it; tell whether it was stopped."""
    home = home.resolve()
    with _locked(home):
        users = os.open(home / "database.users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(users)
        return not kept(home).exists() and _stop(locate(home))


def kept(home: Path) -> Path:
    """The mark that says: leave the server running when nobody uses it."""
    return home / "database.keep"


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    descriptor = os.open(home / "database.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _hold(home: Path) -> None:
    if _held.get(home, (-1, 0))[1] == os.getpid():
        return
    descriptor = os.open(home / "database.users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if not _held:
        atexit.register(_release_all)
    _held[home] = (descriptor, os.getpid())


def _release_all() -> None:
    for home in list(_held):
        release(home)


def _start(server: Server) -> None:
    require_space(server.base)
    _clear_remains(server)
    binaries = _binaries(server)
    server.account.make_directory(server.sockets)
    if not server.data.exists():
        _initialise(server, binaries)
    if server.log.exists() and server.log.stat().st_size > 8 * 2**20:
        server.log.replace(server.log.with_suffix(".old.log"))
    options = " ".join(
        f"-c {name}={shlex.quote(value)}"
        for name, value in {
            "listen_addresses": "",
            "unix_socket_directories": f'"{server.sockets}"',
            "unix_socket_permissions": "0700",
        }.items()
    )
    command = (
        "-D",
        server.data,
        "-l",
        server.log,
        "-o",
        options,
        "-w",
        "-t",
        str(RECOVERY_SECONDS),
        "-s",
        "start",
    )
    give_up = time.monotonic() + 60
    while True:
        read_from = server.log.stat().st_size if server.log.exists() else 0
        status = server.account.run(binaries.directory / "pg_ctl", *command, detach=True).returncode
        if status == 0:
            return
        complaint = _complaint(server.log, read_from)
        # Backends of a killed server give up its shared memory only when they notice.
        if "still in use" not in complaint or time.monotonic() > give_up:
            raise _refusal(server, complaint)
        time.sleep(0.25)


def _initialise(server: Server, binaries: Binaries) -> None:
    draft = server.data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    server.account.make_directory(draft)
    answer = server.account.run(
        binaries.directory / "initdb",
        *("-D", draft, "-U", "postgres", "-E", "UTF8"),
        *(
            ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            if binaries.major > 16
            else ("--locale=C.UTF-8",)
        ),
        *("--auth-local=trust", "--auth-host=reject", "--data-checksums"),
    )
    if answer.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise _refusal(server, answer.stderr)
    with (draft / "postgresql.conf").open("a") as file:
        file.write(SETTINGS)
    draft.rename(server.data)  # a half-made cluster never bears the final name


def _stop(server: Server) -> bool:
    if postmaster(server) is None:
        return False
    binaries = _binaries(server)
    for mode in ("fast", "immediate"):
        command = ("-D", server.data, "-m", mode, "-w", "-t", "60", "-s", "stop")
        server.account.run(binaries.directory / "pg_ctl", *command)
        if postmaster(server) is None:
            return True
    raise Problem(f"PostgreSQL (process {postmaster(server)}) does not stop; its log is {server.log}.")


def _binaries(server: Server) -> Binaries:
    wanted = int(server.data.name.removeprefix("pgdata-")) if server.data.exists() else None
    return runnable(find(wanted), server.account, server.base)


def _await_ready(server: Server) -> None:
    """Who started it may have been killed while waiting. The pid file's eighth line is the server's state."""
    give_up = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < give_up:
        lines = (server.data / "postmaster.pid").read_text().split("\n")
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        if postmaster(server) is None:
            return _start(server)
        time.sleep(0.05)
    raise Problem(f"PostgreSQL is still recovering after {RECOVERY_SECONDS} s; its log is {server.log}.")


def _clear_remains(server: Server) -> None:
    """Remove the lock files of a killed server, once the last of its backends has left."""
    if not (server.data / "postmaster.pid").exists():
        return
    give_up = time.monotonic() + 60
    while orphans := _orphans(server):
        if time.monotonic() > give_up:
            raise Problem(
                f"Processes {orphans} of a killed PostgreSQL still use {server.data}: end them first."
            )
        time.sleep(0.05)
    (server.data / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (server.sockets / name).unlink(missing_ok=True)


def _orphans(server: Server) -> list[int]:
    """Backends work in the data directory, whatever title they give themselves."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(server.data) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def _complaint(log: Path, read_from: int) -> str:
    try:
        with log.open(errors="replace") as file:
            file.seek(read_from)
            return file.read()
    except OSError:
        return ""


def _refusal(server: Server, complaint: str) -> Problem:
    if "No space left on device" in complaint or "Disk quota exceeded" in complaint:
        return Problem(f"The disk is full: PostgreSQL cannot write to {server.base}; free some space.")
    said = re.findall(r"(?:FATAL|PANIC|initdb: error|error):\s+(.+)", complaint) or [
        complaint.strip() or "no reason given"
    ]
    return Problem(f"PostgreSQL does not start: {said[0]} (log: {server.log}).")
