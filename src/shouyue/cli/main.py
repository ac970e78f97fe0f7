"""The command line: finds the command, runs it, and tells a problem in one sentence."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from shouyue import __version__
from shouyue.cli import words
from shouyue.cli.parsing import Commands
from shouyue.cli.words import _
from shouyue.runtime import database
from shouyue.runtime.environment import load_environment
from shouyue.runtime.errors import Problem

# Modules of this package, in the order of the help page.
COMMANDS = (
    "up",
    "stop",
    "status",
    "check",
    "verify",
    "prepare",
    "database",
    "users",
    "plans",
    "calendars",
    "periods",
    "demo",
    "manage",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 a problem or a finding, 2 wrong usage."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        words.choose(words.wanted(given))
        with words.parser_speaks():
            chosen = _parser().parse_args(given)
        words.choose(chosen.spoken)
        load_environment()
        try:
            status: int = chosen.run(chosen)
        finally:
            _settle()
        return status
    except Problem as problem:
        return _tell(problem)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        known = database.trouble(error)
        if known is None:
            raise
        return _tell(known)


def _tell(problem: Problem) -> int:
    print(f"shouyue: {problem}", file=sys.stderr)
    return 1


def _settle() -> None:
    """Record what gates refused a command that loaded the application, such as a shell."""
    gates = sys.modules.get("shouyue.kernel.gates")
    if gates is not None:
        gates.settle()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shouyue",
        description=_("Shouyue: every promise of a service contract, started, watched and proved."),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"shouyue {__version__}",
        help=_("show the version and exit"),
    )
    parser.add_argument(
        "--language",
        dest="spoken",
        choices=words.LANGUAGES,
        default=words.spoken(),
        help=_("of what is printed"),
    )
    commands: Commands = parser.add_subparsers(metavar="command", required=True, dest="command")
    for name in COMMANDS:
        importlib.import_module(f"shouyue.cli.{name}").register(commands)
    return parser
