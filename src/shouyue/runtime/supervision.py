"""One process that keeps the others running: starts parts, restarts what died, and ends everything in order.

Each part leads a process group of its own, so that what it leaves behind is ended with it. On Linux a part is
told to end when the supervisor dies, even by kill -9; what survives that is ended by the next start.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from shouyue.runtime.errors import Problem

MARK = "SHOUYUE_SUPERVISED_BY"  # in the environment of every part: the home directory
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a part that ran this long starts again without a long wait
TICK_SECONDS = 0.2

Say = Callable[[str], None]


@dataclass
class Part:
    """A supervised process. once: it ends by itself, and an exit status of 0 means done."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    attempts: int | None = None  # give up after so many failures in a row
    grace_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    finished: bool = False

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None


@dataclass
class Supervisor:
    """Runs the parts until told to stop. watch: called at each tick, to mend what is no child of ours."""

    home: Path
    parts: list[Part]
    say: Say
    watch: Callable[[], None] = lambda: None
    stopping: bool = False
    hurried: bool = False

    def run(self) -> None:
        """Keep the parts running until a signal asks to stop; then end them, in their order."""
        with _signals(self._asked_to_stop):
            try:
                while not self.stopping:
                    self.tick(time.monotonic())
                    time.sleep(TICK_SECONDS)
            finally:
                self.stop()

    def tick(self, now: float) -> None:
        """Look at every part once: start what is due, note what ended."""
        changed = False
        for part in self.parts:
            if part.process is not None and part.process.poll() is not None:
                self._ended(part, part.process, now)
                changed = True
            if part.process is None and not part.finished and part.start_at <= now:
                self._start(part, now)
                changed = True
        if changed:
            self.write_state()
        try:
            self.watch()
        except Problem as problem:
            self.say(str(problem))

    def stop(self) -> None:
        """End the parts one after the other: politely, then by force; their leftovers with them."""
        for part in self.parts:
            if part.process is not None:
                end_group(part.process, 0.0 if self.hurried else part.grace_seconds, lambda: self.hurried)
                part.process = None
        state_file(self.home).unlink(missing_ok=True)

    def write_state(self) -> None:
        """What `status` and `stop` read."""
        state = {
            "pid": os.getpid(),
            "parts": {part.name: part.pid for part in self.parts if not part.finished},
        }
        draft = state_file(self.home).with_suffix(".new")
        with suppress(OSError):  # a full disk must not end what runs
            draft.write_text(json.dumps(state))
            draft.replace(state_file(self.home))

    def _asked_to_stop(self) -> None:
        self.hurried = self.stopping
        self.stopping = True

    def _start(self, part: Part, now: float) -> None:
        environment = {**os.environ, **part.environment, MARK: str(self.home)}
        part.process = subprocess.Popen(
            part.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is the supervisor's alone, and the group can be ended as one
            preexec_fn=_end_with_parent(os.getpid()),
        )
        part.started_at = now

    def _ended(self, part: Part, process: subprocess.Popen[bytes], now: float) -> None:
        end_group(process, 0.0)
        part.process = None
        if part.once and process.returncode == 0:
            part.finished = True
            return
        steady = now - part.started_at >= STEADY_SECONDS
        part.failures = 1 if steady else part.failures + 1
        how = describe_exit(process.returncode)
        if part.attempts is not None and part.failures >= part.attempts:
            part.finished = True
            self.say(
                f"{part.name} {how}, {part.failures} times in a row; it is given up until the next start."
            )
            return
        wait = min(FIRST_WAIT_SECONDS * 2 ** (part.failures - 1), LONGEST_WAIT_SECONDS)
        part.start_at = now + wait
        self.say(f"{part.name} {how}; starting it again in {wait:g} s.")


def describe_exit(status: int) -> str:
    """In words: `was killed (SIGKILL)` or `ended with status 3`."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed ({signal.Signals(-status).name})"
    except ValueError:
        return f"was killed (signal {-status})"


def end_group(
    process: subprocess.Popen[bytes], grace_seconds: float, hurry: Callable[[], bool] = lambda: False
) -> None:
    """End a process and its group: SIGTERM, and SIGKILL after the grace or for what is left."""
    give_up = time.monotonic() + grace_seconds
    if process.poll() is None:
        process.terminate()
    while process.poll() is None and time.monotonic() < give_up and not hurry():
        time.sleep(0.02)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_leftovers(home: Path) -> int:
    """End what a killed supervisor of this home left running; returns how many processes."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(home):
                left.append(process)
        except (psutil.Error, OSError):
            continue
    for process in left:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    return len(left)


def state_file(home: Path) -> Path:
    return home / "up.json"


def read_state(home: Path) -> dict[str, object] | None:
    """What a living supervisor of this home wrote, or None."""
    try:
        state: dict[str, object] = json.loads(state_file(home).read_text())
        process = psutil.Process(int(str(state["pid"])))
        alive = process.status() != psutil.STATUS_ZOMBIE and locked(home)
        return state if alive else None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None


@contextmanager
def sole_supervisor(home: Path) -> Iterator[None]:
    """Hold the place of this home's supervisor. Raises: Problem when another holds it."""
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Problem(
                f"Shouyue is already running in {home}: `shouyue status` shows it, `shouyue stop` ends it."
            ) from error
        state_file(home).write_text(json.dumps({"pid": os.getpid(), "parts": {}}))
        try:
            yield
        finally:
            state_file(home).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def locked(home: Path) -> bool:
    """Whether a supervisor holds this home."""
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop()) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """For the child between fork and exec: ask Linux for SIGTERM when the parent dies, however it dies."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    set_death_signal = 1

    def before_exec() -> None:
        libc.prctl(set_death_signal, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_exec
