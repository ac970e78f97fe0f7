"""`shouyue stop`: end what `shouyue up` runs, from another terminal."""

import argparse
import os
import signal
import time

from shouyue.cli.parsing import Commands, add_command
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import home_directory
from shouyue.runtime.supervision import end_leftovers, locked, read_state

LONGEST_SECONDS = 60


def register(commands: Commands) -> None:
    add_command(commands, "stop", run, help="stop the running web, worker and database")


def run(_: argparse.Namespace) -> int:
    home = home_directory().resolve()
    state = read_state(home) if home.exists() else None
    if state is None:
        left = end_leftovers(home)
        print(f"Ended {left} processes of a killed run." if left else "Nothing is running.")
        return 0
    os.kill(int(str(state["pid"])), signal.SIGTERM)
    give_up = time.monotonic() + LONGEST_SECONDS
    while locked(home):
        if time.monotonic() > give_up:
            raise Problem(f"Process {state['pid']} does not stop.")
        time.sleep(0.1)
    print("Stopped.")
    return 0
