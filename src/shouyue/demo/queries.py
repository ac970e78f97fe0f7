"""What the demo's pages and commands ask."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from shouyue.accounts.models import User
from shouyue.kernel import locks

from .choices import State
from .models import DemoProgress
from .rules import texts


def progress() -> DemoProgress | None:
    """The mark of this database and how far loading is; None when it is no demo."""
    return DemoProgress.objects.first()


def is_being_prepared() -> bool:
    """Whether visitors should wait: the demo is loading, or was ordered and nothing is there yet."""
    row = progress()
    if row is not None:
        return row.state != State.READY
    return is_ordered() and not User.objects.exists()


def is_interrupted() -> bool:
    """Whether part of the demo is there and nobody is loading it: a load was killed or has failed."""
    row = progress()
    return row is not None and row.state != State.READY and locks.is_real_time()


def is_ordered() -> bool:
    """Whether this installation was started with the demo (`shouyue up --demo`)."""
    return os.environ.get("SHOUYUE_DEMO", "") in ("1", "true", "yes", "on")


def accounts() -> Sequence[Mapping[str, Any]]:
    """The accounts offered for trying out, in their order."""
    return [row for row in texts.people() if row.get("shown")]


def accounts_in_words() -> str:
    """The accounts people try first, and their password, for the terminal."""
    lines = [f"  {row['username']:<14} {row['name']} · {row['title']}" for row in accounts()]
    return "\n".join([f"Demo accounts, all with the password {texts.PASSWORD}:", *lines])
