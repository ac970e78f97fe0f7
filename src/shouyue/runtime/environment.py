"""The .env file: settings of one installation, where the process manager gives none."""

import os
from pathlib import Path

from shouyue.runtime.errors import Problem
from shouyue.runtime.home import checkout


def load_environment(path: Path | None = None) -> None:
    """Take NAME=value lines of .env (checkout, else working directory) into the environment, where unset.

    Raises: Problem for a line that is neither that nor a comment.
    """
    path = path or (checkout() or Path.cwd()) / ".env"
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Problem(f"{path}, line {number}, is not of the form NAME=value: {text!r}.")
        os.environ.setdefault(name.strip(), _unquoted(value.strip()))


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
