"""The system under test: a home of the benchmark's own with `shouyue up` running in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from shouyue.runtime import database, embedded

MARK = "benchmark"
"""A file that says: this home was made by the benchmark, which may delete it."""


def new_home(home: Path) -> None:
    """An empty home with a migrated database. Refuses to touch a home that it did not make itself."""
    if home.exists():
        if not (home / MARK).exists():
            raise SystemExit(f"{home} is not a benchmark's home: nothing was deleted. Choose another --home.")
        embedded.erase(home)
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / MARK).touch()
    subprocess.run([sys.executable, "-m", "shouyue.cli", "prepare"], check=True, env=environment(home))


def environment(home: Path) -> dict[str, str]:
    """The environment of everything that works in this home; a server named outside is never touched."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATABASE_ADMIN_URL")}
    return {**kept, "SHOUYUE_HOME": str(home), "SHOUYUE_DEMO": "0"}


def read_files(home: Path) -> None:
    """Let the system hold the database's files in its cache, as far as it has memory for them."""
    for path in (embedded.locate(home).data / "base").glob("*/*"):
        with contextlib.suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
            while file.read(2**20):
                pass


class Stack:
    """`shouyue up` with two web processes and a worker; use as a context manager."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()

    def __enter__(self) -> Stack:
        self.urls = database.ensure(self.home)
        command = (sys.executable, "-m", "shouyue.cli", "up", "--no-demo", "--port", str(self.port))
        self.process = subprocess.Popen(command, env=environment(self.home), stdout=subprocess.DEVNULL)
        wait_until_open(self.port, self.process)
        postmaster = embedded.postmaster(embedded.locate(self.home))
        assert postmaster is not None
        self.groups = {"app": {self.process.pid}, "postgres": {postmaster}}
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def part(self, word: str) -> list[psutil.Process]:
        """The processes of one part of the stack, by a word of their command line."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [process for process in below if word in " ".join(process.cmdline())]


def wait_until_open(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait for somebody to listen. Raises: SystemExit when the process ends first."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise SystemExit(f"shouyue up ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("shouyue up did not open its port")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
