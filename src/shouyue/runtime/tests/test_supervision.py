import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from shouyue.runtime import supervision
from shouyue.runtime.errors import Problem
from shouyue.runtime.supervision import Part, Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
)
PARENT_WITH_CHILD = (
    sys.executable,
    "-c",
    "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    " open(sys.argv[1], 'w').write(str(c.pid)); time.sleep(600)",
)
SUPERVISE = """
import sys, pathlib
from shouyue.runtime.supervision import Part, Supervisor, sole_supervisor
home = pathlib.Path(sys.argv[1])
sleep = (sys.executable, "-c", "import time; time.sleep(600)")
with sole_supervisor(home):
    Supervisor(home, [Part("one", sleep), Part("two", sleep)], lambda text: print(text, flush=True)).run()
"""


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def said() -> list[str]:
    return []


def make(home: Path, said: list[str], *parts: Part) -> Supervisor:
    return Supervisor(home, list(parts), said.append)


def test_dead_part_is_started_again_after_a_growing_wait(tmp_path: Path, said: list[str]) -> None:
    part = Part("web", (sys.executable, "-c", "raise SystemExit(3)"))
    supervisor = make(tmp_path, said, part)
    now = 1000.0
    for wait in (0.5, 1, 2, 4, 8, 16, 30, 30):
        supervisor.tick(now)
        assert part.process is not None
        part.process.wait()
        supervisor.tick(now)
        assert said[-1] == f"web ended with status 3; starting it again in {wait:g} s."
        supervisor.tick(now + wait - 0.01)
        assert part.process is None
        now += wait


def test_steady_part_starts_again_at_once(tmp_path: Path, said: list[str]) -> None:
    part = Part("web", SLEEP, failures=6)
    supervisor = make(tmp_path, said, part)
    supervisor.tick(0.0)
    assert part.process is not None
    part.process.kill()
    part.process.wait()
    supervisor.tick(100.0)
    assert said == ["web was killed (SIGKILL); starting it again in 0.5 s."]


def test_part_that_ends_well_once_is_done(tmp_path: Path, said: list[str]) -> None:
    part = Part("demo", (sys.executable, "-c", ""), once=True)
    supervisor = make(tmp_path, said, part)
    supervisor.tick(0.0)
    assert part.process is not None
    part.process.wait()
    supervisor.tick(1.0)
    supervisor.tick(100.0)
    assert part.finished
    assert part.process is None
    assert said == []


def test_part_is_given_up_after_its_attempts(tmp_path: Path, said: list[str]) -> None:
    part = Part("demo", (sys.executable, "-c", "raise SystemExit(1)"), once=True, attempts=2)
    supervisor = make(tmp_path, said, part)
    for now in (0.0, 1.0):
        supervisor.tick(now)
        assert part.process is not None
        part.process.wait()
        supervisor.tick(now)
    assert part.finished
    assert said[-1] == "demo ended with status 1, 2 times in a row; it is given up until the next start."


def test_children_of_a_killed_part_are_ended(tmp_path: Path, said: list[str]) -> None:
    note = tmp_path / "child"
    part = Part("web", (*PARENT_WITH_CHILD, str(note)))
    supervisor = make(tmp_path, said, part)
    supervisor.tick(0.0)
    assert part.process is not None
    wait_until(lambda: note.exists() and note.read_text())
    part.process.kill()
    part.process.wait()
    supervisor.tick(1.0)
    wait_until(lambda: gone(int(note.read_text())))


def test_stubborn_process_is_ended_by_force() -> None:
    process = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    supervision.end_group(process, 0.2)
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL


def test_fault_of_the_watch_is_said_and_ends_nothing(tmp_path: Path, said: list[str]) -> None:
    def watch() -> None:
        raise Problem("PostgreSQL does not start.")

    Supervisor(tmp_path, [], said.append, watch).tick(0.0)
    assert said == ["PostgreSQL does not start."]


def supervise(home: Path) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(home)], stdout=subprocess.DEVNULL)

    def parts() -> dict[str, int]:
        state = supervision.read_state(home) or {}
        return state.get("parts") or {}  # type: ignore[return-value]

    wait_until(lambda: len(parts()) == 2 and all(parts().values()))
    return process, parts()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    process, parts = supervise(tmp_path)
    process.send_signal(number)
    assert process.wait(20) == 0
    assert all(gone(pid) for pid in parts.values())
    assert supervision.read_state(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_parts_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    process, parts = supervise(tmp_path)
    process.kill()
    process.wait()
    wait_until(lambda: all(gone(pid) for pid in parts.values()))
    assert supervision.read_state(tmp_path) is None


def test_second_supervisor_is_refused(tmp_path: Path) -> None:
    process, _ = supervise(tmp_path)
    with pytest.raises(Problem, match="already running"), supervision.sole_supervisor(tmp_path):
        pass
    process.terminate()
    process.wait(20)
    with supervision.sole_supervisor(tmp_path):
        assert json.loads(supervision.state_file(tmp_path).read_text()) == {"pid": os.getpid(), "parts": {}}


def test_leftovers_of_a_killed_run_are_ended(tmp_path: Path) -> None:
    environment = {**os.environ, supervision.MARK: str(tmp_path)}
    process = subprocess.Popen(SLEEP, env=environment)
    other = subprocess.Popen(SLEEP, env={**os.environ, supervision.MARK: str(tmp_path / "other")})
    wait_until(lambda: psutil.Process(process.pid).environ().get(supervision.MARK))
    assert supervision.end_leftovers(tmp_path) == 1
    assert gone(process.pid)
    process.wait()
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (-9, "was killed (SIGKILL)"), (-77, "was killed (signal 77)")],
)
def test_exit_in_words(status: int, words: str) -> None:
    assert supervision.describe_exit(status) == words
