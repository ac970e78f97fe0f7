"""The whole program running for a test: `shouyue up` in a home of its own, on a free port of this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from shouyue.runtime import embedded

OURSELVES = (sys.executable, "-m", "shouyue.cli")
CAST = Path(__file__).resolve().parent / "cast.py"


class Stack:
    """`shouyue up` without the demo. Use as a context manager; `cast` says who lives in it.

    inhabited: else the database is empty, and nothing runs.
    """

    def __init__(self, *, workers: int = 2, inhabited: bool = True) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="shouyue-test-"))
        self.home.chmod(0o755)
        self.port = 0
        self.workers, self.inhabited = workers, inhabited
        self.process: subprocess.Popen[bytes] | None = None
        self.cast: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "SHOUYUE_", "DJANGO_"))}
        kept.pop("PYTEST_CURRENT_TEST", None)
        return {**kept, "SHOUYUE_HOME": str(self.home), "SHOUYUE_DEMO": "0", "SHOUYUE_LOG_LEVEL": "ERROR"}

    def __enter__(self) -> Stack:
        try:
            self.run(*OURSELVES, "prepare")
            if self.inhabited:
                self.cast = json.loads(self.run(sys.executable, str(CAST)).splitlines()[-1])
                self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(
            [*OURSELVES, "database", "erase", "--yes"], env=self.environment, capture_output=True, check=False
        )
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> None:
        """Begin, and wait until pages answer."""
        self.port = _free_port()  # now, not earlier: somebody else may take it meanwhile
        command = [*OURSELVES, "up", "--no-demo", "--port", str(self.port), "--workers", str(self.workers)]
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.wait_until_open()

    def wait_until_open(self, seconds: float = 180) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"nobody listens after {seconds} s:\n{self.log()}")

    def log(self) -> str:
        """What `shouyue up` has said so far."""
        return (self.home / "up.log").read_text("utf-8", "replace")

    def run(self, *command: str) -> str:
        """The output of another program in this home. Raises AssertionError with what it said when it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def python(self, code: str) -> Any:
        """The JSON that a piece of code prints last, run under the scope of the whole database."""
        opening = (
            "import django, json; django.setup()\n"
            "from shouyue.kernel.scope import EVERYTHING, acting_in\n"
            "with acting_in(EVERYTHING):\n"
        )
        indented = "\n".join("    " + line for line in code.strip().splitlines())
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "shouyue.config.settings"}
        done = subprocess.run(
            [sys.executable, "-c", opening + indented],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-6000:]
        return json.loads(done.stdout.splitlines()[-1])

    def processes(self, part: str) -> list[psutil.Process]:
        """The processes of one part, by a word of their command line: granian, worker."""
        assert self.process is not None
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if part in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def postmaster(self) -> int | None:
        """The process id of the database, if it runs."""
        return embedded.postmaster(embedded.locate(self.home))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
