"""How a command enters the command line."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from shouyue.cli import words
from shouyue.runtime.errors import Problem

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


def spoken() -> AbstractContextManager[None]:
    """In the terminal's language; what a service refuses becomes one sentence. Raises: Problem."""
    return speaking(words.spoken())


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """The same in a language, zh or en. Raises: Problem."""
    from django.utils import translation

    from shouyue.kernel.errors import ShouyueError

    with translation.override({"zh": "zh-hans"}.get(language, language)):
        try:
            yield
        except ShouyueError as error:
            wrong = [f"{field}: {text}" for field, texts in error.fields.items() for text in texts]
            if not wrong or error.message != type(error)().message:
                wrong = [error.message, *wrong]
            raise Problem(" ".join(wrong)) from error
