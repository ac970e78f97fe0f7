"""`shouyue database …`: the embedded PostgreSQL by hand."""

import argparse
import os

from shouyue.cli.parsing import Commands, add_command
from shouyue.cli.words import _
from shouyue.runtime import database, embedded
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import home_directory
from shouyue.runtime.supervision import locked


def register(commands: Commands) -> None:
    parser = add_command(
        commands, "database", run, help=_("start, stop, show, enter or erase the embedded PostgreSQL")
    )
    parser.add_argument(
        "action",
        choices=("start", "stop", "url", "psql", "erase"),
        help=_("start: and keep it running; url: the app's and the administrator's; erase: delete all data"),
    )
    parser.add_argument("--yes", action="store_true", help=_("erase without a question"))


def run(chosen: argparse.Namespace) -> int:
    if database.given():
        raise Problem(_("DATABASE_URL is set: the embedded PostgreSQL is not in use."))
    home = home_directory().resolve()
    if chosen.action in ("stop", "erase") and home.exists() and locked(home):
        raise Problem(_("Shouyue is running: `shouyue stop` first."))
    match chosen.action:
        case "start":
            urls = database.ensure(home)
            embedded.kept(home).touch()
            print(urls.app)
        case "stop":
            embedded.kept(home).unlink(missing_ok=True)
            print(_("Stopped.") if embedded.stop(home) else _("It was not running."))
        case "url":
            urls = database.ensure(home)
            print(f"{urls.app}\n{urls.admin}")
        case "psql":
            _enter(database.ensure(home))
        case "erase":
            _erase(chosen.yes)
    return 0


def _enter(urls: database.Urls) -> None:
    import subprocess

    from shouyue.runtime.binaries import find

    subprocess.run([find().directory / "psql", urls.admin], check=False)


def _erase(sure: bool) -> None:
    home = home_directory().resolve()
    if not home.exists():
        return
    if not sure and input(_("Delete every record in {home}? Type yes: ", home=home)) != "yes":
        raise Problem(_("Nothing was deleted."))
    embedded.erase(home)
    for name in ("database.keep",):
        (home / name).unlink(missing_ok=True)
    print(_("Deleted the database in {home}.", home=os.fspath(home)))
