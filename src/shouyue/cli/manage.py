"""`shouyue manage …`: any command of Django or of a module."""

import argparse
import os

from shouyue.cli.parsing import Commands
from shouyue.cli.words import _


def register(commands: Commands) -> None:
    parser = commands.add_parser("manage", help=_("run a Django management command"), add_help=False)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouyue.config.settings")
    execute_from_command_line(["shouyue manage", *chosen.arguments])
    return 0
