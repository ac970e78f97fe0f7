"""`shouyue status`: what is running, with process numbers."""

import argparse

from shouyue.cli.parsing import Commands, add_command
from shouyue.cli.words import _
from shouyue.runtime import database, embedded
from shouyue.runtime.home import home_directory
from shouyue.runtime.supervision import read_state


def register(commands: Commands) -> None:
    add_command(commands, "status", run, help=_("show what is running"))


def run(chosen: argparse.Namespace) -> int:
    """Exit status 0 when running, 1 when not."""
    home = home_directory().resolve()
    state = read_state(home) if home.exists() else None
    print(f"home       {home}")
    if database.given() is None and home.exists():
        print(f"postgres   {embedded.postmaster(embedded.locate(home)) or _('not running')}")
    if state is None:
        print(f"supervisor {_('not running')}")
        return 1
    print(f"supervisor {state['pid']}")
    parts = state.get("parts")
    for name, pid in parts.items() if isinstance(parts, dict) else ():
        print(f"{name:<10} {pid or _('starting again')}")
    return 0
