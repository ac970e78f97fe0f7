"""`shouyue stop`: end what `shouyue up` runs, from another terminal."""

import argparse
import os
import signal
import time
from pathlib import Path

from shouyue.cli.parsing import Commands, add_command
from shouyue.cli.words import _
from shouyue.runtime import database, embedded
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import home_directory
from shouyue.runtime.supervision import end_leftovers, locked, read_state

LONGEST_SECONDS = 60


def register(commands: Commands) -> None:
    add_command(commands, "stop", run, help=_("stop the running web, worker and database"))


def _clean_up(home: Path) -> int:
    """A killed supervisor leaves PostgreSQL, and at times more, behind."""
    left = end_leftovers(home)
    if home.exists() and database.given() is None and embedded.stop_unused(home):
        left += 1
    print(_("Ended {count} processes of a killed run.", count=left) if left else _("Nothing is running."))
    return 0


def run(chosen: argparse.Namespace) -> int:
    home = home_directory().resolve()
    state = read_state(home) if home.exists() else None
    if state is None:
        return _clean_up(home)
    os.kill(int(str(state["pid"])), signal.SIGTERM)
    give_up = time.monotonic() + LONGEST_SECONDS
    while locked(home):
        if time.monotonic() > give_up:
            raise Problem(_("Process {pid} does not stop.", pid=state["pid"]))
        time.sleep(0.1)
    print(_("Stopped."))
    return 0
