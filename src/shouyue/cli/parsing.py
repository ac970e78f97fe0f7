"""How a command enters the command line."""

import argparse
import os
from collections.abc import Callable
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], int]


def add_command(commands: Commands, name: str, run: Run, *, help: str) -> argparse.ArgumentParser:
    """Add a command; run: gets the parsed arguments and returns the exit status."""
    parser = commands.add_parser(name, help=help, description=help)
    parser.set_defaults(run=run)
    return parser


def load_django() -> None:
    """Make models and settings usable in this process. Raises: Problem."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouyue.config.settings")
    django.setup()
