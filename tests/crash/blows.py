"""kill -9 of the parts of a running program."""

from __future__ import annotations

import json
import os
import signal
import time

from running_stack import Stack

PATIENCE_SECONDS = 180


def kill_web_process(stack: Stack) -> None:
    """One of the processes that answer requests."""
    web = part(stack, "web")
    children = [p for p in stack.processes("granian") if p.pid != web]
    os.kill(children[0].pid, signal.SIGKILL)


def kill_web(stack: Stack) -> None:
    os.kill(part(stack, "web"), signal.SIGKILL)


def kill_worker(stack: Stack) -> None:
    os.kill(part(stack, "worker"), signal.SIGKILL)


def kill_database(stack: Stack) -> None:
    postmaster = stack.postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)


def part(stack: Stack, name: str) -> int:
    """The process id of a supervised part; waits while it is being started again."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        pid = json.loads((stack.home / "up.json").read_text())["parts"].get(name)
        if pid is not None:
            return int(pid)
        time.sleep(0.1)
    raise AssertionError(f"{name} does not run:\n{stack.log()}")
